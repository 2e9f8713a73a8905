"""Chains of noise under constraints, against all pairs of noise and sequence, written down."""

import numpy as np
import pytest
import torch
from support.laws import Tabled, chance, letters

from biogan import DNA
from biogan.nn.sequence_heads import Grammar, Shape
from biogan.sequences.constraints.drawing import Drawing, Probe
from biogan.sequences.constraints.generator import ConstrainedGenerator
from biogan.sequences.constraints.language import DEAD, Automaton, compiled
from biogan.sequences.tokenizer import Tokenizer

CHAINS, STEPS = 2048, 150


def fixed(*places):
    """Automaton of the rows of DNA with these codes in front, None for any."""
    tables = []
    for code in (*places, None):
        table = np.full((1, 4), 0 if code is None else DEAD)
        table[0, code] = 0
        tables.append(table)
    return Automaton(tables, which=lambda position: min(position, len(places)))


def drawing(generator, tokenizer, automata, latents="mcmc", steps=STEPS, **options):
    constrained = ConstrainedGenerator(generator, [compiled(automata, tokenizer)])
    return Drawing(constrained, 1, latents, steps, CHAINS, **options)


class Recorded(Drawing):
    """Keeps the noise at the end."""

    ends: list = []

    def _draw(self, noise, items, rng, every):
        self.ends.append(noise)
        return super()._draw(noise, items, rng, every)


def pairs(generator, rows, weights=1.0, lengths=None):
    """Weights of all pairs of noise (signs of the latent) and row, shape (signs, rows)."""
    table = generator.table.detach().double()
    given = np.zeros(len(rows), int) if lengths is None else lengths
    kept = generator.shape.channels if lengths is None else generator.grammar.end
    law = table[:, :, :kept].log_softmax(2).numpy()
    p = np.ones((len(table), len(rows)))
    for i, (row, length) in enumerate(zip(rows, given, strict=True)):
        some = row if lengths is None else row[:length]
        p[:, i] = np.exp(law[:, length][:, some, np.arange(len(some))].sum(1))
    return p * weights


def check(found, noise, generator, rows, p):
    place = generator.shape.channels ** np.arange(rows.shape[1])
    cells = {int(row @ place): i for i, row in enumerate(rows)}
    column = np.array([cells[int(row @ place)] for row in found.rows.astype(int)])
    cell = generator.cell(noise.latent).numpy()
    seen = np.bincount(cell * len(rows) + column, minlength=p.size)
    assert chance(seen, len(found.rows) * p.ravel() / p.sum()) > 1e-4


def probed(generator, language):
    constrained = ConstrainedGenerator(generator, [language])
    return Probe.of(constrained, generator.noise(Probe.SIZE, torch.Generator().manual_seed(0)))


@pytest.fixture
def generator():
    torch.manual_seed(0)
    found = Tabled(Shape(4, 4), Grammar(), latent=2)
    found.table.data *= 2
    return found


ROWS = letters(4, 4)
FIXED = ROWS[(ROWS[:, 0] == 1) & (ROWS[:, 1] == 2)]


def run(generator, tokenizer, automata, **options):
    Recorded.ends = []
    constrained = ConstrainedGenerator(generator, [compiled(automata, tokenizer)])
    some = Recorded(constrained, 1, "mcmc", STEPS, CHAINS, **options)
    return some.block("sample", 0), Recorded.ends


def test_noise_and_sequence_are_drawn_from_their_joint_law(generator):
    found, ends = run(generator, Tokenizer(DNA, 4, "fixed"), [fixed(1, 2)])
    p = pairs(generator, FIXED)
    check(found, ends[-1], generator, FIXED, p)
    # Something was to be learned of the noise: its prior is not its law under the constraints.
    assert np.abs(p.sum(1) / p.sum() - 0.25).max() > 0.2
    chains = found.chains
    assert chains.after.mean() > chains.before.mean() + 0.3
    assert 0.2 < chains.taken.mean() / STEPS < 1
    assert str(chains).startswith("latents mcmc: 2,048 chains of 150 steps, ")


def test_free_noise_keeps_its_prior(generator):
    tokenizer = Tokenizer(DNA, 4, "fixed")
    found = drawing(generator, tokenizer, [fixed(1, 2)], "free").block("sample", 0)
    p = pairs(generator, FIXED)
    p = (p / p.sum(1, keepdims=True)).sum(0)
    cells = (found.rows[:, 2:] @ np.array([4, 1])).astype(int)
    kept = FIXED[:, 2:] @ np.array([4, 1])
    seen = np.bincount(cells, minlength=16)[kept]
    assert chance(seen, CHAINS * p / p.sum()) > 1e-4


def test_a_density_ratio_weighs_the_records(generator):
    def ratio(rows):
        return 1.5 * (rows[:, 3] == 0)

    found, ends = run(generator, Tokenizer(DNA, 4, "fixed"), [fixed(1, 2)], log_ratio=ratio)
    p = pairs(generator, FIXED, np.exp(ratio(FIXED)))
    # The last noise that was drawn for is a proposal; the records alone are looked at.
    cells = found.rows[:, 2:].astype(int) @ np.array([4, 1])
    seen = np.bincount(cells, minlength=16)[FIXED[:, 2:] @ np.array([4, 1])]
    assert chance(seen, CHAINS * p.sum(0) / p.sum()) > 1e-4
    assert p.sum(0)[FIXED[:, 3] == 0].sum() / p.sum() > 0.3


def test_lengths_move_with_the_noise():
    shares = (0, 0.2, 0.5, 0.3)
    torch.manual_seed(0)
    generator = Tabled(Shape(5, 3), Grammar(4, lengths=shares), latent=1, seed=2)
    generator.table.data *= 2
    tokenizer = Tokenizer(DNA, 3, "variable", lengths=(0, 2, 5, 3))
    found, ends = run(generator, tokenizer, [fixed(1)])
    rows = np.concatenate(
        [np.pad(letters(4, k), ((0, 0), (0, 3 - k)), constant_values=4) for k in (1, 2, 3)]
    )
    lengths = (rows != 4).sum(1)
    kept = rows[:, 0] == 1
    p = pairs(generator, rows[kept], np.array(shares)[lengths[kept]], lengths[kept])
    check(found, ends[-1], generator, rows[kept], p)


def test_circles_turn_with_the_noise():
    generator = Tabled(Shape(4, 3), Grammar(), latent=1, rotate=True, seed=4)
    generator.table.data *= 2
    found, ends = run(generator, Tokenizer(DNA, 3, "fixed"), [fixed(1, 2)])
    rows = letters(4, 3)
    rows = rows[(rows[:, 0] == 1) & (rows[:, 1] == 2)]
    p = sum(pairs(generator, np.roll(rows, turn, 1)) for turn in range(3))
    check(found, ends[-1], generator, rows, p)


def test_what_suits_is_found_and_said(generator):
    tokenizer = Tokenizer(DNA, 4, "fixed")
    probe = probed(generator, compiled([fixed(1, 2)], tokenizer))
    assert probe.latents == "mcmc" and "more than 0.5" in probe.lines("mcmc")[0]
    assert probe.lines(None) == []
    probe = probed(generator, compiled([], tokenizer))
    assert probe.steps == 50 and not probe.lengths
    assert probe.latents == "free" and probe.log_probability == pytest.approx(0, abs=1e-9)
    long = Tabled(Shape(4, 30), Grammar(), latent=1)
    language = compiled([fixed(*[1] * 28)], Tokenizer(DNA, 30, "fixed"))
    said = probed(long, language).lines(None)
    assert len(said) == 1 and said[0].startswith("the constraints are rare: ")


def test_chains_that_move_lengths_may_take_more_moves():
    assert [Probe(spread, -1.0, False).steps for spread in (1.5, 20)] == [150, 300]
    assert [Probe(spread, -1.0, True).steps for spread in (1.5, 20)] == [150, 900]
    grammar = Grammar(4, lengths=(0, 0.2, 0.5, 0.3))
    tokenizer = Tokenizer(DNA, 3, "variable", lengths=(0, 2, 5, 3))
    generator = Tabled(Shape(5, 3), grammar)
    assert probed(generator, compiled([fixed(1)], tokenizer)).lengths
    whole = Automaton([np.zeros((1, 4), int)], ends=lambda letters: np.array([letters == 3]))
    assert not probed(generator, compiled([whole], tokenizer)).lengths
