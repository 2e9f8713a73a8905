"""Results as plain text: the verdict, and a table that can be read in a log.

The verdict has at most six sentences, each a number with its scale and a consequence. The table is
aligned and at most 110 columns wide.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from biogan.core.display import message, visible
from biogan.core.errors import plural
from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import Value
from biogan.evaluation.report.results import (
    BETWEEN,
    CONTROL,
    EXCESS,
    FLOOR,
    REAL,
    UNREAD,
    Results,
    Row,
    unread,
)

WIDTH = 110
#: Mark of each status.
MARKS = {REAL: "=", BETWEEN: "~", FLOOR: "x", EXCESS: "x", UNREAD: "?"}
#: Notes that begin so are parameters, and stand beside the title of a metric.
PARAMETERS = ("k=", "id>=", "d<")
#: What the marks mean.
LEGEND = (
    "= indistinguishable from held-out real data at this n",
    "~ between real data and the floors",
    "x no better than the best floor, or more copies than held-out real data",
    "? not assessed: it cannot be read, or too few records, so that a trivial sampler may pass too",
)


def number(value: float | None) -> str:
    """Write a number in at most seven characters (eight with a minus sign).

    Examples
    --------
    >>> number(0.000541), number(0.00541), number(0.4931), number(-0.05), number(123.4)
    ('0.00054', '0.0054', '0.493', '-0.050', '123')
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-5:
        return "<1e-5" if value > 0 else "0"
    if size < 0.01:
        return f"{value:.5f}" if size < 0.001 else f"{value:.4f}"
    return f"{value:.3f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:.0f}"


def interval(value: Value) -> str:
    """Write a 95 % interval, nothing where there is none."""
    return "" if value.low is None else f"[{number(value.low)}, {number(value.high)}]"


def to_text(results: Results) -> str:
    """Return sets, table, notes and verdict."""
    spec = results.spec
    lines = [f"biogan {results.version} evaluation, seed {results.seed}", ""]
    for name, facts in results.sets.items():
        records = plural(facts["records"], spec.noun)
        said = spec.describe(facts)
        lines.append(f"{name:<11}{records}" + (f", {said}" if said else ""))
    lines += ["", *_table(results), "", *LEGEND, *_wrap(_columns(results)), ""]
    lines += _all_real(results)
    for note in [*results.notes, *_unread(results)]:
        lines += _wrap(note, "- ")
    lines += ["", "Verdict"]
    for sentence in verdict(results):
        lines += _wrap(str(sentence), "* ")
    return visible("\n".join(lines), keep="\n")


def _table(results: Results) -> list[str]:
    blocks = [[row for row in rows if row.generated.value is not None] for rows in results.blocks]
    blocks = [rows for rows in blocks if rows]
    if not blocks:
        return ["No metric could be read."]
    first = max(len(_name(row)) for rows in blocks for row in rows)
    lines: list[str] = []
    for rows in blocks:
        lines += [*([""] if lines else []), *_block(results, rows, max(first, len("metric")))]
    return lines


def _block(results: Results, rows: list[Row], first: int) -> list[str]:
    """Tabulate rows beside the same trivial samplers; ``first`` is the width of their names."""
    others = [k for k in (*rows[0].floors, CONTROL) if k in rows[0].columns]
    cells = [["generated", "95 % interval", "held-out", *map(results.spec.short, others)]]
    cells += [
        [number(r.generated.value), interval(r.generated), number(r.ceiling.value),
         *(number(r.columns[k].value) for k in others)]
        for r in rows
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    marks = [" ", *(MARKS[row.status] for row in rows)]
    lines = [
        f"{mark} {name:<{first}} " + " ".join(f"{c:>{w}}" for c, w in zip(row, widths, strict=True))
        for mark, name, row in zip(marks, ["metric", *map(_name, rows)], cells, strict=True)
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _all_real(results: Results) -> list[str]:
    """Tabulate the generated set against all real records, where the target is small."""
    rows = [row for row in results.rows if row.all_real is not None]
    if not rows:
        return []
    names = [_titled(row, row.all_real) for row in rows]
    first = max(map(len, [*names, "against all real"]))
    cells = [("generated", "95 % interval", "held-out", "")]
    for row in rows:
        assert row.all_real is not None
        cells.append((
            number(row.all_real.value), interval(row.all_real), number(row.ceiling.value),
            "told" if row.told_by_all else "",
        ))  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(3)]
    lines = [
        f"  {name:<{first}} "
        + " ".join(f"{c:>{w}}" for c, w in zip(row, widths, strict=False))
        + f" {row[-1]}"
        for name, row in zip(["against all real", *names], cells, strict=True)
    ]
    lines = [line.rstrip() for line in lines]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:], ""]


def _columns(results: Results) -> str:
    """Spell out the columns whose names were shortened, and what each is for."""
    short, real = results.spec.short, f"real {results.spec.noun}s"
    floors = [f"{short(n)} ({n})" if short(n) != n else n for n in results.floors]
    copied = any(CONTROL in row.columns for row in results.rows)
    control = f"; {CONTROL}: {real} verbatim, which only novelty can tell" if copied else ""
    return (
        f"held-out: {real}, the ceiling; {', '.join(floors)}: trivial samplers, the floors{control}"
    )


def _name(row: Row) -> str:
    return _titled(row, row.generated)


def _titled(row: Row, value: Value | None) -> str:
    note = "" if value is None else value.note.partition(";")[0]
    return f"{row.metric.title} {note}" if note.startswith(PARAMETERS) else row.metric.title


def _unread(results: Results) -> list[str]:
    """One line for each reason why metrics say nothing."""
    return [f"{', '.join(titles)}: {reason}" for reason, titles in unread(results.rows).items()]


def _wrap(text: str, bullet: str = "") -> list[str]:
    return textwrap.wrap(
        message(text),
        WIDTH,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_on_hyphens=False,
    )


#: Metrics of labels of which more is worse.
ERRORS = ("label-mae", "label-mae-boosting")
#: Sentences at most, memorisation among them.
_MOST = 6
# Metrics that one sentence names.
_NAMED = 3
# Metrics of which a sentence names details, and how many.
_TELLING = {"auroc": 5, "length-jsd": 2}
#: What the sentence about metrics with too few records is about.
POWER = "Power"
#: What a sentence about doubtful sets is about.
WARNING = "Warning"


@dataclass(frozen=True)
class Sentence:
    """One sentence of the verdict in its parts.

    Attributes
    ----------
    subject : str
        What it is about; empty where nothing could be judged.
    status : str
        Status of the row that it rests on.
    evidence : str
        Numbers beside their scale.
    consequence : str
        What follows from them.
    """

    subject: str
    status: str
    evidence: str
    consequence: str

    def __str__(self) -> str:
        # What is no judgement comes first, so that its number is not read as one.
        if not self.evidence:
            return (
                f"{self.subject}: {self.consequence}." if self.subject else f"{self.consequence}."
            )
        if self.status == UNREAD:
            return f"{self.subject}: {self.consequence}; {self.evidence}."
        return f"{self.subject}: {self.evidence}: {self.consequence}."


def verdict(results: Results) -> list[Sentence]:
    """Return the sentences of the verdict, warnings of doubtful sets before all others."""
    warnings = [Sentence(WARNING, UNREAD, "", warning) for warning in results.warnings]
    return [*warnings, *_judgements(results)]


def briefly(results: Results) -> list[Sentence]:
    """Return of the verdict the warnings, the first judgement and what needs more records."""
    said = verdict(results)
    first = len(results.warnings)
    return said[: first + 1] + [s for s in said[first + 1 :] if s.subject == POWER]


def _judgements(results: Results) -> list[Sentence]:
    if results.n < GROUPS:
        given = f"{plural(results.n, results.spec.noun)} of each set, {GROUPS} are needed"
        return [Sentence("", UNREAD, "", f"No judgement: {given}")]
    sentences = [s for s in [_memorisation(results)] if s]
    few = _few(results, spoken=bool(sentences))
    rows = {row.metric.name: row for row in results.rows if row.status != UNREAD}
    subjects = results.spec.subjects
    spoken = [
        (f"{subject}, {label}" if label else subject, row)
        for name, subject in subjects.items()
        for row in rows.values()
        for known, _, label in [row.metric.name.partition(":")]
        if known == name
    ]
    if not spoken:
        # Metrics that were asked for one by one, or the caller's own; novelty was spoken about.
        spoken = [
            (row.metric.group.capitalize(), row)
            for row in rows.values()
            if not (sentences and row.metric.group == "novelty")
        ]
    # Where there is no room for all, what looks like real data is left out before what does not.
    room = _MOST - len(sentences) - len(few)
    kept = sorted(spoken, key=lambda pair: pair[1].status == REAL)[:room]
    sentences += [_sentence(*pair, results.n) for pair in spoken if pair in kept]
    sentences += few
    if found := _told_by_all(results):
        sentences = [*sentences[: _MOST - 1], found]
    none = "No judgement: none of the metrics asked for could be judged"
    return sentences or [Sentence("", UNREAD, "", none)]


def _told_by_all(results: Results) -> Sentence | None:
    """Say what looks like held-out data, or is not assessed, and is told by all real records."""
    told = [row for row in results.rows if row.told_by_all and row.status in (REAL, UNREAD)]
    if not told:
        return None
    named = [
        f"{row.metric.title} {number(row.all_real.value)} {interval(row.all_real)}"
        for row in told
        if row.all_real is not None
    ]
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    said = f"{', '.join(named[:_NAMED])}{more}"
    why = f"differences that the target of n = {results.n:,} is too small for"
    return Sentence("All real records", BETWEEN, said, why)


def _few(results: Results, spoken: bool) -> list[Sentence]:
    """Say in one sentence what is not assessed because there are too few records.

    Memorisation is left out where it was spoken about.
    """
    subjects, found = results.spec.subjects, {}
    for row in results.rows:
        if row.needed is not None and not (spoken and row.metric.group == "novelty"):
            found[subjects.get(row.metric.name, row.metric.title)] = row.needed
    if not found:
        return []
    # The subjects of the verdict where there are some, else the metrics by name.
    named = {name: n for name, n in found.items() if name in subjects.values()} or found
    # Names with a comma in them ("in-label JSD, score") are told apart by semicolons.
    comma = "; " if any("," in name for name in named) else ", "
    # Subjects begin a line, so that they have a capital; titles of metrics are as they are.
    what = comma.join(n[0].lower() + n[1:] if n in subjects.values() else n for n in named)
    least, most = min(named.values()), max(named.values())
    about = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    evidence = f"about {about} {results.spec.noun}s of each set are needed"
    worth = [v.worth for row in results.rows for v in (row.generated, row.ceiling) if v.worth]
    fewer = min(worth, default=results.n) < results.n
    independent = f", worth {min(worth):,} independent ones," if fewer else ""
    why = f"too few {results.spec.noun}s at n = {results.n:,}{independent} to judge {what}"
    return [Sentence(POWER, UNREAD, evidence, why)]


def _sentence(subject: str, row: Row, n: int) -> Sentence:
    measured = f"{number(row.generated.value)} {interval(row.generated)}".strip()
    found = f"{row.metric.title}{_parameter(row)} {measured}"
    scale = f"held-out real data {number(row.ceiling.value)}"
    if row.metric.group == "novelty":  # no floor: trivial samplers do not copy
        more = "more" if row.status == EXCESS else "no more"
        return Sentence(subject, row.status, f"{found}; {scale}", f"{more} than held-out real data")
    best = row.best_floor
    if best is not None:
        scale += f", best floor {best} {number(row.floors[best].value)}"
    return Sentence(subject, row.status, f"{found}; {scale}", _consequence(row, n))


def _consequence(row: Row, n: int) -> str:
    best = row.best_floor
    if row.status == REAL:
        also = best is not None and row.status_of(best) == REAL
        caution = f", but so is {best}, so this proves little" if also else ""
        return f"indistinguishable from real data at n = {n:,}{caution}"
    told = ""
    if row.metric.name in _TELLING and row.generated.details:
        told = f"; most telling: {', '.join(row.generated.details[: _TELLING[row.metric.name]])}"
    if row.metric.goal == "held-out":
        told = f"; {_side(row)}{told}"
    if row.status == FLOOR:
        return f"no better than {best}{told}"
    return f"between real data and {best or 'a floor'}{told}"


def _side(row: Row) -> str:
    """Say on which side of held-out real data a value lies, and what that means."""
    assert row.generated.value is not None and row.ceiling.value is not None
    above = row.generated.value > row.ceiling.value
    if above != (row.metric.name.partition(":")[0] in ERRORS):
        return "records follow their label more closely than real ones"
    return "records follow their label less closely than real ones"


def _memorisation(results: Results) -> Sentence | None:
    if "near-copies" not in results:
        return None
    row = results["near-copies"]
    spec, noun = results.spec, results.spec.noun
    if row.generated.value is None:
        return Sentence("Memorisation", UNREAD, row.generated.note, "not assessable")
    copies = f"{_percent(row.generated)} of the generated {noun}s {spec.near_copy(results)}"
    trained = "train" in results.sets
    subject = "Memorisation"
    shifted = results["shifted-copies"] if "shifted-copies" in results else row
    if row.ceiling.value is None:
        more = _more_shifted(row.generated, shifted.generated)
        if trained:
            why = f"not assessable without real {noun}s outside the training data"
            return Sentence(subject, UNREAD, f"{copies} a training {noun}{more}", why)
        why = "not assessable without training and held-out data"
        copies += (
            f" a reference {noun}{more}, which is copying if the generator was trained on the "
        )
        return Sentence(subject, UNREAD, f"{copies}reference", why)
    said = f"{copies} a {'training' if trained else 'reference'} {noun}, "
    said += f"held-out real data {100 * row.ceiling.value:.3g} %"
    # Among close relatives real records are near copies too: only exact ones tell a copier there.
    verbatim = results["copies"] if "copies" in results else row
    if verbatim is not row and _above(verbatim):
        assert verbatim.ceiling.value is not None
        said += f"; {_percent(verbatim.generated)} {spec.exact_copy}, held-out real data "
        said += f"{100 * verbatim.ceiling.value:.3g} %"
    if shifted is not row and shifted.status == EXCESS:
        assert shifted.ceiling.value is not None
        said += f"; {_percent(shifted.generated)} are shifted copies, held-out real data "
        said += f"{100 * shifted.ceiling.value:.3g} %"
    near = results["near-excess"] if "near-excess" in results else row
    if EXCESS in (near.status, verbatim.status, shifted.status if shifted is not row else ""):
        return Sentence(subject, EXCESS, said, "the generator copies")
    if near.needed is not None:
        few = f"not assessed, too few {noun}s at n = {results.n:,}"
        return Sentence(subject, UNREAD, f"{said}; about {near.needed:,} are needed", few)
    found = "no more than real data"
    if _above(row) or _above(verbatim):
        found = f"more than real data, which may be chance at n = {results.n:,}"
    return Sentence(subject, near.status, said, found)


def _more_shifted(near: Value, shifted: Value) -> str:
    """Name shifted copies where there are more of them than near copies: they have no identity."""
    if near.high is None or shifted.low is None or shifted.low <= near.high:
        return ""
    return f", and {_percent(shifted)} are shifted copies of one"


def _above(row: Row) -> bool:
    """Whether more is found than among real data, if only by chance."""
    new, real = row.generated.value, row.ceiling.value
    return new is not None and real is not None and new > real


def _percent(value: Value) -> str:
    assert value.value is not None and value.low is not None and value.high is not None
    return f"{100 * value.value:.3g} % [{100 * value.low:.3g}, {100 * value.high:.3g}]"


def _parameter(row: Row) -> str:
    if row.metric.goal == "half" and row.generated.n is not None:
        return f" (n = {row.generated.n:,})"  # it rises with n
    note = row.generated.note.partition(";")[0]
    return f" ({note})" if note.startswith("k=") else ""
