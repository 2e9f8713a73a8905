"""Sums over a layered automaton and draws from it, against writing everything down."""

import itertools

import numpy as np
import pytest
import torch
from support.laws import chance, letters

from biogan.nn.constrained import Trellis

CHANNELS, POSITIONS = 3, 5


def random_layers(seed, channels=CHANNELS, positions=POSITIONS, most=4):
    rng = np.random.default_rng(seed)
    sizes = [1, *rng.integers(1, most + 1, positions - 1), 1]
    return [
        np.where(rng.random((a, channels)) < 0.7, rng.integers(0, b, (a, channels)), -1)
        for a, b in itertools.pairwise(sizes)
    ]


def accepted(layers, rows):
    """Which rows the automaton reads to the end."""
    found = []
    for row in rows:
        state = 0
        for layer, code in zip(layers, row, strict=True):
            state = layer[state, code] if state >= 0 else -1
        found.append(state >= 0)
    return np.array(found)


def laws(n, seed, channels=CHANNELS, positions=POSITIONS, spread=1.0):
    rng = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(n, channels, positions, generator=rng, dtype=torch.float64)
    return logits.log_softmax(1)


def probabilities(law, rows):
    return np.exp(law.numpy()[:, rows, np.arange(rows.shape[1])].sum(2))


@pytest.mark.parametrize("seed", range(10))
def test_the_probability_of_a_language_is_the_sum_over_its_rows(seed):
    layers, law, rows = random_layers(seed), laws(7, seed), letters(CHANNELS, POSITIONS)
    wanted = probabilities(law, rows[accepted(layers, rows)]).sum(1)
    found = Trellis(layers).log_probability(law)
    assert found.exp().numpy() == pytest.approx(wanted, rel=1e-12, abs=0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_draws_are_those_of_the_law_given_the_language(seed):
    layers, law, rows = random_layers(seed), laws(1, seed), letters(CHANNELS, POSITIONS)
    kept = rows[accepted(layers, rows)]
    n = 20_000
    uniform = torch.rand(n, POSITIONS, generator=torch.Generator().manual_seed(seed))
    codes, found = Trellis(layers).draw(law.expand(n, -1, -1), uniform)
    assert found[0] == Trellis(layers).log_probability(law)[0]
    p = probabilities(law, kept)[0]
    place = CHANNELS ** np.arange(POSITIONS)
    cells = {int(row @ place): i for i, row in enumerate(kept)}
    seen = np.bincount([cells[int(row @ place)] for row in codes.numpy()], minlength=len(kept))
    assert chance(seen, n * p / p.sum()) > 1e-4


@pytest.mark.parametrize("most", [4, 300])
def test_a_row_is_the_same_beside_any_other_rows(most, monkeypatch):
    layers = random_layers(0, positions=9, most=most)
    law, uniform = laws(70, 0, positions=9), torch.rand(70, 9)
    codes, found = Trellis(layers).draw(law, uniform)
    for some in (slice(0, 1), slice(3, 40), slice(69, 70)):
        other, again = Trellis(layers).draw(law[some], uniform[some])
        assert torch.equal(other, codes[some]) and torch.equal(again, found[some])
    # Chunks of another size.
    monkeypatch.setattr("biogan.nn.constrained._LAYER", 32 * max(map(len, layers)))
    other, again = Trellis(layers).draw(law, uniform)
    assert torch.equal(other, codes) and torch.equal(again, found)


def test_long_rows_of_small_probability_neither_overflow_nor_vanish():
    one = [np.array([[0, -1]])] * 3000
    law = torch.tensor([1e-3, 1 - 1e-3], dtype=torch.float64).log()[None, :, None]
    found = Trellis(one).log_probability(law.expand(2, 2, 3000))
    assert found.tolist() == pytest.approx([3000 * np.log(1e-3)] * 2, rel=1e-12)


def test_a_uniform_next_to_one_draws_a_code_that_may_stand():
    layers = [np.array([[0, 0, -1]])] * 4
    law = laws(1, 0, positions=4)
    almost = torch.full((1, 4), 1 - 2**-53, dtype=torch.float64)
    for uniform in (almost, torch.zeros(1, 4), torch.ones(1, 4)):
        assert int(Trellis(layers).draw(law, uniform)[0].max()) < 2


def test_what_has_no_sequence_has_no_probability():
    law = laws(2, 0, positions=2)
    law[:, 0] = -torch.inf
    assert torch.isneginf(Trellis([np.array([[0, -1, -1]])] * 2).log_probability(law)).all()
