"""Draws under constraints against all sequences of a small generator, written down in full."""

import numpy as np
import pytest
import torch
from support.laws import Tabled, chance, letters

from biogan import DNA, GC, Avoid, Fixed, MaxRun, Require, Template
from biogan.nn.sequence_heads import Grammar, Noise, Shape, draw_noise
from biogan.sequences.constraints.generator import ConstrainedGenerator, as_mask
from biogan.sequences.constraints.language import DEAD, Automaton, compiled
from biogan.sequences.tokenizer import Tokenizer

N = 20_000


def no_word(*word):
    """Automaton of the rows of DNA without a word of three letters that are all different."""
    a, b, c = word
    table = np.zeros((3, 4), int)
    table[:, a] = 1
    table[1, b] = 2
    table[2, c] = DEAD
    return Automaton([table])


def count(code, low, high):
    """Automaton of the rows that have a code that often."""
    table = np.tile(np.arange(high + 1)[:, None], 4)
    table[:, code] = [*range(1, high + 1), DEAD]
    return Automaton([table], ends=lambda n: np.arange(high + 1) >= low)


def keeps(row, word=(0, 1, 2), code=3, low=1, high=2):
    """Whether a row keeps both of the above, by looking at it."""
    text = "".join(map(str, row))
    return "".join(map(str, word)) not in text and low <= text.count(str(code)) <= high


BOTH = [no_word(0, 1, 2), count(3, 1, 2)]


def repeated(noise, n):
    return Noise(*(part[:1].expand(n, *part.shape[1:]) for part in noise))


def one_noise(generator, n, seed=0, lengths=False):
    rng = torch.Generator().manual_seed(seed)
    return repeated(draw_noise(1, generator.config, generator.shape, rng, lengths), n)


def uniforms(generator, n, seed=1):
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(n, generator.shape.length + 1, generator=rng, dtype=torch.float64)


def items(n):
    return torch.zeros(n, dtype=torch.long)


def check(constrained, noise, rows, p, every=True):
    """Compare log-probability and draws of N copies of one noise with weights of rows."""
    one = Noise(*(part[:1] for part in noise))
    found = constrained.log_probability(one, items(1), every)
    assert float(found[0]) == pytest.approx(np.log(p.sum()), abs=1e-6)
    codes, again = constrained.draw(noise, items(N), uniforms(constrained.generator, N), every)
    assert again.unique().tolist() == pytest.approx(found.tolist(), abs=1e-12)
    place = constrained.generator.shape.channels ** np.arange(rows.shape[1])
    cells = {int(row @ place): i for i, row in enumerate(rows)}
    seen = np.bincount([cells[int(row @ place)] for row in codes.numpy()], minlength=len(rows))
    assert chance(seen, N * p / p.sum()) > 1e-4


def of_letters(logits, rows, temperature=1.0):
    law = (logits.detach().double() / temperature).log_softmax(0).numpy()
    return np.exp(law[rows, np.arange(rows.shape[1])].sum(1))


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_records_of_one_length(temperature):
    tokenizer = Tokenizer(DNA, 6, "fixed")
    generator = Tabled(Shape(4, 6), Grammar())
    constrained = ConstrainedGenerator(generator, [compiled(BOTH, tokenizer)], None, temperature)
    noise = one_noise(generator, N)
    rows = letters(4, 6)
    rows = rows[[keeps(row) for row in rows]]
    logits = generator.table[generator.cell(noise.latent[:1])[0], 0]
    check(constrained, noise, rows, of_letters(logits, rows, temperature))


def test_circles_are_constrained_as_they_are_written():
    tokenizer = Tokenizer(DNA, 6, "fixed")
    generator = Tabled(Shape(4, 6), Grammar(), rotate=True)
    constrained = ConstrainedGenerator(generator, [compiled(BOTH, tokenizer)])
    noise = one_noise(generator, N)._replace(turn=torch.full((N,), 2))
    rows = letters(4, 6)
    rows = rows[[keeps(row) for row in rows]]
    logits = generator.table[generator.cell(noise.latent[:1])[0], 0]
    check(constrained, noise, rows, of_letters(logits.roll(-2, 1), rows))


def test_codons_with_opening_and_closing_words():
    tokenizer = Tokenizer(DNA, 6, "fixed", 3)
    opening, closing = (14, 30), (48, 50, 56)
    generator = Tabled(Shape(64, 2), Grammar(None, closing, opening))
    across = [no_word(2, 3, 0), count(3, 1, 2)]  # GTA stands across the border of two codons
    constrained = ConstrainedGenerator(generator, [compiled(across, tokenizer)])
    noise = one_noise(generator, N)
    rows = np.array([(a, b) for a in opening for b in closing])
    texts = rows[:, :, None] // [16, 4, 1] % 4
    kept = [keeps(text.ravel(), (2, 3, 0)) for text in texts]
    assert 0 < sum(kept) < len(rows)
    logits = generator.table[generator.cell(noise.latent[:1])[0], 0].detach().clone()
    for place, codes in enumerate((opening, closing)):
        others = [code for code in range(64) if code not in codes]
        logits[others, place] = -torch.inf
    check(constrained, noise, rows[kept], of_letters(logits, rows[kept]))


SHARES = (0.0, 0.0, 0.1, 0.3, 0.6)


def of_lengths(long):
    """All rows of one to four letters and the end symbol behind them, and their lengths."""
    rows, lengths = [], []
    for length in long:
        some = letters(4, length)
        rows.append(np.column_stack([some, np.full((len(some), 4 - length), 4)]))
        lengths += [length] * len(some)
    rows, lengths = np.concatenate(rows), np.array(lengths)
    kept = [keeps(row[:length], low=1, high=2) for row, length in zip(rows, lengths, strict=True)]
    return rows[kept], lengths[kept]


def given_length(logits, rows, lengths):
    """Probability of the letters of each row, given its length; logits by length."""
    p = []
    for row, length in zip(rows, lengths, strict=True):
        law = logits[length, :4, :length].detach().double().log_softmax(0).numpy()
        p.append(np.exp(law[row[:length], np.arange(length)].sum()))
    return np.array(p)


@pytest.fixture
def varying():
    tokenizer = Tokenizer(DNA, 4, "variable", lengths=(0, 0, 1, 3, 6))
    generator = Tabled(Shape(5, 4), Grammar(4, lengths=SHARES))
    return ConstrainedGenerator(generator, [compiled(BOTH, tokenizer)])


def test_lengths_answer_to_the_constraints_too(varying):
    generator = varying.generator
    noise = one_noise(generator, N, lengths=True)
    rows, lengths = of_lengths((2, 3, 4))
    logits = generator.table[generator.cell(noise.latent[:1])[0]]
    p = np.array(SHARES)[lengths] * given_length(logits, rows, lengths)
    check(varying, noise, rows, p)


def test_over_all_quantiles_the_law_is_the_same(varying):
    noise = one_noise(varying.generator, 10_000, lengths=True)
    noise = noise._replace(quantile=(torch.arange(10_000) + 0.5) / 10_000)
    one = Noise(*(part[:1] for part in noise))
    each = varying.log_probability(noise, items(10_000), False).exp().mean()
    whole = varying.log_probability(one, items(1), True).exp()[0]
    assert float(each) == pytest.approx(float(whole), rel=1e-3)


def test_a_length_that_no_constraint_leaves_is_not_drawn():
    """Two T at least: no sequence of one letter, and none of one length is asked for."""
    tokenizer = Tokenizer(DNA, 4, "variable", lengths=(0, 5, 5, 5, 5))
    generator = Tabled(Shape(5, 4), Grammar(4, lengths=(0, 0.25, 0.25, 0.25, 0.25)))
    language = compiled([count(3, 2, 2)], tokenizer)
    constrained = ConstrainedGenerator(generator, [language], high=3)
    assert constrained.admitted[0].tolist() == [False, False, True, True, False]
    noise = one_noise(generator, 3, lengths=True)._replace(quantile=torch.tensor([0.0, 0.6, 1.0]))
    codes, _ = constrained.draw(noise, items(3), uniforms(generator, 3), False)
    assert (codes != 4).sum(1).tolist() == [2, 3, 3]


@pytest.mark.parametrize("rules", [(), (0, 2)])
def test_generators_that_write_an_end_symbol_like_a_letter(rules):
    """Those of before 0.3: the length is that of the end symbols, and all is held to the plain law,
    as it is drawn."""
    tokenizer = Tokenizer(DNA, 4, "variable")
    grammar = Grammar(4, closing=rules, opening=(1,) if rules else ())
    generator = Tabled(Shape(5, 4), grammar, seed=3)
    constrained = ConstrainedGenerator(generator, [compiled(BOTH, tokenizer)])
    n = 400_000
    noise = one_noise(generator, n)
    fresh = draw_noise(n, generator.config, generator.shape, torch.Generator().manual_seed(5))
    plain = generator.sample(noise._replace(gumbel=fresh.gumbel)).numpy()
    texts, times = np.unique(plain, axis=0, return_counts=True)
    kept = np.array([keeps(row[row < 4]) for row in texts])
    found = constrained.log_probability(Noise(*(p[:1] for p in noise)), items(1), True).exp()
    share = times[kept].sum() / n
    assert float(found[0]) == pytest.approx(share, abs=4 * (share / n) ** 0.5)
    codes, _ = constrained.draw(
        Noise(*(part[:N] for part in noise)), items(N), uniforms(generator, N), True
    )
    drawn, often = np.unique(codes.numpy(), axis=0, return_counts=True)
    seen = dict(zip(map(bytes, drawn), often, strict=True))
    wanted = times[kept] / times[kept].sum()
    counts = np.array([seen.pop(bytes(row), 0) for row in texts[kept]])
    assert sum(seen.values()) < 20  # rows too rare to be drawn plainly
    assert chance(counts, counts.sum() * wanted) > 1e-5


def test_masks_of_several_items_are_the_same_as_languages_of_their_own():
    tokenizer = Tokenizer(DNA, 6, "fixed")
    generator = Tabled(Shape(4, 6), Grammar())
    sets = [[0], [1, 2], [0, 1, 2, 3], [3], [0, 1, 2, 3], [0, 3]]
    templates = []
    for first in (0, 3):
        tables = []
        for codes in [*sets[first:], *sets[:first]]:
            table = np.full((1, 4), DEAD)
            table[0, codes] = 0
            tables.append(table)
        templates.append(Automaton(tables, which=lambda position: position))
    masks = np.array([as_mask(compiled([some], tokenizer)) for some in templates])
    assert as_mask(compiled(BOTH, tokenizer)) is None
    one = ConstrainedGenerator(generator, [compiled(BOTH, tokenizer)], masks)
    other = ConstrainedGenerator(
        generator, [compiled([*BOTH, some], tokenizer) for some in templates]
    )
    noise, which = one_noise(generator, 40), torch.arange(40) % 2
    codes, found = one.draw(noise, which, uniforms(generator, 40), True)
    again, same = other.draw(noise, which, uniforms(generator, 40), True)
    assert torch.equal(codes, again) and len(found.unique()) == 2
    assert same.tolist() == pytest.approx(found.tolist(), abs=1e-12)


def test_masks_of_sequences_that_end_say_what_their_languages_say():
    """A row that goes on to its end symbols is in the language just where the mask lets it."""
    tokenizer = Tokenizer(DNA, 4, "variable", lengths=(0, 1, 1, 1, 1))
    rows = np.concatenate(
        [np.pad(letters(4, k), ((0, 0), (0, 4 - k)), constant_values=4) for k in (1, 2, 3, 4)]
    )

    def held(constraint):
        language = compiled([constraint.automaton(tokenizer)], tokenizer)
        mask = as_mask(language, 4)
        return language.holds(rows), mask

    for constraint in (Template("NRA"), Fixed("2=R"), Fixed("1-2=AC"), Template("N")):
        kept, mask = held(constraint)
        assert (mask[rows, np.arange(4)].all(1) == kept).all(), str(constraint)
    for constraint in (Avoid("TA"), Require("T"), MaxRun(1), GC(0.5, 0.5)):
        assert held(constraint)[1] is None
    # Of one length or another, but not between.
    some = Automaton([np.zeros((1, 4), int)], ends=lambda n: np.array([n in (1, 3)]))
    assert as_mask(compiled([some], tokenizer), 4) is None
    # A closes, wherever it stands.
    table = np.array([[1, 0, 0, 0], [DEAD] * 4])
    closing = Automaton([table], ends=lambda n: np.array([False, True]))
    assert as_mask(compiled([closing], tokenizer), 4) is None
