"""What the pages of the documentation tell to type runs: on few records, with few steps.

The blocks of a page run in their order, in a folder that holds what the page takes for granted. A
command that writes where an earlier one of its page wrote finds the place empty, as pages show
alternatives; the blocks of a tutorial build on each other, and nothing is taken away.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_hub import serving
from helpers import ROOT, shared_data

import biogan
from biogan import FragmentSet, ImageSet, write_images, write_structures
from biogan.cli import main, run
from biogan.sequences.demo import load_demo
from biogan.sequences.io.write import write_fasta
from biogan.sequences.metrics.comparison import SEQUENCE_METRICS

DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
SMALL = "--steps 3 --width 4 --depth 1 --units 4 --latent 4 --batch-size 8 --judge-steps 3"
IMAGES = "--steps 2 --width 4 --batch-size 8"
LATENT = "--steps 2 --units 16 --latent 4 --batch-size 8 --judge-steps 2"
#: Where another replacement has put the steps.
BUDGET = (r"--max-time \d+\w ?", "")
# A model of two steps writes molecules in SELFIES alone.
MOLECULES = [(r"^(train.*)", rf"\1 {LATENT} --alphabet selfies"), BUDGET]
#: What a test types in the place of what takes long; records are fewer, commands are the same.
QUICKLY = [
    (r"--max-time \d+\w", SMALL),
    (r"--steps \d{2,}", "--steps 2"),
    (r"-n (10000|2000|1000|600|500|300|200)\b", "-n 60"),
    (r"--calls \d+", "--calls 60"),
]
PYTHON = [
    ("load_demo()", "[some[:200] for some in load_demo()]"),
    ("range(1800)", "range(200)"),
    ("i < 1200", "i < 130"),
    ('max_time="2m"', "steps=2, width=4, batch_size=8"),
    ("steps=300", "steps=3, width=4, depth=1, units=4, latent=4, batch_size=8"),
    ("gan.sample(1000,", "gan.sample(60,"),
]


def blocks(path):
    """Return language and content of each block of a page that is to be run."""
    text = path.read_text("utf-8")
    return re.findall(r"^```(console|python)\n(.*?)^```", text, re.M | re.S)


def shortened(line, more=()):
    for pattern, short in [*more, *QUICKLY]:
        line = re.sub(pattern, short, line)
    return line


def python(block, path, space):
    if block.startswith(">>>"):
        return  # pages with these are compared with what they print, below
    for long, short in PYTHON:
        block = block.replace(long, short)
    for name in re.findall(r'out="(\w+)"', block):
        shutil.rmtree(name, ignore_errors=True)
    exec(compile(block, path.name, "exec"), space)


#: Pages and tutorials that take more than some seconds; `make test` runs them at its end.
SLOW = {"conditions", "design", "explain", "hub", "molecules", "training", "family"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, marks=[pytest.mark.slow] if path.stem in SLOW - {"design"} else [], id=path.stem
        )
        for path in TUTORIALS
    ],
)
def test_a_tutorial_works_from_its_first_line_to_its_last(path, tmp_path, monkeypatch, capsys):
    if path.stem == "molecules":
        pytest.importorskip("rdkit", reason="rdkit is not installed")
        pytest.importorskip("selfies", reason="selfies is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))
    space: dict = {}
    for language, block in blocks(path):
        if language == "python":
            python(block, path, space)
            continue
        for line in re.findall(r"^\$ biogan (.*)$", block, re.M):
            line = shortened(line, MOLECULES if path.stem == "molecules" else [])
            assert run(shlex.split(line)) == 0, f"{line}\n{capsys.readouterr().err}"
    assert len(list(tmp_path.iterdir())) > 3


# --- what the other pages take for granted ---------------------------------------------------


def fasta(name, texts, **labels):
    with open(name, "w") as out:
        for i, text in enumerate(texts):
            told = "".join(f" {key}={values[i]}" for key, values in labels.items())
            out.write(f">r{i}{told}\n{text}\n")


def drawn(n, length, letters="ACGT", seed=0):
    draw = np.random.default_rng(seed)
    return ["".join(draw.choice([*letters], length)) for _ in range(n)]


def train(name, out="run", more=SMALL):
    main(["-q", "train", name, "-o", out, "--seed", "1", *more.split()])


def promoters(n=150):
    write_fasta(load_demo()[0][:n], "promoters.fasta")
    write_fasta(load_demo()[1][:n], "held_out.fasta")


def prepare_conditions():
    n = 120
    texts = drawn(n, 14, "ARKLGE")
    labels = ["AMP" if i % 2 else "nonAMP" for i in range(n)]
    mic = [f"{1 + i / 7:.2f}" for i in range(n)]
    fasta("peptides.fasta", texts, label=labels, mic=mic)
    Path("wanted.tsv").write_text("id\tlabel\tmic\na\tAMP\t4\nb\tnonAMP\t8\n")
    for i, name in enumerate(("train.fasta", "held.fasta", "new.fasta")):
        fasta(name, drawn(n, 14, "ARKLGE", i + 1), label=labels, mic=mic)


def prepare_constraints():
    promoters()
    fasta("parts.fasta", [text[:30] + "N" * 30 for text in drawn(12, 60)])
    protein = "MKVLATRGSDEFHIPQWYKL"
    codon = dict(zip("MKVLATRGSDEFHIPQWY", ("ATG AAA GTT CTG GCT ACC CGT GGT AGC GAT GAA TTC CAC "
                 "ATT CCG CAG TGG TAC").split(), strict=True))  # fmt: skip
    fasta("protein.fasta", [protein])
    fasta("genes.fasta", ["".join(codon[letter] for letter in protein)])
    fasta("peptides.fasta", drawn(20, 12, "ARNDKLSTG"))
    train("promoters.fasta")


def program(name, text):
    path = Path("bin") / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)


def prepare_design():
    texts = drawn(120, 60)
    expr = [f"{text.count('TA') + text.count('GC') / 2:.2f}" for text in texts]
    fasta("labelled.fasta", texts, expr=expr)
    fasta("real.fasta", texts)
    fasta("rna.fasta", [text.replace("T", "U") for text in texts])
    fasta("peptides.fasta", drawn(80, 20, "ARNDCQEGHILKMFPSTWYV"))
    fasta("not_to_be_made.fasta", drawn(2, 60, seed=9))
    Path("score.py").write_text("def predict(texts):\n    return [t.count('TA') for t in texts]\n")
    Path("second.py").write_text("def predict(texts):\n    return [t.count('T') for t in texts]\n")
    Path("both.py").write_text(
        "def predict(texts):\n    return {'liver': [t.count('TA') for t in texts], 'neuron': "
        "[t.count('GC') for t in texts], 'length': [len(t) for t in texts]}\n"
    )
    # In the place of ViennaRNA, which is no dependency.
    Path("RNA.py").write_text(
        "class md:\n    temperature = 37.0\n\n\nclass fold_compound:\n"
        "    def __init__(self, text, model):\n        self.text, self.model = text, model\n\n"
        "    def mfe(self):\n"
        "        return '', (self.model.temperature / 37 - 2) * self.text.count('GC')\n"
    )
    for name, block in zip(("protein.py", "fold.py"),
                           [b for lang, b in blocks(DOCS / "design.md") if lang == "python"],
                           strict=True):  # fmt: skip
        Path(name).write_text(block)
    program("mytool", "import sys\nfor line in sys.stdin:\n    if line[0] == '>':\n"
            "        print(line[1:].split()[0], 1.0, sep='\\t')\n")  # fmt: skip
    program("our_screen", "import sys\nsys.stdin.read()\n")
    train("real.fasta")


def measured():
    """What a laboratory would write after the first round."""
    head, *rows = Path("campaign/round_1.fasta").read_text().split(">")
    ids = [row.split()[0] for row in rows]
    Path("round_1.tsv").write_text(
        "id\tyield\n" + "".join(f"{name}\t{i}\n" for i, name in enumerate(ids))
    )


def prepare_explain():
    # As long as the promoters of builtin:promoters, which the page samples.
    texts = [t[:10] + "TTGACA" + t[16:] for t in drawn(100, 60)]
    fasta("promoters.fasta", texts, expr=[i % 17 for i in range(100)])
    fasta("splice.fasta", texts + drawn(100, 60, seed=5), **{"class": ["EI"] * 100 + ["N"] * 100})
    fasta("riboswitch.fasta", [t[:20] + "-" * (i % 3) + t[20 + i % 3 :] for i, t in
                               enumerate(texts)])  # fmt: skip
    Path("consensus.txt").write_text("(" * 5 + "." * 50 + ")" * 5 + "\n")
    motif = "A [0 0 0 1 0 1]\nC [0 0 0 0 1 0]\nG [0 0 1 0 0 0]\nT [1 1 0 0 0 0]\n"
    Path("jaspar.meme").write_text(f">MA1 box\n{motif}")
    fasta("seqs.fasta", texts[:20])
    train("promoters.fasta", more=f"{SMALL} --condition expr=number")
    main(["-q", "oracle", "promoters.fasta", "--target", "expr", "-o", "oracle"])


def prepare_fine_tuning():
    promoters()
    write_fasta(load_demo()[1][:60], "few.fasta")
    train("promoters.fasta")


def prepare_hub():
    promoters()
    shutil.copy("promoters.fasta", "mine.fasta")
    shutil.copy("held_out.fasta", "test.fasta")


def prepare_images():
    noise = np.random.default_rng(0).integers(0, 256, (160, 16, 16), np.uint8)
    large = np.random.default_rng(1).integers(0, 256, (60, 40, 40), np.uint8)
    write_images(ImageSet.from_pixels(noise[:100]), "mnist.npz")
    write_images(ImageSet.from_pixels(noise[100:]), "mnist-test.npz")
    write_images(ImageSet.from_pixels(large), "nuclei")
    columns = {
        "size": np.array([str(i % 40) for i in range(100)], object),
        "tags": np.array([("round", "dark", "round,dark")[i % 3] for i in range(100)], object),
    }
    some = ImageSet.from_pixels(noise[:100])
    sides = np.arange(100) % 2
    write_images(replace(some, labels=sides, classes=("left", "right"), columns=columns), "cells")
    Path("wanted.tsv").write_text("id\tsize\na\t3\nb\t30\n")


def prepare_molecules():
    from biogan.molecules.demo import load_demo as load_molecules

    learned, held_out = load_molecules()
    Path("mols.smi").write_text("".join(f"{text}\n" for text in learned.smiles[:200]))
    for name, some in (("train", learned.smiles[:200]), ("test", held_out.smiles[:120]),
                       ("scaffolds", held_out.smiles[120:200])):  # fmt: skip
        with gzip.open(f"{name}.smi.gz", "wt") as out:
            out.writelines(f"{text}\n" for text in some)


def prepare_report():
    promoters()
    train("promoters.fasta")


def prepare_scaling():
    write_fasta(load_demo()[0][:150], "reads.fasta.gz")


def prepare_structures():
    turn = np.deg2rad(100) * np.arange(80)
    helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(80)], 1)
    shaken = helix + np.random.default_rng(2).normal(0, 0.05, (4, 80, 3))
    write_structures(
        FragmentSet(shaken.astype(np.float32), tuple("abcd"), np.arange(4)), "structures"
    )


#: How a page's folder is prepared, and what is shortened there beside what is everywhere.
PAGES = {
    "conditions": (prepare_conditions, []),
    "constraints": (prepare_constraints, [(r"-n 96", "-n 8")]),
    "design": (
        prepare_design,
        [(r"-n 96|--batch 96", lambda m: m[0].replace("96", "8")), (r"--front 20", "--front 5")],
    ),  # fmt: skip
    "explain": (prepare_explain, [(r"^explain", "explain --most 20")]),
    "fine-tuning": (prepare_fine_tuning, [(r"--from (\S+)", r"--from \1 --steps 3"), BUDGET]),
    "hub": (prepare_hub, []),
    "images": (
        prepare_images,
        [
            (r"\b(mnist(-test)?)\b(?!-)", r"\1.npz"),
            (r"--max-time \d+m", IMAGES),
            (r"^(train (?:nuclei|cells).*)", rf"\1 {IMAGES}"),
        ],
    ),  # fmt: skip
    "molecules": (prepare_molecules, [*MOLECULES, (r"--require-smarts \S+", "--require-smarts C")]),
    "report": (prepare_report, []),
    "scaling": (prepare_scaling, []),
    "structures": (prepare_structures, [(r"--max-time \d+m", IMAGES)]),
    "training": (promoters, []),
}


def typed(path):
    """Yield each command of a page, without the comment behind it, and its Python, in order."""
    for language, block in blocks(path):
        if language == "python":
            yield language, block
        else:
            for line in re.findall(r"^\$ (.*)$", block, re.M):
                yield language, re.sub(r"\s+# .*", "", line)


def test_every_page_with_commands_is_run():
    """A page that gets its first command gets a folder, too."""
    elsewhere = {"release"}  # its commands stand in sentences, and have tests of their own
    pages = {path.stem for path in DOCS.glob("*.md") if any(typed(path))}
    assert pages - elsewhere - {"input", "metrics"} == PAGES.keys()


def cleared(words):
    """Take away what an earlier alternative of the page wrote."""
    if "--resume" in words:
        return
    for flag in ("-o", "--out"):
        if flag in words:
            target = Path(words[words.index(flag) + 1].rstrip("/"))
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)


def by_shell(line, folder):
    """A command with a pipe or a file for its output, with the program that is under test."""
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "page", [pytest.param(p, marks=[pytest.mark.slow] if p in SLOW else []) for p in PAGES]
)
def test_the_commands_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    if page == "molecules":
        pytest.importorskip("rdkit", reason="rdkit is not installed")
        pytest.importorskip("selfies", reason="selfies is not installed")
    prepare, more = PAGES[page]
    monkeypatch.chdir(tmp_path)
    program("biogan", "from biogan.cli import run\nraise SystemExit(run())\n")
    program("python", f"import os, sys\nos.execv({sys.executable!r}, [{sys.executable!r}, "
            f"os.path.join({str(ROOT)!r}, sys.argv[1]), *sys.argv[2:]])\n")  # fmt: skip
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(SEQUENCE_METRICS)
    with contextlib.ExitStack() as stack:
        if page == "hub":
            pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
            stack.enter_context(published(monkeypatch))
        prepare()
        try:
            for language, text in typed(DOCS / f"{page}.md"):
                if language == "python":
                    if page != "design":  # its blocks are files that its commands name
                        python(text, DOCS / f"{page}.md", {"__name__": "page"})
                    continue
                one(text, more, tmp_path, capsys)
        finally:
            SEQUENCE_METRICS.clear()
            SEQUENCE_METRICS.update(before)


def one(text, more, folder, capsys):
    name, _, rest = text.partition(" ")
    rest = shortened(rest, more)
    if "--measured" in rest:
        measured()
    if "--tensorboard" in rest:
        try:
            import tensorboardX  # noqa: F401
        except ImportError:
            return
    words = shlex.split(rest)
    if name == "biogan" and words[0] == "train" and not {"--steps", "--dry-run"} & {*words}:
        words += SMALL.split()
    cleared(words)
    if name != "biogan" or {">", ">>", "|"} & {*words}:
        by_shell(f"{name} {rest}", folder)
        return
    code = run(words)
    told = capsys.readouterr().err
    # Violations are what `check` is for.
    assert code == 0 or (words[0] == "check" and code == 1 and "violat" in told), f"{text}\n{told}"


@contextlib.contextmanager
def published(monkeypatch):
    """A hub with the model that the page takes for granted."""
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.setenv("HF_TOKEN", "a token of this test")
        promoters()
        train("promoters.fasta", "first")
        main(["-q", "evaluate", "first", "--held-out", "held_out.fasta", "--metric", "gc-w1",
              "-o", "first/evaluation"])  # fmt: skip
        main(["-q", "push", "first", "hf:lab/promoters", "--licence", "cc0-1.0"])
        hub.tags["v1"] = hub.repositories["lab/promoters"][-1][0]
        yield


def test_what_pages_show_is_what_python_prints(tmp_path, monkeypatch):
    """Blocks of a session, with what it printed."""
    import doctest

    shutil.copy(shared_data("dna/uci_splice.train.fasta"), tmp_path / "splice.fasta")
    monkeypatch.chdir(tmp_path)
    for page in ("input", "metrics"):
        for language, block in blocks(DOCS / f"{page}.md"):
            if language == "python" and block.startswith(">>>"):
                example = doctest.DocTestParser().get_doctest(block, {}, page, None, 0)
                runner = doctest.DocTestRunner(verbose=False)
                assert runner.run(example).failed == 0


def test_the_metric_of_the_page_of_metrics_is_a_row_of_a_report():
    before = dict(SEQUENCE_METRICS)
    (block,) = (b for _, b in blocks(DOCS / "metrics.md") if b.startswith("from"))
    try:
        exec(compile(block, "metrics.md", "exec"), {"__name__": "page"})
        genes = biogan.SequenceSet.from_strings(["ATGAAATAA", "ATGCCCTGA"] * 30)
        row = biogan.evaluate(genes, genes, metrics=["start-codon"])["start-codon"]
        assert row.generated.value == 1.0
    finally:
        SEQUENCE_METRICS.clear()
        SEQUENCE_METRICS.update(before)
