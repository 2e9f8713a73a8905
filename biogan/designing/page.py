"""The page of a design run: how it went, what another predictor says, and what the designs are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from biogan.core import __version__
from biogan.core.errors import percentage, plural
from biogan.designing.columns import columns_of, table_of
from biogan.designing.molecules import SMILES, TABLE, molecules_of, without
from biogan.evaluation.report.html import STATUSES, render
from biogan.evaluation.report.plots.canvas import (
    BLUE,
    GREEN,
    GREY,
    INK,
    drawing,
    label,
    legend,
)
from biogan.evaluation.report.plots.logos import logos
from biogan.evaluation.report.results import FLOOR, REAL, UNREAD
from biogan.evaluation.report.spec import Panel, Section
from biogan.molecules.drawings import grid
from biogan.sequences.alphabet import Vocabulary
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.panels import Pair, aligned
from biogan.sequences.report import pair_of
from biogan.sequences.similarity.pairs import nearest

if TYPE_CHECKING:
    from biogan.designing.comparison import Scored, Transfer
    from biogan.designing.controls import Control
    from biogan.designing.pareto import Front

# Points of a curve, designs that are shown letter by letter, records that logos are drawn of.
_POINTS, _SHOWN, _LOGO_LENGTH = 400, 12, 200
# Sequences of a drawing of a front at most.
_DOTS = 3_000
# Designs of the mean in the curve.
_TOP = 10

_CURVE = Section(
    "Search",
    "How did the search go?",
    "Best score, and mean of the ten best, of all sequences that were scored so far.",
    "A curve that still rises at its end: more calls would find more. One that is flat from the "
    "beginning: the search has found nothing that draws of the model do not hold.",
)
_FRONT = Section(
    "Front",
    "What can be had of each value at once?",
    "All sequences that were scored, and the front: those that no other one beats in every value. "
    "Designs of the front should lie beyond that of real records.",
    "A front that ends at one of its values: the search has forgotten the other. A front that real "
    "records reach: nothing was gained.",
)
_CHECK = Section(
    "Check",
    "Does a predictor that was not optimised agree?",
    "Each point is a sequence, with its score by the oracle that was optimised and by the check. "
    "Designs should continue the cloud of real records upwards and to the right.",
    "Designs far to the right of all real records and no higher than they: the search has found "
    "the faults of the oracle.",
)
_LETTERS = Section(
    "Sequences",
    "What was changed?",
    "The best designs, each below or above the real record that it is most like. Differences are "
    "marked.",
    "Designs that are all alike; long stretches of one letter; copies of one real record.",
)
_MOLECULES = Section(
    "Molecules",
    "What are the designs? Identities and k-mers of the table are those of tokens.",
    "The best designs, with their scores.",
    "Designs that are all alike; rings and groups that nobody could make.",
)


def to_html(
    name: str,
    designs: SequenceSet,
    real: SequenceSet | None,
    scored: Scored,
    scores: np.ndarray,
    facts: Mapping[str, Any],
    front: Front | None = None,
    controls: Sequence[Control] = (),
) -> str:
    """Return the page of a run.

    Parameters
    ----------
    name : str
        Heading: the folder.
    designs : SequenceSet
        The best first.
    real : SequenceSet or None
        Real records without gaps, in the order of ``scored``.
    scored : Scored
        Scores of both, by the oracle and by the check.
    scores : numpy.ndarray, shape (calls,)
        Score of every call; -inf: not feasible.
    facts : mapping
        ``oracle``, ``constraints``, ``objective``, ``screening``, ``source`` and the options of the
        run.
    front : Front, optional
        Of several values, that of all calls.
    controls : sequence of Control
        What else was tried with as many calls.
    """
    plain = designs.ungapped()
    molecules = isinstance(designs.alphabet, Vocabulary)
    calls = plural(len(scores), "call")
    return render(
        "design.html",
        version=__version__,
        kind="design",
        title=name,
        lead=f"{plural(len(designs), 'design')} from {calls} to {facts['oracle']}",
        verdict=_verdict(scored),
        search=_CURVE if front is None else replace(_FRONT, question=f"{_FRONT.question} {front}."),
        curve=_curve(scores, scored, controls) if front is None else _front(front, scored),
        check=_CHECK,
        points=_points(scored),
        table=table_of(
            columns_of(plain, real, scored, controls), scored.names, scored.signs, facts["seed"]
        ),
        controls=bool(controls),
        constraints=_violations(designs, facts),
        letters=_MOLECULES if molecules else _LETTERS,
        logos=[] if molecules else _logos(plain, real, scored),
        pairs=_drawn(designs, scored) if molecules else _pairs(plain, real, scored, designs.labels),
        files=(SMILES, TABLE) if molecules else ("designs.fasta",),
        facts=[
            ("Oracle", facts["oracle"]),
            ("Check", scored.check or "none"),
            ("Screen", _screen(facts["screening"])),
            ("Wanted", facts["objective"]),
            *((key.capitalize(), value) for key, value in facts["source"].items()),
            ("Batch, seed", f"{facts['batch']:,}, {facts['seed']}"),
            ("Designs share at most", percentage(facts["max_identity"])),
        ],
    )


def _violations(designs: SequenceSet, facts: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Count the designs that violate each constraint."""
    found = [
        (str(one), sum(bool(one.violations(t, designs.alphabet)) for t in designs.strings()))
        for one in facts["constraints"]
    ]
    if (smarts := facts["require_smarts"]) is not None:
        found.append((f"--require-smarts {smarts}", without(designs, smarts)))
    return found


def _screen(facts: Mapping[str, Any] | None) -> str:
    if facts is None:
        return "none was used"
    return f"{facts['list']}: {plural(facts['refused'], 'sequence')} refused"


def _verdict(scored: Scored) -> list[dict[str, Any]]:
    """Say what the check makes of each value, with a mark."""
    if not scored.transfers:
        why = "no check was given" if scored.check is None else "there are no real records (--real)"
        return [{
            "subject": "Transfer", "status": STATUSES[UNREAD],
            "consequence": "nothing says whether another predictor would agree",
            "evidence": f"{why}; a score by the predictor that was optimised proves nothing",
        }]  # fmt: skip
    return [
        {
            "subject": f"Transfer, {name}" if len(scored.names) > 1 else "Transfer",
            "status": STATUSES[REAL if one.confirmed else FLOOR],
            "consequence": _consequence(one),
            "evidence": "; ".join(filter(None, [str(one), scored.lost()])),
        }
        for name, one in scored.transfers.items()
    ]


def _consequence(one: Transfer) -> str:
    if one.confirmed:
        return "the check confirms most of the gain"
    if not one.oracle_gain > 0:
        return "no gain over real records"
    if one.outside:
        return "beyond all real records by the oracle, and not by the check"
    return "most of the gain is not confirmed"


def _front(front: Front, scored: Scored) -> list[Panel]:
    """Draw every pair of values: all sequences, the front, the designs and real records."""
    drawn = []
    thin = np.linspace(0, len(front.found) - 1, _DOTS).astype(int)
    some = front.found if len(front.found) <= _DOTS else front.found[thin]
    sets = [(some, "all calls", GREY, "o", 5), (front.real, "real records", INK, "o", 9),
            (front.best, "front", GREEN, "s", 12),
            (scored.optimised[0], "designs", BLUE, "D", 18)]  # fmt: skip
    for i, j in combinations(range(len(front.names)), 2):
        name = f"{label(front.names[i])}, {label(front.names[j])}"
        with drawing(f"front-{i}-{j}", f"front of {name}", height=4.2) as d:
            for values, what, colour, marker, size in (one for one in sets if len(one[0])):
                x, y = front.signs[i] * values[:, i], front.signs[j] * values[:, j]
                d.axes.scatter(x, y, s=size, color=colour, marker=marker, label=what, linewidths=0,
                               alpha=0.35 if what in ("all calls", "real records") else 0.9,
                               rasterized=True)  # fmt: skip
            goals = ["lowered" if sign < 0 else "raised" for sign in front.signs]
            d.axes.set(xlabel=f"{label(front.names[i])} ({goals[i]})",
                       ylabel=f"{label(front.names[j])} ({goals[j]})")  # fmt: skip
            legend(d.axes)
        drawn.append(Panel(name, "by the oracle that was optimised", d.svg))
    return drawn


def _best_of(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best score and the mean of the ten best up to each call, NaN before there are."""
    finite = np.where(np.isfinite(scores), scores, -np.inf)
    best = np.maximum.accumulate(finite)
    top: list[float] = []
    mean = np.full(len(scores), np.nan)
    for i, score in enumerate(finite.tolist()):
        if np.isfinite(score) and (len(top) < _TOP or score > top[0]):
            top = sorted([*top, score])[-_TOP:]
        if len(top) == _TOP:
            mean[i] = sum(top) / _TOP
    return np.where(best > -np.inf, best, np.nan), mean


def _curve(scores: np.ndarray, scored: Scored, controls: Sequence[Control]) -> list[Panel]:
    """Draw the best score and the mean of the ten best over calls, of controls the latter."""
    best, mean = _best_of(scores)
    at = np.unique(np.linspace(0, len(scores) - 1, _POINTS).astype(int))
    sign = scored.signs[0]
    with drawing("curve", "best score over calls", width=5.6, height=3.6) as d:
        d.axes.plot(at + 1, sign * best[at], color=BLUE, label="best")
        d.axes.plot(at + 1, sign * mean[at], color=GREEN, label=f"mean of the best {_TOP}")
        for one, style in zip(controls, ("-", "--", "-.", ":"), strict=False):
            theirs = sign * _best_of(one.scores)[1]
            d.axes.plot(np.arange(len(theirs)) + 1, theirs, color=GREY, linestyle=style,
                        label=one.name.replace("_", " "))  # fmt: skip
        if len(scored.optimised) > 1:
            own = scored.optimised[1][:, 0]
            d.axes.axhline(
                sign * own.max(), color=INK, linewidth=1, linestyle="--", label="best real record"
            )
        d.axes.set(xlabel="calls", ylabel=label(scored.names[0]))
        d.axes.xaxis.set_major_formatter("{x:,.0f}")
        legend(d.axes)
    grey = f"; grey: mean of the best {_TOP} of each control" * bool(controls)
    return [Panel("Score", f"by the oracle that was optimised{grey}", d.svg)]


def _points(scored: Scored) -> list[Panel]:
    """Draw the oracle against the check, of each value."""
    drawn = []
    for k, name in enumerate(scored.names if scored.check else ()):
        sign = scored.signs[k]
        sets = [sign * np.stack([o[:, k], c[:, k]]) for o, c in
                zip(scored.optimised, scored.checked, strict=True)]  # fmt: skip
        with drawing(f"check-{k}", f"{name} by the oracle and by the check", height=4.2) as d:
            looks = [("designs", BLUE, "D", 16), ("real records", INK, "o", 9)]
            for (x, y), (what, colour, marker, size) in [*zip(sets, looks, strict=False)][::-1]:
                d.axes.scatter(
                    x, y, s=size, color=colour, marker=marker, label=what, linewidths=0,
                    alpha=0.75 if what == "designs" else 0.3, rasterized=True,
                )  # fmt: skip
            if len(sets) > 1:
                x, y = sets[1]
                for line, value in ((d.axes.axvline, x), (d.axes.axhline, y)):
                    line(value.max() if sign > 0 else value.min(), color=GREY, linewidth=0.9,
                         linestyle=":")  # fmt: skip
            d.axes.set(xlabel=f"{label(name)}, oracle", ylabel=f"{label(name)}, check")
            legend(d.axes)
        drawn.append(Panel(label(name), "dotted: the best real record by each", d.svg))
    return drawn


def _logos(designs: SequenceSet, real: SequenceSet | None, scored: Scored) -> list[Markup]:
    """Draw logos of designs and of the best real records, where all have one length."""
    sets = {"designs": designs}
    if real is not None:
        sets["best tenth of real records"] = real.take(scored.best_real())
    lengths = {int(x) for some in sets.values() for x in some.lengths}
    if len(lengths) > 1 or max(lengths) > _LOGO_LENGTH:
        return []
    size = designs.alphabet.size
    shares = {
        key: np.stack([np.bincount(c, minlength=size) for c in some.matrix().T]) / len(some)
        for key, some in sets.items()
    }
    return logos("letters", shares, designs.alphabet.letters)


def _pairs(
    designs: SequenceSet,
    real: SequenceSet | None,
    scored: Scored,
    labels: Mapping[str, Sequence[str] | np.ndarray],
) -> Markup:
    """Align the best designs with the real record that each is most like."""
    best = designs[:_SHOWN]
    if real is None:
        rows = [
            Markup("{}  {}").format(n, t) for n, t in zip(best.ids, best.strings(), strict=True)
        ]
        return Markup('<pre class="letters">{}</pre>').format(Markup("\n").join(rows))
    i, j, identity = nearest(best, real)
    found = []
    one_length = designs.is_fixed_length and real.is_fixed_length
    one_length = one_length and designs.longest == real.longest
    for a, b, share in zip(i.tolist(), j.tolist(), identity.tolist(), strict=True):
        top, bottom = aligned(best[a], real[b], one_length)
        edits = sum(x != y for x, y in zip(top, bottom, strict=True))
        says = f"{_says(scored, labels, a)}, proposed {labels['proposed'][a]}"
        name = f"{best.ids[a]}, {says}, {plural(edits, 'letter')} changed"
        found.append(pair_of(Pair(name, real.ids[b], share, top, bottom)))
    return Markup("").join(found)


def _says(scored: Scored, labels: Mapping[str, Sequence[str] | np.ndarray], i: int) -> str:
    """Say how a design scores."""
    keys = dict.fromkeys(("score", "front", *scored.names, "check"))
    return ", ".join(f"{key} {labels[key][i]}" for key in keys if key in labels)


def _drawn(designs: SequenceSet, scored: Scored) -> Markup:
    """Draw the best designs of molecules."""
    best = molecules_of(designs[:_SHOWN])
    captions = [_says(scored, designs.labels, i) for i in range(len(best))]
    return grid(best.smiles, captions)
