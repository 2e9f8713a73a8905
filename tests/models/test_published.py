"""Published models: what is written, what is refused, and how an address becomes a folder."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from fake_hub import serving
from safetensors.numpy import load_file, save_file

from biogan.cli import main, run
from biogan.core.errors import CheckpointError, ConfigError, OutputError
from biogan.models.address import HubName, is_address, local_folder, write_archive
from biogan.models.gan import GAN, SequenceGAN
from biogan.models.published import FACTS, NAMES, check_published, publish


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny model with a report, as ``biogan evaluate`` writes it."""
    folder = tmp_path_factory.mktemp("published") / "run"
    letters = ["ACGTTGCA", "GGATCCAT", "TTACGATC", "CAGTCAGT"]
    records = [a + b for a in letters for b in letters] * 6
    fasta = folder.parent / "private-name.fasta"
    fasta.write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(records)))
    main(["-q", "train", str(fasta), "-o", str(folder), "--steps", "4", "--seed", "1", "--width",
          "4", "--depth", "1", "--units", "4", "--latent", "4", "--batch-size", "8"])  # fmt: skip
    main(["-q", "evaluate", str(folder), "-o", str(folder / "evaluation"), "--metric", "gc-w1",
          "--reference", str(fasta)])  # fmt: skip
    return folder


@pytest.fixture
def folder(model, tmp_path):
    return publish(model, tmp_path / "model", "cc0-1.0")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def listed_again(folder: Path) -> None:
    """Write digests anew, as one who forges a model would."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name == "config.json" or path.suffix == ".safetensors"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))
    facts = json.loads((folder / FACTS).read_text())
    facts["files"] = {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in folder.rglob("*")
        if path.is_file() and path.name != FACTS
    }
    (folder / FACTS).write_text(json.dumps(facts))


def changed(name: str, change):
    """Return what changes a JSON file and writes all digests anew."""

    def act(folder: Path) -> None:
        path = folder / name
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))
        if name != FACTS:
            listed_again(folder)

    return act


def weights(change):
    def act(folder: Path) -> None:
        path = folder / "generator.safetensors"
        found = load_file(path)
        change(found)
        save_file(found, path)
        report = folder / "evaluation" / "metrics.json"
        content = json.loads(report.read_text())
        content["sets"]["generated"]["model"] = hashlib.sha256(path.read_bytes()).hexdigest()
        report.write_text(json.dumps(content))
        listed_again(folder)

    return act


def widened(folder: Path) -> None:
    def act(found):
        key = max(found, key=lambda name: found[name].size)
        found[key] = found[key].repeat(9, axis=0)

    weights(act)(folder)


def linked(folder: Path) -> None:
    target = folder.parent / "elsewhere"
    shutil.move(folder / "config.json", target)
    (folder / "config.json").symlink_to(target)


def linked_folder(folder: Path) -> None:
    shutil.move(folder / "evaluation", folder.parent / "evaluation")
    (folder / "evaluation").symlink_to(folder.parent / "evaluation")


def more(name: str, content: bytes = b"x", listed: bool = True):
    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        if listed:
            listed_again(folder)

    return act


def without(name: str):
    def act(folder: Path) -> None:
        (folder / name).unlink()
        listed_again(folder)

    return act


def garbled(folder: Path) -> None:
    path = folder / "generator.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def piped(folder: Path) -> None:
    (folder / "README.md").unlink()
    os.mkfifo(folder / "README.md")


class Harm:
    """Runs a command where it is unpickled."""

    def __reduce__(self):
        return os.system, ("false",)


MALICIOUS = {
    "a pickle": (more("generator.pkl", pickle.dumps(Harm())), "could run code"),
    "weights of torch": (more("pytorch_model.bin"), "could run code"),
    "a state of a run": (more("state.pt"), "could run code"),
    "a module": (more("modelling.py"), "could run code"),
    "a page": (more("report.html"), "which no model holds"),
    "a hidden file": (more(".bashrc"), "which no model holds"),
    "a folder more": (more("sub/config.json"), "holds the folder sub"),
    "a link to a file": (linked, "config.json is a link"),
    "a link to a folder": (linked_folder, "evaluation is a link"),
    "a pipe": (piped, "is a pipe or a device"),
    "changed weights": (garbled, "its digest is another"),
    "a file that is not listed": (
        changed(FACTS, lambda facts: facts["files"].pop("README.md")), "listed or there"),
    "a path that leads out": (
        changed(FACTS, lambda facts: facts["files"].update({"../x": {"size": 1, "sha256": ""}})),
        "listed or there"),
    "a later format": (changed(FACTS, lambda facts: facts.update(format=99)), "update biogan"),
    "no format": (changed(FACTS, lambda facts: facts.pop("format")), "names no format"),
    "no report": (without("evaluation/metrics.json"), "evaluation/metrics.json is missing"),
    "another model's report": (
        changed("evaluation/metrics.json",
                lambda report: report["sets"]["generated"].update(model="0" * 64)),
        "is no report of this model"),
    "a huge layout": (
        changed("config.json", lambda card: card["layout"].update(length=10**9)),
        "weights of another model"),
    "huge networks": (
        changed("config.json", lambda card: card["config"].update(width=1024, depth=64)),
        "weights of another model"),
    "an impossible size": (
        changed("config.json", lambda card: card["config"].update(width=10**12)), "damaged"),
    "weights of other shapes": (widened, "weights of another model"),
    "weights that are not finite": (
        weights(lambda found: [some.fill(float("nan")) for some in found.values()]),
        "not finite"),
    "a card that is no card": (changed("config.json", lambda card: card.pop("layout")), "layout"),
    "a deep card": (more("config.json", b"[" * 5000 + b"]" * 5000), "levels"),
    "a huge card": (more("config.json", b" " * 10_000_001), "at most"),
}  # fmt: skip


@pytest.mark.parametrize("harm", MALICIOUS)
def test_what_biogan_push_would_not_write_is_refused(harm, folder):
    act, told = MALICIOUS[harm]
    check_published(folder)  # whole before
    act(folder)
    with pytest.raises(CheckpointError, match=told):
        check_published(folder)


def test_at_least_twenty_are_tried():
    assert len(MALICIOUS) >= 20


def test_a_published_model_samples_as_the_run_does_and_names_no_folder(model, folder):
    assert (
        GAN.load(f"file:{folder}").sample(5, 3).strings() == GAN.load(model).sample(5, 3).strings()
    )
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert str(model.parent).encode() not in everything
    assert b"private-name.fasta" in everything  # the name alone
    page = (folder / "README.md").read_text()
    assert "license: cc0-1.0" in page and "held-out" in page
    digest = json.loads((folder / "config.json").read_text())["data"]["digest"]
    assert digest in page
    verdict = json.loads((folder / "evaluation" / "metrics.json").read_text())["verdict"]
    assert all(line in page.replace("&lt;", "<") for line in verdict)
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} <= {*NAMES}


def test_a_model_without_a_report_of_its_own_is_refused(model, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(model, bare)
    shutil.move(bare / "evaluation", tmp_path / "evaluation")
    with pytest.raises(CheckpointError, match="no model is published without one: biogan evaluate"):
        publish(bare, tmp_path / "out", "mit")
    report = tmp_path / "evaluation" / "metrics.json"
    content = json.loads(report.read_text())
    del content["sets"]["generated"]["model"]
    report.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="is no report of this model"):
        publish(bare, tmp_path / "out", "mit", tmp_path / "evaluation")
    with pytest.raises(ConfigError, match="an identifier such as cc-by-4.0"):
        publish(model, tmp_path / "out", "my licence, see below")


def test_push_and_pull_through_a_hub(model, tmp_path, cache, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        address = main(["push", str(model), "hf:lab/tiny", "--licence", "mit"])
        commit = hub.repositories["lab/tiny"][-1][0]
        assert address == f"hf:lab/tiny@{commit}"
        files = hub.repositories["lab/tiny"][-1][1]
        assert {*files} == {*NAMES, ".gitattributes"} - {"judge.safetensors"}
        main(["pull", "hf:lab/tiny", "-o", str(tmp_path / "pulled")])
        asked = len(hub.asked)
        # From the cache, without a request.
        assert local_folder("hf:lab/tiny").name == commit == local_folder(address).name
        assert len(hub.asked) == asked
        # A newer commit is seen by pull alone.
        newer = hub.commit("lab/tiny", files | {"weights.pkl": b"x"})
        assert local_folder("hf:lab/tiny").name == commit
        assert run(["pull", "hf:lab/tiny"]) == 1
        assert "holds weights.pkl, which could run code" in capsys.readouterr().err
        assert run(["info", f"hf:lab/tiny@{newer}"]) == 1
        assert run(["info", "hf:lab/none"]) == 1
        assert "nothing is there" in capsys.readouterr().err
    # Offline: what is there is used, what is not is one line.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    capsys.readouterr()
    main(["sample", address, "-n", "3", "--seed", "7"])
    assert capsys.readouterr().out.count(">") == 3
    assert run(["sample", "hf:lab/other@v1", "-n", "3"]) == 1
    told = capsys.readouterr().err
    assert (
        told.count("\n") == 1 and "no connection" in told and "the cache does not hold it" in told
    )
    pulled = SequenceGAN.load(tmp_path / "pulled")
    assert pulled.sample(4, 1).strings() == SequenceGAN.load(model).sample(4, 1).strings()


@pytest.fixture
def server(tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    place = tmp_path / "served"
    place.mkdir()
    found = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(place)))
    thread = Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield place, f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()
    thread.join()


def test_an_archive_with_its_digest(model, tmp_path, cache, server, capsys):
    place, url = server
    told = main(["push", str(model), f"file:{place / 'm.zip'}", "--licence", "mit"])
    digest = told.partition("#sha256=")[2]
    assert digest == hashlib.sha256((place / "m.zip").read_bytes()).hexdigest()
    assert GAN.load(f"{url}/m.zip#sha256={digest}").sample(2).ids == ["gan0_1", "gan0_2"]
    (place / "m.zip").unlink()
    assert GAN.load(f"{url}/m.zip#{digest}").sample(2).ids == ["gan0_1", "gan0_2"]  # the cache
    with pytest.raises(ConfigError, match="is named with its digest"):
        local_folder(f"{url}/m.zip")
    with pytest.raises(CheckpointError, match="nothing is there"):
        local_folder(f"{url}/m.zip#{'0' * 64}")


def test_archives_that_are_none_or_lead_out_are_refused(folder, tmp_path, cache, server):
    place, url = server
    path = place / "m.zip"

    def refused(told: str) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with pytest.raises(CheckpointError, match=told):
            local_folder(f"{url}/m.zip#{digest}")
        assert not [*(cache / "models" / "archives").iterdir()]

    write_archive(folder, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.txt", "x")
    refused("holds ../outside.txt")
    write_archive(folder, path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", "{}")
    refused("holds a name twice")
    path.write_bytes(b"PK no archive")
    refused("no readable archive")
    write_archive(folder, path)
    with pytest.raises(CheckpointError, match="not that of the address"):
        local_folder(f"{url}/m.zip#{'0' * 64}")
    assert not (cache / "models" / "outside.txt").exists()


def test_addresses(folder, cache):
    assert HubName.parsed("hf:lab/x@v1.0") == ("lab", "x", "v1.0")
    for wrong in ("hf:lab", "hf:../x", "hf:lab/x@../../y", "hf:lab/x@", "hf:a/b/c"):
        with pytest.raises(ConfigError, match="write hf:OWNER/NAME"):
            local_folder(wrong)
    assert not is_address("promoters") and not is_address("./hf:x") and not is_address("-")
    with pytest.raises(CheckpointError, match="no such folder"):
        local_folder("file:nowhere")


def test_nothing_is_replaced_or_written_unasked(model, folder, tmp_path, capsys):
    with pytest.raises(OutputError, match="is there already"):
        main(["push", str(model), f"file:{folder}", "--licence", "mit"])
    main(["push", str(model), f"file:{folder}", "--licence", "mit", "--overwrite"])
    assert json.loads((folder / FACTS).read_text())["licence"] == "mit"
    with pytest.raises(OutputError, match="is no published model"):
        main(["push", str(model), f"file:{model.parent}", "--licence", "mit", "--overwrite"])
    with pytest.raises(OutputError, match="nothing is written into a published model"):
        main(["report", f"file:{folder}"])
    main(["pull", f"file:{folder}", "-o", str(tmp_path / "copy")])
    with pytest.raises(OutputError, match="not empty"):
        main(["pull", f"file:{folder}", "-o", str(tmp_path / "copy")])
    main(["pull", f"file:{folder}", "-o", str(tmp_path / "copy"), "--overwrite"])
    assert run(["pull", "run"]) == 2
    assert "is no address" in capsys.readouterr().err


def test_whatever_takes_a_model_takes_an_address(model, folder, tmp_path, capsys):
    address = f"file:{folder}"
    main(["-q", "interpolate", address, "--pairs", "2", "--steps", "3"])
    assert capsys.readouterr().out.count(">") == 6
    main(["-q", "info", address])
    assert "sequence-gan" in capsys.readouterr().out
    main(["-q", "report", address, "-o", str(tmp_path / "page.html")])
    assert (tmp_path / "page.html").is_file()
    real = model.parent / "private-name.fasta"
    main(["-q", "evaluate", address, "--reference", str(real), "--metric", "gc-w1", "-n", "20"])
    assert "GC W1" in capsys.readouterr().out
