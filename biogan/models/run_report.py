"""The page of a training run: curves, samples, data and options of a model folder.

Numbers over the steps of a training run.
"""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup, escape

from biogan.core.display import shown
from biogan.core.label_rows import Conditions
from biogan.core.options import flag
from biogan.evaluation.report.html import render
from biogan.evaluation.report.plots.canvas import GREEN, ORANGE, SERIES, drawing, label, legend
from biogan.evaluation.report.plots.logos import letter_colours
from biogan.evaluation.report.spec import Panel, Section
from biogan.models.card import DataPart, ModelCard, TrainingPart, with_present_names
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.config import ImageGANConfig

if TYPE_CHECKING:
    from biogan.sequences.dataset import SequenceSet


_POINTS = 300
_CURVES = Section(
    "Curves",
    "",
    "The validation distance compares generated with validation records and should fall towards "
    "the line at 1; below the line of the best trivial sampler the model has learned more than "
    "that sampler. Losses of a GAN need not fall: they tell a balance, not a quality.",
    "A validation distance that stays above the lines of the trivial samplers or rises again; "
    "losses that run away; a uniqueness that grows.",
)


def thinned(
    steps: np.ndarray, values: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Average neighbours, so that at most 300 points are left.

    Parameters
    ----------
    steps : numpy.ndarray, shape (n,)
        Steps.
    values : mapping of str to numpy.ndarray, shape (n,)
        Numbers at these steps.

    Examples
    --------
    >>> x, y = thinned(np.arange(600), {"a": np.arange(600.0)})
    >>> len(x), float(x[0]), float(y["a"][1])
    (300, 0.5, 2.5)
    """
    width = int(np.ceil(len(steps) / _POINTS)) or 1
    starts = np.arange(0, len(steps), width)
    size = np.diff([*starts, len(steps)])
    means = {k: np.add.reduceat(v, starts) / size for k, v in values.items()}
    return np.add.reduceat(steps.astype(float), starts) / size, means


def series(
    name: str,
    steps: np.ndarray,
    values: Mapping[str, np.ndarray],
    quantity: str,
    lines: Mapping[str, float],
    kept: int | None,
) -> Markup:
    """Draw numbers over steps, with horizontal lines to compare with.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    steps : numpy.ndarray, shape (n,)
        Steps.
    values : mapping of str to numpy.ndarray, shape (n,)
        One curve each.
    quantity : str
        Text of the vertical axis.
    lines : mapping of str to float
        Levels: the first is the goal, the others are trivial samplers.
    kept : int or None
        Step whose generator was kept.
    """
    from matplotlib.ticker import MaxNLocator

    with drawing(name, f"{quantity} over steps: {', '.join(values)}") as d:
        for i, (key, some) in enumerate(values.items()):
            dots = "o" if len(steps) < 40 else ""
            d.axes.plot(
                steps,
                some,
                color=SERIES[i % len(SERIES)],
                label=label(key),
                linewidth=1.6,
                marker=dots,
                markersize=3.5,
            )
        styles = ((0, (5, 2)), (0, (1, 1.5)), (0, (3, 1, 1, 1)))
        for i, (key, level) in enumerate(lines.items()):
            d.axes.axhline(
                level, color=ORANGE if i else GREEN, linewidth=1.3, linestyle=styles[i % 3],
                label=label(f"{key} {level:.3g}"),
            )  # fmt: skip
        if kept is not None:
            d.axes.axvline(kept, color="#8c8c8c", linewidth=0.9, linestyle=":", label="kept")
        finite = np.concatenate([some[np.isfinite(some)] for some in values.values()])
        if lines and len(finite) and finite.min() > 0 and finite.max() > 8 * finite.min():
            d.axes.set_yscale("log")
            d.axes.yaxis.set_major_formatter("{x:g}")
            d.axes.yaxis.set_minor_formatter("")
        d.axes.set(xlabel="generator step", ylabel=quantity)
        d.axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        d.axes.xaxis.set_major_formatter("{x:,.0f}")
        legend(d.axes, columns=2)
    return d.svg


_PENALTIES = ("gp", "r1", "r2")
_NO_TERMS = ("step", "spent")


def _with_present_names(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a log with the names of this version, inside it too."""
    inside = {key: with_present_names(row[key]) for key in ("scores",) if key in row}
    return with_present_names({**row, **inside})


def to_html(
    name: str,
    card: ModelCard,
    log: Sequence[Mapping[str, Any]],
    samples: SequenceSet | bytes | None,
) -> str:
    """Write the page of a run.

    Parameters
    ----------
    name : str
        Heading: the folder.
    card : ModelCard
        What ``config.json`` holds.
    log : sequence of mapping
        Rows of ``log.jsonl``: steps with their terms, checks with their scores, alarms.
    samples : SequenceSet, bytes or None
        Preview of the last check: sequences, or a picture as PNG.
    """
    done, log = card.training or None, [_with_present_names(row) for row in log]
    alarms = [row for row in log if row.get("event") == "alarm"]
    return render(
        "run.html",
        version=card.biogan,
        kind="training run",
        title=name,
        lead=_lead(done),
        facts=_facts(card, done),
        drawn=_panels(log, done),
        text=_CURVES,
        alarms=[f"step {row['step']:,}: {row.get('reason', '')}" for row in alarms],
        samples=_preview(samples),
        data=card.data,
        source=(card.data.input or {}).get("source") or card.data.source,
        layout=_layout(card.layout),
        remarks=_remarks(card.data),
        chosen=card.chosen,
        options=_options(card.config),
        versions=", ".join(f"{k} {v}" for k, v in card.versions.items()),
    )  # fmt: skip


def _layout(layout: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say what one record is."""
    if "alphabet" in layout:
        letters = Alphabet.from_dict(layout["alphabet"])
        return [
            (letters.noun.capitalize(), f"{letters.described} ({letters.name})"),
            ("Layout", Tokenizer.from_dict(dict(layout)).describe()),
            *(
                [("Labels", Conditions.from_dict(layout["conditions"]).describe())]
                if "conditions" in layout
                else []
            ),
        ]
    named = {"height": "Height", "width": "Width", "channels": "Channels", "frames": "Time series",
             "depth": "Pixels", "low": "Darkest", "high": "Brightest", "classes": "Classes",
             "residues": "Residues"}  # fmt: skip
    words = {True: "yes", False: "no"}
    return [
        (title, ", ".join(map(str, value)) if isinstance(value, list | tuple) else
         words[value] if isinstance(value, bool) else str(value))
        for key, title in named.items()
        if (value := layout.get(key)) not in (None, [], ())
    ]  # fmt: skip


def _remarks(data: DataPart) -> list[str]:
    """Say what reading did, and how the data were split."""
    dropped = (data.input or {}).get("dropped", {})
    return [
        *data.split,
        *(data.notes or ()),
        *(f"{n:,} records dropped: {reason}" for reason, n in dropped.items()),
    ]


def _preview(samples: SequenceSet | bytes | None) -> Markup:
    if samples is None:
        return Markup('<p class="soft">none yet</p>')
    if isinstance(samples, bytes):
        data = b64encode(samples).decode()
        return Markup(f'<img class="pixels" alt="samples" src="data:image/png;base64,{data}">')
    return Markup(f'<pre class="letters">{_alignment(samples)}</pre>')


def _lead(done: TrainingPart | None) -> str:
    if not done:
        return "not finished: no check was reached yet"
    text = f"{done.steps:,} steps in {done.seconds:,.0f} s on {done.device}"
    score = done.validation_distance
    kept = f", kept the generator of step {done.kept_step:,}"
    return text + kept + ("" if score is None else f" with validation distance {score:.3f}")


def _facts(card: ModelCard, done: TrainingPart | None) -> list[tuple[str, str]]:
    config, data = card.config, card.data
    facts = [
        ("Data", f"{data.records:,} records: {data.train:,} to train on, "
                 f"{data.validation:,} for validation"),
        ("Loss", f"{config.get('loss')}, critic steps {config.get('critic_steps')}"),
        ("Seed", str(config.get("seed"))),
    ]  # fmt: skip
    if done and done.ended:
        facts.append(("Ended", done.ended))
    if done and done.rollbacks:
        facts.append(("Rollbacks", str(done.rollbacks)))
    if references := _references(done):
        said = ", ".join(f"{name} {value:.3g}" for name, value in references.items())
        facts.append(("Validation distance of others", said))
    return facts


def _references(done: TrainingPart | None) -> dict[str, float]:
    """Return the validation distances of others that are known."""
    return {k: v for k, v in done.references.items() if v is not None} if done else {}


def _panels(log: Sequence[Mapping[str, Any]], done: TrainingPart | None) -> list[Panel]:
    checks = [row for row in log if row.get("event") == "check" and row.get("scores")]
    drawn = []
    if checks:
        steps = np.array([row["step"] for row in checks])
        names = list(checks[-1]["scores"])
        scores = {k: np.array([row["scores"].get(k, np.nan) for row in checks]) for k in names}
        lines = {
            "training data": 1.0,
            **(_references(done) or checks[-1].get("references") or {}),
        }
        kept = done.kept_step if done else None
        if "validation_distance" in scores:
            total = {"validation distance": scores.pop("validation_distance")}
            svg = series("validation distance", steps, total, "validation distance", lines, kept)
            caption = "1 is as close to validation records as training data; lower is better"
            drawn.append(Panel("Validation distance", caption, svg))
        if scores:
            # Of images it is one distance, before it was divided by that of training images.
            quantity = "distance" if set(scores) == {"frechet"} else "ratio to training data"
            svg = series("parts", steps, scores, quantity, {}, kept)
            drawn.append(Panel("Its parts", "of which the validation distance is the mean", svg))
    rows = [row for row in log if "event" not in row]
    terms = [k for k in (rows[-1] if rows else ()) if k not in _NO_TERMS]
    for title, caption, some in (
        ("Losses", "of critic and generator, averaged over neighbouring steps",
         [k for k in terms if k not in _PENALTIES]),
        ("Penalties", "on the critic's gradient", [k for k in terms if k in _PENALTIES]),
    ):  # fmt: skip
        if some:
            steps = np.array([row["step"] for row in rows])
            values = {k: np.array([row.get(k, np.nan) for row in rows], float) for k in some}
            svg = series(title.lower(), *thinned(steps, values), "value", {}, None)
            drawn.append(Panel(title, caption, svg))
    return drawn


def _alignment(samples: SequenceSet) -> Markup:
    """Colour letters; neighbours of one colour share an element."""
    colours = letter_colours(samples.alphabet.letters)
    names = [shown(name) for name in samples.ids]
    width = max(map(len, names), default=0)
    lines = []
    for name, text in zip(names, samples.strings(), strict=True):
        runs_of = ((c, "".join(g)) for c, g in groupby(text, lambda x: colours.get(x, "#767676")))
        body = "".join(f'<b style="background:{c}4d">{escape(part)}</b>' for c, part in runs_of)
        lines.append(f'<span class="id">{escape(name.ljust(width))}</span>  {body}')
    return Markup("\n".join(lines))


def _options(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Options as they were used, by heading, with their help; changed ones are marked."""
    some = (*dataclasses.fields(ImageGANConfig), *dataclasses.fields(SequenceGANConfig))
    # What both have is told as sequences have it; its default differs where a preset fills it in.
    fields = {f.name: f for f in some}
    found = []
    for name, value in config.items():
        field = fields.get(name)
        found.append({
            "flag": flag(name),
            "value": "" if value is None else f"{value:g}" if isinstance(value, float) else value,
            "group": field.metadata["group"] if field else "Other",
            "help": field.metadata["help"] if field else "",
            "changed": field is not None and value != field.default,
        })  # fmt: skip
    return found
