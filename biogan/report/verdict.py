"""The verdict: at most six sentences, each a number with its scale and a consequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biogan.io.input_report import plural
from biogan.metrics.base import Value
from biogan.metrics.intervals import GROUPS
from biogan.report.report import EXCESS, FLOOR, REAL, UNREAD

if TYPE_CHECKING:
    from biogan.report.report import Report, Row

#: What is spoken about after memorisation, at most five of them, in this order.
_SUBJECTS = {
    "auroc": "Discriminability",
    "kmer-jsd": "k-mers",
    "site-pair-jsd": "Positions",
    "pair-pearson": "Long range",
    "length-w1": "Lengths",
    "unique": "Diversity",
}


def verdict(report: Report) -> list[str]:
    """Return the sentences for a report."""
    if report.n < GROUPS:
        return [f"No judgement: {plural(report.n, 'record')} of each set, {GROUPS} are needed."]
    sentences = [s for s in [_memorisation(report)] if s]
    for name, subject in _SUBJECTS.items():
        if name in report and report[name].status != UNREAD:
            sentences.append(_sentence(subject, report[name], report.n))
    return sentences[:6] or ["No judgement: none of the metrics asked for could be judged."]


def _sentence(subject: str, row: Row, n: int) -> str:
    found = f"{row.metric.title}{_parameter(row)} {_measured(row.generated)}"
    scale = [f"held-out real data {_plain(row.ceiling)}"]
    best = row.best_floor
    if best is not None:
        scale.append(f"best floor {best} {_plain(row.floors[best])}")
    return f"{subject}: {found}; {', '.join(scale)}: {_consequence(row, n)}."


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


def _memorisation(report: Report) -> str:
    if "near-copies" not in report:
        return ""
    row = report["near-copies"]
    copies = f"{_percent(row.generated)} of the generated records are at least "
    copies += f"{100 * report.identity:g} % identical to"
    if row.ceiling.value is None or "near-excess" not in report:
        return (
            f"Memorisation: not assessable without training and held-out data; {copies} a "
            "reference record, which is copying if the generator was trained on the reference."
        )
    excess = report["near-excess"].generated
    real = f"held-out real data {100 * row.ceiling.value:.3g} %"
    assert excess.low is not None
    record = "training record" if "train" in report.sets else "reference record"
    exact = ""
    if "copies" in report and report["copies"].status == EXCESS:
        exact = f", {_percent(report['copies'].generated)} letter for letter"
    if excess.low > 0:
        return f"Memorisation: {copies} a {record}{exact}; {real}: the generator copies."
    return f"Memorisation: {copies} a {record}; {real}: no more than real data."


def _percent(value: Value) -> str:
    assert value.value is not None and value.low is not None and value.high is not None
    return f"{100 * value.value:.3g} % [{100 * value.low:.3g}, {100 * value.high:.3g}]"


def _measured(value: Value) -> str:
    from biogan.report.text import interval, number

    return f"{number(value.value)} {interval(value)}".strip()


def _plain(value: Value) -> str:
    from biogan.report.text import number

    return number(value.value)


def _parameter(row: Row) -> str:
    note = row.generated.note.partition(";")[0]
    return f" ({note})" if note.startswith("k=") else ""
