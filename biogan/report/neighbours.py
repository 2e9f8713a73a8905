"""The generated records that are most like a training record, aligned for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biogan.similarity import nearest

if TYPE_CHECKING:
    import pandas as pd

    from biogan.metrics.comparison import Sample
    from biogan.report.report import Report

# Alignments of records of different lengths that a search may cost, and records at least.
_MOST_ALIGNMENTS, _FEWEST = 500_000, 50
# What a spreadsheet would read as the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Pair:
    """A generated record beside its nearest training record.

    Attributes
    ----------
    generated, real : str
        Their ids.
    identity : float
        Their identity, 0 to 1.
    top, bottom : str
        The generated and the real row of the alignment; ``-`` is a gap.
    """

    generated: str
    real: str
    identity: float
    top: str
    bottom: str


def neighbours(report: Report, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest training record of the records of a sample.

    Where lengths differ and there are many records, those known to have a near copy are asked
    first and the others in the random order of the sample, as many as time allows.

    Returns
    -------
    i, j : numpy.ndarray, shape (queries,), int64
        Indices into the sample and into the source.
    identity : numpy.ndarray, shape (queries,), float
    """
    asked = queries(report, name)
    sequences, source = report.samples[name].sequences, report.samples["source"].sequences
    i, j, identity = nearest(sequences[asked], source)
    return asked[i], j, identity


def queries(report: Report, name: str) -> np.ndarray:
    """Return the records of a sample that :func:`neighbours` asks for."""
    sample, source = report.samples[name], report.samples["source"]
    most = max(_FEWEST, _MOST_ALIGNMENTS // len(source))
    if _one_length(sample, source) or len(sample) <= most:
        return np.arange(len(sample))
    assert report.identity is not None
    near = sample.near_copies(source, report.identity)
    return np.argsort(~near, kind="stable")[:most]


def closest_pairs(report: Report, n: int = 20) -> list[Pair]:
    """Return the ``n`` most alike pairs of a generated and a training record, aligned."""
    if not {"generated", "source"} <= set(report.samples):
        return []
    new, source = (report.samples[k].sequences for k in ("generated", "source"))
    i, j, identity = neighbours(report, "generated")
    best = np.lexsort((i, -identity))[:n]
    by_position = _one_length(report.samples["generated"], report.samples["source"])
    found = []
    for a, b, share in zip(i[best].tolist(), j[best].tolist(), identity[best], strict=True):
        rows = _rows(new[a], source[b], by_position)
        found.append(Pair(new.ids[a], source.ids[b], float(share), *rows))
    return found


def to_frame(report: Report) -> pd.DataFrame:
    """Return the nearest training record of each generated record asked for, most alike first.

    An id that a spreadsheet would read as a formula has an apostrophe before it; tabs and line
    breaks are spaces.
    """
    import pandas as pd

    i, j, identity = neighbours(report, "generated")
    order = np.lexsort((i, -identity))
    new, source = (report.samples[k].sequences.ids for k in ("generated", "source"))
    return pd.DataFrame({
        "generated": [cell(new[k]) for k in i[order]],
        "nearest": [cell(source[k]) for k in j[order]],
        "identity": identity[order].round(6),
    })  # fmt: skip


def cell(text: str) -> str:
    r"""Make a text safe for a cell of a table.

    Examples
    --------
    >>> cell("=1+1"), cell("a\tb\nc"), cell("seq_1")
    ("'=1+1", 'a b c', 'seq_1')
    """
    plain = " ".join(text.split())
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _one_length(a: Sample, b: Sample) -> bool:
    lengths = {
        int(x) for s in (a, b) for x in (s.sequences.lengths.min(), s.sequences.lengths.max())
    }
    return len(lengths) == 1


def _rows(new: str, real: str, by_position: bool) -> tuple[str, str]:
    """Align two sequences: letter under letter, or by edit distance."""
    if by_position or not new or not real:
        return new, real
    import edlib

    nice = edlib.getNiceAlignment(edlib.align(new, real, task="path"), new, real)
    return nice["query_aligned"], nice["target_aligned"]
