"""Several processes are one process on the joint batch."""

import subprocess
import sys
import textwrap

import pytest
import torch
from toys import difference

from biogan.core.errors import ConfigError
from biogan.sequences.config import SequenceGANConfig
from biogan.training import engine
from biogan.training.engine import Engine

# Seconds for what takes five on an idle machine: three processes load torch, side by side.
LIMIT = 300

SCRIPT = textwrap.dedent(
    """
    import sys
    import torch
    from biogan import SequenceGAN, SequenceSet

    torch.set_num_threads(1)
    out, devices = sys.argv[1], int(sys.argv[2])
    texts = ["ACGTTGCA" + "ACGT"[i % 4] + "TTGA"[i // 30] for i in range(120)]
    reads = SequenceSet.from_strings(texts)
    gan = SequenceGAN(
        loss=sys.argv[3], width=8, depth=1, latent=8, batch_size=8, steps=4, seed=1, ema=0.5,
        r1=0.1, r2=0.1, gp=0.1, device="cpu", devices=devices, validation=0.0,
    ).fit(reads, out=out)
    """
)


# Only the first process judges: it sees an explosion at step 4 that the others must follow.
ROLLBACK = SCRIPT.replace(
    "torch.set_num_threads(1)",
    textwrap.dedent(
        """
        import biogan.models.fit
        from biogan.training.trainer import CheckResult

        class Scripted:
            references = {}
            def __init__(self, *args): pass
            def __call__(self, network, step):
                distances = [8.0, 2.0, 2.0, 99.0, 1.0, 1.3]
                return CheckResult({"validation_distance": distances[step - 1]}, {})

        biogan.models.fit.ValidationMonitor = Scripted
        torch.set_num_threads(1)
        """
    ),
).replace("steps=4", "steps=6, check_every=1")


def one_and_two_processes(script, loss, folder):
    """Train with one and with two processes; return the two folders."""
    (folder / "train.py").write_text(script)
    for devices in (1, 2):
        done = subprocess.run(
            [sys.executable, str(folder / "train.py"), str(folder / str(devices)), str(devices),
             loss],
            capture_output=True, text=True, timeout=LIMIT,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return [folder / d for d in "12"]


@pytest.mark.slow
@pytest.mark.timeout(3 * LIMIT)
def test_two_processes_roll_back_together(tmp_path):
    runs = one_and_two_processes(ROLLBACK, "wgan-gp", tmp_path)
    for state in (torch.load(run / "state.pt", weights_only=True) for run in runs):
        assert (state["good"]["count"], state["numbers"]["best_step"]) == (1, 5)
    assert difference(*runs) < 1e-5


@pytest.mark.slow
@pytest.mark.timeout(3 * LIMIT)
@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
def test_two_processes_equal_one(loss, tmp_path):
    one, two = one_and_two_processes(SCRIPT, loss, tmp_path)
    assert difference(one, two) < 1e-5


def test_one_process_leads_and_owns_every_row():
    engine = Engine(SequenceGANConfig(device="cpu"))
    assert engine.lead and engine.world == 1
    assert torch.arange(4)[engine.rows(4)].tolist() == [0, 1, 2, 3]
    assert engine.agree("word") == "word"


OTHER = """
import time
from biogan.training.signals import end_together
end_together()
print("up", flush=True)
time.sleep(100)
"""
FIRST = f"""
import os, subprocess, sys
from biogan.training.signals import end_together
end_together()
subprocess.run([sys.executable, "-c", {OTHER!r}], env=dict(os.environ, LOCAL_RANK="1"))
"""


@pytest.mark.timeout(60)
def test_the_other_processes_end_with_the_first():
    with subprocess.Popen([sys.executable, "-c", FIRST], stdout=subprocess.PIPE) as first:
        assert first.stdout.readline() == b"up\n"
        first.kill()
        # Open for as long as the other process lives.
        assert first.stdout.read() == b""


def test_more_threads_than_cores_are_refused():
    with pytest.raises(ConfigError, match=r"--threads 999: this machine has \d+ cores"):
        Engine(SequenceGANConfig(device="cpu", threads=999))


def test_threads_are_set_for_the_run_alone():
    before = torch.get_num_threads()
    engine = Engine(SequenceGANConfig(device="cpu", threads=before + 1))
    with engine.busy():
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    assert 1 <= Engine(SequenceGANConfig(device="cpu")).threads <= 4


@pytest.mark.parametrize(("fast", "taken"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_likelihood_is_computed_in_bfloat16_where_the_processor_has_it(monkeypatch, fast, taken):
    monkeypatch.setattr(engine, "multiplies_bfloat16", lambda: fast)
    plain, asked = (
        Engine(SequenceGANConfig(device="cpu", steps=1, precision=some))
        for some in ("float32", "bf16")
    )
    for machine, expected in ((plain, taken), (asked, torch.bfloat16)):
        with machine.likelihood_arithmetic():
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected
