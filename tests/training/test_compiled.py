"""A step that was compiled is the step that was not."""

import copy
import signal
from pathlib import Path

import pytest
import torch
from kinds import KINDS, step_of
from toys import make

from biogan.core.errors import ConfigError, Interrupted
from biogan.training import compile as module
from biogan.training.compile import WARM_UP, compiled, is_half
from biogan.training.engine import Engine
from biogan.training.losses import LOSSES

ELF = b"\x7fELF" + bytes(36) + (64).to_bytes(8, "little") + bytes(10) + b"\x40\0\2\0" + bytes(130)


@pytest.fixture
def traced(monkeypatch):
    """Let ``--compile`` trace all of a half step, derivatives included, and run what it found."""
    monkeypatch.setattr(Engine, "program", lambda engine, half: compiled(half, "aot_eager"))


def but(few, names):
    """Mark all but a few as slow: tracing takes seconds."""
    return [name if name in few else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("kind", but(("dense", "dcgan", "images"), KINDS))
def test_a_traced_step_is_the_plain_one(kind, request):
    """As one program each, with nothing left to Python."""
    plain = step_of(kind)
    request.getfixturevalue("traced")
    found = step_of(kind)
    for t in range(2):
        assert found.step(t) == plain.step(t)
    for one, other in zip(found.critic.parameters(), plain.critic.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("loss", but(("relativistic",), LOSSES))
def test_every_loss_is_traced(loss, request):
    options = {"loss": loss, "critic_steps": 2, "r1": 0.1, "r2": 0.2, "gp": 0.5, "penalty_every": 2}
    plain = make(**options)
    request.getfixturevalue("traced")
    found = make(**options)
    assert found.adversarial_step.step(0) == plain.adversarial_step.step(0)


def test_a_program_serves_the_whole_run(monkeypatch):
    """Whatever changes between steps must not stand in it: it would be compiled again each time."""
    programs = []

    def counted(graph, inputs):
        programs.append(graph)
        return graph.forward

    monkeypatch.setattr(Engine, "program", lambda engine, half: compiled(half, counted))
    trainer = make(loss="relativistic", penalty_every=2, steps=8, check_every=2, decay_start=0.1)
    trainer.run()
    rates = [group["lr"] for group in trainer.adversarial_step.critic_opt.param_groups]
    assert (
        rates[0] < 1e-3 and len(programs) == 3
    )  # a critic with and without penalties, and the generator


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_compiled_run_is_the_plain_one_up_to_rounding():
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    options = {"loss": "relativistic", "gp": 0.5, "seed": 3, "penalty_every": 2}
    plain, found = make(**options), make(**options, compile=True)
    for t in range(6):
        assert found.adversarial_step.step(t) == pytest.approx(
            plain.adversarial_step.step(t), rel=1e-4, abs=1e-5
        )
    made = [*Path(cache_dir()).rglob("*.so")]
    assert made and not any(map(is_half, made))


@pytest.mark.gpu
@pytest.mark.timeout(600)
@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("kind", ["letters", "bf16", "images"])
def test_a_compiled_step_on_a_gpu_is_the_plain_one_up_to_rounding(kind, graph):
    options = {"device": "cuda"}
    plain = step_of(kind, **options)
    found = step_of(kind, **options, compile=True, cuda_graph=graph)
    for t in range(WARM_UP + 6):
        assert found.step(t) == pytest.approx(plain.step(t), rel=5e-2, abs=1e-2)


@pytest.mark.parametrize("kind", ["letters", "batch norm"])
def test_compiling_is_no_step(kind, monkeypatch):
    """It changes nothing, and what it made serves the steps."""
    programs = []

    def counted(graph, inputs):
        programs.append(graph)
        return graph.forward

    monkeypatch.setattr(Engine, "program", lambda engine, half: compiled(half, counted))
    players = step_of(kind)
    players.step(0)
    before, chance = copy.deepcopy(players.state()), torch.get_rng_state()
    players.compile()
    made = len(programs)
    for name, expected in before.items():
        if not name.endswith("_opt") and name != "logged":
            found = players.state()[name]
            assert all(torch.equal(found[key], value) for key, value in expected.items())
    assert torch.equal(torch.get_rng_state(), chance)
    for t in range(1, 5):
        players.step(t)
    assert len(programs) == made


def test_compiling_comes_before_the_first_step(monkeypatch):
    told = []

    class Told:
        def on_step(self, step, terms):
            told.append(step)

        def on_event(self, event, **details):
            told.append(event)

    monkeypatch.setattr("biogan.training.compile.lacking", lambda kind: None)
    monkeypatch.setattr(Engine, "program", lambda engine, half: compiled(half, "eager"))
    make(compile=True, steps=2, callbacks=[Told()]).run()
    assert told[:3] == ["compile", "compile", 1]


def test_half_a_program_is_known(tmp_path):
    """By the table of sections, here two of 64 bytes, that stands at the end of a whole one."""
    program = tmp_path / "program.so"
    for size in (0, 63, 64, 100, 191, 192):
        program.write_bytes(ELF[:size])
        assert is_half(program) == (size < 192)
    program.write_bytes(bytes(192))  # room that was made, and nothing written
    assert is_half(program)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_compiling_at_once_and_leaves_no_half(number, tmp_path, monkeypatch):
    """What a compiler was writing would be loaded by the next run."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    other, half = tmp_path / "other.so", tmp_path / "a" / "half.so"
    other.write_bytes(ELF)

    def stopped(graph, inputs):
        half.parent.mkdir()
        half.touch()
        signal.raise_signal(number)

    monkeypatch.setattr(Engine, "program", lambda engine, part: compiled(part, stopped))
    monkeypatch.setattr("biogan.training.compile.lacking", lambda kind: None)
    trainer = make(loss="standard", compile=True, save=lambda trainer: None)
    with pytest.raises(Interrupted, match="state saved at step 0, --resume goes on") as caught:
        trainer.run()
    assert caught.value.exit_code == 128 + number
    assert other.exists() and not half.exists()


def test_a_machine_without_a_compiler_is_told(monkeypatch):
    from torch._inductor.cpp_builder import cpp_compiler_search

    cpp_compiler_search.cache_clear()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        ConfigError, match=r"--compile: needs a C\+\+ compiler \(g\+\+\); train with"
    ):
        make(compile=True)


def test_a_compiler_that_fails_is_told():
    def failing(graph, inputs):
        raise RuntimeError("no compiler found\nand much more")

    with pytest.raises(ConfigError, match="--compile: the step cannot be compiled here .*no comp"):
        compiled(lambda x: x * 2, failing)(torch.ones(2))


def test_what_cannot_be_compiled_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(module, "_INSIDE", "no such setting")
    with pytest.raises(ConfigError, match="--compile: needs a torch that compiles derivatives"):
        make(compile=True)
