"""Networks of protein fragments: C-alpha distance maps, generated directly or from a chain.

A record is a map in network units, shape (N, 1, L, L) (Anand & Huang 2018, NeurIPS). It does not
change when a fragment is rotated or moved, and does not distinguish a fragment from its mirror
image.

:class:`MapGenerator` generates maps directly. They are symmetric, non-negative and zero on the
diagonal, but need not be the distances of any chain. :class:`ChainGenerator` generates bond
lengths, angles and torsions and computes the distances of that chain, so its maps are always those
of a chain. It serves models of biogan 0.2 and before; chains are now learned by the networks of
:mod:`biogan.nn.twist_nets`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, pad, softplus

from biogan.nn.conditioning import Projection
from biogan.nn.config import ImageNetConfig
from biogan.nn.image_nets import DCGANCritic2D, DCGANGenerator2D, ImageGenerator, RecordShape
from biogan.nn.layers import ResidualBlock, activate, convolution

#: Distance in Angstrom between neighbours in a chain: the length at which the scale turns.
BOND = 3.8
#: Distance in Angstrom that becomes 1 in network units; 0 becomes -1.
FAR = 100.0
_SCALE = math.log1p(FAR / BOND) / 2
# Bonds may differ this much (Angstrom): four times the spread among trans peptides.
_GIVE = 0.12
# Between these angles (degrees) at a C-alpha lie 99.9 % of those of proteins.
_NARROW, _WIDE = 70.0, 160.0
_KERNEL = 5
_TAIL = 2  # residual blocks at full length, where single residues are written
# Separations along the chain that a critic sees as a sequence too, and how often it is halved.
_REACH, _HALVED = 12, 3


def to_units(distances: Tensor) -> Tensor:
    """Turn Angstrom into network units, 2 log(1 + d / 3.8) / log(1 + 100 / 3.8) - 1.

    The logarithm gives room to short distances, where the secondary structure is told.

    Examples
    --------
    >>> to_units(torch.tensor([0.0, 100.0]))
    tensor([-1.,  1.])
    """
    return torch.log1p(distances / BOND) / _SCALE - 1


def from_units(units: Tensor) -> Tensor:
    """Turn network units back into Angstrom; what is below -1 counts as -1."""
    return torch.expm1((units.clamp(min=-1) + 1) * _SCALE) * BOND


def records(xyz: Tensor) -> Tensor:
    """Measure coordinates (N, L, 3) in Angstrom: maps in network units, (N, 1, L, L).

    The gradient is finite also where two residues share one place.
    """
    xyz = xyz.float()
    squares = (xyz[:, :, None] - xyz[:, None]).square().sum(-1)  # (N, L, L)
    apart = squares > 1e-12
    distances = torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)
    return to_units(distances)[:, None]


def build_chain(bonds: Tensor, angles: Tensor, torsions: Tensor) -> Tensor:
    """Build C-alpha coordinates from internal ones, without a loop over residues.

    Parameters
    ----------
    bonds : Tensor, shape (N, L - 1)
        Distances of neighbours in Angstrom.
    angles : Tensor, shape (N, L - 2)
        Angle at each inner residue, in radians.
    torsions : Tensor, shape (N, L - 2, 2)
        Cosine and sine of the pseudo-torsion around the bond that ends at each inner residue
        (IUPAC sign; the right-handed helix has about 50 degrees). The first means nothing: no
        residue stands before that bond.

    Returns
    -------
    Tensor, shape (N, L, 3)
        Coordinates in Angstrom; the first residue is at the origin, the first bond on the x axis.

    Notes
    -----
    The placing of an atom by bond, angle and torsion (NeRF, Parsons et al. 2005, J. Comput. Chem.
    26:1063), as a product of rotations: that of a prefix is found by doubling (Hillis & Steele
    1986), with log2(L) steps in the place of L.
    """
    cosine, sine = angles.cos(), angles.sin()
    along, across = torsions.unbind(-1)
    nothing = torch.zeros_like(cosine)
    turns = torch.stack([
        -cosine, -sine, nothing,
        sine * along, -cosine * along, -across,
        sine * across, -cosine * across, along,
    ], -1).unflatten(-1, (3, 3))  # fmt: skip
    step = 1
    while step < turns.shape[1]:
        turns = torch.cat([turns[:, :step], turns[:, :-step] @ turns[:, step:]], 1)
        step *= 2
    first = torch.eye(3, dtype=turns.dtype, device=turns.device)[:1].expand(len(turns), 1, 3)
    directions = torch.cat([first, turns[..., 0]], 1)  # (N, L - 1, 3)
    places = (bonds[..., None] * directions).cumsum(1)
    return torch.cat([torch.zeros_like(first), places], 1)


def from_latent(size: int, width: int, length: int, most: int) -> tuple[nn.Linear, nn.ModuleList]:
    """Return the layers that turn a latent vector into features of a chain, see :func:`grown`.

    Parameters
    ----------
    size : int
        Numbers of the latent vector.
    width : int
        Channels at full length; at half the length twice as many, and so on.
    length : int
        Residues. They begin as eight or fewer, or as many as halving gives.
    most : int
        Channels at most, in widths.
    """
    bottom, count = length, 0
    while bottom % 2 == 0 and bottom > 8:
        bottom, count = bottom // 2, count + 1
    widths = [width * min(2**i, most) for i in reversed(range(count + 1))]
    unfold = nn.Linear(size, widths[0] * bottom)
    grow = nn.ModuleList(
        nn.Sequential(convolution(a, b, _KERNEL), ResidualBlock(b, _KERNEL))
        for a, b in zip(widths[:-1], widths[1:], strict=True)
    )
    return unfold, grow


def grown(code: Tensor, unfold: nn.Module, grow: nn.ModuleList, length: int) -> Tensor:
    """Turn (N, size) into (N, width, length), doubling the length before each layer."""
    x: Tensor = unfold(code).unflatten(1, (-1, length // 2 ** len(grow)))
    for layer in grow:
        x = layer(activate(x).repeat_interleave(2, -1))
    return x


class MapGenerator(ImageGenerator):
    """Distance maps painted by the classic convolutions, made symmetric with a zero diagonal."""

    off_diagonal: Tensor

    def __init__(self, config: ImageNetConfig, shape: RecordShape) -> None:
        super().__init__(config, shape)
        self.painter = DCGANGenerator2D(config, shape)
        self.register_buffer("off_diagonal", 1 - torch.eye(shape.height), persistent=False)

    def images(self, code: Tensor) -> Tensor:
        """Turn (N, latent + labels) into maps in network units, (N, 1, L, L)."""
        canvas = self.painter.canvas(code)
        above = softplus((canvas + canvas.transpose(-1, -2)) / 2)
        return above * self.off_diagonal - 1


class ChainGenerator(ImageGenerator):
    """A chain written by bonds, angles and torsions with convolutions along it, then measured.

    Every map is symmetric, zero on the diagonal and keeps the triangle inequality. Of which hand
    the chain is cannot be learned from maps: see :func:`biogan.structures.geometry.handed`.
    """

    def __init__(self, config: ImageNetConfig, shape: RecordShape) -> None:
        super().__init__(config, shape)
        width, size = config.chosen("width"), config.latent + shape.labels
        self.unfold, self.grow = from_latent(size, width, shape.height, 4)
        self.tail = nn.Sequential(*[ResidualBlock(width, _KERNEL) for _ in range(_TAIL)])
        self.write = nn.Conv1d(width, 4, 1)

    def internal(self, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Turn (N, latent + labels) into bonds, angles and torsions, see :func:`build_chain`."""
        x = grown(code, self.unfold, self.grow, self.shape.height)
        # From here on in single precision: along a chain errors add up.
        written = self.write(activate(self.tail(x))).float()  # (N, 4, L)
        bonds = BOND + _GIVE * written[:, 0, 1:].tanh()
        open_by = written[:, 1, 1:-1].sigmoid()
        angles = torch.deg2rad(_NARROW + (_WIDE - _NARROW) * open_by)
        return bonds, angles, normalize(written[:, 2:, 1:-1].transpose(1, 2), dim=-1, eps=1e-6)

    def coordinates(self, code: Tensor) -> Tensor:
        """Turn (N, latent + labels) into C-alpha coordinates in Angstrom, (N, L, 3)."""
        with torch.autocast(code.device.type, enabled=False):
            return build_chain(*self.internal(code))

    def images(self, code: Tensor) -> Tensor:
        """Turn (N, latent + labels) into maps in network units, (N, 1, L, L)."""
        return records(self.coordinates(code))


class ChainCritic(DCGANCritic2D):
    """The convolutions of images on the map, beside convolutions along the chain.

    What tells helices from strands lies in a few diagonals of the map, which a convolution that
    halves the map blurs. They are laid out as channels of a sequence, at full length.
    """

    def __init__(self, config: ImageNetConfig, shape: RecordShape) -> None:
        super().__init__(config, shape)
        width = config.chosen("width")
        self.reach = min(_REACH, shape.height - 1)
        widths = [self.reach, *(width * min(2**i, 4) for i in range(_HALVED))]
        self.along = nn.ModuleList(
            nn.Conv1d(a, b, _KERNEL, stride=2, padding=_KERNEL // 2)
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        # Both kinds of features are judged together.
        size = self.judge.in_features + widths[-1] * -(-shape.height // 2**_HALVED)
        self.judge = nn.Linear(size, 1)
        self.match = Projection(shape.labels, size) if shape.labels else None

    def features(self, images: Tensor) -> Tensor:
        """See maps (N, 1, L, L), return (N, size)."""
        steps = range(1, self.reach + 1)
        near = [pad(images[:, 0].diagonal(k, 1, 2), (0, k)) for k in steps]
        x = torch.stack(near, 1)  # (N, reach, L)
        for layer in self.along:
            x = activate(layer(x))
        return torch.cat([super().features(images), self.drop(x).flatten(1)], 1)
