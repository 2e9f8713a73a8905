"""Several processes are one process on the joint batch."""

import subprocess
import sys
import textwrap

import pytest
import torch

from biogan.config import SequenceGANConfig
from biogan.training.engine import Engine

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


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
def test_two_processes_equal_one(loss, tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    for devices in (1, 2):
        out = tmp_path / str(devices)
        done = subprocess.run(
            [sys.executable, str(tmp_path / "train.py"), str(out), str(devices), loss],
            capture_output=True, text=True, timeout=110,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    one, two = (torch.load(tmp_path / d / "state.pt", weights_only=True) for d in "12")
    for name in ("generator", "critic"):
        for key, tensor in one[name].items():
            # A loss of differences gives this bias no gradient, and Adam makes steps of rounding.
            if key == "judge.bias":
                continue
            assert torch.allclose(tensor, two[name][key], atol=2e-5), (name, key)


def test_one_process_leads_and_owns_every_row():
    engine = Engine(SequenceGANConfig(device="cpu"))
    assert engine.lead and engine.world == 1
    assert torch.arange(4)[engine.rows].tolist() == [0, 1, 2, 3]
    assert engine.agree("word") == "word"


def test_threads_are_set_for_the_run_alone():
    before = torch.get_num_threads()
    engine = Engine(SequenceGANConfig(device="cpu", threads=before + 1))
    with engine.busy():
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    assert 1 <= Engine(SequenceGANConfig(device="cpu")).threads <= 4
