"""How alike sequences are: near pairs, clusters and nearest neighbours, complete and exact.

The identity of two sequences is 1 - d / (length of the longer one). d is the Hamming distance
where all sequences have one common length (promoters cut at the start site, alignments) and the
edit distance otherwise. Nothing here is a heuristic: a pair at the threshold is always found.
"""

from __future__ import annotations

from biogan.sequences.similarity.pairs import (
    clusters,
    contained,
    has_near_copy,
    identities,
    near_pairs,
    nearest,
)

__all__ = ["clusters", "contained", "has_near_copy", "identities", "near_pairs", "nearest"]
