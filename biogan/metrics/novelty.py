"""Copies and near copies of the training data, beside the rate among held-out real records."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, norm

from biogan.datasets.strands import reverse_complement
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample
from biogan.metrics.inputs import shuffled
from biogan.metrics.intervals import grouped_half, newcombe, wilson
from biogan.metrics.pieces import shared_words
from biogan.similarity import contained, nearest

#: Records whose likeness to the training data is read: to 0.02 points where none is a near copy.
MOST = 20_000
#: Records whose nearest training record is looked up.
MOST_NEAREST = 1_000
#: Records whose words are looked up.
MOST_PIECES = 5_000
_Z = float(norm.ppf(0.975))


@metric("copies", "novelty", "exact copies", high=1.0, unit="share")
def exact_copies(comparison: Comparison) -> Value:
    """Share of the records that stand letter for letter in the training data."""
    sequences = comparison.candidate.sequences
    known = set(comparison.source.sequences.strings())
    hits = [i for i, text in enumerate(sequences.strings()) if text in known]
    share = _share(len(hits), len(sequences))
    return Value(*share, n=len(sequences), details=tuple(sequences.ids[i] for i in hits[:5]))


@metric("strand-copies", "novelty", "other-strand copies", high=1.0, needs=("nucleotides",),
        unit="share")  # fmt: skip
def other_strand_copies(comparison: Comparison) -> Value:
    """Share of the records whose reverse complement stands in the training data."""
    turned = reverse_complement(comparison.candidate.plain)
    known = set(comparison.source.plain.strings())
    hits = [i for i, text in enumerate(turned.strings()) if text in known]
    share = _share(len(hits), len(turned))
    return Value(*share, n=len(turned), details=tuple(turned.ids[i] for i in hits[:5]))


@metric("near-copies", "novelty", "near copies", high=1.0, unit="share", most=MOST)
def near_copies(comparison: Comparison) -> Value:
    """Share of the records with a training record at or above the identity (0.9)."""
    hits, n = _near(comparison)
    return Value(*_share(hits, n), n=n, note=f"id>={comparison.identity:g}")


@metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0, needs=("fresh",),
        unit="share", most=MOST)  # fmt: skip
def near_copy_excess(comparison: Comparison) -> Value:
    """Near-copy rate minus that of held-out real records: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    hits, n = _near(comparison)
    real = comparison.fresh.near_copies(comparison.source, comparison.identity)
    real_hits, real_n = int(real.sum()), len(real)
    low, high = newcombe(hits, n, real_hits, real_n)
    return Value(hits / n - real_hits / real_n, low, high, n=n)


@metric("contained", "novelty", "contained", high=1.0, needs=("lengths",), unit="share",
        most=MOST_NEAREST, default=False)  # fmt: skip
def contained_records(comparison: Comparison) -> Value:
    """Share of the records that stand whole in a training record, or hold a whole one."""
    new, source = comparison.candidate.plain, comparison.source.plain
    found = contained(new, source)[0] | contained(source, new)[1]
    hits = np.flatnonzero(found)
    share = _share(len(hits), len(new))
    return Value(*share, n=len(new), details=tuple(new.ids[i] for i in hits[:5]))


@metric("nearest-identity", "novelty", "nearest identity", high=1.0, most=MOST_NEAREST,
        default=False)  # fmt: skip
def nearest_identity(comparison: Comparison) -> Value:
    """Median identity to the nearest training record."""
    identity = np.sort(comparison.candidate.nearest(comparison.source)[1])
    n = len(identity)
    # Ranks between which the median lies with 95 %, whatever the distribution.
    low, high = (int(x) for x in binom.interval(0.95, n, 0.5))
    edges = identity[max(0, low - 1)], identity[min(n - 1, high)]
    return Value(float(np.median(identity)), float(edges[0]), float(edges[1]), n=n)


@metric("dcr-share", "novelty", "nearer to training", high=1.0, needs=("fresh",), unit="share",
        most=MOST_NEAREST, default=False)  # fmt: skip
def closer_to_training(comparison: Comparison) -> Value:
    """Share of the records nearer to training than to as many held-out records, ties one half.

    One half for records that were not copied. Held-out records themselves are compared with the
    others of their set.
    """
    new, fresh = comparison.candidate, comparison.fresh
    assert fresh is not None  # the need "fresh" was met
    own = new is fresh
    m = min(len(comparison.source), len(fresh) - own)
    if m < 1 or (own and m < len(fresh) - 1):
        return Value(None, note="fewer training than held-out records")
    training = Sample(shuffled(comparison.source.sequences, comparison.seed)[:m])
    j, known = new.nearest(training)
    k, unknown = new.nearest(fresh if own else fresh.first(m))
    votes = (np.sign(known - unknown) + 1) / 2
    share, n = float(votes.mean()), len(votes)
    # Records with one nearest record in common vote alike: they are one piece of evidence.
    half = grouped_half(votes - share, np.where(known >= unknown, j, m + k))
    note = f"{m:,} records each"
    return Value(share, max(0.0, share - half), min(1.0, share + half), n=n, note=note)


@metric("authenticity", "novelty", "authenticity", goal="high", high=1.0, unit="share",
        most=MOST_NEAREST, default=False)  # fmt: skip
def authenticity(comparison: Comparison) -> Value:
    """Share of the records farther from their nearest training record than that from its own.

    Notes
    -----
    Alaa et al. 2022, ICML. What fresh records reach depends on the data: read it beside held-out.
    """
    source = comparison.source.sequences
    if len(source) < 2:
        return Value(None, note="one training record has no neighbours")
    j, identity = comparison.candidate.nearest(comparison.source)
    asked, where = np.unique(j, return_inverse=True)
    between = nearest(source[asked], source, own=asked)[2][where]
    farther = identity < between
    share, low, high = _share(int(farther.sum()), len(farther))
    # Records with one nearest record in common are judged by the same neighbour of it; where all
    # are judged alike they seem not to spread, and only Wilson's interval is left.
    half = grouped_half(farther - share, where)
    return Value(
        share, max(0.0, min(low, share - half)), min(1.0, max(high, share + half)), n=len(farther)
    )


@metric("pieces", "novelty", "shared pieces", high=1.0, unit="share", most=MOST_PIECES,
        default=False)  # fmt: skip
def shared_pieces(comparison: Comparison) -> Value:
    """Share of the long words that stand in the training data too, of nucleotides on any strand.

    Words are so long that random letters find one in a thousand. A copy is found where near copies
    are not looked for: moved, turned as a circle, or put together from several records.
    """
    new = comparison.candidate.plain
    hits, words, k = shared_words(new, comparison.source.plain)
    if not words.any():
        return Value(None, note=f"no record holds {k} letters")
    share = float(hits.sum() / words.sum())
    # Records are drawn, not words: the spread of a ratio of sums over records.
    half = _Z * float(np.sqrt(((hits - share * words) ** 2).sum()) / words.sum())
    most = np.argsort(-hits / np.maximum(words, 1), kind="stable")[:5]
    return Value(
        share, max(0.0, share - half), min(1.0, share + half), n=len(new), note=f"{k} letters",
        details=tuple(new.ids[i] for i in most if hits[i]),
    )  # fmt: skip


def _share(hits: int, n: int) -> tuple[float, float, float]:
    return hits / n, *wilson(hits, n)


def _near(comparison: Comparison) -> tuple[int, int]:
    near = comparison.candidate.near_copies(comparison.source, comparison.identity)
    return int(near.sum()), len(near)
