"""Judges a generator while it trains, on the validation split."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from biogan.datasets.layout import VARIABLE, Layout
from biogan.datasets.splits import Split
from biogan.datasets.strands import both_strands
from biogan.io.write import write_fasta
from biogan.metrics.fidelity import Fidelity
from biogan.nets.heads import LetterGenerator
from biogan.sampling import collect, stream

# More samples than validation records cost time and say little more.
MOST = 2000
PREVIEW = 20
# A stream of its own: what chose the checkpoint is not what a user samples.
SEED = -1


class FidelityMonitor:
    """Samples from the averaged generator and scores the samples.

    Parameters
    ----------
    split : Split
        Training and held-out records.
    layout : Layout
        How codes read as sequences.
    seed : int
        Seed of the subsamples.
    preview : Path, optional
        Where a few samples are written at each check.
    strands : bool
        Compare with both strands of the records, which a model of either strand writes.
    """

    def __init__(
        self,
        split: Split,
        layout: Layout,
        seed: int,
        preview: Path | None,
        strands: bool = False,
    ) -> None:
        self.layout, self.preview = layout, preview
        # With the repeats that the data have, as the trainer feeds them.
        train, held_out = split.train.expanded(), split.held_out.expanded()
        self.n = min(MOST, len(train))
        if strands:
            train, held_out = both_strands(train), both_strands(held_out)
        self.fidelity = Fidelity(train, held_out, seed) if len(held_out) else None

    def __call__(self, generator: nn.Module, step: int) -> dict[str, float]:
        """Return ``fidelity`` (1 = as close as training data is, lower is better) and its parts."""
        assert isinstance(generator, LetterGenerator)
        chunk = collect(stream(generator, self.layout, 0, self.n, SEED), self.layout)
        if self.preview is not None:
            write_fasta(chunk.sequences[:PREVIEW], self.preview)
        if self.fidelity is None:
            return {}
        score = self.fidelity.score(chunk.sequences)
        scores = {"fidelity": score.total, **score.parts}
        if self.layout.kind == VARIABLE:
            scores["malformed"] = chunk.malformed / self.n
        return scores
