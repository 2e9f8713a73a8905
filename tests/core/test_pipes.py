"""Every reader and every option reads a pipe as it reads a file, and opens it once."""

import bz2
import gzip
import io
import lzma
import os
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import cache

import numpy as np
import pytest
from backports import zstd
from PIL import Image
from shapes import helix, walk, write_pdb

from biogan import read_fasta, read_images, read_structures
from biogan.cli import main, run
from biogan.core import inputs
from biogan.core.errors import ConfigError, DataError, FastaError
from biogan.core.inputs import check_once, head, is_lasting, is_pipe, seekable
from biogan.core.labels import read_label_table
from biogan.core.text import Source
from biogan.images.config import ImageReadingConfig
from biogan.models.registry import kind_of_data
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.chunks import _Counted, _from_blocks
from biogan.sequences.io.motifs import read_motifs
from biogan.structures.config import StructureReadingConfig


def quick(data: bytes) -> bytes:
    """Compress with gzip, in little time."""
    return gzip.compress(data, 1)


def twice(data: bytes) -> bytes:
    """Compress as bgzip does: in members, one behind another."""
    return quick(data[:1000]) + quick(data[1000:])


PACKED = {
    "plain": bytes,
    "gzip": quick,
    "bgzip": twice,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": zstd.compress,
}
PIPES = ("-", "/dev/stdin", "/dev/fd", "fifo")
FORMS = ("file", *PIPES, "bytes", "gzip-file", "text")


@contextmanager
def writing(data: bytes, target):
    """Write into a pipe beside the test, as another process does; a reader may go away."""

    def write():
        with suppress(BrokenPipeError), open(target, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield
    thread.join(20)
    assert not thread.is_alive()


@contextmanager
def given(form: str, data: bytes, tmp_path, name="data", monkeypatch=None):
    """Give data in a form in which a reader may meet them."""
    with ExitStack() as stack:
        path = tmp_path / name
        if form in ("bytes", "gzip-file", "text"):
            file = io.BytesIO(data)
            if form == "gzip-file":
                file = gzip.open(io.BytesIO(quick(data)), "rb")
            yield io.TextIOWrapper(file) if form == "text" else file
            return
        if form == "file":
            path.write_bytes(data)
            yield str(path)
            return
        if form == "fifo":
            os.mkfifo(path)
            stack.enter_context(writing(data, path))
            yield str(path)
            return
        out, into = os.pipe()
        stack.enter_context(writing(data, into))
        if form == "/dev/fd":
            stack.callback(os.close, out)
            yield f"/dev/fd/{out}"
            return
        before = os.dup(0)
        os.dup2(out, 0)
        os.close(out)
        stack.callback(os.close, before)
        stack.callback(os.dup2, before, 0)
        old, sys.stdin = sys.stdin, open(0, closefd=False)
        stack.callback(setattr, sys, "stdin", old)
        yield form


@cache
def fasta(n: int) -> bytes:
    random = np.random.default_rng(0)
    letters = np.array(list(b"ACGT"), np.uint8)[random.integers(0, 4, (n, 60))]
    rows = [b">r%d kind=%d\n%s\n" % (i, i % 3, row.tobytes()) for i, row in enumerate(letters)]
    return b"".join(rows)


@cache
def expected(n: int) -> SequenceSet:
    return read_fasta(io.BytesIO(fasta(n)))


@pytest.mark.parametrize("form", FORMS)
def test_records_of_a_pipe_are_those_of_the_file(tmp_path, form):
    """60,000 records are more than a pipe holds and than a reader takes at once."""
    for n, packings in ((10, ("plain", "gzip")), (3000, PACKED), (60_000, ("plain",))):
        for packing in packings if form != "text" else ("plain",):
            data = PACKED[packing](fasta(n))
            with given(form, data, tmp_path, f"{packing}{n}.fa") as source:
                found = read_fasta(source)
            assert found.digest == expected(n).digest
            assert (len(found), found.ids[-1]) == (n, f"r{n - 1}")
            assert found.labels["kind"].tolist() == expected(n).labels["kind"].tolist()


def test_many_packed_records_of_a_pipe(tmp_path):
    with given("/dev/fd", quick(fasta(60_000)), tmp_path) as source:
        assert read_fasta(source).digest == expected(60_000).digest


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def picture(format: str, **options) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (28, 28), np.uint8)
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


def tiff16() -> bytes:
    """A kind of TIFF that Pillow does not read."""
    import tifffile

    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 60000, (28, 28, 3), np.uint16)
    tifffile.imwrite(file, pixels, photometric="rgb")
    return file.getvalue()


PIXELS = np.random.default_rng(0).integers(0, 255, (500, 28, 28), np.uint8)
IMAGES = {
    "npz": npz(images=PIXELS[:50]),
    "idx": bytes([0, 0, 8, 3]) + np.array(PIXELS.shape, ">i4").tobytes() + PIXELS.tobytes(),
    "png": picture("PNG"),
    "tiff": picture("TIFF"),
    "tiff16": tiff16(),
    "jpeg": picture("JPEG"),
}


@pytest.mark.parametrize("form", PIPES)
@pytest.mark.parametrize("format", IMAGES)
def test_images_of_a_pipe_are_those_of_the_file(tmp_path, form, format):
    with given("file", IMAGES[format], tmp_path) as path:
        digest = read_images(path).digest
    for pack in (bytes, quick):
        with given(form, pack(IMAGES[format]), tmp_path, pack.__name__) as source:
            assert kind_of_data(source).name == "images"
            assert read_images(source).digest == digest


def structures(tmp_path) -> dict[str, bytes]:
    from Bio.PDB.mmcifio import MMCIFIO
    from Bio.PDB.PDBParser import PDBParser

    write_pdb(tmp_path / "x.pdb", walk(600, 0))
    with open(tmp_path / "x.pdb") as file:
        parsed = PDBParser(QUIET=True).get_structure("x", file)
    cif = MMCIFIO()
    cif.set_structure(parsed)
    cif.save(str(tmp_path / "x.cif"))
    xyz = np.stack([helix(32), helix(32)]).astype(np.float32)
    return {
        ".pdb": (tmp_path / "x.pdb").read_bytes(),
        ".cif": (tmp_path / "x.cif").read_bytes(),
        ".npz": npz(xyz=xyz, maps=xyz @ xyz.transpose(0, 2, 1)),
    }


def test_structures_of_a_pipe_are_those_of_the_file(tmp_path):
    reading = StructureReadingConfig(residues=32)
    for ending, data in structures(tmp_path).items():
        with given("file", data, tmp_path, f"y{ending}") as path:
            assert kind_of_data(path).name == "structures"
            digest = read_structures(path, reading).digest
        for form in PIPES:
            for pack in (bytes, quick):
                with given(
                    form, pack(data), tmp_path, f"{form[-2:]}{pack.__name__}{ending[1:]}"
                ) as p:
                    assert kind_of_data(p).name == "structures"
                    found = read_structures(p, reading)
                assert found.digest == digest


MEME = b"""MEME version 4
ALPHABET= ACGT
MOTIF m
letter-probability matrix: alength= 4 w= 2 nsites= 20
1 0 0 0
0 1 0 0
"""


@pytest.mark.parametrize("form", PIPES)
def test_tables_and_motifs_of_a_pipe(tmp_path, form):
    table = b"id\tkind\n" + b"".join(b"r%d\tx\n" % i for i in range(30_000))
    for pack in (bytes, quick):
        with given(form, pack(table), tmp_path, f"a{pack.__name__}") as path:
            assert len(read_label_table(path)[1]) == 30_000
        with given(form, pack(MEME), tmp_path, f"b{pack.__name__}") as path:
            assert [motif.name for motif in read_motifs(path)] == ["m"]
        labels = bytes([0, 0, 8, 1]) + np.array([50], ">i4").tobytes() + bytes(50)
        (tmp_path / "images.npz").write_bytes(IMAGES["npz"])
        with given(form, pack(labels), tmp_path, f"c{pack.__name__}") as path:
            found = read_images(tmp_path / "images.npz", ImageReadingConfig(labels=path))
            assert found.classes == ("0",)


def test_every_option_of_a_command_reads_a_pipe(tmp_path, capsys):
    data = fasta(240)
    parts = [b">" + part for part in data.split(b">")[1:]]
    files = {
        name: b"".join(parts[60 * i : 60 * i + 60])
        for i, name in enumerate(("generated", "reference", "train", "held-out"))
    }
    with ExitStack() as stack:
        answers = []
        for form in ("file", "/dev/fd"):
            paths = {
                name: stack.enter_context(given(form, text, tmp_path, name))
                for name, text in files.items()
            }
            answers.append(
                main(
                    ["evaluate", paths["generated"], "--reference", paths["reference"], "--train",
                     paths["train"], "--held-out", paths["held-out"], "--metric", "valid",
                     "--metric", "copies"]
                ).to_text()
            )  # fmt: skip
        assert answers[0] == answers[1]
        with given("/dev/fd", files["train"], tmp_path) as path:
            assert (
                len(main(["baseline", "uniform", path, "-n", "5", "-o", str(tmp_path / "b")])) == 5
            )


@pytest.mark.parametrize("form", ["-", "/dev/stdin"])
def test_one_pipe_is_not_two_inputs(tmp_path, capsys, form, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.fa").write_text("no sequences")
    words = {"-": "'-': standard input cannot be two inputs", "/dev/stdin": "a pipe cannot be two"}
    for command in (
        ["evaluate", form, "--reference", form],
        ["evaluate", "x.fa", "--reference", form, "--train", form],
        ["compare", form, "x.fa", "--held-out", form],
        ["train", form, "--labels", form, "-o", str(tmp_path / "run")],
        ["baseline", "uniform", form, "--labels", form],
        ["evaluate", "x.fa", "--reference", form, "--motifs", form],
    ):
        with given(form, fasta(20), tmp_path):
            assert run(command) == 2
            os.read(0, 1 << 16)
        assert words[form] in capsys.readouterr().err
    with given("/dev/fd", b"", tmp_path) as path:
        other = f"/proc/self/fd/{path[8:]}"
        with pytest.raises(
            ConfigError, match="are|a pipe cannot be two inputs, give a file for one"
        ):
            check_once(path, other)
        check_once(path, None, "x.fa", "x.fa")


def test_a_block_without_a_header_is_an_error():
    source = Source("x.fa")
    source.number = 7
    with pytest.raises(FastaError, match="x.fa, line 8: a record begins with '>', found b?'ACGT"):
        list(_from_blocks(source, io.BytesIO(b"ACGT\n>a\nAC\n"), 100, _Counted(source)))


def test_files_are_opened_once(tmp_path):
    """Other than to find the kind of data: by its name a file can be opened again."""
    opened = []
    watched = ""

    def see(event, arguments):
        if event == "open" and watched and str(arguments[0]) == watched:
            opened.append(watched)

    sys.addaudithook(see)  # it cannot be taken away, and does nothing later
    cases = [
        (read_fasta, fasta(10), "a.fa"),
        (read_motifs, MEME, "m"),
        (read_label_table, b"id\ta\nx\ty\n", "t"),
    ]
    cases += [(read_images, data, f"i.{name}") for name, data in IMAGES.items() if name != "idx"]
    for read, data, name in cases:
        for pack in (bytes, quick):
            path = tmp_path / f"{pack.__name__}{name}"
            path.write_bytes(pack(data))
            opened.clear()
            watched = str(path)
            read(watched)
            # The kind of images is told by how they begin.
            assert len(opened) == (2 if read is read_images else 1), name
    watched = ""


def test_a_model_of_a_pipe_is_evaluated_with_a_file(tmp_path, capsys):
    small = ["--steps", "2", "--width", "8", "--depth", "1", "--latent", "8"]
    with given("/dev/fd", fasta(64), tmp_path) as path:
        assert run(["train", path, "-o", str(tmp_path / "run"), *small]) == 0
    capsys.readouterr()
    assert run(["evaluate", str(tmp_path / "run")]) == 2
    assert "was trained on a pipe (/dev/fd/" in capsys.readouterr().err
    with given("-", fasta(64), tmp_path) as path:
        assert (
            run(["evaluate", str(tmp_path / "run"), "--reference", path, "--metric", "valid"]) == 0
        )
    with given("/dev/fd", fasta(10), tmp_path) as path:
        out = str(tmp_path / "new.fa")
        assert main(["sample", str(tmp_path / "run"), "-n", "8", "--exclude", path, "-o", out]) == 8
    with given("/dev/fd", fasta(10), tmp_path) as path:
        assert run(["train", path, "--store", "-o", str(tmp_path / "other")]) == 2
        assert "is a pipe and cannot be stored" in capsys.readouterr().err


def test_what_is_a_pipe(tmp_path):
    assert [is_pipe(x) for x in ("-", io.BytesIO(), "/dev/null", tmp_path, "no")] == [True] * 3 + [
        False
    ] * 2
    assert not is_lasting("/dev/fd/63")
    assert not is_lasting("/proc/self/fd/3")
    assert is_lasting("mnist")


def test_looking_at_a_pipe_leaves_it_to_its_reader(tmp_path):
    data = fasta(3000)
    for packing, pack in PACKED.items():
        with given("/dev/fd", pack(data), tmp_path) as path:
            assert head(path, 5) == head(path, 9)[:5] == data[:5], packing
            assert len(read_fasta(path)) == 3000
    with given("/dev/fd", data, tmp_path) as path:
        head(path)
        inputs.forget_peeked()
        assert not inputs._peeked


def test_a_folder_for_temporary_files_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no"))
    with (
        given("/dev/fd", IMAGES["npz"], tmp_path) as path,
        pytest.raises(DataError, match="cannot be copied into a temporary file.*TMPDIR"),
    ):
        read_images(path)
    (tmp_path / "there").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "there"))
    with (
        pytest.raises(FastaError, match="ends early"),
        seekable(io.BytesIO(gzip.compress(b"x")[:-4])),
    ):
        pass
    assert not list((tmp_path / "there").iterdir())


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_that_is_still_written_is_refused(tmp_path, pack):
    """Half a download was read as if it were all."""
    path = tmp_path / "x.fa"
    path.write_bytes(pack(b">a\nACGT\n"))
    source = Source(path)
    assert next(source) == ">a\n"
    with open(path, "ab") as more:
        more.write(pack(b">b\nACGT\n"))
    with pytest.raises(FastaError, match="another size than when it was opened"):
        list(source)
