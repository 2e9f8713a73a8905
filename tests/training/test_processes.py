"""Launchers: how many processes they started."""

from biogan.training.engine import processes_started


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
