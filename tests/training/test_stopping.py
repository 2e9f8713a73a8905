"""A run that is stopped or dies: what it says, and what its folder holds then."""

import errno
import fcntl
import gzip
import io
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock
from helpers import Kill, Killed

from biogan import SequenceGAN, SequenceSet, read_fasta
from biogan.cli import main, run
from biogan.core.errors import CheckpointError, DivergedError, Interrupted, OutputError
from biogan.core.files import atomic_path
from biogan.core.rng import rng
from biogan.models import checkpoint
from biogan.models.checkpoint import ModelFolder, held
from biogan.sequences.io.write import write_fasta
from biogan.training.signals import Signals
from biogan.training.step import AdversarialStep

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 20, "check_every": 10}


ONE = SMALL | {"steps": 1, "judge_steps": 0}


def reads(seed=0):
    codes = rng(seed, "reads").integers(0, 4, (120, 20))
    return SequenceSet.from_strings(["".join("ACGT"[c] for c in row) for row in codes])


def fit(out, callbacks=(), **options):
    return SequenceGAN(**SMALL | {"judge_steps": 0} | options).fit(
        reads(), out=out, overwrite=True, callbacks=callbacks
    )


class Press:
    """Sends a signal, once or more often, at a step or when the judge is trained."""

    def __init__(self, number, step=None, times=1):
        self.number, self.step, self.times = number, step, times

    def press(self):
        for _ in range(self.times):
            os.kill(os.getpid(), self.number)

    def on_step(self, step, terms):
        if step == self.step:
            self.press()

    def on_event(self, event, **details):
        if event == "judge" and self.step is None and details["step"] == 1:
            self.press()


def contents(folder):
    """Every file and what is in it, but for the lock."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
    return {p.relative_to(folder): p.read_bytes() for p in files}


@pytest.fixture
def old(tmp_path):
    fit(tmp_path / "run", seed=1)
    return tmp_path / "run"


# --- a model that is replaced ---------------------------------------------------------------


@pytest.mark.parametrize("stop", [Kill(9), Press(signal.SIGTERM, 9), Press(signal.SIGINT, 9, 2)])
def test_a_run_that_ends_before_its_first_check_leaves_the_old_model(old, stop):
    before = contents(old)
    with pytest.raises((Killed, Interrupted)) as caught:
        fit(old, [stop], seed=2)
    assert contents(old) == before and not (old / ".new").exists()
    if isinstance(caught.value, Interrupted):
        assert f"before the first check, the model in {old} is as it was" in str(caught.value)


def test_a_full_disk_leaves_the_old_model(old, monkeypatch):
    before = contents(old)

    def full(*files):
        raise OutputError("state.pt: cannot be written: No space left on device")

    monkeypatch.setattr(checkpoint, "write_new", full)
    with pytest.raises(OutputError, match="No space left"):
        fit(old, seed=2)
    assert contents(old) == before


class Full:
    """A disk that has no room for the state between two steps."""

    def __init__(self, monkeypatch, first, last):
        self.monkeypatch, self.first, self.last, self.lines = monkeypatch, first, last, []
        self.write = checkpoint.write_new

    def on_step(self, step, terms):
        if step == self.first:
            self.monkeypatch.setattr(checkpoint, "write_new", self.fail)
        if step == self.last:
            self.monkeypatch.setattr(checkpoint, "write_new", self.write)

    def fail(self, *files):
        raise OutputError("state.pt: cannot be written: No space left on device")

    def on_event(self, event, **details):
        self.lines += details["lines"] if event == "note" else []


def test_a_disk_that_is_full_for_a_while_ends_no_run(tmp_path, monkeypatch):
    full = Full(monkeypatch, 8, 15)
    gan = fit(tmp_path / "run", [full])
    assert gan.card["training"]["steps"] == 20
    assert full.lines == [
        "step      10  state.pt: cannot be written: No space left on device; the run goes on, and "
        "saves as soon as that is possible",
        "step      20  saved again",
    ]
    fit(tmp_path / "whole")
    assert contents(tmp_path / "run").keys() == contents(tmp_path / "whole").keys()


def test_what_cannot_be_saved_at_the_end_is_an_error_and_can_be_resumed(tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(OutputError, match="No space left"):
        fit(tmp_path / "run", [Full(patch, 15, None)])
    SequenceGAN(**SMALL, judge_steps=0).fit(reads(), out=tmp_path / "run", resume=True)
    fit(tmp_path / "whole")
    for name in ("generator.safetensors", "critic.safetensors", "samples.fasta"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_run_that_failed_fails_when_it_is_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(AdversarialStep, "broken", lambda step: "generator")
    for resume in (False, True):
        gan = SequenceGAN(**SMALL, judge_steps=0)
        with pytest.raises(
            DivergedError, match="a weight of the generator is no n|nothing was learned"
        ):
            gan.fit(reads(), out=tmp_path / "run", resume=resume)


def test_after_the_first_check_the_folder_is_the_new_runs(old):
    (old / "new.fasta").write_text("mine")
    log = (old / "log.jsonl").read_text()
    with pytest.raises(Killed):
        fit(old, [Kill(12)], seed=2)
    assert (old / "new.fasta").read_text() == "mine" and not (old / ".new").exists()
    assert json.loads((old / "config.json").read_text())["config"]["seed"] == 2
    assert (old / "samples.fasta").exists() and (old / "log.jsonl").read_text() != log
    SequenceGAN(**SMALL, judge_steps=0, seed=2).fit(reads(), out=old, resume=True)
    fit(old.parent / "whole", seed=2)
    for name in ("generator.safetensors", "samples.fasta"):
        assert (old / name).read_bytes() == (old.parent / "whole" / name).read_bytes()
    rows = [json.loads(line) for line in (old / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [10, 20, 20]


def test_killed_it_leaves_the_old_model_and_a_later_run_clears_up(old):
    before = contents(old)
    code = textwrap.dedent("""
        import os, sys
        sys.path[:0] = sys.argv[2:]
        from test_stopping import Press, fit
        fit(sys.argv[1], [Press(9, 9)], seed=2)
    """)
    here = Path(__file__).parent
    folders = [str(here), str(here.parent / "support")]
    done = subprocess.run([sys.executable, "-c", code, str(old), *folders], timeout=100)
    assert done.returncode == -signal.SIGKILL
    assert before.items() <= contents(old).items()
    assert (old / ".new" / "state.pt").exists()
    fit(old, seed=3)
    assert not (old / ".new").exists()


def test_what_a_killed_run_left_half_written_goes_when_a_run_goes_on(old):
    half, new = old / ".state.pt.4242.abcd.tmp", old / ".new"
    half.write_bytes(b"half")
    new.mkdir()
    more = SMALL | {"steps": 25, "judge_steps": 0, "seed": 1}
    SequenceGAN(**more).fit(reads(), out=old, resume=True)
    assert not new.exists() and not half.exists()


def test_a_kill_in_an_exchange_leaves_one_of_both_models(old, tmp_path, monkeypatch):
    """Each rename, removal and new folder may be the last thing that a process does."""
    gans = [SequenceGAN.load(old), fit(tmp_path / "other", seed=2)]
    samples = [gan.sample(5).strings() for gan in gans]
    seen = []
    for most in range(100):
        folder = tmp_path / f"killed after {most}"
        shutil.copytree(old, folder)
        with monkeypatch.context() as patch:
            patch.setattr(ModelFolder, "discard", lambda self: None)
            if whole := killed_after(most, patch, lambda f=folder: gans[1].save(f, overwrite=True)):
                break
        gan = SequenceGAN.load(folder)
        seen.append(samples.index(gan.sample(5).strings()))
        assert gan.config.seed == seen[-1] + 1
        assert gan.score(reads()).tolist() == gans[seen[-1]].score(reads()).tolist()
        if seen[-1] == 0:
            assert contents(old).items() <= contents(folder).items()
            more = SMALL | {"steps": 25, "judge_steps": 0, "seed": 1}
            SequenceGAN(**more).fit(reads(), out=folder, resume=True)
        else:
            gan.save(folder, overwrite=True)
            assert not (folder / "log.jsonl").exists()
        assert not (folder / ".new").exists()
    assert whole and seen == sorted(seen) and {*seen} == {0, 1} and len(seen) > 10


def killed_after(most, patch, work, begun=lambda: True, fault=Killed):
    """Whether some work ends before so many changes of files; it is stopped after them."""
    done = 0

    def counted(function):
        def change(*args, **options):
            nonlocal done
            done += begun()
            if done > most:
                raise fault()
            return function(*args, **options)

        return change

    for name in ("replace", "unlink", "mkdir", "rmdir"):
        patch.setattr(os, name, counted(getattr(os, name)))
    try:
        work()
    except Killed:
        return False
    return True


def test_a_kill_while_a_state_is_saved_leaves_a_run_that_goes_on(tmp_path, monkeypatch):
    """The files of a state are moved one by one, and are those of one step for a reader."""
    steps = []
    for most in range(2, 100, 7):
        out = tmp_path / str(most)
        with monkeypatch.context() as patch:
            begun = (out / "state.pt").exists
            if killed_after(most, patch, lambda f=out: fit(f, seed=1), begun):
                break
        gan = SequenceGAN.load(out)
        steps.append(gan.card.training.steps)
        assert gan.score(reads()).shape == (120,)
        more = SMALL | {"judge_steps": 0, "seed": 1, "steps": 21}
        gan = SequenceGAN(**more).fit(reads(), out=out, resume=True)
        assert not (out / ".new").exists() and gan.card.training.steps == 21
    assert steps == sorted(steps) and {*steps} == {0, 10, 20} and len(steps) > 4


def test_killed_before_its_first_state_a_run_begins_again(tmp_path, monkeypatch):
    """Each change of a file up to the first state may be the last; files of the user stay."""
    fit(tmp_path / "whole", steps=1)
    begun = 0
    for most in range(100):
        out = tmp_path / f"killed after {most}"
        with monkeypatch.context() as patch:
            patch.setattr(ModelFolder, "discard", lambda self: None)
            killed_after(most, patch, lambda f=out: SequenceGAN(**ONE).fit(reads(), out=f))
        if ModelFolder(out).resumable:
            break
        if ModelFolder(out).described:
            (out / "notes.txt").write_text("mine")
            begun += 1
        # Without a trace of a run only the plain start begins one.
        again = most % 2 == 1 and ModelFolder(out).visited
        SequenceGAN(**ONE).fit(reads(), out=out, resume=again)
        assert (out / "notes.txt").exists() == ModelFolder(out).described * bool(begun)
        assert contents(out).items() >= gone(tmp_path / "whole").items()
    assert most > 5 and begun > 2


def gone(folder):
    """What does not tell the time."""
    names = ("generator.safetensors", "critic.safetensors", "samples.fasta")
    return {Path(name): (folder / name).read_bytes() for name in names}


def test_what_an_untrained_generator_writes_is_not_silent(tmp_path, capsys):
    with pytest.raises(Killed):
        fit(tmp_path, [Kill(3)])
    assert run(["sample", str(tmp_path), "-n", "2"]) == 0
    told = f"{tmp_path}: no check was reached yet, its generator is untrained"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("trace", ["", "config.json", ".lock"])
def test_where_no_run_was_nothing_is_resumed(trace, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    if trace == "config.json":
        (tmp_path / trace).write_text("{}")
    if trace == ".lock":
        (tmp_path / trace).touch()
        fit(tmp_path)
        assert (tmp_path / "notes.txt").read_text() == "mine"
        return
    with pytest.raises(CheckpointError, match=r"nothing to resume, there is no state\.pt"):
        SequenceGAN(**ONE).fit(reads(), out=tmp_path, resume=True)
    with pytest.raises(OutputError, match="not empty"):
        SequenceGAN(**ONE).fit(reads(), out=tmp_path)


@pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")
def test_a_run_that_begins_again_has_the_options_it_had(tmp_path, capsys):
    """The card is there, the state is not: --resume without options is that run."""
    write_fasta(reads(), tmp_path / "x.fa")
    out = tmp_path / "run"
    argv = ["train", str(tmp_path / "x.fa"), "-o", str(out)]
    options = ["--steps", "2", "--width", "8", "--depth", "1", "--latent", "8", "--seed", "3"]
    main([*argv, *options, "--judge-steps", "0"])
    kept = gone(out)
    card = json.loads((out / "config.json").read_text())
    for path in out.iterdir():
        path.unlink()
    del card["training"]
    (out / "config.json").write_text(json.dumps(card))
    capsys.readouterr()
    main([*argv, "--resume"])
    assert gone(out) == kept
    assert json.loads((out / "config.json").read_text())["chosen"] == card["chosen"] != []
    told = f"{out}: nothing was saved yet, the run starts from the beginning"
    assert told in capsys.readouterr().err


def test_who_waited_for_a_run_does_not_replace_its_model(tmp_path, monkeypatch):
    """The folder was empty when it was looked at first, and is not when it is free."""
    look = ModelFolder.check
    looked = []

    def check(self, *how):
        look(self, *how)
        if not looked:
            looked.append(self)
            fit(tmp_path / "run", steps=1)

    monkeypatch.setattr(ModelFolder, "check", check)
    with pytest.raises(OutputError, match="not empty"):
        SequenceGAN(**ONE).fit(reads(), out=tmp_path / "run")


def test_a_damaged_list_of_digests_can_be_overwritten_alone(old):
    (old / "SHA256SUMS").write_text("damaged")
    with pytest.raises(OutputError, match="not empty"):
        SequenceGAN(**ONE).fit(reads(), out=old)
    with pytest.raises(CheckpointError, match="SHA256SUMS: damaged"):
        SequenceGAN(**ONE).fit(reads(), out=old, resume=True)
    fit(old, seed=4)
    assert SequenceGAN.load(old).config.seed == 4


def test_a_disk_that_is_full_from_some_moment_on_leaves_whole_files(old, tmp_path, monkeypatch):
    """Both models stand in whole files, or the old one does; with room again the run ends."""
    other = fit(tmp_path / "other", seed=2)
    kept = gone(tmp_path / "other")
    ends = set()
    for most in range(0, 100, 13):
        folder = tmp_path / f"full after {most}"
        shutil.copytree(old, folder)
        with monkeypatch.context() as patch:
            try:
                whole = killed_after(most, patch, lambda f=folder: fit(f, seed=2), fault=no_room)
            except OutputError as error:
                whole = False
                assert str(error).count("No space left on device") == 1 and "\n" not in str(error)
        gan = SequenceGAN.load(folder)
        ends.add(gan.config.seed)
        assert gan.score(reads()).shape == (120,)
        if whole:
            break
        fit(folder, seed=2)
        assert contents(folder).items() >= kept.items()
    assert ends == {1, 2} and gan.sample(5).strings() == other.sample(5).strings()


def no_room():
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_it_is_said_that_the_old_model_stays(old, tmp_path, capsys):
    write_fasta(reads(), tmp_path / "x.fa")
    main(["train", str(tmp_path / "x.fa"), "-o", str(old), "--overwrite", "--steps", "2"])
    assert f"the model in {old} stays until this run has kept a gen" in capsys.readouterr().err


def test_without_a_state_nothing_is_said_of_resuming(old, tmp_path, capsys):
    (old / "state.pt").unlink()
    write_fasta(reads(), tmp_path / "x.fa")
    assert run(["train", str(tmp_path / "x.fa"), "-o", str(old)]) == 1
    said = capsys.readouterr().err
    assert "--resume" not in said and "or replace the model in it with --overwrite" in said
    with pytest.raises(OutputError, match="choose another folder$"):
        (old / "config.json").unlink()
        ModelFolder(old).check()


def test_two_runs_do_not_share_a_folder(tmp_path, capsys):
    out, path = tmp_path / "run", tmp_path / "reads.fasta"
    write_fasta(reads(), path)
    argv = ["train", str(path), "-o", str(out), "--judge-steps", "0"]
    argv += [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    script = f"""if True:
        from pathlib import Path
        from biogan.models.checkpoint import held
        with held(Path({str(out)!r})):
            print("held", flush=True)
            input()
    """
    other = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    assert run(argv) == 1
    told = f"{out}: process {other.pid} on {platform.node()} is training there: wait for its end"
    assert told in capsys.readouterr().err
    with pytest.raises(OutputError, match="is training there"):
        fit(out)
    other.communicate("\n", timeout=60)
    # Nothing was written: the folder is gone, and free.
    assert other.returncode == 0 and not out.exists()
    assert run([*argv, "--steps", "0"]) == 2 and not out.exists()
    # Never removed, as somebody may have it open; it names nobody any more.
    assert run(argv) == 0 and (out / ".lock").read_bytes() == b""


def test_two_threads_do_not_share_a_folder(tmp_path):
    out = tmp_path / "run"

    def other():
        with held(out):
            pass

    with ThreadPoolExecutor(1) as pool:
        with held(out), held(out):  # the same thread may hold it twice
            with pytest.raises(OutputError, match=f"process {os.getpid()} on .* is training there"):
                pool.submit(other).result()
            assert (out / ".lock").exists()
        assert not out.exists()
        pool.submit(other).result()
    assert not out.exists()


def test_the_lock_of_a_dead_process_is_free_and_an_odd_one_is_nobodys(tmp_path):
    (tmp_path / ".lock").write_text("process 4194305 on here")
    with held(tmp_path) as locked:
        assert locked and str(os.getpid()) in (tmp_path / ".lock").read_text()
    with FileLock(tmp_path / ".lock"):
        (tmp_path / ".lock").write_bytes(b"\xff\x1b[31m" * 9)
        with (
            pytest.raises(OutputError, match=r": a process is training there: wait"),
            held(tmp_path),
        ):
            pass


def test_the_lock_file_is_never_another(tmp_path):
    def number():
        with held(tmp_path):
            return (tmp_path / ".lock").stat().st_ino

    assert number() == number()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told(number, tmp_path, monkeypatch):
    def flock(*args):
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    lines = []

    class Listen(Press):
        def on_event(self, event, **details):
            lines.extend(details.get("lines", ()))

    with held(tmp_path / "x") as locked:
        assert not locked
    fit(tmp_path / "run", [Listen(0)], steps=1)
    told = "its file system has no locks: see to it that no second run writes there"
    assert lines[0] == f"{tmp_path / 'run'}: {told}"


def test_a_folder_that_cannot_be_locked_is_one_line(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(OutputError, match=r"cannot be written: Is a directory"), held(tmp_path):
        pass


# --- signals --------------------------------------------------------------------------------


def test_the_first_signal_is_answered_at_once(capfd):
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.caught == signal.SIGINT
        assert capfd.readouterr().err == "stopping after this step; Ctrl-C again stops at once\n"
    with Signals(speak=False):
        os.kill(os.getpid(), signal.SIGTERM)
        assert capfd.readouterr().err == ""


def test_what_a_cluster_sends_twice_stops_no_sooner():
    with Signals(speak=False) as signals:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
        assert signals.caught == signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_outside_of_training_leaves_no_half_written_file(number, tmp_path, capsys):
    def write(*args):
        with atomic_path(tmp_path / "new.fasta") as path:
            path.write_text(">half")
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            finally:  # a cluster sends it to a launcher too, which passes it on
                os.kill(os.getpid(), number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("biogan.cli.main", write)
        assert run(["sample", "run"]) == 128 + number
    assert capsys.readouterr().err == f"biogan: {signal.Signals(number).name}: stopped\n"
    assert not list(tmp_path.iterdir()) and signal.getsignal(number) == signal.SIG_DFL


def test_a_signal_is_no_fault_of_a_file_or_a_library(capsys):
    """It was told as damaged gzip data, and who goes on without a library went on."""

    class Slow(io.BytesIO):
        def read1(self, size=-1):
            if self.tell():
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(5)
            return super().read1(10)

    def unpack(argv):
        read_fasta(Slow(gzip.compress(b">a\nACGT\n")))

    def go_on(argv):
        with suppress(Exception):
            [*iter(Slow(bytes(99)).read1, b"")]

    for command in (unpack, go_on):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("biogan.cli.main", command)
            assert run(["train", "x.fa.gz"]) == 128 + signal.SIGTERM
        assert capsys.readouterr().err == "biogan: SIGTERM: stopped\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"])
def test_who_waits_for_others_dies_of_a_signal(name):
    """A library that waits looks at no handler of Python, and the command line has one."""
    script = textwrap.dedent(
        """
        import time
        from biogan.cli import terminated
        from biogan.training.signals import mortal
        with terminated(), mortal():
            print("waiting", flush=True)
            time.sleep(100)
        """
    )
    waiting = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert waiting.stdout.readline() == "waiting\n"
    waiting.send_signal(getattr(signal, name))
    waiting.communicate(timeout=30)
    assert waiting.returncode == -getattr(signal, name)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGHUP])
def test_warnings_of_the_end_are_heeded_unless_they_are_ignored(number, tmp_path):
    with pytest.raises(Interrupted) as caught:
        fit(tmp_path / "run", [Press(number, 13)])
    assert caught.value.exit_code == 128 + number
    assert "state saved at step 13, --resume goes on" in str(caught.value)
    old = signal.signal(number, signal.SIG_IGN)
    try:
        with Signals() as signals:
            os.kill(os.getpid(), number)
            assert signals.caught is None
    finally:
        signal.signal(number, old)


def test_the_second_one_says_what_is_saved(tmp_path):
    out = tmp_path / "run"
    with pytest.raises(Interrupted) as caught:
        fit(out, [Press(signal.SIGINT, 13, 2)])
    assert caught.value.exit_code == 130
    assert str(caught.value) == (
        f"SIGINT: stopped at once; the state of step 10 is in {out}, --resume goes on"
    )
    gan = SequenceGAN(**SMALL, judge_steps=0).fit(reads(), out=out, resume=True)
    assert gan.card["training"]["steps"] == 20


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_the_judge_is_trained(tmp_path, number, code, times):
    options = {"judge_steps": 5, "seed": 1}
    gan = SequenceGAN(**SMALL | options)
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught:
        gan.fit(reads(), out=tmp_path / "run", callbacks=[Press(number, times=times)])
    assert caught.value.exit_code == code and signal.getsignal(number) is before
    assert str(caught.value) == (
        f"{signal.Signals(number).name}: the run was over and is saved, at step 20; the model is "
        "whole, --resume trains the critic of sample --refine"
    )
    whole = SequenceGAN(**SMALL | options).fit(reads(), out=tmp_path / "whole")
    assert gan.sample(9).strings() == whole.sample(9).strings()
    again = SequenceGAN(**SMALL | options).fit(reads(), out=tmp_path / "run", resume=True)
    assert again.card["judge"] == whole.card["judge"]
