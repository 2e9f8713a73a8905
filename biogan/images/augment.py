"""Differentiable augmentation: real and generated images are changed alike before they are judged.

A few hundred images are soon known by heart; a critic that never sees one twice the same cannot do
that, and the generator is not led astray, since its images undergo the same changes and gradients
pass through them (Zhao et al. 2020, DiffAugment).

Every change is left out for one image in five. If it were not, images turned in all ways would look
the same whatever the generator's own direction, and it might write one direction only, or a
direction that no real image has; as it is, only the distribution of the real images looks like
theirs (Karras et al. 2020, ADA, section 2.2). A change must still leave an image one of its kind: a
nucleus turned round is a nucleus, a 6 turned round is a 9.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from biogan.core.errors import ConfigError
from biogan.nn.conditioning import join, split
from biogan.nn.image_nets import RecordShape

#: Share of the images that undergo a change.
APPLIED = 0.8
#: Largest move along either axis, as a share of the image.
FARTHEST = 1 / 8
#: Side of the square that is cut out, as a share of the image.
HOLE = 1 / 2
#: Brightness moves by at most this much of the range -1 to 1, contrast changes by this share.
STRONGEST = 0.5

CHANGES = ("flip", "rotate", "shift", "cutout", "brightness", "contrast")
# Intensities of fluorescence mean something: a cell that is turned or moved is the same cell, one
# that is brighter is not.
GROUPS = {"cells": ("flip", "rotate", "shift")}
MOVES = frozenset({"flip", "rotate", "shift"})


def parse(names: str) -> tuple[str, ...]:
    """Read a list of changes.

    Parameters
    ----------
    names : str
        Names joined by commas, a group among them, or ``none``.

    Returns
    -------
    tuple of str
        Each change once, in the order in which they are made.

    Raises
    ------
    ConfigError
        If a name is unknown, or ``none`` stands beside others.

    Examples
    --------
    >>> parse("shift, flip"), parse("none")
    (('flip', 'shift'), ())
    """
    given = [name.strip() for name in names.split(",")]
    if given == ["none"]:
        return ()
    wanted: set[str] = set()
    for name in given:
        if name not in CHANGES and name not in GROUPS:
            found = "none beside other names" if name == "none" else repr(name)
            raise ConfigError(
                f"--augment {names}: {found}; give {', '.join(CHANGES)}, "
                f"{', '.join(GROUPS)}, joined by commas, or none alone"
            )
        wanted.update(GROUPS.get(name, (name,)))
    return tuple(name for name in CHANGES if name in wanted)


class Augment:
    """Changes every image of a batch by a draw of its own; all channels of one image alike.

    Flips, turns and moves only put pixels elsewhere, so that they are exact; every change can be
    differentiated twice with respect to the images, as gradient penalties need.

    Parameters
    ----------
    names : str
        ``flip`` (along both axes), ``rotate`` (quarter turns; half turns where height and width
        differ), ``shift`` (up to 1/8, mirrored at the edge), ``cutout`` (a square of half the size
        becomes the mean of its channel), ``brightness`` (+- 0.5), ``contrast`` (x 0.5 to 1.5
        around the mean of the image), ``cells`` (flip, rotate, shift), or ``none``.

    Attributes
    ----------
    names : tuple of str
        The changes that are made.

    Raises
    ------
    ConfigError
        If a name is unknown.

    Notes
    -----
    Draws come from torch's default generator of the device of the images. Whoever wants them
    repeatable seeds it inside ``torch.random.fork_rng``, as the trainer does for every step.

    Examples
    --------
    >>> images = torch.zeros(2, 1, 8, 8)
    >>> Augment("cells")(images).shape
    torch.Size([2, 1, 8, 8])
    >>> Augment("none")(images) is images
    True
    """

    def __init__(self, names: str) -> None:
        self.names = parse(names)

    def __bool__(self) -> bool:
        return bool(self.names)

    def __call__(self, images: Tensor) -> Tensor:
        """Change images (N, channels, height, width) between -1 and 1; they may leave the range."""
        if MOVES & set(self.names):
            images = self._moved(images)
        if "cutout" in self.names:
            images = cut(images, uniform(images, 2), chance(len(images), APPLIED, images.device))
        if "brightness" in self.names:
            images = images + strength(images)
        if "contrast" in self.names:
            factor = 1 + strength(images)
            mean = images.mean((1, 2, 3), keepdim=True)
            images = (images - mean) * factor + mean
        return images

    def _moved(self, images: Tensor) -> Tensor:
        """Flip, turn and shift: each pixel is taken from elsewhere in its image."""
        n, _, height, width = images.shape
        device = images.device
        row = torch.arange(height, device=device)[None, :, None].expand(n, height, width)
        column = torch.arange(width, device=device)[None, None, :].expand(n, height, width)
        if "shift" in self.names:
            moved = chance(n, APPLIED, device)
            row = mirrored(row + moved * steps(n, int(height * FARTHEST), device), height)
            column = mirrored(column + moved * steps(n, int(width * FARTHEST), device), width)
        if "rotate" in self.names:
            turns = whole(n, 0, 4, device) * chance(n, APPLIED, device)
            # Half a turn is both flips, a quarter turn swaps the axes and flips one.
            half, quarter = turns >= 2, turns % 2 == 1
            row, column = flipped(row, half, height), flipped(column, half, width)
            if height == width:
                row, column = (
                    torch.where(quarter, column, row),
                    torch.where(quarter, height - 1 - row, column),
                )
        if "flip" in self.names:
            row = flipped(row, chance(n, APPLIED / 2, device), height)
            column = flipped(column, chance(n, APPLIED / 2, device), width)
        source = (row * width + column).flatten(1)[:, None].expand(-1, images.shape[1], -1)
        return images.flatten(2).gather(2, source).view_as(images)


def whole(n: int, low: int, high: int, device: torch.device) -> Tensor:
    """Draw whole numbers from ``low`` up to below ``high``, shape (n, 1, 1)."""
    return torch.randint(low, high, (n, 1, 1), device=device)


def chance(n: int, share: float, device: torch.device) -> Tensor:
    """Mark a share of the images at random, shape (n, 1, 1), bool."""
    return torch.rand(n, 1, 1, device=device) < share


def steps(n: int, farthest: int, device: torch.device) -> Tensor:
    """Draw moves of at most ``farthest`` pixels to either side, shape (n, 1, 1)."""
    return whole(n, -farthest, farthest + 1, device)


def uniform(images: Tensor, columns: int) -> Tensor:
    """Draw numbers between 0 and 1 for each image, shape (N, columns)."""
    return torch.rand(len(images), columns, device=images.device, dtype=images.dtype)


def strength(images: Tensor) -> Tensor:
    """Draw how much brightness or contrast changes, 0 where it does not, shape (N, 1, 1, 1)."""
    drawn = STRONGEST * (2 * uniform(images, 1)[:, :, None, None] - 1)
    return drawn * chance(len(images), APPLIED, images.device)[:, None]


def flipped(place: Tensor, which: Tensor, size: int) -> Tensor:
    """Count places from the other end in the images of a mask (N, 1, 1)."""
    return torch.where(which, size - 1 - place, place)


def mirrored(place: Tensor, size: int) -> Tensor:
    """Bring places beyond an edge back by reflection; the edge itself is not repeated."""
    return size - 1 - (size - 1 - place.abs()).abs()


def cut(images: Tensor, centre: Tensor, which: Tensor) -> Tensor:
    """Fill a square around a centre (N, 2), given as shares of the image, with the channel's mean.

    Images outside the mask ``which`` (N, 1, 1) stay whole.

    A square that reaches over the edge is cut off there, so that corners are seen as often as not.
    """
    inside = [
        within(centre[:, axis, None], size, images.device)
        for axis, size in enumerate(images.shape[2:])
    ]
    hole = (inside[0][:, :, None] & inside[1][:, None] & which)[:, None]
    return torch.where(hole, images.mean((2, 3), keepdim=True), images)


def within(centre: Tensor, size: int, device: torch.device) -> Tensor:
    """Mark the places of one axis that the square covers: (N, 1) to (N, size)."""
    place, side = torch.arange(size, device=device), int(size * HOLE)
    first = (centre * size).long() - side // 2
    return (place >= first) & (place < first + side)


class Augmented(nn.Module):
    """A critic before which real and generated images are changed alike, while it trains."""

    def __init__(self, critic: nn.Module, augment: Augment, shape: RecordShape) -> None:
        super().__init__()
        self.critic, self.augment, self.shape = critic, augment, shape
        self.labels = shape.labels

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, return (N,)."""
        if not self.labels:
            return self.critic(self.augment(records))
        images, labels = split(records, self.shape[:3], self.labels)
        return self.critic(join(self.augment(images), labels))
