"""Drawing records in fixed blocks, so that record ``i`` of a seed is always the same record.

The noise of block ``b`` comes from a stream of the seed and ``b``, and a network always sees whole
blocks: neither the number of records asked for, nor the size of the chunks, nor the number of
shards changes a record.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import torch_generator
from biogan.nn.layers import exact
from biogan.training.modality import Chunk, Modality

# Records of a block whose noise comes from a device, as a multiple of the modality's: a GPU is idle
# between small ones.
WIDER = 16
# Blocks that are drawn for the records of one, where records are left out.
_ROUNDS = 20
# Blocks in a row without one that may stay, after which no further ones are drawn.
_IN_VAIN = 2
# The same for what is asked for and may be rare.
_TRIES = 400
_HARDLY = " after {rounds} draws of each: the model writes hardly anything else"


class Drawn(NamedTuple):
    """A block of records as the network writes them.

    Attributes
    ----------
    rows : numpy.ndarray, shape (n, ...)
        What :meth:`biogan.training.modality.Modality.draw` returns.
    again : numpy.ndarray, shape (n,), bool
        Which of them were drawn again (:func:`excluding`).
    chains : object
        What became of the chains of noise of constrained records; None for others.
    """

    rows: np.ndarray
    again: np.ndarray
    chains: Any = None


#: Draws a block from a named stream: any number of names and numbers.
Draw = Callable[..., Drawn]


def shard(n: int, part: int, parts: int) -> tuple[int, int]:
    """Return where part ``part`` of ``parts`` (counted from 1) of ``n`` records starts and stops.

    Raises
    ------
    ConfigError
        If there is no such part.

    Examples
    --------
    >>> [shard(10, i, 3) for i in (1, 2, 3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    if parts < 1:
        raise ConfigError(f"--shard {part}/{parts}: the second number must be at least 1")
    if not 1 <= part <= parts:
        raise ConfigError(f"--shard {part}/{parts}: the first number must be 1 to {parts}")
    return n * (part - 1) // parts, n * part // parts


def block_size(modality: Modality, how: Any) -> int:
    """Return the number of records of a block."""
    return modality.block * (WIDER if how.device_noise else 1)


def drawer(generator: Any, modality: Modality, how: Any) -> Draw:
    """Return what draws a block of records from a named stream.

    Parameters
    ----------
    generator : nn.Module
        The trained network, on any device.
    modality : Modality
        How its rows read as records.
    how : SamplingConfig
        Seed of all streams, options of the kind of data, and where the noise is drawn: on the
        device, where blocks are larger, it differs between kinds of devices.

    Raises
    ------
    ConfigError
        If the model cannot follow an option.
    """
    modality.check_sampling(generator, how)
    size = block_size(modality, how)
    place = next(generator.parameters()).device if how.device_noise else "cpu"
    names = ("wide",) if how.device_noise else ()
    ask = modality.asking(how)

    def block(*stream: str | int) -> Drawn:
        noise = generator.noise(size, torch_generator(how.seed, *stream, *names, device=place))
        noise = ask(noise, *stream)
        return Drawn(modality.draw(generator, noise, how), np.zeros(size, bool))

    return block


def constrained(drawing: Any) -> Draw:
    """Return what draws blocks of constrained records.

    Parameters
    ----------
    drawing : object
        What :meth:`biogan.training.modality.Modality.constrained` returns.
    """

    def block(*stream: str | int) -> Drawn:
        rows, chains = drawing.block(*stream)
        return Drawn(rows, np.zeros(len(rows), bool), chains)

    return block


def excluding(draw: Draw, modality: Modality, known: Any, placed: bool = False) -> Draw:
    """Return what draws blocks without some records: others take their places.

    A model that has learned a frequent record writes it again, as it should; who wants new records
    draws until they are new. Records that are near copies stay: the evaluation finds them.

    Parameters
    ----------
    draw : callable
        Draws a block (:func:`drawer`).
    modality : Modality
        How its rows read as records.
    known : set of records
        Records to leave out; of sequences letter for letter but for gaps, nucleotides on either
        strand.
    placed : bool
        Whether each record of a block is one of its own, so that another one of the same place has
        to replace it.

    Returns
    -------
    callable
        All other records are those of ``draw``. Raises DataError if hardly any is.
    """
    excluded: Collection[Hashable] = modality.excluded(known)

    def stands(rows: np.ndarray) -> np.ndarray:
        records = modality.decode(rows, "record", 0)
        return np.array([key in excluded for key in modality.keys(records)])

    why = "--exclude: {left} of {rows} records still stand in the file"
    return redrawing(draw, stands, _ROUNDS, f"{why}{_HARDLY}", placed)


def requiring(draw: Draw, modality: Modality, how: Any, placed: bool = False) -> Draw:
    """Return what draws blocks of records that are as asked for, where that can only be tried.

    Parameters
    ----------
    draw, modality, placed
        As for :func:`excluding`.
    how : SamplingConfig
        Options of sampling; see :meth:`biogan.training.modality.Modality.refused`.
    """
    refused = modality.refused(how)
    if refused is None:
        return draw

    def lacks(rows: np.ndarray) -> np.ndarray:
        return refused.marks(modality.decode(rows, "record", 0))

    what, advice = (
        text.replace("{", "{{").replace("}", "}}") for text in (refused.what, refused.advice)
    )
    fault = f"{{left}} of {{rows}} records still {what}{_HARDLY}{advice}"
    return redrawing(draw, lacks, _TRIES, fault, placed, refused.size)


def redrawing(
    draw: Draw,
    stands: Callable[[np.ndarray], np.ndarray],
    rounds: int,
    fault: str,
    placed: bool,
    size: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Draw:
    """Return what draws blocks, in which other records take the places of some.

    Parameters
    ----------
    draw : callable
        Draws a block (:func:`drawer`).
    stands : callable
        Tells which rows are to be drawn again.
    rounds : int
        Blocks that are drawn for one.
    fault : str
        What to say after that, with ``{left}``, ``{rows}`` and ``{rounds}``.
    placed : bool
        As for :func:`excluding`.
    size : callable, optional
        As for :class:`~biogan.training.modality.Refused`.
    """

    def others(*stream: str | int) -> Drawn:
        rows, _, chains = draw(*stream)
        again = stands(rows)
        left, tried, in_vain = np.flatnonzero(again), 0, 0
        # Blocks of constrained records may take minutes: two without one new record are enough.
        while len(left) and tried < rounds and in_vain < _IN_VAIN:
            more = draw("again", *stream, tried).rows
            new, tried = ~stands(more), tried + 1
            in_vain = 0 if new.any() else in_vain + 1
            if placed:
                rows[left[new[left]]], left = more[left[new[left]]], left[~new[left]]
                continue
            more = more[new]
            if size is not None:
                more = more[nearest(size(rows[left]), size(more))]
            more = more[: len(left)]
            rows[left[: len(more)]], left = more, left[len(more) :]
        if len(left):
            counts = {"left": len(left), "rows": len(rows), "rounds": tried}
            raise DataError(fault.format(**{k: f"{n:,}" for k, n in counts.items()}))
        return Drawn(rows, again, chains)

    return others


def nearest(wanted: np.ndarray, found: np.ndarray) -> list[int]:
    """Choose for each number, in order, the nearest that is left; return their places.

    Examples
    --------
    >>> nearest(np.array([3, 5, 3]), np.array([4, 3, 9, 3]))
    [1, 0, 3]
    """
    left = sorted(zip(found.tolist(), range(len(found)), strict=True))
    chosen = []
    for number in wanted.tolist()[: len(left)]:
        i = bisect_left(left, (number,))
        if i == len(left) or (i and number - left[i - 1][0] < left[i][0] - number):
            i -= 1
        chosen.append(left.pop(i)[1])
    return chosen


def stream(
    draw: Draw,
    modality: Modality,
    start: int,
    stop: int,
    prefix: str,
    size: int,
    name: str = "sample",
    rough: bool = False,
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of a stream, a block at a time.

    Parameters
    ----------
    draw : callable
        Draws a block (:func:`drawer`).
    modality : Modality
        How its rows read as records.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    prefix : str
        What the ids begin with.
    size : int
        Records of a block.
    name : str
        Name of the stream.
    rough : bool
        Whether quick is better than exact, see :meth:`biogan.training.modality.Modality.decode`.
    """
    for block, low, high in spans(start, stop, size):
        rows, again, chains = draw(name, block)
        records = modality.decode(rows[low:high], prefix, block * size + low, rough)
        chains = None if chains is None else chains.rows(low, high)
        yield Chunk(records, again=int(again[low:high].sum()), chains=chains)


def spans(start: int, stop: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield each block that holds some of the records, and where they begin and end in it.

    Examples
    --------
    >>> list(spans(500, 1030, 512))
    [(0, 500, 512), (1, 0, 512), (2, 0, 6)]
    """
    for block in range(start // size, -(-stop // size)):
        yield block, max(start - block * size, 0), min(stop - block * size, size)


def joined(chunks: Sequence[Chunk]) -> Any:
    """Join the records of at least one chunk into one set."""
    sets = [chunk.records for chunk in chunks]
    return type(sets[0]).concatenate(sets)


def label_steps(text: str, steps: int) -> list[str]:
    """Return what is asked for at each step of a walk from one value of a label to another.

    Parameters
    ----------
    text : str
        ``NAME=LOW:HIGH``.
    steps : int
        Number of steps, two or more.

    Raises
    ------
    ConfigError
        If it is not of that form.

    Examples
    --------
    >>> label_steps("expr=2:4", 3)
    ['expr=2', 'expr=3', 'expr=4']
    """
    name, _, values = text.partition("=")
    low, _, high = values.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError as error:
        raise ConfigError(f"--label {text}: write NAME=LOW:HIGH, such as expr=2:14") from error
    return [f"{name}={value:.10g}" for value in np.linspace(*ends, steps)]


def interpolated(
    generator: Any,
    modality: Modality,
    pairs: int,
    steps: int,
    seed: int,
    asked: Sequence[str] | None = None,
) -> Any:
    """Draw records along arcs between pairs of latent vectors, row by row.

    The arcs stay at the length that latent vectors have (White 2016): a straight line would pass
    through shorter ones, which the generator has never seen. All other noise, the class of an image
    or the draws of letters, is that of the first end. Where labels are ``asked`` for, one
    ``NAME=VALUE`` a step, those change, and the latent vector stays that of the first end, too.

    Raises
    ------
    ConfigError
        If there is no pair, or fewer than two steps.
    """
    if pairs < 1 or steps < 2:
        raise ConfigError(f"{pairs} pairs of {steps} steps: at least 1 pair and 2 steps")
    how = modality.sampling(seed=seed)
    modality.check_sampling(generator, how)
    ends = generator.noise(2 * pairs, torch_generator(seed, "interpolate"))
    ends = modality.asking(how)(ends, "interpolate")
    a, b = ends.latent[0::2, None], ends.latent[1::2, None]  # (pairs, 1, latent)
    cosine = torch.cosine_similarity(a, b, dim=2).clamp(-1 + 1e-6, 1 - 1e-6)[..., None]
    angle, t = torch.acos(cosine), torch.linspace(0, 1, steps)[None, :, None]
    arc = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    fixed = {
        name: part[0::2].repeat_interleave(steps, 0)
        for name, part in ends._asdict().items()
        if name != "latent"
    }
    noise = ends._replace(latent=arc.flatten(0, 1), **fixed)
    if asked is not None:
        first = ends.rows(slice(0, None, 2))
        labels = [
            modality.asking(modality.sampling.from_dict({"seed": seed, "label": text}))(
                first, "interpolate"
            ).labels
            for text in asked
        ]
        noise = noise._replace(
            latent=first.latent.repeat_interleave(steps, 0),
            labels=torch.stack(labels, 1).flatten(0, 1),
        )
    rows = [
        modality.draw(generator, noise.rows(slice(i, i + steps)), how)
        for i in range(0, pairs * steps, steps)
    ]
    return modality.decode(np.concatenate(rows), f"between{seed}", 0)


@torch.no_grad()
def critic_logits(
    critic: nn.Module, stored: Tensor, encode: Callable[[Tensor], Tensor], batch: int
) -> np.ndarray:
    """Return the critic's logit of each stored record, shape (n,), none for the sake of others.

    ``encode`` turns a batch of stored records into what the critic sees.
    """
    critic.eval()
    with exact():
        return torch.cat([critic(encode(part)) for part in stored.split(batch)]).cpu().numpy()


@torch.no_grad()
def critic_features(
    critic: nn.Module, stored: Tensor, encode: Callable[[Tensor], Tensor], batch: int
) -> np.ndarray:
    """Return what the last layers of a critic read of each stored record, shape (n, d), float32.

    Those are its linear layers to one number; the parameters are those of :func:`critic_logits`.
    """
    critic.eval()
    last = [m for m in critic.modules() if isinstance(m, nn.Linear) and m.out_features == 1]
    seen: dict[nn.Module, Tensor] = {}

    def keep(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen[layer] = given[0].flatten(1)

    hooks = [layer.register_forward_pre_hook(keep) for layer in last]
    parts = []
    try:
        with exact():
            for part in stored.split(batch):
                critic(encode(part))
                parts.append(torch.cat([seen[layer] for layer in last], 1).cpu())
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat(parts).float().numpy()
