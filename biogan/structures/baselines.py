"""Trivial samplers of fragments: what a generator of structures has to be better than."""

from __future__ import annotations

import numpy as np

from biogan.core.errors import DataError
from biogan.core.rng import rng
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import (
    bond_angles,
    distances,
    embed,
    handed,
    pseudo_torsions,
    separations,
)

#: Noise of :func:`noise_maps` in Angstrom.
NOISE = 1.0
_BOND = 3.8
# Degrees of one state of the chain of twists.
_STATE = 10


def random_walk(fragments: FragmentSet, n: int, seed: int) -> FragmentSet:
    """Walk with steps of 3.8 Angstrom in any direction: bonds are right, nothing else is."""
    draw = rng(seed, "random-walk")
    steps = draw.normal(size=(n, fragments.residues - 1, 3))
    steps *= _BOND / np.linalg.norm(steps, axis=2, keepdims=True)
    xyz = np.concatenate([np.zeros((n, 1, 3)), steps.cumsum(1)], 1)
    return _named(xyz, "random-walk")


def noise_maps(fragments: FragmentSet, n: int, seed: int, noise: float = NOISE) -> FragmentSet:
    """Add Gaussian noise to the distances of real fragments and bring them back to space.

    Fragments are drawn without replacement, with it where there are fewer than ``n``.
    """
    draw = rng(seed, "noise-map")
    rows = draw.choice(len(fragments), n, replace=n > len(fragments))
    maps = distances(fragments.xyz[rows].astype(np.float64))
    added = np.triu(draw.normal(0, noise, maps.shape), 1)
    maps = np.maximum(maps + added + added.swapaxes(1, 2), 0)
    found = _named(handed(embed(maps)), "noise-map")
    return FragmentSet(found.xyz, found.ids, found.families, found.source, maps=maps)


def local_markov(fragments: FragmentSet, n: int, seed: int) -> FragmentSet:
    """Build chains of real twists, each drawn as it followed a twist like the one before.

    Bond, angle and pseudo-torsion of a residue come together from a place in the training data
    where the residue before had the same pseudo-torsion within ten degrees: right locally and as
    a chain of first order, with no fold.

    Raises
    ------
    DataError
        If fragments have fewer than five residues.
    """
    xyz = fragments.xyz.astype(np.float64)
    if fragments.residues < 5 or not len(xyz):
        raise DataError(f"{fragments.source}: fragments of at least five residues are needed")
    draw = rng(seed, "local-markov")
    torsions = pseudo_torsions(xyz)  # (m, L - 3)
    state = np.floor((torsions + 180) / _STATE).astype(int)
    # What is placed with a torsion: the bond and the angle that go with it.
    parts = np.stack([separations(xyz, 1)[:, 2:], bond_angles(xyz)[:, 1:], torsions], 2)
    before, after = state[:, :-1].ravel(), parts[:, 1:].reshape(-1, 3)
    order = np.argsort(before, kind="stable")
    after, states = after[order], np.arange(before.max() + 2)
    first = np.searchsorted(before[order], states)
    count = np.searchsorted(before[order], states, side="right") - first

    start = draw.integers(len(xyz), size=n), draw.integers(parts.shape[1], size=n)
    now = parts[start]
    chain = [now]
    for _ in range(parts.shape[1] - 1):
        box = np.floor((now[:, 2] + 180) / _STATE).astype(int)
        # A state that only ends fragments: any twist may follow.
        dead = count[np.minimum(box, len(count) - 1)] == 0
        box = np.where(dead, 0, box)
        at = (first[box] + draw.random(n) * count[box]).astype(int)
        now = after[np.where(dead, draw.integers(len(after), size=n), at)]
        chain.append(now)
    head = xyz[start[0], :3]
    return _named(extend(head, np.stack(chain, 1)), "local-markov")


def extend(head: np.ndarray, internal: np.ndarray) -> np.ndarray:
    """Go on from three residues by bonds, angles and torsions.

    Parameters
    ----------
    head : numpy.ndarray, shape (n, 3, 3)
        Coordinates of the first three residues.
    internal : numpy.ndarray, shape (n, m, 3)
        For each further residue its bond (Angstrom), the angle at the residue before and the
        pseudo-torsion that ends in it (degrees).

    Returns
    -------
    numpy.ndarray, shape (n, m + 3, 3)

    Notes
    -----
    Parsons et al. 2005, J. Comput. Chem. 26:1063.
    """
    places = [head[:, i].astype(np.float64) for i in range(3)]
    for step in range(internal.shape[1]):
        bond, angle, torsion = internal[:, step].T
        angle, torsion = np.radians(angle), np.radians(torsion)
        a, b, c = places[-3:]
        along = _unit(c - b)
        normal = _unit(np.cross(b - a, along))
        frame = np.stack([along, np.cross(normal, along), normal], 2)  # (n, 3, axes)
        local = np.stack(
            [-np.cos(angle), np.sin(angle) * np.cos(torsion), np.sin(angle) * np.sin(torsion)], 1
        )
        places.append(c + (frame @ (bond[:, None] * local)[..., None])[..., 0])
    return np.stack(places, 1)


def copies(fragments: FragmentSet, n: int, seed: int) -> FragmentSet:
    """Draw fragments as they are, with replacement."""
    rows = rng(seed, "copies").integers(len(fragments), size=n)
    return _named(fragments.xyz[rows], "copies")


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _named(xyz: np.ndarray, name: str) -> FragmentSet:
    ids = tuple(f"{name}_{i}" for i in range(1, len(xyz) + 1))
    return FragmentSet(xyz.astype(np.float32), ids, np.arange(len(xyz)), name)
