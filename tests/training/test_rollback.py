"""A run that has gone wrong goes back to its last good state, and on more slowly."""

import math
import os
import signal

import pytest
import torch
from torch import nn
from toys import Scripted, make, same

from biogan import SequenceGAN, SequenceSet
from biogan.core.errors import DivergedError, Interrupted, NonFiniteError
from biogan.core.rng import rng
from biogan.training.trainer import Trainer

GOOD = {2: 8.0, 4: 3.0, 6: 2.0}
# Five times the best and worse than the first.
BAD = 11.0


class Recorder:
    """Remembers what it is told; ``act`` is called at each step."""

    def __init__(self, act=lambda step: None):
        self.act, self.told, self.steps = act, [], []

    def on_step(self, step, terms):
        self.steps.append(step)
        self.act(step)

    def on_event(self, event, **details):
        self.told.append((event, details))

    def alarms(self):
        return [details for event, details in self.told if event == "alarm"]


def poison(trainer, network):
    """Make a network write no numbers."""
    nn.init.constant_(next(getattr(trainer.adversarial_step, network).parameters()), math.nan)


def poisoned(at, network="critic", **options):
    """Return a trainer whose network is poisoned after these steps, and its recorder."""
    recorder = Recorder(lambda step: poison(trainer, network) if step in at else None)
    trainer = make(callbacks=[recorder], **{"check_every": 2} | options)
    return trainer, recorder


@pytest.mark.parametrize("network", ["critic", "generator"])
def test_a_fault_that_passes_costs_some_steps(network):
    saved = []
    trainer, recorder = poisoned(
        {5}, network, save=lambda t: saved.append((t.step_count, t.adversarial_step.broken()))
    )
    trainer.run()
    assert recorder.steps == list(range(1, 11))
    assert saved == [(step, None) for step in (0, 2, 4, 6, 8, 10)]
    [alarm] = recorder.alarms()
    assert (alarm["step"], alarm["back_to"], alarm["rollbacks"]) == (6, 4, 1)
    assert alarm["kind"] == "non-finite" and "is nan" in alarm["reason"]
    # The budget decays from half of the run on; a rollback halves what is left.
    assert alarm["lr"] == pytest.approx(trainer.budget.learning_rate(0.6) / 2)
    assert (trainer.best.step, trainer.ended) == (10, None)


def test_weights_that_are_no_numbers_are_never_written():
    """A finite loss can have a gradient that is not."""
    saved, recorder = [], Recorder()

    def save(t):
        saved.append((t.step_count, t.adversarial_step.broken()))

    trainer = make(callbacks=[recorder], check_every=5, save=save)
    trainer.adversarial_step.generator_opt.register_step_post_hook(
        lambda *_: poison(trainer, "critic") if trainer.step_count == 4 else None
    )
    trainer.run()
    assert saved == [(0, None), (5, None), (10, None)]
    [alarm] = recorder.alarms()
    assert (alarm["step"], alarm["reason"]) == (5, "a weight of the critic is no number")


def test_networks_go_back_bit_for_bit_also_twice():
    trainer, recorder = poisoned({3, 5}, check_every=None)
    start, back = make(), trainer.last_good.go_back

    def go_back():
        back()
        for name in ("generator", "critic"):
            assert same(
                getattr(trainer.adversarial_step, name), getattr(start.adversarial_step, name)
            )
        assert same(
            trainer.adversarial_step.average.network, start.adversarial_step.average.network
        )

    trainer.last_good.go_back = go_back
    trainer.run()
    assert [alarm["back_to"] for alarm in recorder.alarms()] == [0, 0]


def test_optimisers_go_back_too():
    trainer = make()
    for t in range(3):
        trainer.adversarial_step.step(t)
    trainer.last_good.remember(3)
    kept = [s["exp_avg_sq"].clone() for s in trainer.adversarial_step.critic_opt.state.values()]
    for _ in range(2):
        trainer.adversarial_step.step(3)
        moved = [s["exp_avg_sq"] for s in trainer.adversarial_step.critic_opt.state.values()]
        assert not all(torch.equal(a, b) for a, b in zip(kept, moved, strict=True))
        trainer.last_good.go_back()
        now = [s["exp_avg_sq"] for s in trainer.adversarial_step.critic_opt.state.values()]
        assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))


def test_what_follows_a_rollback_was_never_drawn_before():
    seen = []
    trainer, _ = poisoned({3, 6})
    step = trainer.adversarial_step.step
    trainer.adversarial_step.step = lambda t: seen.append(t) or step(t)
    trainer.run()
    assert seen == list(range(10))


@pytest.mark.parametrize("network", ["critic", "generator"])
def test_a_fault_that_stays_ends_the_run_after_three_rollbacks(network):
    # A rollback at an even step undoes what was poisoned before it.
    trainer, recorder = poisoned({5, 7, 9, 11}, network, steps=20)
    with pytest.raises(NonFiniteError, match="step 12: .* is nan, after 3 rollbacks; the generator "
                       "of step 4 is kept and can be sampled from") as caught:  # fmt: skip
        trainer.run()
    assert caught.value.exit_code == 1
    assert [alarm["rollbacks"] for alarm in recorder.alarms()] == [1, 2, 3, 3]
    assert [alarm["last"] for alarm in recorder.alarms()] == [False, False, False, True]
    assert trainer.adversarial_step.broken() is None
    assert all(p.isfinite().all() for p in trainer.best.network.parameters())
    again, _ = poisoned(set(), network, steps=20)
    again.load_state(trainer.state())
    assert again.over and again.ended == trainer.ended


@pytest.mark.parametrize("steps", [3, 10])
def test_without_any_check_nothing_was_learned(steps):
    trainer, _ = poisoned(range(1, 10), check_every=10, steps=steps)
    with pytest.raises(NonFiniteError, match="nothing was learned. Try a lower --lr"):
        trainer.run()


def test_scores_that_explode_roll_back_and_go_on():
    distance = GOOD | {8: BAD, 10: 1.9}
    recorder = Recorder()
    trainer = make(Scripted(distance), [recorder], check_every=2)
    trainer.run()
    [alarm] = recorder.alarms()
    assert (alarm["step"], alarm["back_to"], alarm["kind"]) == (8, 6, "divergence")
    assert alarm["reason"] == "validation distance 11, after 2 at best"
    assert (trainer.best.step, trainer.best.distance, trainer.last_good.count) == (10, 1.9, 1)


def test_samples_that_collapse_end_the_run_with_the_best_kept():
    steps = range(2, 61, 2)
    distance = {step: GOOD.get(step, 2.5) for step in steps}
    variety = {step: {"distinct": 1.0 if step <= 6 else 0.01} for step in steps}
    recorder = Recorder()
    trainer = make(Scripted(distance, variety), [recorder], check_every=2, steps=60)
    best = trainer.run()
    # Three checks in a row each time; the first of them is no good state any more.
    assert [alarm["step"] for alarm in recorder.alarms()] == [12, 18, 24, 30]
    assert {alarm["back_to"] for alarm in recorder.alarms()} == {6}
    assert (trainer.step_count, trainer.best.step) == (30, 6) and same(best, trainer.best.network)
    event, end = recorder.told[-1]
    assert event == "end" and end["kept"] == 6 and end["score"] == 2.0
    assert end["ended"] == (
        "step 30: the share of distinct sequences is 1 % of that of the training data, after 3 "
        "rollbacks"
    )


def test_without_validation_nothing_is_kept_that_has_collapsed():
    trainer = make(Scripted({}, {s: {"distinct": 0.0} for s in range(20, 100, 2)}), [Recorder()],
                   check_every=2, steps=40)  # fmt: skip
    trainer.run()
    # The last generator is kept, but not those of the checks that led to the alarms at 24, 30 ...
    assert trainer.last_good.count > 0 and trainer.best.step == 18 and trainer.score is None


@pytest.mark.parametrize("cut", [5, 7, 8, 9])
def test_a_run_cut_near_a_rollback_goes_on_bit_for_bit(cut, tmp_path):
    options = {"check_every": 2, "steps": 12}
    distance = GOOD | {8: BAD, 10: 1.9, 12: 1.8}
    whole = make(Scripted(distance), **options)
    whole.run()

    def save(trainer: Trainer) -> None:
        torch.save(trainer.state(), tmp_path / "state.pt")

    kill = Recorder(lambda step: os.kill(os.getpid(), signal.SIGINT) if step == cut else None)
    first = make(Scripted(distance), [kill], save, **options)
    with pytest.raises(Interrupted):
        first.run()
    second = make(Scripted(distance), **options)
    second.load_state(torch.load(tmp_path / "state.pt", weights_only=True))
    second.run()
    assert (
        (second.last_good.count, second.best.step)
        == (whole.last_good.count, whole.best.step)
        == (1, 12)
    )
    for name in ("generator", "critic"):
        assert same(getattr(whole.adversarial_step, name), getattr(second.adversarial_step, name))
    assert same(whole.best.network, second.best.network)


def test_patience_counts_checks_without_a_better_score(tmp_path):
    distance = {2: 3.0, 4: 2.0, 6: 2.3, 8: 1.5, 10: 1.7, 12: 1.7, 14: 1.7, 16: 1.4, 18: 1.3}
    options = {"check_every": 2, "steps": 18}

    def run(state=None, **more):
        trainer = make(Scripted(distance), **options | more)
        if state:
            trainer.load_state(state)
        trainer.run()
        return trainer

    assert run().step_count == 18
    one, three = run(patience=1), run(patience=3)
    assert (one.step_count, one.best.step) == (6, 4)
    assert (three.step_count, three.best.step) == (14, 8)
    assert three.ended == "no smaller validation distance in 3 checks (--patience 3)"
    again = make(Scripted(distance), patience=3, **options)
    again.load_state(three.state())
    assert again.over and again.ended == three.ended
    more = run(three.state(), patience=4)
    assert (more.step_count, more.best.step, more.ended) == (18, 18, None)


def reads(n=200):
    random = rng(0, "reads")
    texts = ["".join(random.choice(list("ACGT"), 24, p=[0.4, 0.1, 0.1, 0.4])) for _ in range(n)]
    return SequenceSet.from_strings(texts)


SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "seed": 1, "check_every": 20}


@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
def test_a_healthy_run_has_no_alarm(loss):
    recorder = Recorder()
    SequenceGAN(loss=loss, steps=100, **SMALL).fit(reads(), callbacks=[recorder])
    assert recorder.alarms() == []


@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
def test_an_absurd_learning_rate_is_seen(loss):
    recorder = Recorder()
    gan = SequenceGAN(loss=loss, steps=160, lr=1.0, **SMALL)
    try:
        gan.fit(reads(), callbacks=[recorder])
    except DivergedError:
        pass
    assert recorder.alarms()
    assert len(gan.sample(5)) == 5
