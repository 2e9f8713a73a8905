"""What reports of images say and draw: sections, grids, nearest images, classes, distributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from biogan.evaluation.report.plots import curves, scatter
from biogan.evaluation.report.plots.canvas import embedded, grid, picture_pairs
from biogan.evaluation.report.plots.labels import beside, confusion
from biogan.evaluation.report.results import TARGET, Results, nearest_table
from biogan.evaluation.report.spec import Column, Facts, Floor, Pairs, Panel, ReportSpec, Section
from biogan.images.dataset import ImageSet
from biogan.images.metrics import MOST_PIXELS as MOST
from biogan.images.samples import ImageSample, Near

if TYPE_CHECKING:
    import pandas as pd


SECTIONS = {
    "novelty": Section(
        "Memorisation and novelty",
        "Are the generated images new, or copies of what the generator was trained on?",
        "The distance of an image from its nearest training image is measured in units of that "
        "one's distance from its own nearest neighbour: about 1 for fresh images, 0 for copies. "
        "The curves should lie on one another; copying lifts the generated one at the left end. "
        "Below each sample stands its nearest training image.",
        "Training images with no more change than a little noise, more often than among held-out "
        "images. Moved and mirrored copies are not found by a distance of pixels: look at the "
        "pairs.",
    ),
    "discriminability": Section(
        "Discriminability",
        "Can a classifier tell generated from real images?",
        "A map of the features, made of real images: a good set covers the cloud of real images "
        "and nothing else. The classifiers behind the numbers see far more than these two axes: "
        "one reads all features, the other the pixels.",
        "Anything systematic: blur, grain, a missing class, a stroke that no real image has.",
    ),
    "classes": Section(
        "Classes",
        "Is every class drawn as often as among real images?",
        "Grey bars are real images, dots generated ones, strokes held-out ones, all as a small "
        "classifier sees them. It has to choose a class for every image, for noise too.",
        "Mode collapse: classes that are rare or missing.",
    ),
    "conditions": Section(
        "Conditions",
        "Do images follow the class or number that they were asked for, as real ones do?",
        "The square of generated images should look like that of real ones, and hold no more on "
        "its diagonal: images that are more typical of their class than real ones are lack what "
        "real ones have.",
        "Classes that are ignored, swapped or mixed.",
    ),
    "features": Section(
        "Feature space",
        "Do the sets fill the same region of a feature space?",
        "Distances should be near those of held-out images. Precision alone proves nothing: one "
        "good image, copied, has all of it. Read recall and coverage beside it.",
        "Regions of real images that no generated image reaches, or generated images far from all "
        "real ones.",
    ),
    "pixels": Section(
        "Intensity and sharpness",
        "Are images as bright and as sharp as real ones?",
        "The outlines should lie on one another; not only their middle but their width matters.",
        "Blurred or grainy images, a brightness that is shifted or the same in all.",
    ),
    "diversity": Section(
        "Diversity",
        "Are the generated images as different from one another as real ones?",
        "Distances of random pairs within a set: a curve to the left of that of real images means "
        "that generated images resemble one another too much.",
        "Mode collapse: the same images, or variants of a few, again and again.",
    ),
}


# Pixels that a grid is wide, images in it at most, images beside their neighbours.
_WIDE, _SHOWN, _BESIDE = 320, 60, 18
_FEWEST_COLUMNS, _MOST_COLUMNS = 4, 12
# Closest pairs, and points of a set in a map.
_PAIRS, _POINTS = 20, 1000
#: The floor that is drawn: the best of the trivial samplers.
_FLOOR = "gaussian"

_NEIGHBOUR = Markup("<figure>{}<figcaption>{:.2f}</figcaption></figure>")
# Percentiles that become black and white where the range of the type is not used.
_DARK, _BRIGHT = 0.1, 99.9


def gallery(results: Results, new: Sequence[str]) -> list[Panel]:
    """Show the first images of the generated sets, of the real one and of the best floor."""
    scale = window(results.samples["target"].images)
    drawn = []
    for name, sample in _sets(results, *new, TARGET, floor=True).items():
        images = sample.images[: _fitting(sample.images)]
        caption = f"{len(images):,} of {len(sample):,}, drawn at random"
        picture = grid(tiles(images, *scale), _columns(images))
        drawn.append(Panel(name.capitalize(), caption, embedded(picture, f"{name} images")))
    return drawn


def closest(results: Results) -> Pairs | None:
    """Show the generated images that are most like a training image, beside it."""
    new, near = _near(results, "generated")
    source = results.samples["source"].images
    scale = window(results.samples["target"].images)
    order = np.lexsort((np.arange(len(new)), near.relative))[:_PAIRS]
    pairs = [
        (near.relative[i], new.ids[i], source.ids[j],
         np.concatenate([tiles(s[k : k + 1], *scale) for s, k in ((new, i), (source, j))]))
        for i, j in zip(order.tolist(), near.places[order].tolist(), strict=True)
    ]  # fmt: skip
    what = "training" if "train" in results.sets else "reference"
    question = (
        f"The {len(order):,} generated images that are most like {what} images (of the first "
        f"{len(new):,}), each on the left of its nearest. The number is the distance in units of "
        f"that of the {what} image from its own nearest neighbour: 0 for a copy."
    )
    return Pairs(question, picture_pairs(pairs))


def nearest_images(results: Results) -> pd.DataFrame:
    """Return the nearest training image of each generated one asked for, nearest first."""
    new, near = _near(results, "generated")
    source = results.samples["source"].images
    order = np.lexsort((np.arange(len(new)), near.relative))
    ids = new.ids, [source.ids[j] for j in near.places]
    distance, relative = near.distance.round(6), near.relative.round(6)
    return nearest_table(*ids, order, distance=distance, relative=relative)


def _novelty(results: Results, new: Sequence[str]) -> list[Panel]:
    scale = window(results.samples["target"].images)
    sets = {name: name for name in new}
    if "fresh" in results.samples:
        sets["held-out"] = "fresh"
    found = {key: _near(results, name)[1].relative for key, name in sets.items()}
    # A few far outliers would squeeze the rest.
    top = float(np.quantile(np.concatenate(list(found.values())), 0.99))
    svg = curves.overlay(
        "nearest", {k: np.minimum(v, top) for k, v in found.items()},
        "distance to the nearest training image, relative", noun="images",
    )  # fmt: skip
    drawn = [Panel("Nearest training images", "0: a copy, 1: as far as real neighbours", svg)]
    for name in new:
        images, near = _near(results, name)
        images = images[: min(_BESIDE, 3 * _columns(images))]
        source = results.samples["source"].images[near.places[: len(images)]]
        figures = Markup("").join(
            _NEIGHBOUR.format(embedded(grid(np.stack(both), 1), f"{a} above {b}"), relative)
            for a, b, *both, relative in zip(
                images.ids, source.ids, tiles(images, *scale), tiles(source, *scale),
                near.relative[: len(images)], strict=True,
            )
        )  # fmt: skip
        caption = "drawn at random; below each its nearest training image, and how far it is"
        css = "picturepairs" if _is_strip(images) else "neighbours"
        svg = Markup('<div class="{}">{}</div>').format(css, figures)
        drawn.append(Panel(name.capitalize(), caption, svg))
    return drawn


def _discriminability(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = _sets(results, TARGET, "held-out", *new, floor=True)
    order = [k for k in sets if k.startswith("floor")]
    tables = {k: sets[k].features[:_POINTS] for k in [TARGET, *order, *sets] if k in sets}
    svg = scatter.principal_components(tables)
    caption = f"of the features, up to {_POINTS:,} images a set"
    return [] if svg is None else [Panel("Principal components", caption, svg)]


def _classes(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = _sets(results, TARGET, *new, "held-out")
    names = getattr(sets[TARGET].embed, "classes", ())
    if not names:
        return []
    shares = {k: np.bincount(s.classes, minlength=len(names)) / len(s) for k, s in sets.items()}
    svg = curves.shares("classes", shares, names, "class", wide=len(names) > 12)
    return [Panel("Share of each class", "as a classifier sees them", svg, wide=len(names) > 12)]


def _asked(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = _sets(results, TARGET, *new)
    names = getattr(sets[TARGET].embed, "classes", ())
    if not all((sample.asked >= 0).any() for sample in sets.values()):
        return []
    drawn = []
    for i, (key, sample) in enumerate(sets.items()):
        rows = np.flatnonzero(sample.asked >= 0)
        counts = np.zeros((len(names), len(names)))
        np.add.at(counts, (sample.asked[rows], sample.classes[rows]), 1)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        drawn.append(confusion(f"asked-{i}", shares, names, key, "class"))
    caption = "share of the images of each row that are seen as each class"
    return [Panel("Classes asked for", caption, beside(drawn), wide=True)]


def _pixels(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = _sets(results, TARGET, *new, "held-out")
    drawings: dict[str, tuple[str, str, Callable[[ImageSample], np.ndarray]]] = {
        "intensity": ("Intensity", "mean of an image, black is 0 and white 1",
                      lambda s: s.intensity),
        "sharpness": ("Sharpness", "mean difference of neighbouring pixels",
                      lambda s: s.sharpness),
    }  # fmt: skip
    return [
        Panel(title, caption, curves.overlay(
            name, {k: values(s) for k, s in sets.items()}, title.lower(), noun="images"))
        for name, (title, caption, values) in drawings.items()
    ]  # fmt: skip


def _diversity(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = _sets(results, TARGET, *new, "held-out")
    found = {k: s.pair_distances for k, s in sets.items() if len(s) > 1}
    if len(found) < len(sets):
        return []
    svg = curves.overlay("pairs", found, "distance of two images", noun="pairs")
    return [Panel("Random pairs", "how far two images of a set are apart", svg)]


#: Drawings by group of metrics.
PANELS: dict[str, Callable[[Results, Sequence[str]], list[Panel]]] = {
    "novelty": _novelty,
    "discriminability": _discriminability,
    "classes": _classes,
    "pixels": _pixels,
    "diversity": _diversity,
    "conditions": _asked,
}


def _sets(results: Results, *names: str, floor: bool = False) -> dict[str, ImageSample]:
    """Return samples by what the drawings call them, with the best floor if asked for."""
    return results.named_samples(*names, floor=_FLOOR if floor else None)


def _near(results: Results, name: str) -> tuple[ImageSet, Near]:
    """Return the images that the metrics looked up, and what they found."""
    sample = results.samples[name].first(MOST)
    return sample.images, sample.nearest(results.samples["source"])


def _columns(images: ImageSet) -> int:
    """Images in a row: as many as fit, at least one."""
    width = _tile(images)
    fewest = 1 if _is_strip(images) else _FEWEST_COLUMNS
    return max(fewest, min(_MOST_COLUMNS, _WIDE // width))


def _tile(images: ImageSet) -> int:
    """Pixels that an image is wide when its frames stand side by side."""
    colour = images.shape.channels == 3 and not images.frames
    return images.shape.width * (1 if colour else images.shape.channels)


def _is_strip(images: ImageSet) -> bool:
    """Tell whether an image is much wider than high, as frames side by side are."""
    return _tile(images) > 2 * images.shape.height


def _fitting(images: ImageSet) -> int:
    """Images in a grid that is not too high."""
    columns = _columns(images)
    rows = max(3, min(_SHOWN // columns, 2 * _WIDE // images.shape.height))
    return min(len(images), columns * rows)


def _shape(facts: Facts) -> str:
    channels, height, width = facts["shape"]
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    return f"{height} x {width}, {f'{channels} frames' if facts['frames'] else colours}"


#: Words and drawings of the reports of images.
IMAGE_REPORT = ReportSpec(
    name="images",
    noun="image",
    describe=_shape,
    columns=(
        Column("pixels", _shape),
        Column("depth", lambda facts: f"{facts['depth'].removeprefix('uint')} bit"),
        Column("classes", lambda facts: str(facts.get("classes", "none"))),
    ),
    near_copy=lambda results: "are nearer than 99 in 100 held-out ones to",
    exact_copy="pixel for pixel",
    subjects={
        "auroc": "Discriminability",
        "frechet": "Distribution",
        "coverage": "Coverage",
        "class-jsd": "Classes",
        "label-accuracy": "Labels",
        "label-r": "Labels",
        "sharpness-w1": "Sharpness",
        "pair-distance": "Diversity",
    },
    floors={
        "noise": Floor("noise", "random pixels"),
        "pixel-gaussian": Floor("pixgauss", "each pixel drawn by itself, with its mean and spread"),
        "label-gaussian": Floor(
            "label-gauss", "one such Gaussian a class, or an eighth of a number"
        ),
        "no-label": Floor("no-label", "one Gaussian for all labels"),
        "shuffled-labels": Floor("shuf-lab", "real images with the labels of others"),
        "gaussian": Floor("gauss", "one Gaussian along 64 principal components of the pixels"),
    },
    sections=SECTIONS,
    sources="LeNet: LeCun et al. 1998, Proc. IEEE 86:2278. Frechet distance: Heusel et al. 2017, "
    "NeurIPS, there of other features. Kernel distance: Binkowski et al. 2018, ICLR. Precision and "
    "recall: Kynkaanniemi et al. 2019, NeurIPS. Density, coverage, and features of random weights: "
    "Naeem et al. 2020, ICML. Classifier two-sample test: Lopez-Paz & Oquab 2017, ICLR.",
    panels=PANELS,
    nearest=nearest_images,
    pairs=closest,
    gallery=gallery,
    digest="pixels and classes",
    packages=("numpy", "scipy", "scikit-learn", "torch", "pillow"),
)


def window(images: ImageSet) -> tuple[float, float]:
    """Return the intensities that are drawn black and white: of 8 bits all, of 16 those in use."""
    if images.pixels.dtype == np.uint8 or not len(images):
        return 0.0, float(images.brightest)
    low, high = np.percentile(images.pixels, [_DARK, _BRIGHT])
    return (float(low), float(high)) if high > low else (0.0, float(images.brightest))


def tiles(images: ImageSet, low: float, high: float) -> np.ndarray:
    """Turn images into pictures, shape (n, height, width, 3), uint8.

    Three channels that are no time series are red, green and blue; other channels stand side by
    side.
    """
    scaled = (images.pixels.astype(np.float32) - low) * (255 / (high - low))
    pixels = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if images.shape.channels == 3 and not images.frames:
        return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
    side_by_side = pixels.transpose(0, 2, 1, 3).reshape(len(pixels), images.shape.height, -1)
    return np.repeat(side_by_side[..., None], 3, axis=3)
