"""The letter network: probabilities that sum to one, values by hand, draws as the scores say."""

import itertools
import math

import pytest
import torch

from biogan.nn.recurrent import LetterNetwork, symbol_losses, write


def network(*sizes, **options):
    torch.manual_seed(0)
    return LetterNetwork(*sizes, units=6, **options).eval()


def probability(net, rows, context=None):
    losses, counted = symbol_losses(net, rows, context)
    return (-(losses.double() * counted).sum(1)).exp()


@pytest.mark.parametrize(("shortest", "longest"), [(1, 3), (2, 4), (3, 3)])
def test_probabilities_of_all_records_sum_to_one_for_every_code(shortest, longest):
    net = network(2, shortest, longest, context=3)
    every = [
        [*word] + [2] * (longest - k)
        for k in range(shortest, longest + 1)
        for word in itertools.product(range(2), repeat=k)
    ]
    rows = torch.tensor(every)
    for code in torch.randn(3, 3):
        total = probability(net, rows, code.expand(len(rows), 3)).sum()
        assert total.item() == pytest.approx(1, abs=1e-6)


def test_told_the_length_probabilities_of_all_records_of_it_sum_to_one():
    net = network(3, 4, 4, context=2, told=True)
    for length in (1, 2, 4):
        every = itertools.product(range(3), repeat=length)
        rows = torch.tensor([[*word] + [3] * (4 - length) for word in every])
        total = probability(net, rows, torch.ones(len(rows), 2)).sum()
        assert total.item() == pytest.approx(1, abs=1e-6)


def test_told_lengths_are_kept_and_letters_are_left_out():
    net, lengths = network(3, 4, 4, told=True), torch.tensor([1, 4, 2, 4, 3])

    def steer(scores, live, before, place):
        # No letter twice in a row, and the last one first.
        barred = torch.nn.functional.one_hot(before, 4)[:, :3].bool() if place else scores == scores
        barred[:, 2] &= place > 0
        return scores.masked_fill(barred, -torch.inf)

    source = torch.Generator().manual_seed(1)

    def chance(live, place):
        return -(-torch.rand(len(live), 3, generator=source).log()).log()

    rows = write(net, 5, chance, lengths=lengths, steer=steer)
    assert (rows < 3).sum(1).tolist() == lengths.tolist()
    assert rows[:, 0].tolist() == [2] * 5
    again = (rows[:, 1:] == rows[:, :-1]) & (rows[:, 1:] < 3)
    assert not again.any()


def test_without_weights_all_that_may_stand_is_as_likely():
    net = network(2, 1, 2)
    torch.nn.init.zeros_(net.out.weight)
    torch.nn.init.zeros_(net.out.bias)
    # No end before the first letter; then two letters or the end; behind two letters always it.
    losses, counted = symbol_losses(net, torch.tensor([[0, 2, 2], [1, 1, 2]]))
    expected = [[math.log(2), math.log(3), 0], [math.log(2), math.log(3), 0]]
    assert torch.where(counted, losses, 0).tolist() == [pytest.approx(row) for row in expected]


def test_draws_come_as_often_as_the_probabilities_say():
    net, code = network(2, 1, 2, context=2), torch.tensor([[1.0, -2.0]])
    source = torch.Generator().manual_seed(1)

    def chance(live, place):
        uniform = torch.rand(len(live), 3, generator=source, dtype=torch.float64)
        return -(-uniform.clamp(1e-20).log()).log()

    drawn = write(net, 20_000, chance, code.expand(20_000, 2))
    for row in ([0, 2], [1, 0], [1, 1]):
        share = (drawn == torch.tensor(row)).all(1).double().mean().item()
        expected = probability(net, torch.tensor([row]), code).item()
        assert share == pytest.approx(expected, abs=0.012)


def test_cold_draws_are_the_likeliest_letters_whatever_the_chance():
    net = network(3, 2, 5)
    rows = write(net, 2, lambda live, place: torch.full((len(live), 4), torch.nan), temperature=0)
    assert rows[0].tolist() == rows[1].tolist() and (rows[0][:2] < 3).all()
