"""A step that is recorded and launched again is the step taken operation by operation."""

import copy
import math

import pytest
import torch
from test_rollback import Recorder, poison
from toys import make, same

from biogan.config import LOSSES
from biogan.errors import ConfigError
from biogan.training.capture import WARM_UP, Captured, Recorded
from biogan.training.draws import Draws
from biogan.training.engine import Engine
from biogan.training.players import NonFiniteTerm


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
    monkeypatch.setattr(Draws, "pinned", lambda draws: draws)

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
    assert recorded.players.launch.recordings == recordings
    for name in ("generator", "critic"):
        assert same(getattr(plain.players, name), getattr(recorded.players, name))
    assert same(plain.players.average.network, recorded.players.average.network)


def test_terms_are_those_of_the_step(replaying):
    plain, recorded = make(penalty_every=4), replaying(penalty_every=4)
    for t in range(4 * (WARM_UP + 2)):
        assert recorded.players.step(t) == plain.players.step(t)


def test_a_rollback_records_anew(replaying):
    """Optimisers go on with other tensors then, which the old graph does not know."""
    trainers = []
    for build in (make, replaying):
        recorder = Recorder(lambda step: poison(trainers[-1], "critic") if step == 6 else None)
        trainers.append(build(callbacks=[recorder], check_every=2, steps=12))
        trainers[-1].run()
        assert [alarm["back_to"] for alarm in recorder.alarms()] == [6 - 2]
    plain, recorded = trainers
    assert recorded.players.launch.recordings == 2
    assert same(plain.players.critic, recorded.players.critic)
    assert same(plain.players.average.network, recorded.players.average.network)


def test_a_term_that_is_no_number_is_named(replaying):
    for build in (make, replaying):
        trainer = build()
        for t in range(WARM_UP + 1):
            trainer.players.step(t)
        poison(trainer, "critic")
        with pytest.raises(NonFiniteTerm) as caught:
            trainer.players.step(WARM_UP + 1)
        assert math.isnan(caught.value.terms["critic"])


def test_a_state_of_one_machine_is_read_on_another(replaying):
    plain, recorded = make(), replaying()
    for t in range(WARM_UP + 2):
        plain.players.step(t)
    recorded.players.load_state(copy.deepcopy(plain.players.state()))
    group = recorded.players.critic_opt.param_groups[0]
    assert group["capturable"] and isinstance(group["lr"], torch.Tensor)
    back = make()
    back.players.load_state(copy.deepcopy(recorded.players.state()))
    group = back.players.critic_opt.param_groups[0]
    assert not group["capturable"] and isinstance(group["lr"], float)
    assert back.players.step(5) == recorded.players.step(5) == plain.players.step(5)


def test_a_graph_needs_a_cuda_device():
    with pytest.raises(ConfigError, match="--cuda-graph: needs one process and a CUDA device"):
        make(cuda_graph=True)


@pytest.mark.gpu
@pytest.mark.parametrize("loss", LOSSES)
def test_a_graph_is_the_plain_step_up_to_rounding(loss):
    options = {"device": "cuda", "seed": 3, "steps": 40, "loss": loss}
    plain, graph = make(**options), make(**options, cuda_graph=True)
    for t in range(20):
        for trainer in (plain, graph):
            trainer.players.set_learning_rate(1e-3 / (1 + t))
        expected, found = plain.players.step(t), graph.players.step(t)
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)
        if t == 10:
            for trainer in (plain, graph):
                trainer.players.load_state(copy.deepcopy(trainer.players.state()))
    assert graph.players.launch.recorded
