"""Options of an explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biogan.core.options import Options, option

Method = Literal["ism", "gradient", "integrated"]


@dataclass(frozen=True)
class ExplainConfig(Options):
    """What is explained, and how."""

    label: str | None = option(
        None, "Explain only the records with NAME=VALUE.", "Records", level="basic"
    )
    most: int = option(
        1000, "Records that are explained at most; the judge learns from more.", "Records", low=20,
        level="basic",
    )  # fmt: skip
    both_strands: bool = option(
        False, "Records mean the same on either strand: their mean is explained.", "Records",
        level="basic",
    )  # fmt: skip
    circular: bool = option(
        False, "Records are circles that may begin at any letter: the mean over four turns is "
        "explained.", "Records",
    )  # fmt: skip
    method: Method | None = option(
        None,
        "ism: every single change of a letter is scored; gradient; integrated: gradients on the "
        "way from even letters, which add up (ism up to 500 letters, else gradient).",
        "Attribution",
        level="basic",
    )
    pairs: str | None = option(
        None,
        "Columns, from 1, of which pairs of letters are changed together, such as 3-40,52, or all "
        "(records of one length).",
        "Attribution",
        level="basic",
    )
    structure: str | None = option(
        None,
        "Text file with the paired columns of an alignment in brackets: pairs are held against it.",
        "Attribution",
        file=True,
    )
    motifs: str | None = option(
        None, "Known motifs, in a file as of JASPAR or MEME, that found ones are compared with.",
        "Motifs", level="basic", file=True,
    )  # fmt: skip
    fdr: float = option(
        0.2, "Share of false sites, as shuffled records tell.", "Motifs", low=0.001, high=0.5
    )
    least_auroc: float = option(
        0.6, "AUROC of the judge below which there is nothing to explain.", "Motifs", low=0.0,
        high=1.0,
    )  # fmt: skip
    export: Literal["modisco"] | None = option(
        None, "modisco: the arrays that TF-MoDISco reads, too.", "Motifs"
    )
    seed: int = option(0, "Seed of the judge and of all that is drawn.", "Records", level="basic")
