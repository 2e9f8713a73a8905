"""Options of a design run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biogan.core.conditions import ConditionKind
from biogan.core.options import Options, option


@dataclass(frozen=True)
class OracleConfig(Options):
    """What a predictor learns, and how."""

    kind: ConditionKind | None = option(
        None,
        "What the label is: class, multi (several classes, ; between them) or number.",
        "Predictor",
    )
    family: Literal["boosting", "ridge"] = option(
        "boosting",
        "Boosted trees, or a linear model (ridge regression; logistic of classes).",
        "Predictor",
        level="basic",
    )
    seed: int = option(0, "Seed of the split and of the trees.", "Predictor", level="basic")


@dataclass(frozen=True)
class DesignConfig(Options):
    """How a search goes."""

    calls: int = option(
        1000, "Sequences that the oracle is asked for.", "Search", low=1, level="basic"
    )
    batch: int | None = option(
        None,
        "Sequences of a round (a hundredth of --calls, 10 to 500; 96 without --oracle).",
        "Search",
        low=1,
        level="basic",
    )
    max_identity: float = option(
        0.9,
        "Designs share at most this part of their positions with each other.",
        "Search",
        low=0.0,
        high=1.0,
        level="basic",
    )
    front: int | None = option(
        None,
        "Of several values: write designs that no other one beats, at most so many, spread "
        "out.  [default: -n, front by front]",
        "Search",
        low=1,
        level="basic",
    )
    max_edits: int | None = option(
        None,
        "Positions in which a design may differ from a sequence of --start.",
        "Search",
        low=1,
        level="basic",
    )
    controls: bool = option(
        False,
        "Ask as often for each of: draws of the model, the search without it, random sequences. "
        "Their calls come on top.",
        "Search",
        level="basic",
    )
    require_smarts: str | None = option(
        None,
        "Of molecules: designs hold this pattern (SMARTS), such as c1ccncc1.",
        "Search",
        level="basic",
    )
    screen: str | None = option(
        None,
        "Sequences that no design may match: a FASTA, or cmd:PROGRAM (FASTA in, ids to refuse "
        "out).",
        "Screen",
        level="basic",
    )
    screen_window: int | None = option(
        None,
        "Letters of a window that matches a --screen FASTA (50 nucleotides, 20 amino acids).",
        "Screen",
        low=8,
    )
    screen_identity: float = option(
        0.9,
        "Share of equal letters in a window that matches; 1: exact words.",
        "Screen",
        low=0.7,
        high=1.0,
    )
    seed: int = option(0, "Seed of the search.", "Search", level="basic")

    @property
    def chosen_batch(self) -> int:
        """Sequences of a round."""
        return self.batch or min(500, max(10, self.calls // 100))
