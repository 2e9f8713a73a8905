"""The training loop: counts, determinism, resuming, faults."""

import os
import signal

import numpy as np
import pytest
import torch
from torch import nn
from toys import Scripted, make, same

from biogan.core.errors import ConfigError, Interrupted
from biogan.sequences.config import SequenceGANConfig
from biogan.training.batches import Batches
from biogan.training.engine import Engine
from biogan.training.losses import LOSSES
from biogan.training.step import MovingAverage
from biogan.training.trainer import Budget


class Counting:
    """Counts the updates of both networks."""

    def __init__(self, trainer):
        self.count = {"critic": 0, "generator": 0}
        for name in self.count:
            optimiser = getattr(trainer.adversarial_step, f"{name}_opt")
            optimiser.register_step_post_hook(lambda *_, name=name: self.add(name))

    def add(self, name):
        self.count[name] += 1


@pytest.mark.parametrize("steps", [1, 5])
def test_critic_steps_for_each_generator_step(steps):
    trainer = make(critic_steps=steps, steps=4)
    counting = Counting(trainer)
    trainer.run()
    assert counting.count == {"critic": 4 * steps, "generator": 4}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_trains_both_networks(loss):
    trainer = make(loss=loss, steps=2)
    before = [
        p.clone()
        for net in (trainer.adversarial_step.generator, trainer.adversarial_step.critic)
        for p in net.parameters()
    ]
    terms = trainer.adversarial_step.step(0)
    trainer.adversarial_step.step(1)
    after = [
        p
        for net in (trainer.adversarial_step.generator, trainer.adversarial_step.critic)
        for p in net.parameters()
    ]
    assert {"critic", "generator"} <= set(terms)
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    # The bias of the critic's last layer has no gradient under a difference of logits.
    assert sum(moved) >= len(moved) - 1
    assert all(torch.isfinite(p).all() for p in after)


def test_the_critic_is_frozen_only_for_the_generator_step():
    trainer = make()
    trainer.adversarial_step.step(0)
    assert all(p.requires_grad for p in trainer.adversarial_step.critic.parameters())


def test_no_graph_is_kept_between_steps():
    trainer = make(loss="wgan-gp")
    for t in range(3):
        trainer.adversarial_step.step(t)
    fake = trainer.adversarial_step.generator.noise(2, torch.Generator().manual_seed(0))
    assert all(not part.requires_grad for part in fake)
    assert all(
        p.grad is None or p.grad.grad_fn is None
        for p in trainer.adversarial_step.critic.parameters()
    )


@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
def test_five_and_five_steps_are_ten_steps_bit_for_bit(loss, tmp_path):
    whole, first, second = make(loss=loss), make(loss=loss), make(loss=loss, width=8)
    whole.run()
    for _ in range(5):
        # What run() does in each step; the budget is that of ten steps.
        first.adversarial_step.set_learning_rate(first.learning_rate)
        first._step()
    torch.save(first.state(), tmp_path / "state.pt")
    second.load_state(torch.load(tmp_path / "state.pt", weights_only=True))
    second.run()
    assert same(whole.adversarial_step.generator, second.adversarial_step.generator)
    assert same(whole.adversarial_step.critic, second.adversarial_step.critic)
    assert same(whole.adversarial_step.average.network, second.adversarial_step.average.network)


def test_a_seed_is_a_run_and_the_global_generators_are_left_alone():
    torch.manual_seed(123)
    expected = torch.rand(3)
    runs = []
    for seed in (1, 1, 2):
        trainer = make(seed=seed)
        torch.manual_seed(123)
        trainer.run()
        assert torch.equal(torch.rand(3), expected)
        runs.append(trainer.adversarial_step.generator)
    assert same(runs[0], runs[1]) and not same(runs[0], runs[2])


def test_the_best_generator_is_chosen_by_validation_distance_not_by_the_last_step():
    scores = {2: 3.0, 4: 1.0, 6: 2.0, 8: 1.5, 10: 1.2}
    kept = {}

    class Keeping(Scripted):
        def __call__(self, network, step):
            kept[step] = [p.clone() for p in network.parameters()]
            return super().__call__(network, step)

    trainer = make(monitor=Keeping(scores), check_every=2)
    best = trainer.run()
    assert (trainer.best.step, trainer.best.distance) == (4, 1.0)
    assert all(torch.equal(a, b) for a, b in zip(best.parameters(), kept[4], strict=True))


def test_of_generators_that_cannot_be_told_apart_the_latest_is_kept():
    scores = {2: 3.0, 4: 1.0, 6: 1.07, 8: 1.12, 10: 1.09, 12: 1.16}
    trainer = make(monitor=Scripted(scores), check_every=2, steps=12)
    trainer.run()
    # Measured from the best, so that small steps do not add up.
    assert (trainer.best.step, trainer.best.distance, trainer.best.lowest) == (10, 1.09, 1.0)
    # Patience is for generators that are better, not for those that are no worse.
    assert trainer.best.since_best == 4


def test_without_validation_the_last_average_is_kept():
    trainer = make()
    assert same(trainer.run(), trainer.adversarial_step.average.network)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_save_and_end_with_their_exit_code(number, code):
    saved = []

    class Kill:
        def on_step(self, step, terms):
            if step == 3:
                os.kill(os.getpid(), number)

        def on_event(self, event, **details):
            pass

    before = signal.getsignal(number)
    trainer = make(steps=1000, callbacks=[Kill()], save=lambda t: saved.append(t.step_count))
    with pytest.raises(Interrupted, match="--resume goes on") as caught:
        trainer.run()
    assert caught.value.exit_code == code
    assert saved[-1] == 3
    assert signal.getsignal(number) is before


def test_a_signal_during_the_last_check_is_heeded():
    class Kill:
        def on_step(self, step, terms):
            pass

        def on_event(self, event, **details):
            assert event == "check"
            os.kill(os.getpid(), signal.SIGINT)

    trainer = make(callbacks=[Kill()], check_every=10, save=lambda t: None)
    with pytest.raises(Interrupted, match="SIGINT: the run was over and is saved, at step 10"):
        trainer.run()


def test_max_time_ends_a_run():
    trainer = make(steps=None, max_time="0.3s")
    trainer.run()
    assert 0.3 <= trainer.elapsed < 5
    assert trainer.step_count > 0


def test_learning_rate_is_constant_then_linear():
    budget = Budget(SequenceGANConfig(lr=2.0, decay_start=0.5, decay_to=0.1, steps=100))
    assert [budget.learning_rate(budget.spent(s, 0)) for s in (0, 50, 75, 100)] == pytest.approx(
        [2.0, 2.0, 1.1, 0.2]
    )


def test_budget_ends_with_whatever_is_spent_first():
    both = Budget(SequenceGANConfig(steps=100, max_time="10s"))
    assert both.spent(50, 1) == pytest.approx(0.5)
    assert both.spent(10, 9) == pytest.approx(0.9)
    assert Budget(SequenceGANConfig()).seconds == 600


def test_average_follows_the_recursion_by_hand():
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 1.0)
    average = MovingAverage(network, 0.5)
    nn.init.constant_(network.weight, 3.0)
    average.update(network, torch.tensor(average.weight(1)))  # decay min(0.5, 2/11)
    assert average.network.weight.item() == pytest.approx(1 * 2 / 11 + 3 * 9 / 11)
    average.update(network, torch.tensor(average.weight(100)))  # decay 0.5
    assert average.network.weight.item() == pytest.approx((1 * 2 / 11 + 3 * 9 / 11 + 3) / 2)


def test_batches_are_permutations_and_weights_are_counts():
    data = torch.arange(6)
    batches = Batches(data, np.array([1, 1, 1, 1, 1, 3.0]), 4, seed=1)
    first_pass = torch.cat([batches[0], batches[1]])
    assert sorted(first_pass.tolist()) == [0, 1, 2, 3, 4, 5, 5, 5]
    assert batches[7].tolist() == Batches(data, np.array([1, 1, 1, 1, 1, 3.0]), 4, 1)[7].tolist()


def test_batches_larger_than_the_data():
    batches = Batches(torch.arange(3), np.ones(3), 8, seed=0)
    counts = torch.bincount(torch.cat([batches[k] for k in range(3)]), minlength=3)
    assert counts.tolist() == [8, 8, 8]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_missing_device_is_one_line_of_usage():
    with pytest.raises(ConfigError, match="--device cuda: ") as caught:
        Engine(SequenceGANConfig(device="cuda"))
    assert "\n" not in str(caught.value)


def test_before_a_check_a_resumed_run_keeps_the_average_of_the_moment():
    first = make(steps=1000, check_every=500)
    for t in range(3):
        first.adversarial_step.step(t)
    first.step_count = 3
    second = make(steps=1000, check_every=500)
    second.load_state(first.state())
    assert same(second.best.network, first.adversarial_step.average.network)
    second.adversarial_step.step(3)
    assert same(second.best.network, second.adversarial_step.average.network)
    assert not same(second.best.network, first.adversarial_step.average.network)


@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
def test_half_precision_changes_a_step_by_rounding_only(loss):
    """Weights, terms and penalties stay float32; the first gradients point the same way."""
    options = {"loss": loss, "architecture": "hybrid", "units": 16, "width": 16}
    full, half = make(**options), make(**options, precision="bf16")
    full_terms, half_terms = full.adversarial_step.step(0), half.adversarial_step.step(0)
    assert half_terms == pytest.approx(full_terms, rel=0.05, abs=0.02)
    assert half_terms != full_terms
    for name in ("critic", "generator"):
        a, b = (
            torch.cat([p.grad.flatten() for p in getattr(t.adversarial_step, name).parameters()])
            for t in (full, half)
        )
        assert b.dtype == torch.float32 and torch.cosine_similarity(a, b, 0) > 0.97
    assert all(p.dtype == torch.float32 for p in half.adversarial_step.average.network.parameters())


def test_the_networks_compute_in_half_precision_and_nothing_else():
    trainer = make(architecture="hybrid", units=16, precision="bf16")
    seen = set()
    hooks = [
        m.register_forward_hook(lambda m, x, y: seen.add((type(m).__name__, y.dtype)))
        for m in [
            *trainer.adversarial_step.generator.modules(),
            *trainer.adversarial_step.critic.modules(),
        ]
        if isinstance(
            m, torch.nn.Conv1d | torch.nn.Linear | type(trainer.adversarial_step.generator)
        )
    ]
    trainer.adversarial_step.step(0)
    for hook in hooks:
        hook.remove()
    assert seen == {
        ("Conv1d", torch.bfloat16), ("Linear", torch.bfloat16), ("HybridGenerator", torch.float32),
    }  # fmt: skip
