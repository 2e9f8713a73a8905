"""A model folder whose files are not as they were written is refused in one line."""

import hashlib
import json
import os
import shutil
import time

import pytest
import torch
from helpers import unverified
from safetensors.torch import load_file, save_file

from biogan import SequenceGAN, SequenceSet
from biogan.cli import run
from biogan.core.errors import CheckpointError, UnverifiedModel
from biogan.core.rng import rng
from biogan.models.checkpoint import VERIFIED, ModelFolder
from biogan.models.manifest import Manifest, exchange, write_new

SMALL = {"width": 4, "depth": 1, "latent": 4, "batch_size": 16, "steps": 4, "seed": 1}
CODES = rng(0, "reads").integers(0, 4, (120, 20))
READS = SequenceSet.from_strings(["".join("ACGT"[c] for c in row) for row in CODES])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "run"
    SequenceGAN(**SMALL, judge_steps=2).fit(READS, out=out)
    return out


@pytest.fixture
def folder(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


def refused(folder, message, work=SequenceGAN.load):
    with pytest.raises(CheckpointError, match=message) as caught:
        work(folder)
    said = str(caught.value)
    assert str(folder) in said and "\n" not in said and len(said) < 400
    return said


def all_that_is_read(folder):
    """Everything that samples, scores, verdicts and resuming rest on."""
    gan = SequenceGAN.load(folder)
    state = ModelFolder(folder).read_state(torch.device("cpu"))
    refined = gan.sample(3, seed=2, refine="mh").strings()
    return gan.sample(3).strings(), refined, gan.score(READS[:4]).tolist(), state["numbers"]


def test_the_digests_are_those_that_sha256sum_checks(trained):
    lines = (trained / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    assert {*sums} == {*VERIFIED}
    for name, digest in sums.items():
        assert hashlib.sha256((trained / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", [*VERIFIED, "SHA256SUMS"])
def test_a_flipped_bit_is_found_in_every_file(folder, name):
    path = folder / name
    whole, flips = path.read_bytes(), rng(1, "flips", name)
    for _ in range(8):
        data = bytearray(whole)
        data[flips.integers(len(data))] ^= 1 << int(flips.integers(8))
        path.write_bytes(data)
        refused(folder, r"damaged|SHA256SUMS", all_that_is_read)
    path.write_bytes(whole)
    all_that_is_read(folder)


@pytest.mark.parametrize("name", VERIFIED)
def test_a_file_that_is_missing_or_cut_short_is_named(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1])
    refused(folder, f"{name}: damaged or changed, its SHA-256 is not that in SHA256SUMS: copy",
            all_that_is_read)  # fmt: skip
    path.unlink()
    refused(folder, f"{name} is missing", all_that_is_read)


@pytest.mark.parametrize("name", ["config.json", "SHA256SUMS", "generator.safetensors"])
def test_a_pipe_in_the_place_of_a_file_is_refused(folder, name):
    """It waited for somebody to write into it, for ever."""
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert f"{name}: is a pipe or a device" in refused(folder, "is a pipe or a device")


def test_a_file_without_a_line_of_its_own_is_not_trusted(folder):
    path = folder / "SHA256SUMS"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    refused(folder, "state.pt: damaged or changed", all_that_is_read)


def test_a_folder_of_before_is_loaded_and_says_so_in_one_line(folder, tmp_path, capsys):
    before = SequenceGAN.load(folder).sample(3).strings()
    with pytest.warns(UnverifiedModel, match="loaded unverified: biogan .* wrote no SHA256SUMS"):
        gan = SequenceGAN.load(unverified(folder))
    assert gan.sample(3).strings() == before
    assert run(["sample", str(folder), "-n", "2"]) == 0
    assert capsys.readouterr().err.count("loaded unverified") == 1
    gan.save(tmp_path / "copy")
    SequenceGAN.load(tmp_path / "copy")  # with digests, and without a warning
    with pytest.warns(UnverifiedModel):
        SequenceGAN(**SMALL | {"steps": 6}, judge_steps=2).fit(READS, out=folder, resume=True)
    all_that_is_read(folder)


@pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")
@pytest.mark.parametrize("name", ["generator.safetensors", "critic.safetensors"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.index_fill(0, torch.tensor([0]), torch.nan), "number that is not finite"),
        (lambda t: t.index_fill(0, torch.tensor([0]), torch.inf), "number that is not finite"),
        (lambda t: t.to(torch.int64), "weights of another model .* is int64 of shape"),
        (lambda t: t.to(torch.bool), "weights of another model .* is bool of shape"),
        (lambda t: t.to(torch.float64), "weights of another model .* is float64 of shape"),
        (lambda t: t[:-1].clone(), "weights of another model .* float32 of shape .* is needed"),
        (lambda t: None, "weights of another model .* is missing, float32"),
    ],
)
def test_weights_are_finite_and_of_the_shape_and_type_that_is_needed(folder, name, change, message):
    path = unverified(folder) / name
    tensors = load_file(path)
    key = next(key for key, tensor in tensors.items() if tensor.dim())
    changed = change(tensors.pop(key))
    save_file(tensors | ({} if changed is None else {key: changed}), path)
    said = refused(folder, message, all_that_is_read)
    assert said.startswith(f"{path}: ") and key in said


def of_other_shape(state):
    state["generator"][next(iter(state["generator"]))] = torch.zeros(1)


def of_int64(state):
    key = next(iter(state["critic"]))
    state["critic"][key] = state["critic"][key].to(torch.int64)


@pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")
@pytest.mark.parametrize(
    "change",
    [
        of_other_shape,
        of_int64,
        lambda state: state["generator_opt"]["state"][0].update(exp_avg=torch.zeros(1, 1)),
        lambda state: state["critic_opt"].update(state=[1]),
        lambda state: state["numbers"].update(step_count="4"),
        lambda state: state["numbers"].update(elapsed=float("nan")),
        lambda state: state["numbers"].update(step_count=-1),
        lambda state: state["good"].update(state={"generator": 1}),
        lambda state: state.update(watch=None),
        lambda state: state.pop("best"),
    ],
)
def test_a_state_of_another_structure_is_refused(folder, change):
    path = unverified(folder) / "state.pt"
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    before = (folder / "generator.safetensors").read_bytes()
    gan = SequenceGAN(**SMALL | {"steps": 6}, judge_steps=2)
    refused(folder, "state.pt: not the state of this model, the run cannot be resumed: ",
            lambda out: gan.fit(READS, out=out, resume=True))  # fmt: skip
    assert (folder / "generator.safetensors").read_bytes() == before


@pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")
@pytest.mark.parametrize("length", [10**6, 10**15, 10**40, -5, 0])
def test_a_length_that_the_weights_do_not_have_is_refused_before_memory_is_asked_for(
    folder, length
):
    path = unverified(folder) / "config.json"
    card = json.loads(path.read_text())
    card["layout"]["length"] = length
    path.write_text(json.dumps(card))
    start = time.process_time()
    refused(folder, "damaged|weights of another model")
    assert time.process_time() - start < 2


@pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")
def test_a_card_is_at_most_10_mb(folder):
    path = folder / "config.json"
    path.write_bytes(path.read_bytes() + b" " * 10_000_000)
    refused(folder, "larger than 10,000,000 bytes")
    refused(unverified(folder), "larger than 10,000,000 bytes")


def test_a_run_may_write_while_a_model_is_read(folder, monkeypatch):
    """The files are exchanged between the reading of the card and that of the weights."""
    gan, whole = SequenceGAN.load(folder), Manifest.read
    critic = (folder / "critic.safetensors").read_bytes()
    done = []

    def read(self, name, most=None):
        if name == "generator.safetensors" and not done:
            done.append(name)
            gan.save(folder, overwrite=True)
        return whole(self, name, most)

    monkeypatch.setattr(Manifest, "read", read)
    again = SequenceGAN.load(folder)
    assert done and again.sample(3).strings() == gan.sample(3).strings()
    files = {"critic.safetensors": critic[:-1] + bytes([critic[-1] ^ 1])}
    write_new(folder, files, dict(Manifest(folder).sums))
    exchange(folder)
    refused(folder, "a run has written a newer model since: load it again",
            lambda _: again.score(READS[:3]))  # fmt: skip
