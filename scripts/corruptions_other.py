"""Harm real images or structures as :mod:`corruptions` harms sequences: which metric marks it.

    python scripts/corruptions_other.py images mnist-test --seeds 1 2 3
    python scripts/corruptions_other.py structures ca_coords.npz

Images are cut at random into a training set, a reference and those that are harmed; structures by
families.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from corruptions import HARMLESS, print_table

from biogan import read_images, read_structures
from biogan.core.rng import rng
from biogan.evaluation.evaluate import evaluate_sets
from biogan.evaluation.report.report import Report
from biogan.images.dataset import ImageSet
from biogan.images.evaluate import ImageEvaluation
from biogan.structures.dataset import FragmentSet
from biogan.structures.evaluate import StructureEvaluation

Draw = np.random.Generator
#: Receives arrays, shape (n, ...), and a source of random numbers; the same shape comes back.
Harm = Callable[[np.ndarray, Draw], np.ndarray]


def partly(share: float, harm: Harm) -> Harm:
    """Harm the first share of the records."""

    def harmed(x: np.ndarray, draw: Draw) -> np.ndarray:
        many = round(share * len(x))
        return np.concatenate([harm(x[:many], draw).astype(x.dtype), x[many:]])

    return harmed


def duplicated(x: np.ndarray, draw: Draw) -> np.ndarray:
    """Replace a tenth of the records by others of them."""
    many = len(x) // 10
    return np.concatenate([x[many:], x[many : 2 * many]])


def noisy(x: np.ndarray, draw: Draw) -> np.ndarray:
    """Add a standard deviation of a twentieth of the range of values."""
    high = np.iinfo(x.dtype).max
    return np.clip(x + draw.normal(0, high / 20, x.shape), 0, high)


def halves(x: np.ndarray, draw: Draw) -> np.ndarray:
    """Put the upper half of an image on the lower half of another."""
    middle = x.shape[2] // 2
    return np.concatenate([x[:, :, :middle], x[draw.permutation(len(x)), :, middle:]], 2)


def blurred(x: np.ndarray, draw: Draw) -> np.ndarray:
    """Average every pixel with its four neighbours."""
    around = [np.roll(x, step, axis).astype(float) for step in (-1, 1) for axis in (2, 3)]
    return (x + np.sum(around, 0)) / 5


def chains_joined(x: np.ndarray, draw: Draw) -> np.ndarray:
    """Continue the first half of a fragment with the steps of the second half of another."""
    middle = x.shape[1] // 2
    other = x[draw.permutation(len(x)), middle:]
    moved = other - other[:, :1] + x[:, middle : middle + 1]
    return np.concatenate([x[:, :middle], moved], 1)


#: Harms of pixels, shape (n, channels, height, width).
IMAGES: dict[str, Harm] = {
    "half mirrored": partly(0.5, lambda x, draw: x[..., ::-1]),
    "half moved by two pixels": partly(0.5, lambda x, draw: np.roll(x, 2, 3)),
    "10 % duplicated": duplicated,
    "noise of a twentieth in a fifth": partly(0.2, noisy),
    "a fifth blurred": partly(0.2, blurred),
    "halves of two images joined": halves,
    "half darker by a tenth": partly(0.5, lambda x, draw: x * 0.9),
    "a fifth as negatives": partly(0.2, lambda x, draw: np.iinfo(x.dtype).max - x),
}
#: Harms of coordinates in Angstrom, shape (n, residues, 3).
STRUCTURES: dict[str, Harm] = {
    "a fifth mirrored": partly(0.2, lambda x, draw: x * [1, 1, -1]),
    "a fifth from the last residue to the first": partly(0.2, lambda x, draw: x[:, ::-1]),
    "10 % duplicated": duplicated,
    "noise of 0.2 Angstrom in a fifth": partly(
        0.2, lambda x, draw: x + draw.normal(0, 0.2, x.shape)
    ),
    "halves of two fragments joined": chains_joined,
    "half larger by 2 %": partly(0.5, lambda x, draw: x * 1.02),
}
MISSING = "one class missing"


def images(source: str, n: int, seed: int) -> dict[str, Report]:
    """Judge harmed images."""
    found = read_images(source)
    new, train, real = (
        found[part] for part in np.array_split(rng(seed, "parts").permutation(len(found)), 3)
    )
    sets = {HARMLESS: new[:n]}
    for i, (name, harm) in enumerate(IMAGES.items()):
        pixels = harm(new.pixels[:n], rng(seed, "harm", i)).astype(new.pixels.dtype)
        sets[name] = ImageSet.from_pixels(np.ascontiguousarray(pixels))
    if new.labels is not None:
        sets[MISSING] = new[np.flatnonzero(new.labels != new.labels[0])][:n]
    return evaluate_sets(ImageEvaluation(), real, sets, train, seed=seed, n=n)


def structures(source: str, n: int, seed: int) -> dict[str, Report]:
    """Judge harmed fragments."""
    found = read_structures(source)
    order = rng(seed, "parts").permutation(len(set(found.families.tolist())))
    part = order[np.unique(found.families, return_inverse=True)[1]] % 3
    new, train, real = (found[draw_order(found, part == i, seed)] for i in range(3))
    new = new[:n]
    sets: dict[str, FragmentSet] = {HARMLESS: new}
    for i, (name, harm) in enumerate(STRUCTURES.items()):
        xyz = harm(new.xyz, rng(seed, "harm", i)).astype(np.float32)
        sets[name] = replace(new, xyz=xyz, maps=None)
    return evaluate_sets(StructureEvaluation(), real, sets, train, seed=seed, n=n)


def draw_order(found: FragmentSet, chosen: np.ndarray, seed: int) -> np.ndarray:
    """Return the numbers of the chosen fragments in a random order."""
    return rng(seed, "order").permutation(np.flatnonzero(chosen))


def main() -> None:
    """Print one row a harm: how often each metric marks it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = {"images": images, "structures": structures}
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("source")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("-n", type=int, default=1000, help="records a set (default 1,000)")
    args = parser.parse_args()
    judge = kinds[args.kind]
    print_table(
        f"{args.kind}: {args.source}", lambda seed: judge(args.source, args.n, seed), args.seeds
    )


if __name__ == "__main__":
    main()
