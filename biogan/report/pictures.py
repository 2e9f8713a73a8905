"""Reports of images: their words, and images beside their nearest training images."""

from __future__ import annotations

from biogan.report.imagewords import WORDS
from biogan.report.kind import Column, Facts, Floor, Kind
from biogan.report.picturepanels import closest, gallery, panels, to_frame


def _shape(facts: Facts) -> str:
    channels, height, width = facts["shape"]
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    return f"{height} x {width}, {f'{channels} frames' if facts['frames'] else colours}"


def _near(report: object) -> str:
    return "are nearer than 99 in 100 held-out ones to"


KIND = Kind(
    name="images",
    noun="image",
    describe=_shape,
    columns=(
        Column("pixels", _shape),
        Column("depth", lambda facts: f"{facts['depth'].removeprefix('uint')} bit"),
        Column("classes", lambda facts: str(facts.get("classes", "none"))),
    ),
    near=_near,
    exact="pixel for pixel",
    subjects={
        "auroc": "Discriminability",
        "frechet": "Distribution",
        "coverage": "Coverage",
        "class-jsd": "Classes",
        "sharpness-w1": "Sharpness",
        "pair-distance": "Diversity",
    },
    floors={
        "noise": Floor("noise", "random pixels"),
        "pixel-gaussian": Floor("pixgauss", "each pixel drawn by itself, with its mean and spread"),
        "gaussian": Floor("gauss", "one Gaussian along 64 principal components of the pixels"),
    },
    words=WORDS,
    sources="LeNet: LeCun et al. 1998, Proc. IEEE 86:2278. Frechet distance: Heusel et al. 2017, "
    "NeurIPS, there of other features. Kernel distance: Binkowski et al. 2018, ICLR. Precision and "
    "recall: Kynkaanniemi et al. 2019, NeurIPS. Density, coverage, and features of random weights: "
    "Naeem et al. 2020, ICML. Classifier two-sample test: Lopez-Paz & Oquab 2017, ICLR.",
    panels=panels,
    nearest=to_frame,
    pairs=closest,
    gallery=gallery,
    digest="pixels and classes",
    packages=("numpy", "scipy", "scikit-learn", "torch", "pillow"),
)
