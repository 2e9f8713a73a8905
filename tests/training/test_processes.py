"""Launchers: which processes there are, whose rows they draw, what one of them reads for all."""

import json
import os
import socket
import subprocess
import sys

import pytest
from toys import difference

from biogan.core.rng import rng
from biogan.training.engine import processes_started

COMMAND = [sys.executable, "-c", "import sys; from biogan.cli import run; sys.exit(run())"]
# The same, and says at the very end whether the processes are still connected.
WATCHED = [sys.executable, "-c", (
    "import atexit, sys, torch.distributed as d; from biogan.cli import run; "
    "atexit.register(lambda: print('open' if d.is_initialized() else 'closed', file=sys.stderr)); "
    "sys.exit(run())"
)]  # fmt: skip
FLAGS = ["--width", "8", "--depth", "1", "--latent", "8", "--batch-size", "8", "--seed", "1",
         "--device", "cpu", "--ema", "0.5", "--validation", "0", "--store"]  # fmt: skip
# Seconds for what takes ten on an idle machine: every process loads torch.
LIMIT = 300
CLOSE = 1e-5


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "reads.fasta"
    rows = ["".join(row) for row in rng(0, "reads").choice(list("ACGT"), (60, 12))]
    path.write_text("".join(f">r{i}\n{row}\n" for i, row in enumerate(rows)))
    return path


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def srun(rank, port):
    """Return the environment that srun gives process ``rank`` of two on one node."""
    return os.environ | {
        "SLURM_NTASKS": "2", "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank),
        "SLURM_NODEID": "0", "SLURM_NNODES": "1", "SLURM_NTASKS_PER_NODE": "2",
        "SLURM_JOB_ID": "4242", "SLURM_JOB_NAME": "biogan", "SLURM_NODELIST": "127.0.0.1",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
    }  # fmt: skip


def train(processes, fasta, out, *more):
    """Train; return what each process said."""
    argv = [*COMMAND, "train", str(fasta), "-o", str(out), *FLAGS, *more]
    argv += ["--devices", str(processes)]
    port = free_port()
    return together([
        (argv, srun(rank, port) if processes == 2 else None) for rank in range(processes)
    ])  # fmt: skip


def together(commands):
    """Run commands, each with its environment, side by side; return what each said."""
    started = [
        subprocess.Popen(
            argv, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        for argv, env in commands
    ]
    try:
        told = [process.communicate(timeout=LIMIT)[1] for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert [process.returncode for process in started] == [0] * len(started), told
    return told


@pytest.mark.slow
@pytest.mark.timeout(4 * LIMIT)
def test_srun_reads_once_speaks_once_and_a_run_goes_on_with_another_number(fasta, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    train(1, fasta, one, "--steps", "3")
    told = train(2, fasta, two, "--steps", "3")
    assert "60 records read" in told[0] and "records read" not in told[1]
    assert json.loads((two / "config.json").read_text())["training"]["processes"] == 2
    assert (two / "sequences" / "store.json").exists()
    # Rounding; one step moves a weight by a thousandth.
    assert difference(one, two) < CLOSE
    # One goes on with two processes, two with one.
    train(2, fasta, one, "--resume", "--steps", "6")
    train(1, fasta, two, "--resume", "--steps", "6")
    assert difference(one, two) < CLOSE
    trained = [json.loads((run / "config.json").read_text())["training"] for run in (one, two)]
    assert [(run["processes"], run["steps"]) for run in trained] == [(2, 6), (1, 6)]


@pytest.mark.slow
@pytest.mark.timeout(2 * LIMIT)
@pytest.mark.parametrize(("nodes", "each"), [(1, 2), (2, 1)])
def test_torchrun_starts_the_processes_of_one_node_or_of_two(nodes, each, fasta, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    train(1, fasta, one, "--steps", "3")
    argv = [
        sys.executable, "-m", "torch.distributed.run", "--nnodes", str(nodes),
        "--nproc-per-node", str(each), "--rdzv-backend", "c10d",
        "--rdzv-endpoint", f"127.0.0.1:{free_port()}", "--no-python", *WATCHED, "train",
        str(fasta), "-o", str(two), *FLAGS, "--steps", "3", "--devices", str(each),
        "--nodes", str(nodes),
    ]  # fmt: skip
    told = together([(argv, os.environ | {"OMP_NUM_THREADS": "1"})] * nodes)
    assert sum("60 records read" in text for text in told) == 1
    assert difference(one, two) < CLOSE
    # A process that ends with an open connection is aborted now and then, and torchrun then kills
    # the first one before it has written the page.
    assert (sum(text.count("closed\n") for text in told), "open\n" in "".join(told)) == (2, False)
    assert (two / "report.html").exists()


@pytest.mark.slow
@pytest.mark.timeout(2 * LIMIT)
def test_quiet_processes_say_nothing(fasta, tmp_path):
    assert train(2, fasta, tmp_path / "run", "--steps", "1", "-q") == ["", ""]


def test_the_number_of_processes_that_a_launcher_started(monkeypatch):
    for name in ("TORCHELASTIC_RUN_ID", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert processes_started() is None
    monkeypatch.setenv("SLURM_PROCID", "0")
    monkeypatch.setenv("SLURM_NTASKS", "8")
    assert processes_started() == 8
    monkeypatch.setenv("SLURM_JOB_NAME", "interactive")
    assert processes_started() is None
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert processes_started() == 4


def test_a_program_without_a_file_starts_no_others():
    code = """if True:
        from biogan import SequenceGAN, SequenceSet
        reads = SequenceSet.from_strings(["ACGT", "ACGA"])
        SequenceGAN(devices=2, steps=1, device="cpu").fit(reads)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 1
    told = "--devices 2, --nodes 1: every process runs the program from its file, and this one has"
    assert told in done.stderr
