"""What the page says about each group of metrics of images."""

from __future__ import annotations

from biogan.report.words import Words

WORDS = {
    "novelty": Words(
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
    "discriminability": Words(
        "Discriminability",
        "Can a classifier tell generated from real images?",
        "A map of the features, made of real images: a good set covers the cloud of real images "
        "and nothing else. The classifiers behind the numbers see far more than these two axes: "
        "one reads all features, the other the pixels.",
        "Anything systematic: blur, grain, a missing class, a stroke that no real image has.",
    ),
    "classes": Words(
        "Classes",
        "Is every class drawn as often as among real images?",
        "Grey bars are real images, dots generated ones, strokes held-out ones, all as a small "
        "classifier sees them. It has to choose a class for every image, for noise too.",
        "Mode collapse: classes that are rare or missing.",
    ),
    "features": Words(
        "Feature space",
        "Do the sets fill the same region of a feature space?",
        "Distances should be near those of held-out images. Precision alone proves nothing: one "
        "good image, copied, has all of it. Read recall and coverage beside it.",
        "Regions of real images that no generated image reaches, or generated images far from all "
        "real ones.",
    ),
    "pixels": Words(
        "Intensity and sharpness",
        "Are images as bright and as sharp as real ones?",
        "The outlines should lie on one another; not only their middle but their width matters.",
        "Blurred or grainy images, a brightness that is shifted or the same in all.",
    ),
    "diversity": Words(
        "Diversity",
        "Are the generated images as different from one another as real ones?",
        "Distances of random pairs within a set: a curve to the left of that of real images means "
        "that generated images resemble one another too much.",
        "Mode collapse: the same images, or variants of a few, again and again.",
    ),
}
