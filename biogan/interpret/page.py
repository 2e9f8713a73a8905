"""The page of an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from biogan.core import __version__
from biogan.core.display import shown
from biogan.core.errors import percentage, plural
from biogan.evaluation.report.html import STATUSES, render
from biogan.evaluation.report.plots.canvas import BLUE, drawing
from biogan.evaluation.report.plots.logos import effect_logos, logos
from biogan.evaluation.report.results import FLOOR, REAL, UNREAD
from biogan.evaluation.report.spec import Panel, Section
from biogan.evaluation.report.text import number
from biogan.interpret.explanation import Explanation, MotifRow
from biogan.interpret.pairs import ColumnPairs

# Records that are shown letter by letter, letters of each, and motifs with drawings.
_RECORDS, _LETTERS, _MOTIFS = 12, 210, 12
# Matches of a motif in the table.
_MATCHES = 3
# Pairs of columns in the table.
_BEST_PAIRS = 20
_NAMES = {"ism": "every single change of a letter", "gradient": "gradient times input",
          "integrated": "integrated gradients"}  # fmt: skip
_PLACES = Section(
    "Places",
    "",
    "Each bar counts sites that begin at a position of the record, from 1.",
    "Bars at one position alone where the process that made the records knows no fixed position: "
    "records that were cut at a motif, for instance.",
)
_PAIRS = Section(
    "Pairs",
    "",
    "Dark: changing both columns does something that changing either does not. C_ij is how much "
    "both columns vary together in the records, which needs no judge.",
    "Dark rows and columns, where an oracle is asked: it reads single columns, and a change of one "
    "makes the other matter less. Of a contrast, an AUROC by pairs of columns (explain.json) far "
    "below that of the judge.",
)
_ALWAYS = (
    "The two sets differ in something that was not meant, such as length, composition or where "
    "they were cut: the judge finds whatever tells them apart.",
    "Near copies on both sides of a split: records that share 90 % of their letters stay together, "
    "more distant relatives do not.",
    "Letters that act only together: where either of two sites suffices, no single change shows "
    "it, and --pairs is needed.",
)


def to_html(name: str, found: Explanation, files: Sequence[str]) -> str:
    """Return the page.

    Parameters
    ----------
    name : str
        Heading: the folder.
    found : Explanation
        What was found.
    files : sequence of str
        Names of the files beside the page.
    """
    summary, letters = found.summary, found.records.alphabet.letters
    judged = summary["oracle"] is None
    unit = "nats" if judged else ""
    what = f"against {summary['against']}" if judged else f"by {summary['oracle']}"
    top = np.argsort(-found.scores, kind="stable")[:_RECORDS]
    heads = ["motif", "consensus", "sites", "in records", "in others", "adds", "strand -", "chance"]
    return render(
        "explain.html",
        version=__version__,
        kind="explanation",
        title=name,
        lead=f"{plural(summary['n_records'], 'record')} {what}",
        verdict=_verdict(found),
        unit=unit,
        motifs={"head": heads, "rows": [_row(row, letters) for row in found.motifs]},
        none=summary["verdict"],
        logos=[svg for row in found.motifs[:_MOTIFS] for svg in _drawn(row, letters, unit)],
        known={
            "head": ["motif", "known motif", "p", "E", "strand"],
            "rows": [
                [row.name, shown(m.name), f"{m.p:.2g}", f"{m.e:.2g}", "-+"[not m.reverse]]
                for row in found.motifs
                for m in row.known[:_MATCHES]
            ],
        },
        places=[_starts(row) for row in found.motifs[:_MOTIFS]],
        place_text=_PLACES,
        gaps={
            "head": ["first", "second", "pairs", "gaps of most", "more than by place", "chance"],
            "rows": [
                [found.motifs[s.first].name, found.motifs[s.second].name, f"{s.pairs:,}",
                 _ranges([*range(s.usual[0], s.usual[1] + 1)]), _ranges(s.frequent), f"{s.p:.2g}"]
                for s in found.spacings
            ],
        },
        pairs=None if found.pairs is None else _pairs(found.pairs),
        records=_records(found, top, letters, unit),
        shown=f"The {plural(len(top), 'record')} of the highest score. Height: change of the score "
        "if another letter stood there, on average over the letters"
        + (f"; the first {_LETTERS:,} letters." if found.attributions.shape[1] > _LETTERS else "."),
        wrong=_wrong(found),
        facts=_facts(found),
        files=files,
    )  # fmt: skip


def _verdict(found: Explanation) -> list[dict[str, Any]]:
    summary = found.summary
    lines = []
    if summary["oracle"] is None:
        enough = summary["auroc"] >= summary["options"]["least_auroc"]
        lines.append({
            "subject": "Judge", "status": STATUSES[REAL if enough else FLOOR],
            "consequence": "the sets can be told apart" if enough else "nothing to explain",
            "evidence": f"AUROC {summary['auroc']:.3f} ({summary['auroc_low']:.3f}-"
            f"{summary['auroc_high']:.3f}) on records that the judge has not seen",
        })  # fmt: skip
        if not enough:
            return lines
    rows, left = found.motifs, summary["not_confirmed"]
    lines.append({
        "subject": "Motifs", "status": STATUSES[REAL if rows else UNREAD],
        "consequence": summary["verdict"],
        "evidence": f"sites at a false discovery rate of {percentage(summary['fdr'])}"
        + (f"; {plural(left, 'motif')} were left out: their sites are as good in shuffled records, "
           "or add no more than in the others" if left else ""),
    })  # fmt: skip
    if found.deletion is not None:
        test = found.deletion
        variable = "" if test.variable is None else (
            f", of the most variable columns {number(test.variable)}"
        )  # fmt: skip
        lines.append({
            "subject": "Deletion", "status": STATUSES[REAL if test.passed else FLOOR],
            "consequence": "letters that are said to add do add" if test.passed
            else "other letters matter more than those that are said to add",
            "evidence": f"without the top tenth of its letters a record's score falls by "
            f"{number(test.top)}, without letters at random by {number(test.random)}{variable}",
        })  # fmt: skip
    if (error := summary.get("completeness_error")) is not None:
        lines.append({
            "subject": "Completeness", "status": STATUSES[REAL if error <= 0.01 else FLOOR],
            "consequence": "attributions add up to the score" if error <= 0.01
            else "attributions do not add up",
            "evidence": f"largest difference {percentage(error, 2)}",
        })  # fmt: skip
    return lines


def _row(row: MotifRow, letters: str) -> list[str]:
    sites = row.motif.sites
    return [
        row.name, row.motif.consensus(letters), f"{len(sites):,}", percentage(row.share),
        "" if row.others is None else percentage(row.others), number(float(sites.score.mean())),
        percentage(float(sites.reverse.mean())), "" if row.p is None else f"{row.p:.2g}",
    ]  # fmt: skip


def _drawn(row: MotifRow, letters: str, unit: str) -> list[Markup]:
    """Draw the letters of the sites, and below them what they add."""
    own = row.motif.effects * row.motif.frequencies
    return [
        *logos(f"{row.name}-sites", {f"{row.name}, letters of its sites": row.motif.frequencies},
               letters),
        *effect_logos(f"{row.name}-adds", {f"{row.name}, what they add": own}, letters, unit),
    ]  # fmt: skip


def _starts(row: MotifRow) -> Panel:
    starts = row.motif.sites.start + 1
    with drawing(f"starts-{row.name}", f"where {row.name} begins", height=2.4) as d:
        low, high = int(starts.min()), int(starts.max())
        edges = np.arange(low, high + 2) if high - low < 200 else np.linspace(low, high + 1, 101)
        d.axes.hist(starts, (edges - 0.5).tolist(), color=BLUE)
        d.axes.set(xlabel="first position", ylabel="sites")
    return Panel(row.name, "", d.svg)


def _pairs(pairs: ColumnPairs) -> dict[str, Any]:
    """Draw interactions beside what varies together, and list the best pairs."""
    panels = []
    size = int(pairs.second.max()) + 1
    with drawing("pairs", "interactions of columns", width=5.2, height=4.6) as d:
        table = np.zeros((size, size))
        for k, values in enumerate((pairs.corrected, pairs.coupling)):
            scaled = np.maximum(values, 0) / max(float(values.max()), 1e-12)
            rows, columns = (pairs.first, pairs.second)[:: 1 - 2 * k]
            table[rows, columns] = scaled
        d.axes.imshow(table, cmap="Greys", vmin=0, vmax=1, interpolation="nearest",
                      extent=(0.5, size + 0.5, size + 0.5, 0.5))  # fmt: skip
        d.axes.set(xlabel="column", ylabel="column")
    panels.append(Panel("Interactions", "above the diagonal; below it C_ij", d.svg))
    best = pairs.best(pairs.corrected, _BEST_PAIRS)
    head = ["columns", "interaction", "corrected", "C_ij"]
    rows_of = [
        [f"{pairs.first[i] + 1:,} and {pairs.second[i] + 1:,}", number(float(pairs.interaction[i])),
         number(float(pairs.corrected[i])), number(float(pairs.coupling[i]))]
        + ([] if pairs.paired is None else ["paired" if pairs.paired[i] else ""])
        for i in best.tolist()
    ]  # fmt: skip
    head += [] if pairs.paired is None else ["structure"]
    return {"panels": panels, "text": _PAIRS, "table": {"head": head, "rows": rows_of}}


def _ranges(numbers: Sequence[int]) -> str:
    """Write numbers with ranges.

    Examples
    --------
    >>> _ranges([1, 16, 17, 18])
    '1, 16-18'
    """
    runs: list[list[int]] = []
    for n in numbers:
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(f"{r[0]:,}" if len(r) == 1 else f"{r[0]:,}-{r[-1]:,}" for r in runs)


def _records(found: Explanation, top: np.ndarray, letters: str, unit: str) -> list[Markup]:
    codes = found.records.take(top).matrix(found.attributions.shape[1])[:, :_LETTERS]
    sets = {}
    for k, i in enumerate(top.tolist()):
        inside = np.flatnonzero(codes[k] < len(letters))
        heights = np.zeros((len(inside), len(letters)))
        heights[np.arange(len(inside)), codes[k, inside]] = found.attributions[i, inside]
        sets[f"{shown(found.records.ids[i], 40)}: {number(float(found.scores[i]))}"] = heights
    return effect_logos("records", sets, letters, unit)


def _wrong(found: Explanation) -> list[str]:
    summary = found.summary
    lines: list[str] = []
    if summary["oracle"] is None:
        lines += _ALWAYS[:2]
        lines.append(
            f"A judge that has not learned enough: {summary['n_records']:,} and "
            f"{summary['n_others']:,} records were there to learn from. The AUROC says how much of "
            "the difference it sees, not how much there is."
        )
    else:
        lines.append(
            "A predictor is explained, not the property: what it has learned wrongly is explained, "
            "too."
        )
    lines.append(_ALWAYS[2])
    if summary.get("method") != "ism":
        lines.append(
            "Gradients are those of the score, not of changes that can be made: --method ism "
            "scores every single one."
        )
    return lines


def _facts(found: Explanation) -> list[tuple[str, str]]:
    summary = found.summary
    method = summary["method"]
    return [
        ("Explained", f"{plural(len(found.records), 'record')} of {summary['n_records']:,}"),
        ("Against", str(summary["against"] or summary["oracle"])),
        ("Attribution", _NAMES[method] if method else "none"),
        ("Strands", "both" if summary["options"]["both_strands"] else "as given"),
        ("Seed", f"{summary['options']['seed']}"),
    ]
