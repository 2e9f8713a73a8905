"""The verdict: at most six sentences, each a number with its scale and a consequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biogan.io.input_report import plural
from biogan.metrics.base import Value
from biogan.metrics.intervals import GROUPS
from biogan.report.kind import get_kind
from biogan.report.row import EXCESS, FLOOR, REAL, UNREAD
from biogan.report.text import interval, number

if TYPE_CHECKING:
    from biogan.report.report import Report
    from biogan.report.row import Row

#: Sentences at most, memorisation among them.
_MOST = 6


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
            return f"{self.consequence}."
        if self.status == UNREAD:
            return f"{self.subject}: {self.consequence}; {self.evidence}."
        return f"{self.subject}: {self.evidence}: {self.consequence}."


def verdict(report: Report) -> list[Sentence]:
    """Return the sentences for a report."""
    if report.n < GROUPS:
        few = f"{plural(report.n, get_kind(report.kind).noun)} of each set, {GROUPS} are needed"
        return [Sentence("", UNREAD, "", f"No judgement: {few}")]
    sentences = [s for s in [_memorisation(report)] if s]
    rows = {row.metric.name: row for row in report.rows if row.status != UNREAD}
    subjects = get_kind(report.kind).subjects
    spoken = [(subject, rows[name]) for name, subject in subjects.items() if name in rows]
    if not spoken:
        # Metrics that were asked for one by one, or the caller's own; novelty was spoken about.
        spoken = [
            (row.metric.group.capitalize(), row)
            for row in rows.values()
            if not (sentences and row.metric.group == "novelty")
        ]
    # Where there is no room for all, what looks like real data is left out before what does not.
    kept = sorted(spoken, key=lambda pair: pair[1].status == REAL)[: _MOST - len(sentences)]
    sentences += [_sentence(*pair, report.n) for pair in spoken if pair in kept]
    none = "No judgement: none of the metrics asked for could be judged"
    return sentences or [Sentence("", UNREAD, "", none)]


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
        return f"indistinguishable from real data at n = {n}{caution}"
    told = ""
    if row.metric.name == "auroc" and row.generated.details:
        told = f"; most telling: {', '.join(row.generated.details)}"
    if row.status == FLOOR:
        return f"no better than {best}{told}"
    return f"between real data and {best or 'a floor'}{told}"


def _memorisation(report: Report) -> Sentence | None:
    if "near-copies" not in report:
        return None
    row = report["near-copies"]
    kind = get_kind(report.kind)
    noun = kind.noun
    if row.generated.value is None:
        return Sentence("Memorisation", UNREAD, row.generated.note, "not assessable")
    copies = f"{_percent(row.generated)} of the generated {noun}s {kind.near(report)}"
    trained = "train" in report.sets
    subject = "Memorisation"
    if row.ceiling.value is None:
        if trained:
            why = f"not assessable without real {noun}s outside the training data"
            return Sentence(subject, UNREAD, f"{copies} a training {noun}", why)
        why = "not assessable without training and held-out data"
        copies += f" a reference {noun}, which is copying if the generator was trained on the "
        return Sentence(subject, UNREAD, f"{copies}reference", why)
    said = f"{copies} a {'training' if trained else 'reference'} {noun}, "
    said += f"held-out real data {100 * row.ceiling.value:.3g} %"
    # Among close relatives real records are near copies too: only exact ones tell a copier there.
    verbatim = report["copies"] if "copies" in report else row
    if verbatim is not row and _above(verbatim):
        assert verbatim.ceiling.value is not None
        said += f"; {_percent(verbatim.generated)} {kind.exact}, held-out real data "
        said += f"{100 * verbatim.ceiling.value:.3g} %"
    near = report["near-excess"] if "near-excess" in report else row
    if EXCESS in (near.status, verbatim.status):
        return Sentence(subject, EXCESS, said, "the generator copies")
    found = "no more than real data"
    if _above(row) or _above(verbatim):
        found = f"more than real data, which may be chance at n = {report.n}"
    return Sentence(subject, near.status, said, found)


def _above(row: Row) -> bool:
    """Whether more is found than among real data, if only by chance."""
    new, real = row.generated.value, row.ceiling.value
    return new is not None and real is not None and new > real


def _percent(value: Value) -> str:
    assert value.value is not None and value.low is not None and value.high is not None
    return f"{100 * value.value:.3g} % [{100 * value.low:.3g}, {100 * value.high:.3g}]"


def _parameter(row: Row) -> str:
    note = row.generated.note.partition(";")[0]
    return f" ({note})" if note.startswith("k=") else ""
