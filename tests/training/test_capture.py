"""A step that is recorded and launched again is the step taken operation by operation."""

import copy
import math
from contextlib import nullcontext

import pytest
import torch
from kinds import KINDS, step_of
from test_rollback import Recorder, poison
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from toys import make, same

from biogan.core.errors import ConfigError
from biogan.core.rng import torch_generator
from biogan.training.batches import StepInputs
from biogan.training.engine import Engine
from biogan.training.launch import WARM_UP, Captured, Recorded
from biogan.training.losses import LOSSES
from biogan.training.step import AdversarialStep, NonFiniteTerm


class Replayed(Captured):
    """What a CUDA graph does, on a CPU: always the same program, on the very same tensors."""

    recordings = 0

    def warm_up(self, draws):
        return self.program(draws)

    def record(self, inputs):
        self.recordings += 1
        inputs, used = inputs.each(torch.clone), self.places()
        players = self.program.__self__
        known = [name for half in players.term_names[inputs.penalised] for name in half]
        terms = torch.zeros(len(known))

        def launch():
            assert self.places() == used, "a graph would not see the new tensors"
            terms.copy_(self.program(inputs))

        return Recorded(inputs, terms, launch)

    def places(self):
        """Return where everything lies that a step reads or writes."""
        players = self.program.__self__
        networks = (players.generator, players.critic, players.average.network)
        found = [x for net in networks for x in net.state_dict().values()]
        for optimiser in (players.generator_opt, players.critic_opt):
            found += [x for state in optimiser.state.values() for x in state.values()]
            found.append(optimiser.param_groups[0]["lr"])
        return [x.data_ptr() for x in found]


@pytest.fixture
def replaying(monkeypatch):
    """Return a function that builds a trainer whose steps are recorded."""
    monkeypatch.setattr(StepInputs, "pinned", lambda draws: draws)

    def build(**options):
        with monkeypatch.context() as patch:
            start = Engine.__init__

            def init(engine, config):
                start(engine, config)
                engine.cuda_graph = True

            patch.setattr(Engine, "__init__", init)
            patch.setattr(
                Engine, "launcher", lambda engine, program: Replayed(program, engine.device)
            )
            return make(**options)

    return build


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("every", "recordings"), [(1, 1), (2, 1), (4, 2)])
def test_recorded_steps_are_the_plain_ones(loss, every, recordings, replaying):
    """A recording for each set of critic steps that are penalised."""
    options = {"loss": loss, "critic_steps": 2, "r1": 0.1, "seed": 3, "decay_start": 0.2}
    options |= {"penalty_every": every}
    plain, recorded = make(**options), replaying(**options)
    for trainer in (plain, recorded):
        trainer.run()
    assert recorded.adversarial_step.launch.recordings == recordings
    for name in ("generator", "critic"):
        assert same(getattr(plain.adversarial_step, name), getattr(recorded.adversarial_step, name))
    assert same(plain.adversarial_step.average.network, recorded.adversarial_step.average.network)


def test_terms_are_those_of_the_step(replaying):
    plain, recorded = make(penalty_every=4), replaying(penalty_every=4)
    for t in range(4 * (WARM_UP + 2)):
        assert recorded.adversarial_step.step(t) == plain.adversarial_step.step(t)


def test_a_rollback_records_anew(replaying):
    """Optimisers go on with other tensors then, which the old graph does not know."""
    trainers = []
    for build in (make, replaying):
        recorder = Recorder(lambda step: poison(trainers[-1], "critic") if step == 6 else None)
        trainers.append(build(callbacks=[recorder], check_every=2, steps=12))
        trainers[-1].run()
        assert [alarm["back_to"] for alarm in recorder.alarms()] == [6 - 2]
    plain, recorded = trainers
    assert recorded.adversarial_step.launch.recordings == 2
    assert same(plain.adversarial_step.critic, recorded.adversarial_step.critic)
    assert same(plain.adversarial_step.average.network, recorded.adversarial_step.average.network)


def test_a_term_that_is_no_number_is_named(replaying):
    for build in (make, replaying):
        trainer = build()
        for t in range(WARM_UP + 1):
            trainer.adversarial_step.step(t)
        poison(trainer, "critic")
        with pytest.raises(NonFiniteTerm) as caught:
            trainer.adversarial_step.step(WARM_UP + 1)
        assert math.isnan(caught.value.terms["critic"])


def test_a_state_of_one_machine_is_read_on_another(replaying):
    plain, recorded = make(), replaying()
    for t in range(WARM_UP + 2):
        plain.adversarial_step.step(t)
    recorded.adversarial_step.load_state(copy.deepcopy(plain.adversarial_step.state()))
    group = recorded.adversarial_step.critic_opt.param_groups[0]
    assert group["capturable"] and isinstance(group["lr"], torch.Tensor)
    back = make()
    back.adversarial_step.load_state(copy.deepcopy(recorded.adversarial_step.state()))
    group = back.adversarial_step.critic_opt.param_groups[0]
    assert not group["capturable"] and isinstance(group["lr"], float)
    assert (
        back.adversarial_step.step(5)
        == recorded.adversarial_step.step(5)
        == plain.adversarial_step.step(5)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_drawn_where_the_engine_says(kind, monkeypatch):
    """A CPU that draws for itself draws the same."""
    asked = []

    def generator(seed, name, *stream, device="cpu"):
        if name == "step":
            asked.append(device)
        return torch_generator(seed, name, *stream, device=device)

    monkeypatch.setattr("biogan.training.batches.torch_generator", generator)
    draws = [step_of(kind, device_noise=d).draw(3) for d in (False, True)]
    assert asked == ["cpu", torch.device("cpu")]
    assert all(map(torch.equal, *(draw.tensors() for draw in draws)))


def test_a_graph_needs_a_cuda_device():
    with pytest.raises(ConfigError, match="--cuda-graph: needs one process and a CUDA device"):
        make(cuda_graph=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_asks_its_device_nothing(kind):
    """Whatever waits for a number of the device cannot be recorded, and holds a GPU up."""
    players = step_of(kind)
    for t in range(2):
        players.step(t)
    draws = players.draw(4)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        players._compute(draws)
    asking = {"aten::item", "aten::is_nonzero", "aten::nonzero", "aten::masked_select"}
    found, names = set(), set()
    for event in profile.events():
        names.add(event.name)
        parents, above = [], event.cpu_parent
        while above is not None:
            parents.append(above.name)
            above = above.cpu_parent
        # On a CPU alone: the fused optimiser reads its step, one_hot its largest class.
        if event.name in asking and not {"aten::_fused_adam_", "aten::one_hot"} & {*parents}:
            found.add((event.name, *parents[:3]))
    assert "aten::_fused_adam_" in names and not found


class Stub:
    """An optimiser of weights that hold no numbers."""

    def __init__(self, weights):
        self.param_groups = [{"params": list(weights)}]

    def step(self):
        assert all(w.grad is None or w.grad.is_meta for w in self.param_groups[0]["params"])


class Spy(TorchDispatchMode):
    """Remembers operations that use a tensor of the CPU."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        leaves = tree_leaves((args, kwargs, result))
        if any(isinstance(leaf, torch.Tensor) and leaf.is_cpu for leaf in leaves):
            self.found.add(str(func))
        return result


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bf16"])
def test_a_step_uses_no_tensor_of_the_cpu(kind, monkeypatch):
    """On a device that holds no numbers, as a GPU is none that the CPU could reach into."""
    meta = torch.device("meta")
    monkeypatch.setattr(Engine, "device", meta)
    monkeypatch.setattr(Engine, "arithmetic", lambda engine: nullcontext())
    monkeypatch.setattr(AdversarialStep, "_optimiser", lambda players, net: Stub(net.parameters()))
    players = step_of(kind)
    for t in range(5):
        draws = players.draw(t).to(meta)
        with Spy() as spy:
            terms = players._compute(draws)
        assert terms.is_meta and not spy.found


@pytest.mark.gpu
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_is_recorded(kind):
    plain, graph = (step_of(kind, device="cuda", cuda_graph=g) for g in (False, True))
    for t in range(WARM_UP + 6):
        assert graph.step(t) == pytest.approx(plain.step(t), rel=5e-2, abs=1e-2)
    assert graph.launch.recorded


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["letters", "circles", "images"])
def test_noise_of_a_gpu_is_drawn_there_and_recorded(kind):
    options = {"device": "cuda", "device_noise": True}
    plain, graph = step_of(kind, **options), step_of(kind, **options, cuda_graph=True)
    noise = plain.draw(0).noise[0]
    assert all(part.is_cuda for part in noise)
    assert all(map(torch.equal, noise, graph.draw(0).noise[0]))
    for t in range(WARM_UP + 6):
        assert graph.step(t) == pytest.approx(plain.step(t), rel=5e-2, abs=1e-2)


@pytest.mark.gpu
@pytest.mark.parametrize("loss", LOSSES)
def test_a_graph_is_the_plain_step_up_to_rounding(loss):
    options = {"device": "cuda", "seed": 3, "steps": 40, "loss": loss}
    plain, graph = make(**options), make(**options, cuda_graph=True)
    for t in range(20):
        for trainer in (plain, graph):
            trainer.adversarial_step.set_learning_rate(1e-3 / (1 + t))
        expected, found = plain.adversarial_step.step(t), graph.adversarial_step.step(t)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)
        if t == 10:
            for trainer in (plain, graph):
                trainer.adversarial_step.load_state(copy.deepcopy(trainer.adversarial_step.state()))
    assert graph.adversarial_step.launch.recorded
