"""Kinds of twists of training fragments, and the Markov chain in which they follow one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import numpy as np

from biogan.core.errors import CheckpointError
from biogan.core.files import check_fields
from biogan.core.rng import rng
from biogan.nn.twist_nets import Twists
from biogan.structures.geometry import bond_angles, pseudo_torsions, separations

#: Residues of a fragment whose coarse chain has three points.
FEWEST_RESIDUES = 8
#: Kinds of twists at most.
KINDS = 20
# Twists that kinds are found from, and rounds of k-means.
_SEEN, _ROUNDS = 50_000, 40
# Degrees of an angle, and of a torsion near 0, that count as much as each other.
_ANGLE, _TORSION = 12.0, 26.0
# A kind varies by this many degrees at least: of few fragments some kinds are seen once.
_LEAST = 0.5
# Each kind is counted that often behind each other before any was seen.
_PRIOR = 0.5
# Bonds shorter than this (Angstrom) are cis.
_CIS = 3.4

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_COLUMNS = ("angles", "torsions", "angle_spreads", "torsion_spreads", "shares")


def learn_twists(xyz: np.ndarray, seed: int) -> Twists:
    """Sort the twists of fragments into kinds, and count how kinds follow one another.

    Parameters
    ----------
    xyz : numpy.ndarray, shape (n, L, 3)
        C-alpha coordinates in Angstrom, of at least four residues.
    seed : int
        Seed of where k-means begins.

    Returns
    -------
    Twists
        At most ``KINDS``; fewer where there are fewer different twists.

    Notes
    -----
    A twist is a point with the coordinates angle / 12 degrees and (cos, sin) of the torsion times
    180 / (26 pi); k-means (Lloyd 1982) begins with points far from one another (k-means++, Arthur &
    Vassilvitskii 2007).

    Examples
    --------
    >>> turn = np.deg2rad(100) * np.arange(16)
    >>> helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(16)], 1)[None]
    >>> twists = learn_twists(helix, 0)
    >>> [round(x) for x in twists.torsions], twists.cis
    ([50], 0.0)
    """
    xyz = xyz.astype(np.float64)
    # Of angle and torsion the first torsion ends at the third residue.
    angles, torsions = bond_angles(xyz)[:, 1:], pseudo_torsions(xyz)
    points = _points(angles, torsions)
    draw = rng(seed, "twists")
    flat = points.reshape(-1, 3)
    some = flat[draw.permutation(len(flat))[:_SEEN]]
    centres = _means(some, draw)
    kinds = _nearest(flat, centres)
    used, kinds = np.unique(kinds, return_inverse=True)
    kinds, k = kinds.reshape(angles.shape), len(used)
    means = [angles[kinds == i].mean() for i in range(k)]
    middle = [
        np.degrees(np.angle(np.exp(1j * np.radians(torsions[kinds == i])).sum())) for i in range(k)
    ]
    off = [(torsions[kinds == i] - middle[i] + 180) % 360 - 180 for i in range(k)]
    shares = np.bincount(kinds.ravel(), minlength=k) / kinds.size
    follows = _PRIOR * shares + np.zeros((k, k))
    np.add.at(follows, (kinds[:, :-1].ravel(), kinds[:, 1:].ravel()), 1)
    follows /= follows.sum(1, keepdims=True)
    return Twists(
        _numbers(means),
        _numbers(middle),
        _numbers([max(_LEAST, angles[kinds == i].std()) for i in range(k)]),
        _numbers([max(_LEAST, np.sqrt((x**2).mean())) for x in off]),
        tuple(shares.tolist()),
        tuple(tuple(row) for row in follows.tolist()),
        float((separations(xyz, 1) < _CIS).mean()),
    )


def read_twists(data: Any) -> Twists:
    """Read what a model card holds of kinds of twists.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    if not isinstance(data, Mapping):
        raise CheckpointError(f"'twists' of layout is {str(data)[:40]!r}")
    wanted: dict[str, Any] = dict.fromkeys(_COLUMNS, tuple[float, ...])
    wanted |= {"shares": tuple[Share, ...], "follows": tuple[tuple[Share, ...], ...], "cis": Share}
    found = Twists(**check_fields("twists of layout", data, wanted))
    sizes = {len(getattr(found, name)) for name in (*_COLUMNS, "follows")}
    if sizes | {len(row) for row in found.follows} != {len(found.angles) or 1}:
        raise CheckpointError("twists of layout: tables of different numbers of kinds")
    return found


def _points(angles: np.ndarray, torsions: np.ndarray) -> np.ndarray:
    """Lay twists out in a space where distance is unlikeness, shape (..., 3)."""
    radius, turned = 180 / np.pi / _TORSION, np.radians(torsions)
    return np.stack([angles / _ANGLE, radius * np.cos(turned), radius * np.sin(turned)], -1)


def _means(points: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Find the centres of k-means, shape (at most KINDS, 3)."""
    centres = points[:1]
    while len(centres) < KINDS:
        squares = ((points[:, None] - centres) ** 2).sum(2).min(1)
        if squares.sum() < 1e-6 * len(points):
            break
        one = draw.choice(len(points), p=squares / squares.sum())
        centres = np.concatenate([centres, points[one, None]])
    for _ in range(_ROUNDS):
        kinds = _nearest(points, centres)
        count = np.bincount(kinds, minlength=len(centres))
        sums = [np.bincount(kinds, column, len(centres)) for column in points.T]
        full = count > 0
        centres = (np.stack(sums, 1)[full]) / count[full, None]
    return centres


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the number of the nearest centre of each point, block by block."""
    size = 1 << 16
    blocks = [
        ((points[at : at + size, None] - centres) ** 2).sum(2).argmin(1)
        for at in range(0, len(points), size)
    ]
    return np.concatenate(blocks)


def _numbers(values: list[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
