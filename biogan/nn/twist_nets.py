"""Networks of protein fragments in torsion space: a chain of twists, bent until it folds.

A twist is the angle at a residue with the pseudo-torsion around the bond that ends there; both
together tell helices, strands and turns, and the torsion tells a fragment from its mirror image,
which a distance map does not.

:class:`TwistGenerator` draws the kind of each twist from a Markov chain that was fitted to training
fragments, so that bonds, helices and strands are right before anything is learned. A network then
sees all kinds of a fragment and bends each twist within its kind, so that the fragment is as
compact as real ones. Gradients reach that network alone: through the lever of a long chain, those
with respect to a choice between kinds told nothing (docs/experiments.md).

:class:`TwistCritic` sees the chain coarsely: distances and hands of points that are means of four
residues. What it cannot see it cannot ask for; of all residues it saw details that the generator
keeps by construction anyway, was sure of every fragment, and taught nothing about folds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, one_hot, pad

from biogan.nn.config import ImageNetConfig
from biogan.nn.layers import ResidualBlock, activate, convolution
from biogan.nn.structure_nets import build_chain, from_latent, grown, records

# Residues whose mean is a point of the coarse chain, and residues from one to the next.
_WINDOW, _STEP = 4, 2
# Steps, in points, whose hand is measured.
_HANDS = (1, 2, 4)
# Angles are told to the network from 110 degrees, in units of 20.
_MIDDLE, _UNIT = math.radians(110), math.radians(20)
_KERNEL = 5
# Dilations of the network that bends: together they see 64 residues and more.
_DILATIONS = (1, 2, 4, 8, 16)
# Channels of noise at each residue, in addition to the noise of angle and torsion.
_NOISE = 16
# Noise is cut off here, in standard deviations: the ends of a bell no longer look like its kind.
_FAR = 3.0
# The part of a twist that the network chooses is at most so much of it, and at first that much.
_LARGEST, _AT_FIRST = 0.8, 0.15
# Means of what the network says of each kind look back about 50 batches.
_MEMORY = 0.02
_FEW = 8
# Length of a bond, and of one to a cis proline (Angstrom); what bonds vary by in a fragment, median
# and spread of the logarithm among fragments, and the largest.
BOND, CIS = 3.804, 2.94
_VARIES, _LOG_SPREAD, _MOST = 0.02, 0.6, 0.08
# Separations along the coarse chain that the critic sees as a sequence too.
_NEAR = 12


class Twists(NamedTuple):
    """Kinds of twists, and how they follow one another.

    Attributes
    ----------
    angles, torsions : tuple of float, length K
        Means of each kind, degrees.
    angle_spreads, torsion_spreads : tuple of float, length K
        Their standard deviations, degrees.
    shares : tuple of float, length K
        How often a fragment begins with each kind.
    follows : tuple of tuple of float, K x K
        How often a kind (column) follows another (row); rows sum to 1 and hold no zero.
    cis : float
        Share of bonds that are cis.
    """

    angles: tuple[float, ...]
    torsions: tuple[float, ...]
    angle_spreads: tuple[float, ...]
    torsion_spreads: tuple[float, ...]
    shares: tuple[float, ...]
    follows: tuple[tuple[float, ...], ...]
    cis: float = 0.0


class TwistNoise(NamedTuple):
    """Everything random that a generator needs for N fragments.

    Attributes
    ----------
    latent : Tensor, shape (N, latent)
        Standard normal.
    normal : Tensor, shape (N, channels, L)
        Standard normal, at each residue.
    gumbel : Tensor, shape (N, K, L)
        Of the standard Gumbel distribution: the largest sum with logarithms of shares is a draw.
    uniform : Tensor, shape (N, L)
        From 0 to 1: which bonds are cis.
    """

    latent: Tensor
    normal: Tensor
    gumbel: Tensor
    uniform: Tensor

    def to(self, device: torch.device) -> TwistNoise:
        """Move all parts to a device."""
        return TwistNoise(*(part.to(device) for part in self))

    def rows(self, index: slice) -> TwistNoise:
        """Return the noise of some of the fragments."""
        return TwistNoise(*(part[index] for part in self))


def coarse(xyz: Tensor) -> Tensor:
    """Average four residues, every two of them: (N, L, 3) to (N, M, 3), M = L / 2 - 1.

    A helix becomes its axis, and a strand a straight line.
    """
    return avg_pool1d(xyz.transpose(1, 2), _WINDOW, _STEP).transpose(1, 2)


def points(length: int) -> int:
    """Return the points of a coarse chain of ``length`` residues, M."""
    return (length - _WINDOW) // _STEP + 1


def scales(length: int) -> list[int]:
    """Return the lengths of the steps whose hand is measured, in points."""
    return [step for step in _HANDS if 3 * step < points(length)]


def hands(chain: Tensor, step: int) -> Tensor:
    """Measure of which hand each turn of a chain is, from -1 to 1.

    Parameters
    ----------
    chain : Tensor, shape (N, M, 3)
        Points.
    step : int
        Points from one of four to the next.

    Returns
    -------
    Tensor, shape (N, M)
        The volume of the box of three steps over that of steps of their lengths at right angles: 0
        where they lie in a plane, of the other sign for the mirror image. Zeros at the end, where
        no four points are left.

    Examples
    --------
    >>> turn = torch.arange(6) * 1.57
    >>> screw = torch.stack([turn.cos(), turn.sin(), turn / 3], -1)[None]
    >>> [round(hands(x, 1)[0, 0].item(), 2) for x in (screw, screw * torch.tensor([1, 1, -1]))]
    [0.61, -0.61]
    """
    steps = chain[:, step:] - chain[:, :-step]
    steps = steps / (steps.square().sum(-1, keepdim=True) + 1e-4).sqrt()
    first, second, third = steps[:, : -2 * step], steps[:, step:-step], steps[:, 2 * step :]
    volume = (torch.linalg.cross(first, second) * third).sum(-1)
    return pad(volume, (0, chain.shape[1] - volume.shape[1]))


def twist_records(xyz: Tensor) -> Tensor:
    """Measure coordinates (N, L, 3) in Angstrom as the critic sees them, see the module.

    Returns
    -------
    Tensor, shape (N, M, M + H)
        The distance map of the coarse chain, then the hands of H scales. Neither changes when a
        fragment is turned or moved.

    Examples
    --------
    >>> straight = torch.arange(16.0)[None, :, None] * torch.tensor([3.8, 0, 0])
    >>> record = twist_records(straight)
    >>> record.shape, record[0, :, -1].abs().max().item()
    (torch.Size([1, 7, 9]), 0.0)
    """
    chain = coarse(xyz.float())
    told = [hands(chain, step) for step in scales(xyz.shape[1])]
    return torch.cat([records(chain)[:, 0], *(x[..., None] for x in told)], 2)


class TwistGenerator(nn.Module):
    r"""A chain of kinds of twists, drawn, then bent by a network that sees all of it.

    Parameters
    ----------
    config : ImageNetConfig
        Width, latent.
    twists : Twists
        Kinds of twists and how they follow one another; they are not learned further.
    length : int
        Residues of a fragment.

    Notes
    -----
    The angle of a twist of kind k is :math:`a_k + s_k (\rho m + \sqrt{1 - \rho^2} e)`, with the
    mean :math:`a_k` and the spread :math:`s_k` of the kind, the noise e, and m from the network;
    its torsion likewise. Over fragments, m has mean 0 for each kind and variance 1 (in training
    those of the batch, afterwards running means, as in batch norm): mean and spread of each kind
    stay what they were counted to be, whatever the weights. Without this every angle shrank a
    little, the shortest way to a compact chain, which a classifier saw at once
    (docs/experiments.md). Bonds are not learned: they vary little, by another amount in each
    fragment, and a share of them is cis.
    """

    angles: Tensor
    torsions: Tensor
    spreads: Tensor
    first: Tensor
    follows: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, config: ImageNetConfig, twists: Twists, length: int) -> None:
        super().__init__()
        self.config, self.length, self.cis = config, length, twists.cis
        self.kinds = len(twists.angles)
        told = {
            "angles": torch.deg2rad(torch.tensor(twists.angles)),
            "torsions": torch.deg2rad(torch.tensor(twists.torsions)),
            "spreads": torch.deg2rad(torch.tensor([twists.angle_spreads, twists.torsion_spreads])),
            "first": torch.tensor(twists.shares).log(),
            "follows": torch.tensor(twists.follows).log(),
        }
        for name, values in told.items():
            self.register_buffer(name, values, persistent=False)
        width = config.chosen("width")
        self.unfold, self.grow = from_latent(config.latent, width, length, 2)
        self.see = nn.Conv1d(self.kinds + 5 + _NOISE, width, 1)
        self.bend = nn.Sequential(*[ResidualBlock(width, _KERNEL, d) for d in _DILATIONS])
        self.write = nn.Conv1d(width, 2, 1)
        self.part = nn.Parameter(torch.full((2,), _AT_FIRST))
        self.register_buffer("mean", torch.zeros(self.kinds, 2))
        self.register_buffer("variance", torch.ones(self.kinds, 2))

    def noise(self, n: int, rng: torch.Generator) -> TwistNoise:
        """Draw the noise of ``n`` fragments, where the generator ``rng`` draws."""
        place, length = rng.device, self.length
        latent = torch.randn(n, self.config.latent, generator=rng, device=place)
        normal = torch.randn(n, 3 + _NOISE, length, generator=rng, device=place)
        drawn = torch.rand(n, self.kinds + 1, length, generator=rng, device=place)
        # Away from 0 and 1, where the logarithms end.
        gumbel = -(-drawn[:, 1:].clamp(1e-7, 1 - 1e-7).log()).log()
        return TwistNoise(latent, normal.clamp(-_FAR, _FAR), gumbel, drawn[:, 0])

    @torch.no_grad()
    def drawn(self, gumbel: Tensor) -> Tensor:
        """Draw a chain of kinds, shape (N, L), int64."""
        at = gumbel.unbind(2)
        kinds = [(self.first + at[0]).argmax(1)]
        for scores in at[1:]:
            kinds.append((self.follows[kinds[-1]] + scores).argmax(1))
        return torch.stack(kinds, 1)

    def internal(self, noise: TwistNoise) -> tuple[Tensor, Tensor, Tensor]:
        """Turn noise into bonds, angles and torsions, see :func:`build_chain`."""
        x = grown(noise.latent, self.unfold, self.grow, self.length)
        kinds = self.drawn(noise.gumbel)
        angles, torsions = self.angles[kinds], self.torsions[kinds]
        seen = [
            one_hot(kinds, self.kinds).transpose(1, 2),
            torch.stack([(angles - _MIDDLE) / _UNIT, torsions.cos(), torsions.sin()], 1),
            noise.normal[:, 1:],
        ]
        x = x + self.see(torch.cat(seen, 1).to(x.dtype))
        # From here on in single precision: along a chain errors add up.
        written = self.write(activate(self.bend(x))).float()  # (N, 2, L)
        part = (_LARGEST * self.part.float().tanh())[:, None]
        chosen = part * self._standard(written, kinds)
        off = chosen + (1 - part.square()).sqrt() * noise.normal[:, 1:3]
        off = off * self.spreads[:, kinds].transpose(0, 1)
        torsions = (torsions + off[:, 1])[:, 1:-1]
        # By the first direction of the latent vector: fragments differ in how exact they are.
        varies = (_VARIES * (_LOG_SPREAD * noise.latent[:, :1]).exp()).clamp(max=_MOST)
        bonds = BOND + varies * noise.normal[:, 0] - (BOND - CIS) * (noise.uniform < self.cis)
        return (
            bonds[:, 1:],
            (angles + off[:, 0])[:, 1:-1],
            torch.stack([torsions.cos(), torsions.sin()], -1),
        )

    def _standard(self, written: Tensor, kinds: Tensor) -> Tensor:
        """Centre (N, 2, L) for each kind, and scale to variance 1."""
        mean, variance = self.mean, self.variance
        if self.training:
            inner = written[:, :, 1:-1].transpose(1, 2).flatten(0, 1)
            of = kinds[:, 1:-1].flatten()
            member = one_hot(of, self.kinds).to(inner.dtype)
            count = member.sum(0)[:, None]
            mean = (member.T @ inner) / count.clamp(min=1)
            squares = (inner - mean[of]).square()
            # Of a rare kind a batch holds too few: those of all kinds count, too.
            variance = (member.T @ squares + _FEW * squares.mean(0)) / (count + _FEW)
            with torch.no_grad():
                self.mean.lerp_(mean, _MEMORY * count.clamp(max=1))
                self.variance.lerp_(variance, _MEMORY * count.clamp(max=1))
        middle, scale = (x[kinds].transpose(1, 2) for x in (mean, (variance + 1e-6).sqrt()))
        return ((written - middle) / scale).clamp(-_FAR, _FAR)

    def coordinates(self, noise: TwistNoise) -> Tensor:
        """Turn noise into C-alpha coordinates in Angstrom, (N, L, 3)."""
        written = self.internal(noise)
        with torch.autocast(noise.latent.device.type, enabled=False):
            return build_chain(*written)

    def forward(self, noise: TwistNoise) -> Tensor:
        """Return records, see :func:`twist_records`."""
        return twist_records(self.coordinates(noise))


class TwistCritic(nn.Module):
    """Convolutions on the map of a coarse chain, beside some along it.

    Parameters
    ----------
    config : ImageNetConfig
        Width, dropout.
    length : int
        Residues of a fragment.
    """

    def __init__(self, config: ImageNetConfig, length: int) -> None:
        super().__init__()
        self.points, width = points(length), config.chosen("width")
        self.near = range(1, min(_NEAR, self.points - 1) + 1)
        self.enter = convolution(len(self.near) + len(scales(length)), width, _KERNEL)
        self.along = nn.Sequential(*[ResidualBlock(width, _KERNEL, d) for d in (1, 2)])
        least = max(1, width * 3 // 8)
        channels, left = [1, least, 2 * least, 4 * least], self.points
        for _ in channels[1:]:
            left = -(-left // 2)
        self.shrink = nn.ModuleList(
            nn.Conv2d(a, b, _KERNEL, stride=2, padding=_KERNEL // 2)
            for a, b in zip(channels[:-1], channels[1:], strict=True)
        )
        self.drop = nn.Dropout(config.chosen("dropout"))
        self.judge = nn.Linear(width + channels[-1] * left * left, 1)

    def forward(self, seen: Tensor) -> Tensor:
        """Judge records, (N, M, M + H) to (N,)."""
        maps, told = seen[:, None, :, : self.points], seen[:, :, self.points :]
        near = [pad(maps[:, 0].diagonal(k, 1, 2), (0, k)) for k in self.near]
        x = self.enter(torch.cat([torch.stack(near, 1), told.transpose(1, 2)], 1))
        x = activate(self.along(x)).mean(2)
        for layer in self.shrink:
            maps = activate(layer(maps))
        return self.judge(self.drop(torch.cat([x, maps.flatten(1)], 1))).squeeze(1)
