"""The embedded set of simulated sigma-70 promoters, and how often what was planted comes back.

The records were made by ``scripts/make_demo_data.py`` from published frequencies (their sources are
in ``data/README.md``), so the truth is known: transcription starts at the 50th of 60 letters, at
the 6th to 8th letter after a -10 box, and a -35 box lies 16-18 letters before that box.
"""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np

from biogan.core.errors import DataError
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import read_fasta

LENGTH = 60
START = 49  # index of position +1
MINUS_35, MINUS_10 = "TTGACA", "TATAAT"
SPACERS = (16, 17, 18)  # letters between the boxes
GAPS = (5, 6, 7)  # letters between the -10 box and the start: it is the 6th to 8th after the box
MISMATCHES = 1


def load_demo() -> tuple[SequenceSet, SequenceSet]:
    """Read the embedded promoters.

    Returns
    -------
    train : SequenceSet
        6,000 records of 60 nt.
    held_out : SequenceSet
        1,000 further records from the same simulation.
    """
    return _read("promoters.train.fa.gz"), _read("promoters.held_out.fa.gz")


def _read(name: str) -> SequenceSet:
    with as_file(files("biogan.sequences").joinpath("promoters", name)) as path:
        return read_fasta(path, alphabet="dna")


def planted_motif_rate(sequences: SequenceSet) -> dict[str, float]:
    """Share of the sequences that hold the planted boxes where they belong.

    A box counts with at most one mismatch to its consensus.

    Parameters
    ----------
    sequences : SequenceSet
        DNA; letters beyond the 60th are not looked at.

    Returns
    -------
    dict of str to float
        ``"-35 box"`` and ``"-10 box"``: shares with that box at one of its places. ``"promoter"``:
        share with both, 16-18 letters apart. All in 0-1.

    Raises
    ------
    DataError
        If there is no sequence, or they are not DNA.

    Examples
    --------
    >>> ideal = "A" * 14 + MINUS_35 + "A" * 17 + MINUS_10 + "A" * 17
    >>> planted_motif_rate(SequenceSet.from_strings([ideal, "A" * 60]))["promoter"]
    0.5
    """
    if not len(sequences):
        raise DataError("there are no sequences in which planted motifs can be looked for")
    if sequences.alphabet.letters[:4] != "ACGT":
        raise DataError(
            f"planted motifs are looked for in DNA sequences, these are {sequences.alphabet.name}"
        )
    matrix = sequences.matrix(LENGTH)
    # Letter at which each box may start.
    starts_10 = [START - gap - len(MINUS_10) for gap in GAPS]
    pairs = [(s - spacer - len(MINUS_35), s) for s in starts_10 for spacer in SPACERS]
    at_10 = {s: _box_at(matrix, MINUS_10, s) for s in starts_10}
    at_35 = {s: _box_at(matrix, MINUS_35, s) for s, _ in pairs}
    return {
        "-35 box": _share(list(at_35.values())),
        "-10 box": _share(list(at_10.values())),
        "promoter": _share([at_35[a] & at_10[b] for a, b in pairs]),
    }


def _box_at(matrix: np.ndarray, box: str, start: int) -> np.ndarray:
    window = matrix[:, start : start + len(box)]
    return (window != DNA.encode(box)).sum(1) <= MISMATCHES


def _share(hits: list[np.ndarray]) -> float:
    return float(np.any(hits, axis=0).mean())
