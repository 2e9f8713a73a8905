"""What an explanation has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import percentage
from biogan.interpret.deletion import Deletion
from biogan.interpret.matching import Match
from biogan.interpret.motifs import FoundMotif, Spacing
from biogan.interpret.pairs import ColumnPairs
from biogan.interpret.seqlets import Seqlets
from biogan.sequences.dataset import SequenceSet


@dataclass(frozen=True)
class MotifRow:
    """A motif and what is known of it.

    Attributes
    ----------
    name : str
        ``motif_1`` and so on.
    motif : FoundMotif
        Matrix and sites.
    share : float
        Share of the records with a site.
    others : float or None
        Share of the others with a site; None for an oracle.
    p : float or None
        Chance that sites add so much more in records than in the others, none of which the judge
        has seen, times the number of motifs.
    known : list of Match
        Known motifs, the best match first.
    """

    name: str
    motif: FoundMotif
    share: float
    others: float | None
    p: float | None
    known: list[Match] = field(default_factory=list)

    def line(self, letters: str) -> str:
        """Say what the motif is, how often it stands there and where."""
        motif = self.motif
        low, high = np.quantile(motif.sites.start + 1, [0.05, 0.95], method="nearest").tolist()
        others = "" if self.others is None else f", of the others {percentage(self.others)}"
        like = ""
        if self.known and self.known[0].e < 1:
            like = f"; like {shown(self.known[0].name)} (E {self.known[0].e:.2g})"
        return (
            f"{self.name} {motif.consensus(letters)}: in {percentage(self.share)} of the records"
            f"{others}; starts at {low:,}-{high:,}{like}"
        )


@dataclass(frozen=True)
class Explanation:
    """What was found.

    Attributes
    ----------
    records : SequenceSet
        The records that were explained.
    scores : numpy.ndarray, shape (n,)
        Score of each: log density ratio in nats, or the oracle's value.
    effects : numpy.ndarray, shape (n, L, A), float32
        Change of the score with each letter at each position, centred over the letters.
    attributions : numpy.ndarray, shape (n, L), float32
        The effect of the letter that stands there.
    seqlets : Seqlets
        Stretches that add more than those of shuffled records.
    motifs : list of MotifRow
        Those with most sites first.
    spacings : list of Spacing
        Gaps between sites that are more frequent than their places alone would give.
    deletion : Deletion or None
        What becomes of the score without the letters that add most.
    pairs : ColumnPairs or None
        Columns that act together, where that was asked for.
    summary : dict
        What ``explain.json`` holds.
    files : tuple of str
        Names of the files that were written.
    """

    records: SequenceSet
    scores: np.ndarray
    effects: np.ndarray
    attributions: np.ndarray
    seqlets: Seqlets
    motifs: list[MotifRow]
    spacings: list[Spacing]
    deletion: Deletion | None
    pairs: ColumnPairs | None
    summary: dict[str, Any]
    files: tuple[str, ...] = ()
