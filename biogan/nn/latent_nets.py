"""A generator and a critic of codes: the latent GAN.

An autoencoder learns to write each record again from a short code (a vector of :data:`CODE`
numbers with noise on it), its letters one after another. The adversarial pair works on codes: the
critic compares those of real records with those that the generator makes of noise, and a new record
is what the decoder writes of a new code (Prykhodko et al. 2019, J Cheminform 11:74). Letters that
depend on the letters before, such as words of protein families, brackets and rings of molecules,
are left to the decoder, and the adversarial loss is left with smooth vectors.

All of it is learned in one loop: each step first improves the autoencoder
(:class:`Reconstruction`) and then critic and generator. The encoder belongs to the critic, which
has to read records, the decoder to the generator, which has to write them.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, draw_labels, join
from biogan.nn.config import SequenceNetConfig
from biogan.nn.layers import activate, dense
from biogan.nn.recurrent import LetterNetwork, Steer, symbol_losses, write
from biogan.nn.sequence_heads import WAVES, Grammar, LengthDrawer, Shape, length_waves

#: Numbers of a code, and the standard deviation of the noise on each, where 1 is that of the code.
#: The noise limits what a code can say to 0.7 nats a number: the rest is drawn by the decoder.
CODE, BLUR = 16, 0.6
#: The same of a decoder that ends records itself, 0.2 nats a number: syntax rests on tokens alone.
SYNTAX_BLUR = 1.5
#: Hidden units of the networks that see codes and nothing else.
HIDDEN = 256
#: Channels of the encoder.
CHANNELS = 128
# How fast mean and spread of the codes are followed.
_MOMENTUM = 0.02
_SMALL = 1e-5
# Records of about one length are read together: padding is work.
_TOGETHER = 64


class CodeNoise(NamedTuple):
    """Everything random that a generator of codes needs for N sequences.

    Attributes
    ----------
    latent : Tensor, shape (N, latent)
        Standard normal; decides the code.
    blur : Tensor, shape (N, CODE)
        Standard normal; the noise on the code. Of width 0 in training, where no letter is written.
    gumbel : Tensor, shape (N, symbols, length)
        Standard Gumbel; decides which letter is drawn. Of width 0 in training.
    quantile : Tensor, shape (N,)
        From U(0, 1); decides the length where lengths vary.
    labels : Tensor, shape (N, bytes), uint8
        Labels of the sequences; of width 0 where none are learned.
    """

    latent: Tensor
    blur: Tensor
    gumbel: Tensor
    quantile: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> CodeNoise:
        """Move all parts to a device."""
        return CodeNoise(*(part.to(device) for part in self))

    def rows(self, index: slice | Tensor) -> CodeNoise:
        """Return the noise of some of the sequences."""
        return CodeNoise(*(part[index] for part in self))


class CodeEncoder(nn.Module):
    """Records to codes: two strided convolutions over letters and positions, and a linear layer.

    Each number of a code has mean 0 and variance 1 over the training records.

    Parameters
    ----------
    shape : Shape
        Channels and length of the records.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = CHANNELS // 2
        self.length = shape.length
        self.letter = nn.Embedding(shape.channels, width)
        self.position = nn.Embedding(shape.length, width)
        self.first = nn.Conv1d(width, CHANNELS, 5, stride=2, padding=2)
        self.second = nn.Conv1d(CHANNELS, CHANNELS, 5, stride=2, padding=2)
        self.out = nn.Linear(CHANNELS * -(-shape.length // 4), CODE)
        self.register_buffer("mean", torch.zeros(CODE))
        self.register_buffer("variance", torch.ones(CODE))

    def forward(self, rows: Tensor, learning: bool = False) -> Tensor:
        """Encode rows of codes of letters.

        Parameters
        ----------
        rows : Tensor, shape (N, length), int64
            Codes of the letters, end symbols behind them.
        learning : bool
            Whether mean and variance are followed, and gradients know that codes are divided by
            them.

        Returns
        -------
        Tensor, shape (N, CODE)
        """
        x = (self.letter(rows) + self.position.weight).transpose(1, 2)
        x = activate(self.second(activate(self.first(x))))
        found = self.out(x.flatten(1)).float()
        if learning:
            found = self._followed(found)
        return (found - self.mean) / (self.variance + _SMALL).sqrt()

    def _followed(self, found: Tensor) -> Tensor:
        """Follow mean and variance, and return the same numbers with the gradients of batch norm.

        Records of a batch are of about one length, so that their own mean and variance are not
        those of all records: batch renormalization (Ioffe 2017, arXiv:1702.03275).
        """
        spread, mean = torch.var_mean(found, 0, correction=0)
        deviation = (spread + _SMALL).sqrt()
        with torch.no_grad():
            self.mean.lerp_(mean, _MOMENTUM)
            self.variance.lerp_((found - self.mean).square().mean(0), _MOMENTUM)
        return (found - mean) / deviation * deviation.detach() + mean.detach()


class LatentGenerator(LengthDrawer):
    """Noise to codes, and codes to letters.

    Parameters
    ----------
    config : SequenceNetConfig
        Units (of the decoder), latent.
    shape : Shape
        Channels and length of the records.
    grammar : Grammar
        Rules that every sampled sequence keeps to, and the shares of the lengths.
    conditions : Conditions
        Labels that are learned.
    """

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__(grammar, conditions)
        self.config, self.shape = config, shape
        self.told = self.encoder.width if self.encoder else 0
        varies, drawn = grammar.end is not None, bool(grammar.lengths)
        inputs = config.latent + self.told + drawn * WAVES
        self.prior = dense(inputs, HIDDEN, CODE)
        self.blur = BLUR if drawn or not varies else SYNTAX_BLUR
        # Where lengths are not drawn first, the decoder writes the end symbol.
        shortest = 1 if varies and not drawn else shape.length
        self.decoder = LetterNetwork(
            shape.channels - varies, shortest, shape.length, config.chosen("units"),
            CODE + self.told, told=drawn, dropout=0.0,
        )  # fmt: skip

    def noise(self, n: int, rng: torch.Generator) -> CodeNoise:
        """Draw the noise of ``n`` sequences; in training mode that of codes alone."""
        place = rng.device
        latent = torch.randn(n, self.config.latent, generator=rng, device=place)
        quantile = torch.rand(n, generator=rng, device=place)
        labels = torch.empty(n, 0, dtype=torch.uint8, device=place)
        if self.encoder is not None:
            labels = draw_labels(self.encoder.conditions, n, rng)
        if self.training:
            return CodeNoise(latent, latent[:, :0], latent[:, :0, None], quantile, labels)
        blur = torch.randn(n, CODE, generator=rng, device=place)
        return CodeNoise(latent, blur, self._gumbel(n, rng), quantile, labels)

    def _gumbel(self, n: int, rng: torch.Generator) -> Tensor:
        symbols = self.decoder.barred.shape[1]
        uniform = torch.rand(n, symbols, self.shape.length, generator=rng, device=rng.device)
        return uniform.clamp_(1e-20, 1 - 1e-7).log_().neg_().log_().neg_()

    def forward(self, noise: CodeNoise) -> Tensor:
        """Make codes, shape (N, CODE); with labels or lengths rows of all that the critic sees."""
        return self._made(noise, self.lengths(noise))

    def _made(self, noise: CodeNoise, lengths: Tensor | None) -> Tensor:
        latent = noise.latent
        # What is learned is the way from a standard normal vector to the codes of real records.
        start = pad(latent[:, :CODE], (0, max(0, CODE - latent.shape[1])))
        beside = beside_code(self.encoder, noise.labels, lengths, self.shape.length)
        # As long as the latent vector, so that neither drowns the other at first.
        told = torch.cat([latent, beside * self.config.latent**0.5], 1)
        return torch.cat([start + self.prior(told), beside], 1)

    @torch.no_grad()
    def sample(
        self, noise: CodeNoise, temperature: float = 1.0, low: int = 0, high: int | None = None
    ) -> Tensor:
        """Draw letters as codes, shape (N, length), uint8; labels follow as bytes.

        Where lengths vary, only those from ``low`` to ``high`` are drawn.
        """
        written = self.write(noise, self.lengths(noise, low, high), temperature)
        return torch.cat([written, noise.labels], 1)

    @torch.no_grad()
    def write(
        self,
        noise: CodeNoise,
        lengths: Tensor | None,
        temperature: float = 1.0,
        steer: Steer | None = None,
    ) -> Tensor:
        """Draw letters of records of these lengths, shape (N, length), uint8.

        Parameters
        ----------
        noise : CodeNoise
            N sequences.
        lengths : Tensor, shape (N,), int64, or None
            Positions of each, where they vary.
        temperature : float
            Divides the logits of the decoder.
        steer : callable, optional
            What leaves letters out; by default that of the grammar.
        """
        context = self._made(noise, lengths)[:, : CODE + self.told]
        context = torch.cat([context[:, :CODE] + self.blur * noise.blur, context[:, CODE:]], 1)
        return self._written(context, lengths, noise.gumbel, temperature, steer)

    @torch.no_grad()
    def near(self, seen: Tensor, lengths: Tensor, step: float, rng: torch.Generator) -> Tensor:
        """Draw neighbours of records: their codes move, and are written out anew.

        Parameters
        ----------
        seen : Tensor, shape (N, ...)
            As :meth:`CodeCritic.read` returns them.
        lengths : Tensor, shape (N,), int64
            Positions of each record; neighbours have as many.
        step : float
            How far codes move, from 0 to 1 for one that forgets the record.
        rng : torch.Generator
            Source of randomness.

        Returns
        -------
        Tensor, shape (N, length), uint8
        """
        start, labels = seen[:, :CODE], seen[:, CODE : CODE + self.told]
        moved = torch.randn(start.shape, generator=rng, device=rng.device).to(start)
        moved = (1 - step**2) ** 0.5 * start + step * moved
        gumbel, varies = self._gumbel(len(seen), rng).to(start), bool(self.grammar.lengths)
        return self._written(torch.cat([moved, labels], 1), lengths if varies else None, gumbel)

    def _written(
        self,
        context: Tensor,
        lengths: Tensor | None,
        gumbel: Tensor,
        temperature: float = 1.0,
        steer: Steer | None = None,
    ) -> Tensor:
        """Write letters of codes, shape (N, length), uint8."""

        def chance(live: Tensor, place: int) -> Tensor:
            return gumbel[live, :, place]

        if steer is None and lengths is not None and (self.grammar.opening or self.grammar.closing):
            allowed = self.grammar.permitted(lengths, self.shape)[:, : self.decoder.letters]

            def steer(scores: Tensor, live: Tensor, before: Tensor, place: int) -> Tensor:
                return scores.masked_fill(~allowed[live, :, place], -torch.inf)

        found = write(self.decoder, len(context), chance, context, temperature, lengths, steer)
        return found.to(torch.uint8)


def beside_code(
    encoder: LabelEncoder | None, labels: Tensor, lengths: Tensor | None, longest: int
) -> Tensor:
    """Return what goes with a code: encoded labels and the length, shape (N, width).

    Parameters
    ----------
    encoder : LabelEncoder or None
        Reads the labels, where there are any.
    labels : Tensor, shape (N, bytes), uint8
        Labels of the records.
    lengths : Tensor, shape (N,), or None
        Positions of the records, where they vary.
    longest : int
        The most positions.
    """
    parts = [torch.zeros(len(labels), 0, device=labels.device)]
    parts += [] if encoder is None else [encoder(labels)]
    parts += [] if lengths is None else [length_waves(lengths, longest)]
    return torch.cat(parts, 1)


class CodeCritic(nn.Module):
    """Reads records as codes, and judges codes.

    Parameters
    ----------
    config : SequenceNetConfig
        Options.
    shape : Shape
        Channels and length of the records.
    grammar : Grammar
        Its end symbol, where lengths are drawn first.
    conditions : Conditions
        Labels that are learned.
    """

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__()
        self.length = shape.length
        self.end = grammar.end if grammar.lengths else None
        self.encoder = CodeEncoder(shape)
        self.labels = LabelEncoder(conditions) if conditions.size else None
        told = self.labels.width if self.labels else 0
        self.judge = dense(CODE + told + (self.end is not None) * WAVES, HIDDEN, 1)

    def forward(self, seen: Tensor) -> Tensor:
        """Judge codes and what goes with them, return (N,)."""
        return self.judge(seen).squeeze(1)

    @torch.no_grad()
    def read(self, stored: Tensor) -> Tensor:
        """Turn stored records, (N, length) and the bytes of labels, into what is judged."""
        stored = stored.to(self.encoder.mean.device)
        rows, labels = stored[:, : self.length].long(), stored[:, self.length :]
        lengths = None if self.end is None else (rows != self.end).sum(1)
        beside = beside_code(self.labels, labels, lengths, self.length)
        return torch.cat([self.encoder(rows), beside], 1)


class Reconstruction(nn.Module):
    """How well the decoder writes real records again from their codes.

    Parameters
    ----------
    generator : LatentGenerator
        Has the decoder.
    critic : CodeCritic
        Has the encoder.

    Attributes
    ----------
    name : str
        Name of the loss in the log.
    rate : float
        Its learning rate as a multiple of that of the adversarial pair.
    """

    name, rate = "reconstruction", 3.0

    def __init__(self, generator: LatentGenerator, critic: CodeCritic) -> None:
        super().__init__()
        self.encoder, self.decoder = critic.encoder, generator.decoder
        self.labels, self.length, self.blur = critic.labels, critic.length, generator.blur
        self.symbols: float | None = None

    def parts(self, stored: Tensor) -> list[Tensor]:
        """Sort records by length and cut them into parts, in random order: padding is work."""
        ends = (stored[:, : self.length] == self.decoder.letters).sum(1)
        # Symbols of long records weigh as much as those of short ones.
        self.symbols = float(self.length - ends.double().mean()) + self.decoder.ends
        parts = stored[ends.argsort(stable=True)].split(_TOGETHER)
        return [parts[i] for i in torch.randperm(len(parts)).tolist()]

    def forward(self, stored: Tensor) -> Tensor:
        """Return the negative log-likelihood given the code, in nats for each mean symbol.

        Of a part of :meth:`parts` it is that of a record over the mean symbols of all parts: by the
        symbol, long records would weigh less, and short ones would be written too often.

        Parameters
        ----------
        stored : Tensor, shape (N, length and bytes of labels), uint8
            Training records.
        """
        rows = stored[:, : self.length].long()
        codes = self.encoder(rows, learning=True)
        context = codes + self.blur * torch.randn_like(codes)
        if self.labels is not None:
            context = join(context, self.labels(stored[:, self.length :]))
        losses, counted = symbol_losses(self.decoder, rows, context)
        nats = (losses * counted).sum()
        return nats / (counted.sum() if self.symbols is None else len(rows) * self.symbols)
