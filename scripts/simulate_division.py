"""Simulate nuclei in division: one bright blob that grows long and parts into two.

    python scripts/simulate_division.py -n 2000 --frames 8 --size 32 --seed 1 -o cells.npz
    python scripts/simulate_division.py -n 200 -o cells/

How far the daughters are apart is known for every frame, so that a measurement, and a generator
that was trained on the images, can be held against the truth. A nucleus is the union of two lobes.
At first they nearly coincide, in a mother that slowly grows longer; from the moment of division
they move apart along one axis, fast and then slower, while the area of each falls to half of the
mother's. Axis, times, sizes, distances, brightness, background, blur and drift are drawn for each
nucleus; the camera counts photons (Poisson).

A name that ends in ``.npz`` gives one file with the arrays ``images`` (n, frames, size, size),
``frames``, ``ids`` and ``separation`` (n, frames). Any other name is a folder with a folder of PNGs
for each nucleus, and ``NAME.separation.tsv`` beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np
import pandas as pd
from PIL import Image
from scipy.ndimage import gaussian_filter

from biogan.core.errors import BioganError, OutputError
from biogan.core.files import atomic_path, claim_folder, write_tsv
from biogan.core.rng import rng

#: Lengths are shares of the side of the image: radius of the mother, distance in the last frame.
RADIUS, FARTHEST = (0.11, 0.15), (0.38, 0.55)
#: Distances of the lobes at the start and at division, as shares of the mother's radius.
START, PARTING = (0.2, 0.5), (0.8, 1.2)
#: Moment of division, as a share of the time series, and how soon the daughters slow down.
DIVISION, SLOWING = (0.2, 0.5), (0.3, 0.8)
#: Photons a pixel; blur in pixels; drift of the nucleus in pixels a frame.
PHOTONS, BACKGROUND, BLUR, DRIFT = (70, 180), (5, 20), (0.6, 1.1), 0.2
#: The second daughter's radius and brightness, as shares of the first's.
LIKENESS = (0.9, 1.0)
#: Width of the soft edge of a nucleus in pixels.
EDGE = 0.5


def distances(draw: np.random.Generator, frames: int, size: int, radius: float) -> np.ndarray:
    """Draw how far the lobes are apart in each frame, in pixels: ever farther, shape (frames,)."""
    start, parting = draw.uniform(*START) * radius, draw.uniform(*PARTING) * radius
    farthest, division = draw.uniform(*FARTHEST) * size, draw.uniform(*DIVISION)
    slowing = draw.uniform(*SLOWING)
    time = np.linspace(0, 1, frames)
    since = np.clip((time - division) / (1 - division), 0, None)
    apart = (1 - np.exp(-since / slowing)) / (1 - np.exp(-1 / slowing))
    before = start + (parting - start) * np.minimum(time / division, 1)
    return before + (farthest - parting) * apart


def nucleus(draw: np.random.Generator, frames: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one nucleus.

    Parameters
    ----------
    draw : numpy.random.Generator
        Its own stream.
    frames, size : int
        Images, and pixels of a side.

    Returns
    -------
    pixels : numpy.ndarray, shape (frames, size, size), uint8
        Photons, at most 255.
    separation : numpy.ndarray, shape (frames,)
        Pixels between the centres of the lobes.
    """
    radius = draw.uniform(*RADIUS) * size
    separation = distances(draw, frames, size, radius)
    angle, photons, background, blur = (
        draw.uniform(*span) for span in ((0, np.pi), PHOTONS, BACKGROUND, BLUR)
    )
    likeness, brightness = draw.uniform(*LIKENESS, 2)
    centre = (size - 1) / 2 + np.cumsum(draw.normal(0, DRIFT, (2, frames)), 1)
    # One disc of radius R has the area of two of radius R / sqrt(2).
    shrunk = radius * (1 - (1 - 0.5**0.5) * np.minimum(separation / (2 * radius), 1))
    row, column = np.mgrid[:size, :size]
    lobes = []
    for side, scale, bright in ((1, 1.0, 1.0), (-1, likeness, brightness)):
        y, x = (
            c + side * separation / 2 * part
            for c, part in zip(centre, (np.sin(angle), np.cos(angle)), strict=True)
        )
        away = np.hypot(row - y[:, None, None], column - x[:, None, None])
        inside = (scale * shrunk[:, None, None] - away) / EDGE
        lobes.append(bright / (1 + np.exp(-np.clip(inside, -50, 50))))
    seen = gaussian_filter(np.maximum(*lobes), (0, blur, blur), mode="nearest")
    counted = draw.poisson(background + photons * seen)
    return np.minimum(counted, 255).astype(np.uint8), separation


def simulate(n: int, frames: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Simulate nuclei; the first of them are the same whatever ``n``.

    Parameters
    ----------
    n : int
        Nuclei.
    frames, size : int
        Images of each, and pixels of a side.
    seed : int
        Seed of the simulation.

    Returns
    -------
    pixels : numpy.ndarray, shape (n, frames, size, size), uint8
        Images.
    separation : numpy.ndarray, shape (n, frames)
        Pixels between the centres of the daughters, growing with the frame.
    """
    pixels = np.empty((n, frames, size, size), np.uint8)
    separation = np.empty((n, frames))
    for i in range(n):
        pixels[i], separation[i] = nucleus(rng(seed, "division", i), frames, size)
    return pixels, separation


def write_folder(pixels: np.ndarray, ids: list[str], separation: np.ndarray, out: Path) -> None:
    """Write a folder of PNGs for each nucleus, and the distances beside it."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: exists and is no empty folder; give another name")
    digits = len(str(pixels.shape[1]))
    for name, series in zip(ids, pixels, strict=True):
        claim_folder(out / name)
        for t, frame in enumerate(series, 1):
            Image.fromarray(frame).save(out / name / f"frame_{t:0{digits}d}.png")
    table = pd.DataFrame(separation.round(3), columns=range(1, pixels.shape[1] + 1))
    table.insert(0, "id", ids)
    write_tsv(table, out.with_name(out.name + ".separation.tsv"))


@click.command(help=__doc__.partition("\n")[0])
@click.option("-n", "n", type=click.IntRange(1), default=2000, show_default=True, help="Nuclei.")
@click.option(
    "--frames", type=click.IntRange(2), default=8, show_default=True, help="Images of each nucleus."
)
@click.option(
    "--size", type=click.IntRange(16), default=32, show_default=True, help="Pixels of a side."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the simulation.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="NAME.npz, or a folder."
)
def main(n: int, frames: int, size: int, seed: int, out: Path) -> None:
    pixels, separation = simulate(n, frames, size, seed)
    ids = [f"cell_{i:0{len(str(n))}d}" for i in range(1, n + 1)]
    try:
        if out.suffix == ".npz":
            with atomic_path(out) as temporary, open(temporary, "wb") as file:
                np.savez_compressed(
                    file, images=pixels, frames=True, ids=np.array(ids), separation=separation
                )
        else:
            write_folder(pixels, ids, separation, out)
    except BioganError as error:
        raise click.ClickException(str(error)) from error
    print(f"{out}: {n:,} nuclei, {frames} frames of {size} x {size} pixels", file=sys.stderr)


if __name__ == "__main__":
    main()
