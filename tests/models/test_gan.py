"""SequenceGAN: fit, sample, score, save, load, resume."""

import json

import numpy as np
import pytest
import torch
from helpers import Kill, Killed, unverified

from biogan import SequenceGAN, SequenceSet, write_fasta
from biogan.cli import main
from biogan.core.errors import AlphabetError, CheckpointError, ConfigError, DataError, OutputError
from biogan.core.protocols import Sampler
from biogan.core.rng import rng
from biogan.models import sampling
from biogan.sequences.splits import split
from biogan.sequences.tokenizer import Tokenizer
from biogan.sequences.tokens import SequenceValidation

pytestmark = pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 6, "seed": 1}


def reads(n=120, low=20, high=20, alphabet="dna", seed=0):
    random = rng(seed, "reads")
    letters = SequenceSet.from_strings([""], alphabet=alphabet).alphabet.letters
    lengths = random.integers(low, high + 1, n)
    texts = ["".join(random.choice(list(letters), k)) for k in lengths]
    return SequenceSet.from_strings(texts, alphabet=alphabet)


@pytest.fixture(scope="module")
def gan():
    return SequenceGAN(**SMALL).fit(reads())


@pytest.fixture
def folder(gan, tmp_path):
    gan.save(tmp_path / "run")
    return tmp_path / "run"


def test_it_is_a_sampler(gan):
    assert isinstance(gan, Sampler)
    new = gan.sample(5, seed=7)
    assert len(new) == 5 and set(new.lengths) == {20}
    assert new.ids == [f"gan7_{i}" for i in range(1, 6)]


def wide(gan, *span, **options):
    start, stop = span
    chunks = gan.stream(stop, 7, start=start, device_noise=True, **options)
    return [text for chunk in chunks for text in chunk.records.strings()]


def check_wide_noise(gan, whole):
    n = len(whole)
    assert wide(gan, 0, n) == whole == gan.sample(n, 7, device_noise=True).strings()
    assert wide(gan, 0, n // 2) + wide(gan, n // 2, n) == whole
    plain = gan.sample(n, 7).strings()
    assert whole[:9] != plain[:9]
    # The same distribution: letters by position, five standard deviations of a share.
    columns = [np.array([list(text) for text in texts]) for texts in (whole, plain)]
    for letter in "ACGT":
        a, b = ((x == letter).mean(0) for x in columns)
        assert a == pytest.approx(b, abs=5 * 0.5 * (2 / n) ** 0.5)


def test_noise_of_a_device_is_another_stream_of_the_same_records(gan, monkeypatch):
    monkeypatch.setattr(sampling, "WIDER", 2)
    check_wide_noise(gan, wide(gan, 0, 3_000))
    with pytest.raises(ConfigError, match="--refine mh --device-noise: .* take one of the two"):
        gan.sample(3, refine="mh", device_noise=True)


@pytest.mark.gpu
def test_noise_of_a_gpu(folder):
    here, there = (SequenceGAN.load(folder, device) for device in ("cpu", "cuda"))
    check_wide_noise(there, wide(there, 0, 20_000))
    # Rounding may turn a letter of a draw that is nearly even.
    same = [
        a == b
        for a, b in zip(
            there.sample(2_000, 7).strings(), here.sample(2_000, 7).strings(), strict=True
        )
    ]
    assert np.mean(same) > 0.99


def test_a_list_of_strings_is_scored_as_a_set_and_numbers_are_checked(gan):
    new = gan.sample(5, 1)
    assert gan.score(new.strings()).tolist() == gan.score(new).tolist()
    with pytest.raises(AlphabetError, match="the scored set does not fit the model"):
        gan.score(["MKV"])
    for bad in (0, -1, 2.5, True):
        with pytest.raises(ConfigError, match=f"-n {bad}: a whole number is needed, at least 1 se"):
            gan.sample(bad)
    for options in ({"n": 2.5}, {"n": 5, "start": -3}):
        with pytest.raises(ConfigError, match="a whole number is needed, at least 0 sequences"):
            gan.stream(**options)


def test_options_are_keywords_and_wrong_ones_are_named():
    assert SequenceGAN(gp=10).config.gp == 10
    with pytest.raises(ConfigError, match="unknown option 'lrr': did you mean 'lr'"):
        SequenceGAN(lrr=1)
    with pytest.raises(ConfigError, match="--width 0: must be between 1 and"):
        SequenceGAN(width=0)
    for use in (lambda g: g.sample(1), lambda g: g.score(reads()), lambda g: g.save("nowhere")):
        with pytest.raises(ConfigError, match="not fitted"):
            use(SequenceGAN())
    assert repr(SequenceGAN(gp=10)) == "SequenceGAN(gp=10.0)"


@pytest.mark.parametrize("temperature", [0.0, 1.0, 2.0])
def test_the_same_records_whatever_is_asked_for(gan, temperature):
    many = gan.sample(1300, seed=3, temperature=temperature)
    few = gan.sample(10, seed=3, temperature=temperature)
    assert few.strings() == many[:10].strings() and few.ids == many.ids[:10]
    parts = [c.records for c in gan.stream(1300, 3, 700, temperature=temperature)]
    assert [s for p in parts for s in p.strings()] == many.strings()[700:]
    assert [i for p in parts for i in p.ids] == many.ids[700:]


def test_seeds_differ_and_sampling_leaves_the_global_generators_alone(gan):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global generator is what is tested
    expected = torch.rand(2), np.random.rand(2)
    torch.manual_seed(5)
    np.random.seed(5)
    assert gan.sample(20, seed=1).strings() != gan.sample(20, seed=2).strings()
    assert torch.equal(torch.rand(2), expected[0]) and (np.random.rand(2) == expected[1]).all()


def test_bad_requests(gan):
    with pytest.raises(ConfigError, match="at least 1"):
        gan.sample(0)
    with pytest.raises(ConfigError, match="--temperature -1"):
        gan.sample(1, temperature=-1)
    with pytest.raises(DataError, match="needs a SequenceSet, not list"):
        SequenceGAN(**SMALL).fit(["ACGT"])


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (reads(low=5, high=30), "variable"),
        (reads(alphabet="protein", low=8, high=20), "variable"),
        (reads(alphabet="custom:ACGU-"), "aligned"),
        (reads(n=3), "fixed"),
        (reads(n=70, low=1, high=1), "fixed"),
    ],
)
def test_every_kind_of_data(data, kind):
    gan = SequenceGAN(**SMALL).fit(data)
    assert gan.tokenizer.kind == kind
    new = gan.sample(50)
    assert len(new) == 50 and new.alphabet.letters == data.alphabet.letters
    assert 1 <= new.lengths.min() and new.lengths.max() <= data.lengths.max()
    assert gan.score(new).shape == (50,)


@pytest.mark.parametrize("option", [
    {"architecture": "dcgan"}, {"attention": True}, {"head": "softmax"}, {"head": "gumbel"},
    {"loss": "relativistic"}, {"loss": "minimax"}, {"position_noise": 0}, {"batch_size": 500},
])  # fmt: skip
def test_every_option_fits_and_samples(option):
    assert len(SequenceGAN(**SMALL | {"steps": 2} | option).fit(reads()).sample(3)) == 3


def test_a_seed_is_a_model_and_a_second_fit_forgets_the_first(gan):
    again = SequenceGAN(**SMALL)
    again.fit(reads(seed=9, low=10, high=30))
    again.fit(reads())
    assert again.sample(20).strings() == gan.sample(20).strings()


def test_save_and_load_write_the_same_fasta(gan, folder):
    loaded = SequenceGAN.load(folder)
    assert loaded.sample(30, seed=4).strings() == gan.sample(30, seed=4).strings()
    assert np.allclose(loaded.score(reads()), gan.score(reads()))
    assert sorted(p.name for p in folder.iterdir()) == [
        ".lock", "SHA256SUMS", "config.json", "critic.safetensors", "generator.safetensors",
        "judge.safetensors",
    ]  # fmt: skip


def test_saving_never_overwrites_unasked(gan, folder, tmp_path):
    with pytest.raises(OutputError, match="not empty"):
        gan.save(folder)
    gan.save(folder, overwrite=True)
    stranger = tmp_path / "letters"
    stranger.mkdir()
    (stranger / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="no model"):
        gan.save(stranger, overwrite=True)
    assert (stranger / "thesis.tex").read_text() == "years of work"


def damage(name, content):
    def act(folder):
        unverified(folder)
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    return act


def change(**values):
    def act(folder):
        data = json.loads((unverified(folder) / "config.json").read_text())
        data["config"] |= values.pop("config", {})
        (folder / "config.json").write_text(json.dumps(data | values))

    return act


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (damage("config.json", None), "config.json is missing"),
        (damage("generator.safetensors", None), "generator.safetensors is missing"),
        (damage("config.json", b"{"), "config.json"),
        (damage("config.json", b"[1]"), "not written by biogan"),
        (change(schema=99), "schema 99"),
        (
            change(kind="image-gan"),
            "damaged: layout of kind 'fixed', known are images and structures",
        ),
        (change(config={"width": 9}), "weights of another model"),
        (change(config={"spline": 1}), "damaged: unknown option 'spline'"),
        (change(layout={}), "config.json: damaged: layout has no 'alphabet'"),
        (change(data=None), "config.json: damaged: the card has no 'data'"),
    ],
)
def test_a_damaged_or_foreign_folder_is_one_line(folder, act, message):
    act(folder)
    with pytest.raises(CheckpointError, match=message) as caught:
        SequenceGAN.load(folder)
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("content", [None, b"no tensors at all"])
def test_sampling_needs_neither_critic_nor_judge(gan, folder, content):
    for name in ("critic.safetensors", "judge.safetensors"):
        damage(name, content)(folder)
    loaded = SequenceGAN.load(folder)
    assert loaded.sample(30, seed=4).strings() == gan.sample(30, seed=4).strings()
    for use in (lambda: loaded.score(reads()), lambda: loaded.sample(1, refine="mh"),
                lambda: loaded.save(folder, overwrite=True)):  # fmt: skip
        with pytest.raises(CheckpointError, match="critic.safetensors"):
            use()
    # A save that failed has not touched the model.
    assert SequenceGAN.load(folder).sample(3).strings() == gan.sample(3).strings()


def test_a_model_is_saved_over_itself(gan, folder):
    SequenceGAN.load(folder).save(folder, overwrite=True)
    loaded = SequenceGAN.load(folder)
    assert loaded.sample(9, refine="mh").strings() == gan.sample(9, refine="mh").strings()
    assert not (folder / ".new").exists()


def test_no_folder(tmp_path):
    with pytest.raises(CheckpointError, match="no such model folder"):
        SequenceGAN.load(tmp_path / "nowhere")


def test_a_run_that_was_cut_goes_on_bit_for_bit(tmp_path):
    """Fit to step 20 with a state at step 10, then resume from that state: the same files."""
    options = SMALL | {"steps": 20, "check_every": 10}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    SequenceGAN(**options).fit(reads(), out=whole)

    with pytest.raises(Killed):
        SequenceGAN(**options).fit(reads(), out=cut, callbacks=[Kill(13)])
    SequenceGAN(**options).fit(reads(), out=cut, resume=True)
    for name in ("generator.safetensors", "critic.safetensors", "samples.fasta"):
        assert (whole / name).read_bytes() == (cut / name).read_bytes()

    def steps(folder):
        lines = (folder / "log.jsonl").read_text().splitlines()
        return [json.loads(line)["step"] for line in lines]

    assert steps(whole) == steps(cut)


def test_resuming_another_run_lists_each_difference(tmp_path):
    SequenceGAN(**SMALL).fit(reads(), out=tmp_path)
    with pytest.raises(ConfigError) as caught:
        SequenceGAN(**SMALL | {"lr": 0.5, "width": 4}).fit(reads(n=90), out=tmp_path, resume=True)
    for part in ("--lr was 0.001, now 0.5", "--width was 8, now 4", "the data are others"):
        assert part in str(caught.value)


def test_a_larger_budget_is_checked_and_saved_like_any_other(tmp_path):
    options = SMALL | {"steps": 40}
    SequenceGAN(**options).fit(reads(), out=tmp_path)
    SequenceGAN(**options | {"steps": 400}).fit(reads(), out=tmp_path, resume=True)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    checks = [line["step"] for line in lines if "event" in line]
    assert checks == [20, *range(40, 401, 20)]


class Heard:
    """A watcher that remembers the lines of a run."""

    def __init__(self):
        self.lines = []

    def on_step(self, step, terms):
        pass

    def on_event(self, event, **details):
        self.lines += details.get("lines", ())


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_finished_run_is_left_as_it_is_and_says_so(tmp_path):
    whole = SequenceGAN(**SMALL).fit(reads(), out=tmp_path)
    before, heard = contents(tmp_path), Heard()
    again = SequenceGAN(**SMALL).fit(reads(), out=tmp_path, resume=True, callbacks=[heard])
    assert contents(tmp_path) == before
    (said,) = (line for line in heard.lines if line.startswith("this run has finished (6 steps, "))
    assert said.endswith("what is missing is written; a larger --steps or --max-time goes on")
    assert again.sample(9, refine="mh").strings() == whole.sample(9, refine="mh").strings()


@pytest.mark.parametrize("name", ["judge.safetensors", "samples.fasta"])
def test_what_a_finished_run_lacks_is_written(name, tmp_path):
    SequenceGAN(**SMALL).fit(reads(), out=tmp_path)
    before = contents(tmp_path)
    (tmp_path / name).unlink()
    SequenceGAN(**SMALL).fit(reads(), out=tmp_path, resume=True)
    assert contents(tmp_path) == before


def test_other_threads_are_told_as_they_round_otherwise(tmp_path):
    with pytest.raises(Killed):
        SequenceGAN(**SMALL, threads=1).fit(reads(), out=tmp_path, callbacks=[Kill(3)])
    heard = Heard()
    SequenceGAN(**SMALL, threads=2).fit(reads(), out=tmp_path, resume=True, callbacks=[heard])
    (said,) = (line for line in heard.lines if "bit for bit" in line)
    assert said.endswith("up to rounding, not bit for bit: --threads 1, now 2")
    assert json.loads((tmp_path / "config.json").read_text())["training"]["threads"] == 2


@pytest.mark.parametrize("content", [b"no state at all", None])
def test_a_damaged_or_foreign_state_is_one_line(tmp_path, content):
    SequenceGAN(**SMALL).fit(reads(), out=tmp_path)
    unverified(tmp_path)
    if content is None:
        torch.save({"numbers": {"run": 1}}, tmp_path / "state.pt")
    else:
        (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        SequenceGAN(**SMALL | {"steps": 9}).fit(reads(), out=tmp_path, resume=True)


def test_a_fault_keeps_what_was_learned():
    class Fault:
        def on_step(self, step, terms):
            if step == 4:
                raise KeyboardInterrupt

        def on_event(self, event, **details):
            pass

    gan = SequenceGAN(**SMALL)
    with pytest.raises(KeyboardInterrupt):
        gan.fit(reads(), callbacks=[Fault()])
    assert len(gan.sample(3)) == 3 and gan.card["training"]["steps"] == 4


def test_training_records_score_one_by_weight():
    """The monitor compares with the data as they are fed, repeats included."""
    texts = ["ACGTACGTAC"] * 300 + reads(300, 10, 10).strings()
    parts = split(SequenceSet.from_strings(texts), 0.2, seed=1)
    monitor = SequenceValidation(parts.train, parts.held_out, Tokenizer.of(parts.train), 0)
    assert monitor.n == 600 - round(parts.held_out.weights.sum())
    drawn = parts.train.expanded()
    score = monitor.distance.measure(drawn.take(rng(5).permutation(len(drawn))))
    assert score.parts["uniqueness"] == pytest.approx(1, abs=0.01)


def test_a_device_that_is_not_there_is_one_line(folder):
    with pytest.raises(ConfigError, match="--device gpu: not on this machine, which has"):
        SequenceGAN.load(folder, device="gpu")


def test_resuming_nothing(tmp_path):
    with pytest.raises(CheckpointError, match="nothing to resume"):
        SequenceGAN(**SMALL).fit(reads(), out=tmp_path, resume=True)


def test_lengths_are_drawn_as_often_as_training_records_have_them(tmp_path):
    records = reads(n=400, low=10, high=13)
    gan = SequenceGAN(**SMALL).fit(records, out=tmp_path / "run")
    shares = np.bincount(gan.sample(4000).lengths, minlength=14) / 4000
    assert shares == pytest.approx(np.bincount(records.lengths, minlength=14) / 400, abs=0.03)
    loaded = SequenceGAN.load(tmp_path / "run")
    some = loaded.sample(50, length="11:12")
    assert set(some.lengths.tolist()) == {11, 12}
    assert some.strings() == gan.sample(50, length="11:12").strings()
    with pytest.raises(ConfigError, match="--length 14: no training record has such a length"):
        loaded.sample(1, length="14")


def test_rows_are_read_up_to_the_end_symbol():
    layout = SequenceGAN(**SMALL).fit(reads(low=2, high=4)).tokenizer
    rows = np.array([[0, 1, 4, 4], [0, 4, 1, 4], [0, 1, 2, 3], [4, 4, 4, 4], [1, 4, 4, 0]])
    assert layout.decode(rows.astype(np.uint8)).strings() == ["AC", "A", "ACGT", "", "C"]


def test_the_model_card_says_what_was_done(gan):
    card = gan.card
    assert card["data"]["digest"] == reads().digest
    assert card["data"]["train"] + card["data"]["validation"] == card["data"]["records"] == 120
    assert card["config"]["critic_steps"] == 1 and card["training"]["steps"] == 6
    assert card["layout"]["alphabet"]["letters"] == "ACGT"
    assert set(card["versions"]) == {"python", "torch", "numpy", "biopython"}


def test_a_run_from_before_an_option_goes_on_without_it(tmp_path):
    """Cards lacked ``shift`` once; these records would be windows today."""
    many = reads(3_000)
    options = SMALL | {"judge_steps": 0, "shift": 0}
    SequenceGAN(**options | {"steps": 2}).fit(many, out=tmp_path / "run")
    path = unverified(tmp_path / "run") / "config.json"
    card = json.loads(path.read_text())
    del card["config"]["rotate"], card["config"]["shift"]
    path.write_text(json.dumps(card))
    known = SequenceGAN.load(tmp_path / "run").config
    assert known.rotate is False and known.shift == 0
    write_fasta(many, tmp_path / "x.fa")
    main(["train", str(tmp_path / "x.fa"), "-o", str(tmp_path / "run"), "--resume", "--steps", "4"])
    assert json.loads(path.read_text())["config"]["shift"] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda gan: gan.sample(2.5), "-n 2.5: a whole number"),
        (lambda gan: gan.sample(2, seed=1.7), "--seed 1.7: a whole number"),
        (lambda gan: gan.fit(reads(), resume=True), "resume: needs out"),
        (
            lambda gan: SequenceGAN(**SMALL, patience=1).fit(reads(40)),
            r"--patience 1: no validation split \(40 distinct records, 50 needed\)",
        ),
    ],
)
def test_what_cannot_be_is_one_line(gan, call, message):
    with pytest.raises(ConfigError, match=message):
        call(gan)


def test_numbers_of_any_kind_are_seeds():
    assert SequenceGAN(seed=1e20).config.seed == 10**20
    assert SequenceGAN(seed=np.int64(3)).config.seed == 3
    assert SequenceGAN(seed=2**63 + 1).config.seed == 2**63 + 1


def test_a_temperature_next_to_nothing_is_nothing(gan):
    assert gan.sample(20, temperature=1e-39).strings() == gan.sample(20, temperature=0).strings()


def test_a_run_that_was_stopped_before_its_judge_gets_it(tmp_path):
    options = SMALL | {"judge_steps": 3}
    whole = SequenceGAN(**options).fit(reads(), out=tmp_path / "run")
    path = unverified(tmp_path / "run") / "config.json"
    card = json.loads(path.read_text())
    judge = (tmp_path / "run" / "judge.safetensors").read_bytes()
    path.write_text(json.dumps({k: v for k, v in card.items() if k != "judge"}))
    (tmp_path / "run" / "judge.safetensors").unlink()
    again = SequenceGAN(**options).fit(reads(), out=tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "judge.safetensors").read_bytes() == judge
    assert json.loads(path.read_text())["judge"] == card["judge"]
    assert again.sample(9).strings() == whole.sample(9).strings()
