"""From a trained model, constraints and options to what draws constrained records."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from biogan.core.errors import ConfigError, plural
from biogan.core.rng import torch_generator
from biogan.nn.latent_nets import LatentGenerator
from biogan.nn.sequence_heads import COLD, Grammar, LetterGenerator, Noise
from biogan.sequences.config import SequenceSamplingConfig
from biogan.sequences.constraints.constraint import Constraint
from biogan.sequences.constraints.decoder import NO_LENGTH, ConstrainedDecoder
from biogan.sequences.constraints.drawing import CHAINS, Drawing, LogRatio, Probe
from biogan.sequences.constraints.generator import ConstrainedGenerator, as_mask
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.language import DEAD, Automaton
from biogan.sequences.constraints.plan import ConstraintPlan
from biogan.sequences.tokenizer import VARIABLE, Tokenizer
from biogan.training.config import CHAINS as REFINING

# Different sets of constraints, one for each record.
_PAIRS = 100_000
# Of these as many are looked at before anything is written letter by letter.
_CHECKED = 50
# Records that are written letter by letter at once.
_WRITTEN = 128
_LEFT = (
    "letters are written one after another, with an estimate of how likely each leaves the "
    "constraints to be kept: near to what this model writes under them, not exactly its law",
)


def prepared(
    generator: LetterGenerator | LatentGenerator,
    tokenizer: Tokenizer,
    plan: ConstraintPlan,
    how: SequenceSamplingConfig,
    block: int,
    log_ratio: LogRatio | None = None,
    ask: Callable[..., Noise] = lambda noise, *stream: noise,
) -> Drawing:
    """Compile constraints for a model and choose how its noise is drawn.

    Parameters
    ----------
    generator : LetterGenerator or LatentGenerator
        The trained network.
    tokenizer : Tokenizer
        Letters, lengths and words of its records.
    plan : ConstraintPlan
        What each record has to keep.
    how : SequenceSamplingConfig
        Seed, temperature, lengths, latents, refinement.
    block : int
        Records of a block where the noise is that of the prior, at most.
    log_ratio : callable, optional
        Density ratio of data and generator, where the records are refined.
    ask : callable
        Puts what is asked for into the noise of a block, given the names of its stream.

    Returns
    -------
    Drawing

    Raises
    ------
    ConfigError
        If the model or an option does not suit constraints, or no record can keep them.
    """
    check_suited(generator, how)
    low, high = tokenizer.length_range(how.length)
    if all(len(several) == 1 for several in plan.each.values()):
        found, masks = [language(plan.of(0), tokenizer)], None
    else:
        found, masks = _items(plan, tokenizer)
    if isinstance(generator, LatentGenerator):
        decoder = ConstrainedDecoder(generator, found, masks, how.temperature, low, high)
        for item in range(min(decoder.items, _CHECKED)):
            if not any(decoder.admits(item, int(k)) for k in np.flatnonzero(decoder.lengths)):
                kept = plan.of(item)
                rules = own_rules(generator.grammar, decoder.lengths, tokenizer, how.length)
                language(kept, tokenizer, rules)
                raise ConfigError(f"{' and '.join(map(str, kept))}: {NO_LENGTH}")
        return Drawing(decoder, how.seed, "free", 0, min(block, _WRITTEN), None, ask, plan, _LEFT)
    constrained = ConstrainedGenerator(generator, found, masks, how.temperature, low, high)
    for item in (~constrained.admitted.any(1)).nonzero()[:, 0].tolist():
        kept, lengths = plan.of(item), torch.isfinite(constrained.log_shares).cpu().numpy()
        language(kept, tokenizer, own_rules(generator.grammar, lengths, tokenizer, how.length))
        said = " and ".join(map(str, kept))
        raise ConfigError(f"{said}: no sequence that this model writes keeps them in numbers")
    noise = ask(generator.noise(Probe.SIZE, torch_generator(0, "constraints", "probe")), "probe", 0)
    probe = Probe.of(constrained, noise)
    latents = how.latents or ("mcmc" if how.refinement else probe.latents)
    steps, size = max(how.chain_steps or probe.steps, how.effort or 0), CHAINS
    if latents == "free":
        # Who asks for a few records of many lengths or states does not wait for a whole block.
        steps, size = 0, min(block, max(CHAINS, constrained.at_once))
    lines = tuple(probe.lines(None if how.latents or how.refinement else latents))
    return Drawing(constrained, how.seed, latents, steps, size, log_ratio, ask, plan, lines)


def own_rules(
    grammar: Grammar, lengths: np.ndarray, tokenizer: Tokenizer, asked: str | None
) -> dict[str, Automaton]:
    """Return what the sequences of a model keep anyway, named for messages.

    Parameters
    ----------
    grammar : Grammar
        First and last words.
    lengths : numpy.ndarray, shape (positions + 1,), bool
        Lengths in positions that there are.
    tokenizer : Tokenizer
        Words.
    asked : str or None
        The range of lengths that was asked for.
    """
    every = np.zeros((1, tokenizer.alphabet.size), np.int64)
    letters = np.flatnonzero(lengths) * tokenizer.word
    span = f"{letters[0]:,} to {letters[-1]:,}" if len(letters) > 1 else f"{letters[0]:,}"
    rules = {
        f"--length {asked}" if asked else f"the lengths of this model ({span} letters)": Automaton(
            [every], ends=lambda letters: lengths[[letters // tokenizer.word]]
        )
    }
    opening, closing = list(grammar.opening), list(grammar.closing)
    if opening or closing:
        # States: before the first word, inside, behind a last word.
        table = np.full((3, tokenizer.end), DEAD)
        table[0, opening or slice(None)] = 1
        table[1] = 1
        # One word cannot open and close: it closes.
        table[:2, closing] = 2
        ends = np.array([False, not closing, True])
        named = [" or ".join(tokenizer.words(words)) for words in (opening, closing) if words]
        name = f"the first and last words of this model ({' first, '.join(named)} last)"
        if len(named) == 1:
            name = f"the {'first' if opening else 'last'} words of this model ({named[0]})"
        rules[name] = Automaton([table], ends=lambda letters: ends, tokens=True)
    return rules


def check_suited(generator: LetterGenerator | LatentGenerator, how: SequenceSamplingConfig) -> None:
    """Refuse models and options whose records have no law that can be constrained.

    Raises
    ------
    ConfigError
        With the reason.
    """
    if generator.config.head == "softmax":
        raise ConfigError(
            "constraints: a model with --head softmax always writes its likeliest letters, so "
            "there is no law of letters to be constrained; train with the default head"
        )
    if how.temperature <= COLD:
        raise ConfigError(
            "--temperature 0: the likeliest letters are one record, which keeps the constraints or "
            "does not; take a temperature above 0"
        )
    if how.device_noise:
        raise ConfigError("--device-noise: constrained records begin with the CPU's noise")
    if isinstance(generator, LatentGenerator):
        for flag, value in (
            ("--refine", how.refinement), ("--chain-steps", how.chain_steps),
            ("--latents", None if how.latents == "free" else how.latents),
        ):  # fmt: skip
            if value is not None:
                raise ConfigError(
                    f"{flag} {value}: constrained records of --architecture latent have no chains "
                    "of noise; leave it out, or train with --architecture hybrid"
                )
    if how.refinement is None:
        return
    if how.refinement not in REFINING:
        raise ConfigError(
            f"--refine {how.refine}: constrained records are refined within the chains of their "
            "noise, take --refine mh"
        )
    if how.latents == "free":
        raise ConfigError(
            f"--refine {how.refine} --latents free: refinement compares draws of the generator "
            "with one another, and free noise is not drawn given the constraints; take --latents "
            "mcmc"
        )


def _items(plan: ConstraintPlan, tokenizer: Tokenizer) -> tuple[list, np.ndarray | None]:
    """Return the languages of the records, or one language and a mask for each record."""
    if plan.period > _PAIRS:
        counts = " and ".join(plural(len(some), name) for name, some in plan.each.items())
        raise ConfigError(
            f"{counts}: {plan.period:,} different records come from them together, at most "
            f"{_PAIRS:,} can be drawn; give as many of one as of the other"
        )
    own: list[tuple[Constraint, ...]] = [plan.of(i)[len(plan.always) :] for i in range(plan.period)]
    end = tokenizer.end if tokenizer.kind == VARIABLE else None
    masks = []
    for each in own:
        mask = as_mask(language(each, tokenizer), end)
        if mask is None:
            return [language([*plan.always, *some], tokenizer) for some in own], None
        masks.append(mask)
    return [language(plan.always, tokenizer)], np.array(masks)
