"""Motifs: seqlets that are alike, aligned and merged into matrices, and what their sites say.

The seqlet that most others are like begins a motif; those that are like it are aligned with it and
averaged, and the average is compared with all again, a few times. What is left begins the next
one. One motif is enough, and a seqlet may stand at the edge of a short record. Motifs whose columns
of letters correlate are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from biogan.core.rng import rng
from biogan.interpret.seqlets import Seqlets

# Seqlets that are compared pair by pair to find where a motif begins.
_COMPARED = 400
# Cosine from which a seqlet is like a motif; rounds of averaging.
_ALIKE, _ROUNDS = 0.6, 4
# Motifs at most, and seqlets of a motif at least: a number, and a share of all.
_MOST, FEWEST, _SMALLEST = 20, 10, 0.01
# Mean correlation of columns from which two motifs are one, and columns that have to overlap.
_SAME, _OVERLAP = 0.8, 4
# Columns at the ends of a motif that hold less information, and add less, are cut off.
_LEAST_BITS, _LEAST_SHARE = 0.25, 0.15
# Letters beside a seqlet that are looked at, and the widest motif.
_BESIDE, _WIDEST = 4, 40
# Pairs of sites that a spacing needs, and the chance of a gap that is called frequent.
_FEWEST_PAIRS, _CHANCE = 20, 1e-3
# Share of the pairs that the usual gaps hold.
_RANGE = 0.8
# Letters between two sites that are looked at.
_FARTHEST = 200


class Sites(NamedTuple):
    """Where a motif stands.

    Attributes
    ----------
    record, start : numpy.ndarray, shape (m,), int64
        Record, and first position of the motif in it, from 0; below 0 where it begins before it.
    reverse : numpy.ndarray, shape (m,), bool
        Whether it stands on the other strand.
    score : numpy.ndarray, shape (m,), float64
        What the seqlet adds to the score.
    """

    record: np.ndarray
    start: np.ndarray
    reverse: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.record)

    def take(self, chosen: np.ndarray) -> Sites:
        """Return some of them, by a mask or by numbers."""
        return Sites(*(part[chosen] for part in self))


@dataclass(frozen=True, eq=False)
class FoundMotif:
    """A motif and its sites.

    Attributes
    ----------
    counts : numpy.ndarray, shape (width, A)
        Letters at each of its positions.
    effects : numpy.ndarray, shape (width, A)
        Mean effect on the score of each letter at each position.
    sites : Sites
        One for each seqlet.
    template : numpy.ndarray, shape (w, A)
        What a seqlet is compared with: the mean attribution of its letters, with the columns that
        were cut off.
    first : int
        Columns of the template before the first one of the motif.
    """

    counts: np.ndarray
    effects: np.ndarray
    sites: Sites
    template: np.ndarray
    first: int

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.counts)

    @property
    def frequencies(self) -> np.ndarray:
        """Share of each letter at each position, shape (width, A)."""
        return np.asarray(self.counts / np.maximum(self.counts.sum(1, keepdims=True), 1e-12))

    def consensus(self, letters: str) -> str:
        """Return the most frequent letters; lower case where they are less than half."""
        best, shares = self.counts.argmax(1), self.frequencies.max(1)
        return "".join(
            letters[k] if share >= 0.5 else letters[k].lower()
            for k, share in zip(best.tolist(), shares.tolist(), strict=True)
        )


class Explained(NamedTuple):
    """Records and what their letters add.

    Attributes
    ----------
    codes : numpy.ndarray, shape (n, L), uint8
        Letters; A and above: behind the end.
    effects : numpy.ndarray, shape (n, L, A), float32
        Centred effects of every letter at every position.
    """

    codes: np.ndarray
    effects: np.ndarray


class _Windows(NamedTuple):
    """Windows of one width round seqlets: attributions of their own letters, and where they are."""

    contributions: np.ndarray  # (m, w, A), each with norm 1
    first: np.ndarray  # position of the first column in the record


def discovered(
    explained: Explained,
    seqlets: Seqlets,
    partner: np.ndarray | None = None,
    seed: int = 0,
) -> list[FoundMotif]:
    """Align seqlets and merge them into motifs.

    Parameters
    ----------
    explained : Explained
        The records and their effects.
    seqlets : Seqlets
        Their stretches.
    partner : numpy.ndarray, shape (A,), optional
        Complement of each letter, where sites lie on either strand.
    seed : int
        Seed of the seqlets that are compared pair by pair.

    Returns
    -------
    list of FoundMotif
        The one with most sites first.
    """
    if len(seqlets) < FEWEST:
        return []
    width = int(np.quantile(seqlets.stop - seqlets.start, 0.9)) + 2 * _BESIDE
    width = min(width, _WIDEST, explained.codes.shape[1] + 2 * _BESIDE)
    windows = _cut(explained, seqlets, width)
    left = np.arange(len(seqlets))
    fewest = max(FEWEST, int(_SMALLEST * len(seqlets)))
    found: list[FoundMotif] = []
    tries = 0
    while len(left) >= fewest and len(found) < _MOST and tries < 2 * _MOST:
        tries += 1
        some = np.sort(rng(seed, "seqlets", tries).permutation(left)[:_COMPARED])
        template = windows.contributions[some[_densest(windows.contributions[some], partner)]]
        for _ in range(_ROUNDS):
            likeness, offset, reverse = _aligned(windows.contributions[left], template, partner)
            members = likeness >= _ALIKE
            if members.sum() < fewest:
                break
            template = _shifted(
                windows.contributions[left[members]], offset[members], reverse[members], partner
            ).mean(0)
        if members.sum() < fewest:
            # Nobody else is like this one, so no one of those that were compared is a beginning.
            left = np.setdiff1d(left, some) if len(left) > len(some) else left[:0]
            continue
        chosen = left[members]
        made = _motif(
            explained, seqlets.take(chosen), windows.first[chosen], offset[members],
            reverse[members], template, partner,
        )  # fmt: skip
        left = left[~members]
        if made is not None:
            found.append(made)
    found = _merged(explained, found, partner)
    return sorted(found, key=lambda motif: -len(motif.sites))


def placed(
    motif: FoundMotif, explained: Explained, seqlets: Seqlets, partner: np.ndarray | None = None
) -> Sites:
    """Return the seqlets that are like a motif as its sites.

    Parameters
    ----------
    motif : FoundMotif
        What is looked for.
    explained, seqlets, partner
        As in :func:`discovered`, of any records.
    """
    width = len(motif.template)
    windows = _cut(explained, seqlets, width)
    likeness, offset, reverse = _aligned(windows.contributions, motif.template, partner)
    keep = likeness >= _ALIKE
    first = _starts(windows.first[keep], offset[keep], reverse[keep], motif.first, width,
                    motif.width)  # fmt: skip
    chosen = seqlets.take(keep)
    return Sites(chosen.record, first, reverse[keep], chosen.score)


def with_sites(
    motif: FoundMotif, explained: Explained, sites: Sites, partner: np.ndarray | None = None
) -> FoundMotif:
    """Return a motif of other sites: their letters and effects.

    Parameters
    ----------
    motif : FoundMotif
        How wide it is, and what seqlets are compared with.
    explained : Explained
        Records that the sites are in.
    sites : Sites
        One or more.
    partner : numpy.ndarray, optional
        As in :func:`discovered`.
    """
    letters, effects = _letters_at(
        explained, sites.record, sites.start, sites.reverse, motif.width, partner
    )
    return FoundMotif(letters.sum(0), effects.mean(0), sites, motif.template, motif.first)


def _cut(explained: Explained, seqlets: Seqlets, width: int) -> _Windows:
    """Cut windows round the middle of what seqlets add, with nothing beyond the records."""
    codes, effects = explained
    length, size = codes.shape[1], effects.shape[2]
    first = (seqlets.start + seqlets.stop - width) // 2
    columns = first[:, None] + np.arange(width)
    there = (columns >= 0) & (columns < length)
    columns = columns.clip(0, length - 1)
    letters = codes[seqlets.record[:, None], columns]
    there &= letters < size
    letters = np.minimum(letters, size - 1)
    own = effects[seqlets.record[:, None], columns, letters] * there
    found = np.zeros((len(seqlets), width, size), np.float32)
    rows, places = np.indices(own.shape)
    found[rows, places, letters] = own
    norm = np.sqrt(np.square(found).sum((1, 2), keepdims=True))
    return _Windows(found / np.maximum(norm, 1e-12), first)


def _aligned(
    windows: np.ndarray, template: np.ndarray, partner: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare windows with a template at all offsets, on both strands where they have two.

    Returns
    -------
    likeness : numpy.ndarray, shape (m,)
        Cosine at the best offset.
    offset : numpy.ndarray, shape (m,), int64
        Columns by which the window, turned where it is on the other strand, is moved to the right.
    reverse : numpy.ndarray, shape (m,), bool
    """
    width = windows.shape[1]
    most = width // 2
    if not len(windows):
        nothing = np.zeros(0, np.int64)
        return np.zeros(0), nothing, nothing > 0
    norm = max(float(np.sqrt(np.square(template).sum())), 1e-12)
    turned = [windows] if partner is None else [windows, windows[:, ::-1, partner]]
    scores = np.empty((len(turned), 2 * most + 1, len(windows)), np.float32)
    for s, some in enumerate(turned):
        for k, offset in enumerate(range(-most, most + 1)):
            a, b = max(0, offset), min(width, width + offset)
            part = some[:, a - offset : b - offset].reshape(len(some), -1)
            scores[s, k] = part @ template[a:b].ravel().astype(np.float32) / norm
    best = scores.reshape(-1, len(windows)).argmax(0)
    likeness = scores.reshape(-1, len(windows))[best, np.arange(len(windows))]
    return likeness, best % (2 * most + 1) - most, best >= 2 * most + 1


def _densest(windows: np.ndarray, partner: np.ndarray | None) -> int:
    """Return the window that most others are like."""
    alike = np.zeros(len(windows))
    for i, one in enumerate(windows):
        likeness, _, _ = _aligned(windows, one, partner)
        alike[i] = np.maximum(0, likeness - _ALIKE / 2).sum()
    return int(alike.argmax())


def _shifted(
    windows: np.ndarray, offset: np.ndarray, reverse: np.ndarray, partner: np.ndarray | None
) -> np.ndarray:
    """Turn and move windows to where a template has them, with nothing beyond their ends."""
    width = windows.shape[1]
    if partner is not None:
        windows = np.where(reverse[:, None, None], windows[:, ::-1, partner], windows)
    columns = np.arange(width) - offset[:, None]
    there = (columns >= 0) & (columns < width)
    rows = np.arange(len(windows))[:, None]
    return np.asarray(windows[rows, columns.clip(0, width - 1)] * there[..., None])


def _starts(
    first: np.ndarray,
    offset: np.ndarray,
    reverse: np.ndarray,
    skipped: int,
    width: int,
    kept: int,
) -> np.ndarray:
    """Return where the kept columns begin in the records.

    ``skipped`` columns of a template of ``width`` stand before those; on the other strand the last
    one comes first.
    """
    forward = first - offset + skipped
    turned = first + offset + width - skipped - kept
    return np.where(reverse, turned, forward)


def _letters_at(
    explained: Explained,
    record: np.ndarray,
    start: np.ndarray,
    reverse: np.ndarray,
    width: int,
    partner: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the one-hot letters and the effects under windows of records, read on their strand."""
    codes, effects = explained
    length, size = codes.shape[1], effects.shape[2]
    columns = start[:, None] + np.arange(width)
    there = (columns >= 0) & (columns < length)
    columns = columns.clip(0, length - 1)
    letters = codes[record[:, None], columns]
    there &= letters < size
    one_hot = np.eye(size + 1, size, dtype=np.float32)[np.minimum(letters, size)] * there[..., None]
    found = effects[record[:, None], columns] * there[..., None]
    if partner is not None:
        turn = reverse[:, None, None]
        one_hot = np.where(turn, one_hot[:, ::-1, partner], one_hot)
        found = np.where(turn, found[:, ::-1, partner], found)
    return one_hot, found


def _motif(
    explained: Explained,
    seqlets: Seqlets,
    first: np.ndarray,
    offset: np.ndarray,
    reverse: np.ndarray,
    template: np.ndarray,
    partner: np.ndarray | None,
) -> FoundMotif | None:
    """Make a motif of aligned seqlets; None where no column says anything."""
    width = len(template)
    start = _starts(first, offset, reverse, 0, width, width)
    one_hot, effects = _letters_at(explained, seqlets.record, start, reverse, width, partner)
    counts = one_hot.sum(0)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1e-12)
    seen = one_hot.sum((0, 2)) >= len(seqlets) / 2
    bits = np.log2(counts.shape[1]) + (shares * np.log2(np.maximum(shares, 1e-12))).sum(1)
    adds = np.abs(template).sum(1)
    good = np.flatnonzero((bits >= _LEAST_BITS) & (adds >= _LEAST_SHARE * adds.max()) & seen)
    if not len(good):
        return None
    a, b = int(good[0]), int(good[-1]) + 1
    kept = _starts(first, offset, reverse, a, width, b - a)
    sites = Sites(seqlets.record, kept, reverse, seqlets.score)
    return FoundMotif(counts[a:b], effects.mean(0)[a:b], sites, template, a)


def correlation(one: np.ndarray, other: np.ndarray, overlap: int = _OVERLAP) -> tuple[float, int]:
    """Return the mean correlation of the columns of two motifs at their best offset, and that.

    Parameters
    ----------
    one, other : numpy.ndarray, shape (w, A) and (v, A)
        Shares of letters.
    overlap : int
        Columns that have to overlap, fewer where a motif has fewer.

    Returns
    -------
    correlation : float
        Pearson's, -1 to 1: mean over the columns that overlap.
    offset : int
        Column of ``one`` under the first column of ``other``.

    Examples
    --------
    >>> box = np.eye(4)[[3, 3, 2, 0, 1, 0]]
    >>> correlation(box, box[2:])
    (1.0, 2)
    """
    a, b = (x - x.mean(1, keepdims=True) for x in (one, other))
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (a, b))
    columns = a @ b.T
    least = min(overlap, len(one), len(other))
    best, at = -1.0, 0
    for offset in range(least - len(other), len(one) - least + 1):
        low, high = max(0, offset), min(len(one), len(other) + offset)
        rows = np.arange(low, high)
        mean = float(columns[rows, rows - offset].mean())
        if mean > best + 1e-9:
            best, at = mean, offset
    return min(best, 1.0), at


def _likeness(
    one: FoundMotif, other: FoundMotif, partner: np.ndarray | None
) -> tuple[float, int, bool]:
    """Return the correlation of two motifs, its offset, and whether the other one is turned."""
    best: tuple[float, int, bool] = (-1.0, 0, False)
    for turned in (False, True)[: 1 + (partner is not None)]:
        shares = other.frequencies[::-1, partner] if turned else other.frequencies
        least = max(_OVERLAP, round(0.7 * min(one.width, len(shares))))
        value, offset = correlation(one.frequencies, shares, least)
        if value > best[0]:
            best = (value, offset, turned)
    return best


def distinct(motifs: Sequence[FoundMotif], partner: np.ndarray | None = None) -> list[int]:
    """Return the numbers of the motifs that are like none before them.

    Motifs that differed when they were found may be the same with all their sites.

    Parameters
    ----------
    motifs : sequence of FoundMotif
        The one that is to be kept first.
    partner : numpy.ndarray, optional
        As in :func:`discovered`.
    """
    kept: list[int] = []
    for i, motif in enumerate(motifs):
        if all(_likeness(motifs[k], motif, partner)[0] <= _SAME for k in kept):
            kept.append(i)
    return kept


def _merged(
    explained: Explained, found: Sequence[FoundMotif], partner: np.ndarray | None
) -> list[FoundMotif]:
    """Merge motifs whose columns correlate, the strongest pair first."""
    motifs = list(found)
    while len(motifs) > 1:
        best: tuple[float, int, int, int, bool] = (_SAME, -1, -1, 0, False)
        for i, one in enumerate(motifs):
            for j in range(i + 1, len(motifs)):
                value, offset, turned = _likeness(one, motifs[j], partner)
                if value > best[0]:
                    best = (value, i, j, offset, turned)
        _, i, j, offset, turned = best
        if i < 0:
            break
        motifs[i] = _joined(explained, motifs[i], motifs[j], offset, turned, partner)
        del motifs[j]
    return motifs


def _joined(
    explained: Explained,
    one: FoundMotif,
    other: FoundMotif,
    offset: int,
    turned: bool,
    partner: np.ndarray | None,
) -> FoundMotif:
    """Move the sites of one motif to where they stand as sites of another one."""
    sites = other.sites
    reverse = sites.reverse ^ turned
    # Columns of ``one`` before the first one of ``other``, on the strand of ``one``.
    start = np.where(reverse, sites.start + other.width + offset - one.width, sites.start - offset)
    joined = Sites(*(
        np.concatenate(pair)
        for pair in zip(one.sites, Sites(sites.record, start, reverse, sites.score), strict=True)
    ))  # fmt: skip
    return with_sites(one, explained, joined, partner)


class Spacing(NamedTuple):
    """How far the sites of two motifs stand from each other.

    Attributes
    ----------
    first, second : int
        Numbers of the motifs.
    pairs : int
        Pairs of sites of one record.
    gaps : dict of int to int
        Number of pairs with so many letters between the end of the first site and the start of
        the second.
    usual : tuple of int
        Smallest and largest gap of the narrowest range that holds four fifths of the pairs.
    frequent : tuple of int
        Gaps that are more frequent than in pairs of sites of different records.
    p : float
        Chance of the most striking one, times the gaps that were looked at.
    """

    first: int
    second: int
    pairs: int
    gaps: dict[int, int]
    usual: tuple[int, int]
    frequent: tuple[int, ...]
    p: float


def spacings(motifs: Sequence[FoundMotif], records: int) -> list[Spacing]:
    """Compare the gaps between sites with those that their places alone would give.

    Parameters
    ----------
    motifs : sequence of FoundMotif
        With sites in the same records.
    records : int
        Number of records n.

    Returns
    -------
    list of Spacing
        For every ordered pair of motifs with 20 pairs of sites.

    Notes
    -----
    Under independence the number of pairs with a gap is that of all pairs of sites of any two
    records, divided by n; counts are compared with a Poisson distribution of that mean.
    """
    from scipy.stats import poisson

    found = []
    for i, one in enumerate(motifs):
        for j, other in enumerate(motifs):
            same, every = _gaps(one, other, i == j)
            if same.sum() < _FEWEST_PAIRS:
                continue
            expected = np.maximum(every / records, 0.5 / records)
            p = np.asarray(poisson.sf(same - 1, expected)) * max(1, int((every > 0).sum()))
            frequent = np.flatnonzero((p < _CHANCE) & (same > 0))
            found.append(
                Spacing(
                    i, j, int(same.sum()), {int(g): int(same[g]) for g in np.flatnonzero(same)},
                    _narrowest(same), tuple(frequent.tolist()), float(min(1.0, p.min())),
                )
            )  # fmt: skip
    return found


def _narrowest(counts: np.ndarray) -> tuple[int, int]:
    """Return the ends of the shortest range that holds four fifths of the counts."""
    sums = np.append(0, np.cumsum(counts))
    due = _RANGE * sums[-1]
    stops = np.searchsorted(sums, sums[:-1] + due)
    lengths = np.where(stops < len(sums), stops - np.arange(len(counts)), len(counts) + 1)
    first = int(lengths.argmin())
    return first, int(stops[first]) - 1


def _gaps(one: FoundMotif, other: FoundMotif, same: bool) -> tuple[np.ndarray, np.ndarray]:
    """Count gaps, 0 to 199, between a site and one behind it: in one record, in any two."""
    ends, starts = one.sites.start + one.width, other.sites.start
    rows = np.flatnonzero(~one.sites.reverse)
    columns = np.flatnonzero(~other.sites.reverse)
    low = min(ends.min(), starts.min())
    every = np.zeros(_FARTHEST, np.int64)
    have = [np.bincount(x - low) for x in (ends[rows], starts[columns])]
    for gap in range(_FARTHEST):
        behind = have[1][gap : gap + len(have[0])]
        every[gap] = have[0][: len(behind)] @ behind
    inside = np.zeros(_FARTHEST, np.int64)
    columns = columns[np.argsort(other.sites.record[columns], kind="stable")]
    held = other.sites.record[columns]
    for i in rows.tolist():
        record = one.sites.record[i]
        for k in range(np.searchsorted(held, record), np.searchsorted(held, record, "right")):
            gap = int(starts[columns[k]] - ends[i])
            if 0 <= gap < _FARTHEST and not (same and columns[k] == i):
                inside[gap] += 1
    return inside, every
