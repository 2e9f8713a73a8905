r"""Names that no terminal, page or table must see as they are: with \x1b, \x9b or \u202e."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from biogan.cli import run
from biogan.core.display import visible
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.io.write import write_chunks, write_fasta

EVIL = "\x1b]0;x\x07\x9b2J\u202e\u2066\x7f\u200b"
LONG = "N" * 1_000_000
SMALL = ["--width", "8", "--depth", "1", "--latent", "8", "--batch-size", "16", "--steps", "2"]


def odd(text, keep="\n"):
    return {c for c in text if not c.isprintable() and c not in keep}


@pytest.fixture
def terminal(monkeypatch):
    """Run a command; what it prints must be fit for a terminal. Returns its exit code."""

    def call(*argv):
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            code = run([str(a) for a in argv])
        said = "".join(s.buffer.getvalue().decode("utf-8") for s in streams)
        assert not odd(said)
        assert len(said) < 30_000
        assert "Traceback" not in said
        call.said = said
        return code

    return call


def write(path, seed):
    codes = np.random.default_rng(seed).integers(0, 4, (60, 24))
    names = [f"r{i}{EVIL * (i % 3)}" for i in range(58)] + [f"{LONG}{i}" for i in range(2)]
    texts = ["".join("ACGT"[c] for c in row) for row in codes]
    path.write_text("".join(
        f">{name} class={'ab'[i % 2]}{EVIL}\u2028x\n{text}\n"
        for i, (name, text) in enumerate(zip(names, texts, strict=True))
    ))  # fmt: skip
    return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / f"d{EVIL}\nx"
    path.mkdir()
    return path


def check(folder):
    """All text that was written can be shown, and tables have their columns."""
    texts = [p for p in folder.rglob("*") if p.suffix in
             (".tsv", ".html", ".json", ".jsonl", ".txt", ".fasta", ".pdb")]  # fmt: skip
    assert texts
    for path in texts:
        text = path.read_bytes().decode("utf-8")
        assert not odd(text, "\n\t"), path.name
        if path.suffix == ".tsv":
            assert len({line.count("\t") for line in text.splitlines()}) == 1
        if path.suffix in (".html", ".txt"):
            assert "NNN" not in text or len(max(text.split(), key=len)) < 200_000
    return {p.name: p for p in texts}


def test_sequences(folder, terminal):
    real, held = write(folder / f"real{EVIL}.fa", 1), write(folder / "held.fa", 2)
    out = folder / "out"
    assert terminal("train", real, "-o", out / f"m{EVIL}", *SMALL) == 0
    model = out / f"m{EVIL}"
    assert terminal("info", model) == 0
    assert terminal("info", model, "--json") == 0
    assert terminal("sample", model, "-n", 40, "-o", out / "new.fasta") == 0
    metrics = ["--metric", "near-copies", "--metric", "unique", "--metric", "kmer-jsd"]
    against = ["--reference", real, "--train", real]
    assert terminal("evaluate", held, *against, "-o", out / "e", *metrics) == 0
    files = check(out)
    # The closest pairs are named, shortened in the page and whole in the table.
    assert LONG in files["nearest.tsv"].read_text()
    page = files["report.html"].read_text()
    assert LONG not in page
    assert r"\x1b]0;x\x07\x9b2J\u202e\u2066\x7f\u200b" in page


def test_motifs_and_several_sets(folder, terminal):
    real, new = write(folder / "real.fa", 1), write(folder / f"_new{EVIL}.fa", 2)
    rows = "\n".join("0 0 0 1" if x == "T" else "1 0 0 0" for x in "TATAAATA")
    matrix = f"letter-probability matrix:\n{rows}\n"
    motifs = folder / f"m{EVIL}.meme"
    motifs.write_text(f"MEME version 4\n\nMOTIF m{EVIL}\n{matrix}\nMOTIF {LONG}\n{matrix}")
    out = folder / "out"
    chosen = ["--motifs", motifs, "--metric", "motif-rate", "--metric", "kmer-jsd"]
    train = write(folder / "t.fa", 3)
    assert terminal("compare", new, real, "--train", train, "-o", out, *chosen) == 0
    check(out)
    motifs.write_text(f"MEME version 4\n\nMOTIF {LONG}\n{EVIL}\n")
    assert terminal("evaluate", new, "--reference", real, "--motifs", motifs) == 1
    assert terminal.said.count("\n") == 1


def test_images(folder, terminal):
    rng = np.random.default_rng(0)
    real, new = folder / f"real{EVIL}", folder / f"new{EVIL}"
    for i in range(48):
        name = (real, new)[i % 2] / f"{'ab'[i % 4 // 2]}{EVIL}\n\t" / f"i{i}{EVIL}.png"
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (16, 16), np.uint8)).save(name)
    out, metrics = folder / "out", ["--metric", "unique", "--metric", "copies"]
    assert terminal("evaluate", new, "--reference", real, "-o", out, *metrics) == 0
    check(out)


def test_what_is_typed_is_echoed_with_escapes(folder, terminal):
    real = write(folder / "real.fa", 1)
    evaluate = ["evaluate", real, "--reference", real]
    for arguments in (
        [EVIL], ["info", EVIL], [*evaluate, "--metric", EVIL], [*evaluate, f"--{EVIL}"],
        [*evaluate, "--seed", EVIL], [*evaluate, "--alphabet", f"{EVIL}\n"],
        [*evaluate, "--labels", EVIL], ["train", real, "-o", folder / "o", "--loss", EVIL],
        ["sample", folder / EVIL, "-n", LONG], ["evaluate", LONG, "--reference", real],
    ):  # fmt: skip
        assert terminal(*arguments) in (1, 2)
        assert terminal.said.count("\n") == 1


def test_fasta_and_tables_are_read_back(tmp_path):
    name, label = f"r{EVIL}", f"a{EVIL}\u2028b"
    one = SequenceSet.from_strings(["ACGT"], ids=[name], labels={"class": [label]})
    write_fasta(one, tmp_path / "x.fa")
    back = read_fasta(tmp_path / "x.fa")
    assert (back.ids, back.strings()) == ([visible(name)], ["ACGT"])
    assert list(back.labels["class"]) == [visible(label)]
    write_chunks([one], tmp_path / "x.tsv", "tsv")
    assert (tmp_path / "x.tsv").read_text() == (
        f"id\tsequence\tclass\n{visible(name)}\tACGT\t{visible(label)}\n"
    )


def test_in_memory_an_id_is_as_it_was(tmp_path):
    path = tmp_path / "x.fa"
    path.write_bytes(b">r\x1b\x07\x9b class=a\x1b b\nACGT\n>s class=a\\x1b b\nACGA\n")
    read = read_fasta(path)
    assert read.ids[0] == "r\x1b\x07\x9b"
    # A label is its escape: that of generated records, which are read from a file, is the same.
    assert list(read.labels["class"]) == [r"a\x1b b"] * 2
