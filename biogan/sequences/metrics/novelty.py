"""Copies of the training data: whole, near, shifted, in pieces, beside those of held-out data.

Pieces are long k-mers: they find records put together from several training records, and copies
that were moved or turned. The tables say which sequences a set repeats most, and how many distinct
ones are expected among n records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import gammaln
from scipy.stats import binom

from biogan.evaluation.intervals import clustered_share, effective, grouped_half, newcombe
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import shuffled
from biogan.sequences.kmers import windows, word_numbers
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.similarity.pairs import clusters, contained, nearest
from biogan.sequences.similarity.words import word_size
from biogan.sequences.strands import reverse_complement

# A word of random letters stands in the training data with a chance of one in this many, at most.
_RARE = 1_000
# Training records are read in pieces of this many letters.
_LETTERS = 1 << 22
#: Records whose likeness to the training data is read: to 0.02 points where none is a near copy.
MOST = 20_000
#: Records whose nearest training record is looked up.
MOST_NEAREST = 1_000
#: Records whose k-mers are looked up.
MOST_PIECES = 5_000
#: Rows of the table of repeated sequences.
MOST_FREQUENT = 20
# Shares of a set from which FastQC warns of, and fails, an over-represented sequence, in percent.
_WARN, _FAIL = 0.1, 1.0
# Records that are clustered, their identity, and points of the curve.
_MOST, _IDENTITY, _POINTS = 1_000, 0.9, 10


def shared_kmers(new: SequenceSet, source: SequenceSet) -> tuple[np.ndarray, np.ndarray, int]:
    """Count the long k-mers of each record, and those that stand in the training data.

    Parameters
    ----------
    new, source : SequenceSet
        Generated and training records without gaps; of nucleotides both strands are known.

    Returns
    -------
    hits, kmers : numpy.ndarray, shape (n,)
        Words of each record that were found, and all of them.
    k : int
        Letters of a word, see :func:`word_length`.
    """
    known, size = [source], source.alphabet.size
    states = size
    if source.alphabet.complement is not None:
        # Further letters are rare: a word tells no more with them.
        known, states = [source, reverse_complement(source)], 4
    k = word_length(states, sum(windows(s, 1) for s in known), size)
    numbers, owners = word_numbers(new, k)
    found = stands_in(numbers, known, k) if len(numbers) else np.zeros(0, bool)
    n = len(new)
    return np.bincount(owners, found, minlength=n), np.bincount(owners, minlength=n), k


def word_length(states: int, letters: int, size: int = 0) -> int:
    """Return the shortest length of k-mers of which ``letters`` hold one in a thousand, at most.

    There are ``states`` equally likely letters; the numbers of k-mers over ``size`` letters fit 63
    bits.

    Examples
    --------
    >>> word_length(4, 500_000), word_length(20, 500_000)
    (15, 7)
    """
    k, states = 1, max(2, states)
    while states**k < _RARE * letters and max(states, size) ** (k + 1) < 2**62:
        k += 1
    return k


def stands_in(numbers: np.ndarray, sets: list[SequenceSet], k: int) -> np.ndarray:
    """Tell which k-mers of ``k`` letters occur in one of the sets, shape (k-mers,), bool."""
    kmers, where = np.unique(numbers, return_inverse=True)
    found = np.zeros(len(kmers), bool)
    for sequences in sets:
        ends = np.cumsum(sequences.lengths)
        cuts = np.flatnonzero(np.diff(ends // _LETTERS, prepend=0))
        for part in np.split(np.arange(len(sequences)), cuts):
            other = word_numbers(sequences.take(part), k)[0]
            place = np.minimum(np.searchsorted(kmers, other), len(kmers) - 1)
            found[place[kmers[place] == other]] = True
    return found[where]


@metric("copies", "novelty", "exact copies", high=1.0, unit="share", alike=False, alone=True)
def exact_copies(comparison: Comparison) -> Value:
    """Share of the records that stand letter for letter in the training data."""
    sequences = comparison.candidate.sequences
    known = set(comparison.source.sequences.strings())
    return _copies(comparison, [text in known for text in sequences.strings()])


@metric("strand-copies", "novelty", "other-strand copies", high=1.0, needs=("nucleotides",),
        unit="share", alike=False, alone=True)  # fmt: skip
def other_strand_copies(comparison: Comparison) -> Value:
    """Share of the records whose reverse complement stands in the training data."""
    turned = reverse_complement(comparison.candidate.plain)
    known = set(comparison.source.plain.strings())
    return _copies(comparison, [text in known for text in turned.strings()])


@metric(
    "near-copies",
    "novelty",
    "near copies",
    high=1.0,
    unit="share",
    most=MOST,
    alike=False,
    alone=True,
)
def near_copies(comparison: Comparison) -> Value:
    """Share of the records with a training record at or above the identity (0.9)."""
    near = comparison.candidate.near_copies(comparison.source, comparison.identity)
    # Relatives are near copies of the same records, together or not at all.
    share = clustered_share(near, comparison.candidate.relatives(comparison.identity))
    return Value(*share, n=len(near), note=f"id>={comparison.identity:g}")


@metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0, needs=("fresh",),
        unit="share", most=MOST, alike=False, alone=True)  # fmt: skip
def near_copy_excess(comparison: Comparison) -> Value:
    """Near-copy rate minus that of held-out real records: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    new = comparison.candidate.near_copies(comparison.source, comparison.identity)
    real = comparison.fresh.near_copies(comparison.source, comparison.identity)
    worth, real_worth = (
        effective(hits.astype(float), sample.relatives(comparison.identity))
        for hits, sample in ((new, comparison.candidate), (real, comparison.fresh))
    )
    low, high = newcombe(
        new.sum() * worth / len(new), worth, real.sum() * real_worth / len(real), real_worth
    )
    difference = int(new.sum()) / len(new) - int(real.sum()) / len(real)
    return Value(difference, low, high, n=len(new))


@metric(
    "shifted-copies",
    "novelty",
    "shifted copies",
    high=1.0,
    unit="share",
    most=MOST,
    alike=False,
    alone=True,
)
def shifted_copies(comparison: Comparison) -> Value:
    """Share of the records of which half the letters lie in words of 20 that stand in training.

    On either strand of DNA; 10 to 20 residues of proteins (:func:`word_size`). Copies that begin
    elsewhere have no identity by position that would show them.
    """
    new, source = comparison.candidate, comparison.source.plain
    if new.sequences.alphabet.has_gap:
        return Value(None, note="aligned: a column does not shift")
    k = word_size(source)
    if min(new.plain.longest, source.longest) < k:
        return Value(None, note=f"no record holds {k} letters")
    letters = new.shared_letters(comparison.source)
    hits = 2 * letters >= np.maximum(new.plain.lengths, 1)
    return _copies(comparison, hits, f"{k} letters")


@metric("contained", "novelty", "contained", high=1.0, needs=("lengths",), unit="share",
        most=MOST_NEAREST, default=False, alike=False, alone=True)  # fmt: skip
def contained_records(comparison: Comparison) -> Value:
    """Share of the records that stand whole in a training record, or hold a whole one."""
    new, source = comparison.candidate.plain, comparison.source.plain
    return _copies(comparison, contained(new, source)[0] | contained(source, new)[1])


@metric("nearest-identity", "novelty", "nearest identity", high=1.0, most=MOST_NEAREST,
        default=False, alike=False, alone=True)  # fmt: skip
def nearest_identity(comparison: Comparison) -> Value:
    """Median identity to the nearest training record."""
    found = comparison.candidate.nearest(comparison.source)[1]
    identity, n = np.sort(found), len(found)
    # Ranks between which the median lies with 95 %, whatever the distribution.
    above = (found > np.median(found)).astype(float)
    worth = effective(above, comparison.candidate.clusters)
    shares = binom.interval(0.95, max(1, int(worth)), 0.5)
    low, high = (int(x * n / max(1, int(worth))) for x in shares)
    edges = identity[max(0, low - 1)], identity[min(n - 1, high)]
    return Value(float(np.median(identity)), float(edges[0]), float(edges[1]), n=n)


@metric("dcr-share", "novelty", "nearer to training", high=1.0, needs=("fresh",), unit="share",
        most=MOST_NEAREST, default=False, alike=False, alone=True)  # fmt: skip
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
    half = _half(new, votes - share, np.where(known >= unknown, j, m + k))
    note = f"{m:,} records each"
    return Value(share, max(0.0, share - half), min(1.0, share + half), n=n, note=note)


@metric("authenticity", "novelty", "authenticity", goal="high", high=1.0, unit="share",
        most=MOST_NEAREST, default=False, alike=False, alone=True)  # fmt: skip
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
    new = comparison.candidate
    share, low, high = clustered_share(farther, new.clusters)
    # Records with one nearest record in common are judged by the same neighbour of it; where all
    # are judged alike they seem not to spread, and only Wilson's interval is left.
    half = _half(new, farther - share, where)
    return Value(
        share, max(0.0, min(low, share - half)), min(1.0, max(high, share + half)), n=len(farther)
    )


@metric("pieces", "novelty", "shared pieces", high=1.0, unit="share", most=MOST_PIECES,
        default=False, alike=False, alone=True)  # fmt: skip
def shared_pieces(comparison: Comparison) -> Value:
    """Share of the long k-mers that stand in the training data too, of nucleotides on any strand.

    Words are so long that random letters find one in a thousand. A copy is found where near copies
    are not looked for: moved, turned as a circle, or put together from several records.
    """
    new = comparison.candidate.plain
    hits, kmers, k = shared_kmers(new, comparison.source.plain)
    if not kmers.any():
        return Value(None, note=f"no record holds {k} letters")
    share = float(hits.sum() / kmers.sum())
    # Records are drawn, not k-mers: the spread of a ratio of sums over records.
    errors = hits - share * kmers
    half = grouped_half(errors, comparison.candidate.clusters) * len(new) / float(kmers.sum())
    most = np.argsort(-hits / np.maximum(kmers, 1), kind="stable")[:5]
    return Value(
        share, max(0.0, share - half), min(1.0, share + half), n=len(new), note=f"{k} letters",
        details=tuple(new.ids[i] for i in most if hits[i]),
    )  # fmt: skip


def _half(new: Sample, errors: np.ndarray, nearest: np.ndarray) -> float:
    """Half of an interval by groups with one nearest record, or by stretches if that is wider."""
    half = grouped_half(errors, nearest)
    return max(half, grouped_half(errors, new.clusters)) if new.overlaps.any else half


def _copies(comparison: Comparison, hits: Sequence[bool] | np.ndarray, note: str = "") -> Value:
    """Return the share of the records that are copies, and the first of them by name."""
    found = np.asarray(hits, bool)
    ids = comparison.candidate.sequences.ids
    share = clustered_share(found, comparison.candidate.clusters)
    few = tuple(ids[i] for i in np.flatnonzero(found)[:5])
    return Value(*share, n=len(found), note=note, details=few)


def duplicate_table(new: Sample, source: Sample) -> list[dict[str, Any]]:
    """List the most frequent sequences of a set, those that stand in it twice or more.

    Returns
    -------
    list of dict
        At most 20: ``id`` of the first record, ``count``, ``percent``, ``flag`` in the words of
        FastQC (``warn`` above 0.1 % of the set, ``fail`` above 1 %), ``in_training``.
    """
    texts = new.sequences.strings()
    counts = Counter(texts)
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    known = set(source.sequences.strings())
    top = sorted(counts, key=lambda text: (-counts[text], text))[:MOST_FREQUENT]
    rows = []
    for text in top:
        if counts[text] < 2:
            break
        percent = 100 * counts[text] / len(texts)
        rows.append({
            "id": new.sequences.ids[first[text]],
            "count": counts[text],
            "percent": percent,
            "flag": "fail" if percent > _FAIL else "warn" if percent > _WARN else "pass",
            "in_training": text in known,
        })  # fmt: skip
    return rows


def rarefaction_table(samples: Mapping[str, Sample]) -> list[dict[str, Any]]:
    """Count kinds among n records: distinct sequences and clusters of 90 % identity.

    Parameters
    ----------
    samples : mapping of str to Sample
        Sets by name; the first 1,000 records of each are read.

    Returns
    -------
    list of dict
        For each set and each of ten ``n``: ``set``, ``n``, and the expected numbers ``distinct``
        and ``clusters``; nothing where no two records of any set are of one kind.
    """
    rows, repeats = [], False
    for name, sample in samples.items():
        some = sample.first(_MOST).sequences
        sizes = (
            np.unique(some.strings(), return_counts=True)[1],
            np.bincount(clusters(some, _IDENTITY)),
        )
        repeats |= len(sizes[1]) < len(some)
        steps = np.linspace(0, len(some), _POINTS + 1).round().astype(int)
        for n in np.unique(steps[steps > 0]).tolist():
            distinct, kinds = (expected_kinds(counts, n) for counts in sizes)
            rows.append({"set": name, "n": n, "distinct": distinct, "clusters": kinds})
    return rows if repeats else []


def expected_kinds(counts: np.ndarray, n: int) -> float:
    """Return the expected number of kinds among ``n`` records drawn without replacement.

    Parameters
    ----------
    counts : numpy.ndarray of int
        Records of each kind.
    n : int
        Records drawn, at most all.

    Notes
    -----
    sum(1 - C(N - N_i, n) / C(N, n)), Hurlbert 1971, Ecology 52:577, equation 13.

    Examples
    --------
    >>> round(expected_kinds(np.array([2, 2]), 2), 6)  # 1 + 2/3
    1.666667
    """
    total = int(counts.sum())
    left = total - counts
    can_miss = left >= n
    missed = np.zeros(len(counts))
    missed[can_miss] = np.exp(
        gammaln(left[can_miss] + 1) - gammaln(left[can_miss] - n + 1)
        - gammaln(total + 1) + gammaln(total - n + 1)
    )  # fmt: skip
    return float((1 - missed).sum())
