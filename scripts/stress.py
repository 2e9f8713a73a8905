"""Stress of biogan with random cases: python scripts/stress.py [PART ...] --count N --seed S.

Each part prints how often each outcome was seen, then the failures; with any, the exit status is 1.
A case depends on the seed, its part and its number alone: ``--first I --count 1`` repeats case I.
"""

from __future__ import annotations

import argparse
import builtins
import contextlib
import errno
import gzip
import io
import json
import mmap
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from biogan.core.errors import BioganError

#: Failures of one outcome that are shown; all are counted.
SHOWN = 3


@dataclass
class Tally:
    """What a part has seen.

    Attributes
    ----------
    counts : Counter of str
        How often each outcome was seen.
    failures : list of str
        What must not happen, with the number of the case.
    shown : list of str
        The first failures of each outcome.
    """

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def fail(self, outcome: str, what: str) -> None:
        """Count an outcome that must not happen."""
        self.counts[outcome] += 1
        self.failures.append(what)
        if self.counts[outcome] <= SHOWN:
            self.shown.append(what)


#: What a part is given: numbers of cases and the seed.
Stress = Callable[[range, int, Tally], None]


@dataclass(frozen=True)
class Part:
    """A kind of stress.

    Attributes
    ----------
    run : callable
        Runs the cases of a range and counts what it sees.
    count : int
        Cases that are run where nothing is said.
    """

    run: Stress
    count: int


PARTS: dict[str, Part] = {}


def part(count: int) -> Callable[[Stress], Stress]:
    """Add a function to :data:`PARTS` under its name."""

    def add(run: Stress) -> Stress:
        PARTS[run.__name__] = Part(run, count)
        return run

    return add


# --- fuzz: damaged files ------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A valid file.

    Attributes
    ----------
    name : str
        Its name.
    data : bytes
        What is damaged.
    pack : callable
        Puts damaged data into a file, where a checksum would refuse them otherwise.
    """

    name: str
    data: bytes
    pack: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True)
class Reader:
    """A reader, with valid files to start from.

    Attributes
    ----------
    read : callable
        Reads one path.
    examples : list of Example
        At least one.
    """

    read: Callable[[Path], object]
    examples: list[Example]


#: Makes the readers of a kind of files; packages are loaded when a part runs.
READERS: list[Callable[[], dict[str, Reader]]] = []


def image_readers() -> dict[str, Reader]:
    """PNG, JPEG, TIFF, IDX, ``.npz``, and their tables of labels."""
    import numpy as np
    import tifffile
    from PIL import Image

    from biogan.images.config import ImageReadingConfig
    from biogan.images.read import read_images

    grey = np.random.default_rng(1).integers(0, 255, (16, 16), np.uint8)
    deep = grey.astype(np.uint16) * 200
    colour = np.stack([grey, grey.T, 255 - grey], 2)

    def pillow(pixels: np.ndarray, **options: Any) -> bytes:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, **options)
        return out.getvalue()

    def tiff(pixels: np.ndarray, **options: Any) -> bytes:
        out = io.BytesIO()
        tifffile.imwrite(out, pixels, **{"photometric": "minisblack", **options})
        return out.getvalue()

    def npz(**arrays: Any) -> bytes:
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)
        return out.getvalue()

    def npy(array: np.ndarray) -> bytes:
        out = io.BytesIO()
        np.save(out, array)
        return out.getvalue()

    def member(name: str) -> Callable[[bytes], bytes]:
        def pack(data: bytes) -> bytes:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                if name == "labels.npy":
                    archive.writestr("images.npy", npy(np.stack([grey] * 3)))
                archive.writestr(name, data)
            return out.getvalue()

        return pack

    def idx(array: np.ndarray) -> bytes:
        sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
        return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()

    def exif() -> Image.Exif:
        found = Image.Exif()
        found[0x0112] = 6  # lies on its side
        return found

    def labelled(path: Path) -> None:
        images = path.with_name("images.idx")
        images.write_bytes(idx(np.stack([grey, grey])))
        read_images(images, ImageReadingConfig(labels=str(path)))

    def some(path: Path) -> None:
        """Read as it is, then with options, of which most refuse something."""
        read_images(path)
        draw = random.Random(zlib.crc32(path.read_bytes()))
        reading = ImageReadingConfig(
            size=draw.choice((None, 16, 32)), crop=draw.choice(("none", "center", "tiles")),
            colour=draw.choice(("auto", "grey", "rgb")), frames=draw.choice((None, None, 3)),
        )  # fmt: skip
        try:
            read_images(path, reading)
        except BioganError as error:
            assert str(error).isprintable(), error

    one_header = tiff(
        deep, description="ImageJ=1.54f\nimages=3\nslices=3\n", metadata=None, byteorder=">"
    )
    one_header += np.stack([deep] * 2).astype(">u2").tobytes()
    small = io.BytesIO()
    first = Image.fromarray(grey)
    first.save(small, "TIFF", save_all=True, append_images=[first, first.resize((8, 8))])
    palette = io.BytesIO()
    Image.fromarray(colour).quantize(16).save(palette, "PNG", transparency=3)
    packed = gzip.compress(idx(np.stack([grey] * 3)), mtime=0)
    png, stack = pillow(colour, format="PNG"), np.stack([deep] * 3)
    table = b"id\tclass\nimage_1\tcat\nimage_2\tdog\n"
    plain = {
        "png": [
            Example("a.png", png), Example("a.png", png, with_checksums),
            Example("d.png", pillow(deep, format="PNG"), with_checksums),
            Example("p.png", pillow(grey, format="PNG", optimize=True), with_checksums),
            Example("i.png", palette.getvalue(), with_checksums),
        ],
        "jpeg": [
            Example("a.jpg", pillow(colour, format="JPEG")),
            Example("p.jpg", pillow(grey, format="JPEG", progressive=True)),
            Example("e.jpg", pillow(colour, format="JPEG", exif=exif())),
        ],
        "tiff": [
            Example("a.tif", pillow(grey, format="TIFF")),
            Example("lzw.tif", pillow(colour, format="TIFF", compression="tiff_lzw")),
            Example("stack.tif", tiff(stack)), Example("ij.tif", tiff(stack, imagej=True)),
            Example("ome.tif", tiff(stack, ome=True)),
            Example("big.tif", tiff(stack, bigtiff=True)),
            Example("planar.tif", tiff(deep[None].repeat(3, 0), photometric="rgb")),
            Example("zip.tif", tiff(deep, compression="zlib", predictor=True)),
            Example("tiles.tif", tiff(stack, tile=(16, 16))),
            Example("one.tif", one_header), Example("small.tif", small.getvalue()),
            Example("jpeg.tif", pillow(colour, format="TIFF", compression="jpeg")),
            Example("bits.tif", pillow(grey > 99, format="TIFF", compression="group4")),
            Example("channels.tif", tiff(stack, imagej=True, metadata={"axes": "CYX"})),
        ],
        "idx": [
            Example("a-idx3-ubyte", idx(np.stack([grey] * 3))), Example("a.gz", packed),
            Example("a.gz", idx(np.stack([grey] * 3)), partial(gzip.compress, compresslevel=1)),
        ],
        "npz": [
            Example("a.npz", npz(images=np.stack([grey] * 3), labels=np.arange(3))),
            Example("a.npz", npy(np.stack([grey] * 3)), member("pixels.npy")),
            Example("a.npz", npy(np.array([1, 2, 3])), member("labels.npy")),
        ],
    }  # fmt: skip
    readers = {name: Reader(some, examples) for name, examples in plain.items()}
    labels = [Example("l.tsv", table), Example("l.idx", idx(np.array([1, 2], np.uint8)))]
    return readers | {"labels of images": Reader(labelled, labels)}


def structure_readers() -> dict[str, Reader]:
    """PDB, mmCIF and arrays of coordinates."""
    import numpy as np

    from biogan.structures.config import StructureReadingConfig
    from biogan.structures.read import read_fragments, read_structures

    steps = np.random.default_rng(1).normal(size=(40, 3)) + [2, 0, 0]
    places = (3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True)).cumsum(0)
    atom = "ATOM  {i:5d}  CA  ALA {chain}{i:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00\n"
    pdb = "HEADER    EXAMPLE\n" + "".join(
        atom.format(i=i % 20 + 1, chain="AB"[i // 20], x=x, y=y, z=z)
        for i, (x, y, z) in enumerate(places)
    )
    fields = (
        "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id "
        "label_entity_id label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy "
        "B_iso_or_equiv auth_seq_id auth_asym_id pdbx_PDB_model_num"
    )
    cif = "data_X\nloop_\n" + "".join(f"_atom_site.{name}\n" for name in fields.split())
    cif += "".join(
        f"ATOM {i} C CA . ALA A 1 {i} ? {x:.3f} {y:.3f} {z:.3f} 1.0 0.0 {i} A 1\n"
        for i, (x, y, z) in enumerate(places, 1)
    )
    lines = pdb.splitlines(keepends=True)
    again = "".join(lines[1:21]) + "TER\n" + "".join(lines[1:21]).replace(" CA  ALA", " CA BMSE")
    models = "".join(f"MODEL     {i:4d}\n{pdb}ENDMDL\n" for i in (1, 2))
    texts = "_struct.title\n;A title\nof two lines\n;\n_struct.other 'it''s'\n"
    chains = {"offsets": np.array([0, 20, 40]), "ids": np.array(["a", "b"])}
    places = places.astype(np.float32)

    def arrays(**more: Any) -> bytes:
        out = io.BytesIO()
        np.savez(out, **more)
        return out.getvalue()

    def member(name: str) -> Callable[[bytes], bytes]:
        def pack(data: bytes) -> bytes:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for key, array in {"xyz": places, **chains}.items():
                    held = io.BytesIO()
                    np.save(held, array)
                    archive.writestr(f"{key}.npy", data if key == name else held.getvalue())
            return out.getvalue()

        return pack

    def npy(array: np.ndarray) -> bytes:
        out = io.BytesIO()
        np.save(out, array)
        return out.getvalue()

    def read(path: Path) -> None:
        read_structures(path, StructureReadingConfig(residues=16))

    def families(path: Path) -> None:
        data = path.with_name("chains.npz")
        data.write_bytes(arrays(xyz=places, **chains))
        read_structures(data, StructureReadingConfig(residues=16, labels=str(path)))

    maps = np.linalg.norm(places[None, :20, None] - places[None, None, :20], axis=3)
    return {
        "pdb": Reader(read, [
            Example("a.pdb", f"{pdb}END\n".encode()), Example("b.pdb", again.encode()),
            Example("c.ent", models.encode()),
            Example("d.pdb1.gz", pdb.encode(), partial(gzip.compress, compresslevel=1)),
        ]),
        "mmcif": Reader(read, [
            Example("a.cif", f"{cif}#\n".encode()), Example("b.cif", f"{cif}{texts}".encode()),
            Example("c.cif", (cif.replace("pdbx_PDB_model_num", "other")).encode()),
        ]),
        "coordinates": Reader(read, [
            Example("s.npz", arrays(xyz=places, **chains)),
            *(Example("m.npz", npy(array), member(name))
              for name, array in {"xyz": places, **chains}.items()),
        ]),
        "fragments": Reader(read_fragments, [
            Example("f.npz", arrays(xyz=places[None, :20], maps=maps)),
            Example("f.pdb", again.encode()),
        ]),
        "families": Reader(families, [Example("f.tsv", b"id\tfamily\na\tone\nb\ttwo\n")]),
    }  # fmt: skip


def sequence_readers() -> dict[str, Reader]:
    """FASTA, FASTQ, bare sequences; their tables of labels, motifs, and cards of models."""
    import bz2
    import lzma

    from backports import zstd

    from biogan.models.card import read_card
    from biogan.sequences.io.fasta import read_fasta
    from biogan.sequences.io.motifs import read_motifs
    from biogan.sequences.io.records import iter_records

    policies = {
        "alphabet": (None, "dna", "rna", "protein", "custom:AC;-"),
        "ambiguous": ("drop", "resolve", "keep", "error"),
        "case": ("auto", "upper", "a2m", "error"),
        "gaps": ("auto", "letter", "remove", "error"),
        "stop": ("strip", "keep", "drop", "error"),
        "foreign": ("drop", "error"),
        "window": (None, 3),
    }

    def fasta(path: Path) -> None:
        equal_to_biopython(path)
        whole(read_fasta(path).report)
        draw = random.Random(zlib.crc32(path.read_bytes()))
        try:
            whole(read_fasta(path, **{k: draw.choice(v) for k, v in policies.items()}).report)
        except BioganError as error:  # most policies refuse something
            assert str(error).isprintable() and path.name in str(error), error

    def whole(report: Any) -> None:
        assert report.records == report.kept + sum(report.dropped.values()) >= report.kept >= 1
        assert "".join(report.lines()).isprintable()

    def fastq(path: Path) -> None:
        read_fasta(path, format="fastq")

    def lines(path: Path) -> None:
        for record in iter_records(path, "lines"):
            assert record.text

    def labels(path: Path) -> None:
        data = path.with_name("labelled.fa")
        data.write_text(">a n=1\nACGT\n>b\nAC\n>c class=x\nGT\n")
        read_fasta(data, labels=str(path))

    plain = b">a one k=v\nACGTACGTNN\nACGT\n>b\nacgtRYK\n\n>c|1 x=y z=w\nGATTACA\n>d\nAC-GT.A\n"
    protein = b">p OS=Homo sapiens OX=9606\nMKVLEFW*\n>q\nMK-LXB*\n;note\n>r\nMKIL\n\x1a"
    reads = b"@a x\nACGT\n+\nIIII\n@b\nAC\nGT\n+b\n@>II\n@c\nGG\n+\nII\n"
    table = b"id\tclass\texpr\na\tx\t1.5\nb\ty\tNA\nc\t\t-2\n"
    meme = (
        b"MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
        b"A 0.25 C 0.25 G 0.25 T 0.25\n\nMOTIF box TATA\nletter-probability matrix: alength= 4 "
        b"w= 2 nsites= 17 E= 4.1e-009\n 0.0 0.2 0.0 0.8\n 0.25 0.25 0.25 0.25\n"
    )
    jaspar = b">MA1 Arnt\nA [ 4 19 ]\nC [16  0 ]\nG [ 0  1 ]\nT [ 0  0 ]\n"
    motifs = [meme, jaspar, b">MA2\n4 19\n16 0\n0 1\n0 0\n", b">TGA\tx\t5\n" + b".1 .2 .3 .4\n" * 3]
    motifs += [b"ID x\nPO A C G T\n01 1 2 3 4\n02 4 3 2 1\nXX\n//\n"]
    packed = {
        "x.fa.gz": gzip.compress(plain, mtime=0), "x.fa.bz2": bz2.compress(plain),
        "x.fa.xz": lzma.compress(plain), "x.fa.zst": zstd.compress(plain),
    }  # fmt: skip
    forms = [plain, protein, b"\xef\xbb\xbf" + plain, plain.replace(b"\n", b"\r\n")]
    forms += [plain.replace(b"\n", b"\r"), plain.replace(b"one", "\xfcn \u200b".encode())]
    cards = sorted((Path(__file__).parents[1] / "tests/data/models").glob("*/config.json"))
    return {
        "fasta": Reader(fasta, [Example("x.fa", data) for data in forms]),
        "packed": Reader(read_fasta, [Example(name, data) for name, data in packed.items()]),
        "fastq": Reader(fastq, [Example("x.fq", reads)]),
        "lines": Reader(lines, [Example("x.txt", b"ACGT\nacgu\n\nGG\n")]),
        "labels": Reader(labels, [Example("l.tsv", table)]),
        "motifs": Reader(read_motifs, [Example("m.txt", data) for data in motifs]),
        **profile_reader(),
        "cards": Reader(read_card, [Example(path.name, path.read_bytes()) for path in cards]),
    }


def profile_reader() -> dict[str, Reader]:
    """Profiles of HMMER, where pyhmmer is installed."""
    import numpy as np

    from biogan.sequences.alphabet import PROTEIN
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.metrics.context import build_profile, read_profile, unavailable

    if unavailable():
        return {}
    rows = np.random.default_rng(0).integers(0, 20, (30, 6)).astype(np.uint8)
    out = io.BytesIO()
    build_profile(SequenceSet.from_matrix(PROTEIN.with_letters("-"), rows)).model.write(out)
    return {"profiles": Reader(read_profile, [Example("p.hmm", out.getvalue())])}


def equal_to_biopython(path: Path) -> None:
    """Compare the records with Biopython's, where both read a file."""
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    from biogan.sequences.io.chunks import Raw, iter_chunks

    notes: list[str] = []
    raw = Raw.join(list(iter_chunks(path, "fasta", notes)))
    if any("skipped" in note for note in notes):
        return  # comments and marks, which are letters to Biopython
    beyond = iter(raw.letters.beyond)
    text = "".join(next(beyond) if c == 0x80 else chr(c) for c in raw.letters.data)
    bounds = raw.letters.offsets.tolist()
    texts = [text[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    latin_1 = any("Latin-1" in note for note in notes)
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        try:
            theirs = list(SimpleFastaParser(file))
        except ValueError:
            return
    assert len(theirs) == len(raw.ids), f"{len(raw.ids)} records, Biopython has {len(theirs)}"
    for name, about, mine, (title, letters) in zip(
        raw.ids, raw.descriptions, texts, theirs, strict=True
    ):
        assert latin_1 or f"{name} {about}".split() == title.split(), title
        assert "".join(mine.split()) == "".join(letters.split()), name


READERS += [image_readers, structure_readers, sequence_readers]


def with_checksums(png: bytes) -> bytes:
    """Mend the checksums of the chunks of a PNG, so that damage reaches what they hold."""
    out, at = bytearray(png[:8]), 8
    while at + 12 <= len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        chunk = png[at + 4 : at + 8 + size]
        out += png[at : at + 4] + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        at += 12 + size
    return bytes(out + png[at:])


EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
            0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)  # fmt: skip
WORDS = (b"", b"-1", b"0", b"1e400", b"nan", b"inf", b"99999999999999999999", b"\x00", b"\xff",
         b"'", b'"', b"\r", b"\x1b[31m", "é".encode(), b"9" * 5000, b"[" * 5000)  # fmt: skip


def damaged(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Change a file in one to four places; ``other`` is a file to take pieces of."""
    found = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        at = draw.randrange(len(found) + 1)
        # Headers stand at the beginning, and directories at the end.
        if draw.random() < 0.4:
            at = min(at, draw.randrange(64))
        end = min(len(found), at + draw.choice((1, 2, 4, 8, 16, 64, 256)))
        how = draw.randrange(9)
        if how == 0 and at < len(found):
            found[at] ^= 1 << draw.randrange(8)
        elif how == 1:
            found[at:end] = draw.randbytes(end - at)
        elif how == 2:
            del found[at:]
        elif how == 3:
            del found[at:end]
        elif how == 4:
            found[at:at] = found[at:end] * draw.choice((1, 2, 50))
        elif how == 5:
            start = draw.randrange(len(other) + 1)
            found[at : draw.choice((at, end, len(found)))] = other[start : start + 2 * (end - at)]
        elif how == 6:
            size = draw.choice((1, 2, 4, 8))
            value = draw.choice(EXTREMES) & ((1 << 8 * size) - 1)
            found[at : at + size] = value.to_bytes(size, draw.choice(("big", "little")))
        elif how == 7:
            words = bytes(found).split(b" ")
            words[draw.randrange(len(words))] = draw.choice(WORDS)
            found = bytearray(b" ".join(words))
        else:
            lines = bytes(found).splitlines(keepends=True) or [b""]
            one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
            lines[one] = draw.choice((lines[two], b"", lines[one] * 3, lines[one].strip()))
            found = bytearray(b"".join(lines))
    return bytes(found)


class Hang(BaseException):  # noqa: N818 - no reader may catch it
    """A reader took longer than :data:`SECONDS`."""


SECONDS, WAITED = 20, 200


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """End a reader that hangs."""

    def stop(number: int, frame: object) -> None:
        raise Hang(f"no end after {SECONDS} s of the processor, or {WAITED} s")

    # A reader that waits takes no time of the processor; on a busy machine others take long.
    limits = {
        signal.SIGALRM: (signal.ITIMER_REAL, WAITED),
        signal.SIGPROF: (signal.ITIMER_PROF, SECONDS),
    }
    before = {number: signal.signal(number, stop) for number in limits}
    for which, seconds in limits.values():
        signal.setitimer(which, seconds)
    try:
        yield
    finally:
        for which, _ in limits.values():
            signal.setitimer(which, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def screen() -> Iterator[int]:
    """Catch what libraries in C print on standard error: yields the descriptor of a file."""
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield file.fileno()
        finally:
            os.dup2(before, 2)
            os.close(before)


def complaint(read: Callable[[Path], object], path: Path) -> tuple[str, str]:
    """Read a file: ``read`` or ``refused``, or a failure and what it was."""
    with warnings.catch_warnings(record=True) as said, screen() as printed:
        warnings.simplefilter("always")
        try:
            with limited():
                read(path)
            outcome, what = "read", ""
        except BioganError as error:
            text = str(error)
            one_line = text.isprintable() and path.name in text
            outcome, what = ("refused", "") if one_line else ("not one line with the file", text)
        except Hang as error:
            outcome, what = "hang", str(error)
        except Exception as error:
            outcome, what = "traceback", "".join(traceback.format_exception(error)[-3:])
        size = os.fstat(printed).st_size
        text = os.pread(printed, min(size, 200), 0).decode(errors="replace")
    if not what and (said or size):
        return "leaked warning", str(said[0].message) if said else text
    return outcome, what


@part(count=1_000_000)
def fuzz(cases: range, seed: int, tally: Tally) -> None:
    """Give damaged files to every reader: it reads them or refuses them in one line."""
    readers = {name: reader for make in READERS for name, reader in make().items()}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            draw = random.Random(f"fuzz {seed} {case}")
            name = list(readers)[case % len(readers)]
            one, other = draw.choices(readers[name].examples, k=2)
            path = Path(folder, one.name)
            path.write_bytes(one.pack(damaged(one.data, other.data, draw)))
            outcome, what = complaint(readers[name].read, path)
            if what:
                tally.fail(f"{name}: {outcome}", f"case {case}, {name}: {outcome}: {what}")
            else:
                tally.counts[f"{name}: {outcome}"] += 1
            path.unlink()


# --- locks: several processes want one folder ---------------------------------------------

#: Processes that want it.
RIVALS = 4
#: Whom a refusal names; a holder of less than a moment may have no name.
REFUSED = {"process": "refused with the name of the holder", "a": "refused, it changed hands"}


def hold(folder: Path, times: int) -> Counter[str]:
    """Hold a folder some times, beside others who do the same; count how often two had it at once.

    Parameters
    ----------
    folder : Path
        The folder. A file beside it, made and removed while it is held, tells of a second holder.
    times : int
        Holds; attempts that are refused do not count.
    """
    from biogan.core.errors import OutputError
    from biogan.models.checkpoint import held

    seen: Counter[str] = Counter()
    mark = folder.with_name(f"{folder.name}.held")
    while seen["held"] < times:
        try:
            with held(folder):
                seen["held"] += 1
                try:
                    os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    seen["held by two"] += 1
                else:
                    mark.unlink()
        except OutputError as error:
            holder = re.search(
                r": (process \d+ on [\w.-]+|a process) is training there", str(error)
            )
            name = holder[1].split()[0] if holder else str(error)
            seen[REFUSED.get(name, f"refused: {name}")] += 1
    return seen


@part(count=100_000)
def locks(cases: range, seed: int, tally: Tally) -> None:
    """Let processes hold a folder that is there, and one that comes and goes with its holder."""
    each = -(-len(cases) // (2 * RIVALS))
    with (
        tempfile.TemporaryDirectory() as root,
        ProcessPoolExecutor(RIVALS, get_context("spawn")) as rivals,
    ):
        there, passing = Path(root, "there"), Path(root, "passing")
        there.mkdir()
        for folder in (there, passing):
            for seen in rivals.map(hold, [folder] * RIVALS, [each] * RIVALS):
                tally.counts += seen
    for outcome, times in [*tally.counts.items()]:
        if outcome not in ("held", *REFUSED.values()):
            del tally.counts[outcome]
            for _ in range(times):
                tally.fail(outcome, outcome)


# --- kills and full disks: runs that do not end as they should ----------------------------


class Runs:
    """Runs of the command line, each in a process of its own, and what they come to undisturbed.

    Parameters
    ----------
    root : Path
        An empty folder for data and models.
    """

    OPTIONS = {
        "sequences": "--width 8 --depth 1 --latent 8 --batch-size 16 --steps 12 --check-every 4 "
        "--judge-steps 4",
        "images": "--width 4 --latent 4 --batch-size 8 --steps 6 --check-every 2",
    }
    #: What is trained, and whether another model stands there before.
    KINDS = {
        "sequences": ("sequences", ["--no-store"], False),
        "stored sequences": ("sequences", ["--store"], False),
        "images": ("images", [], False),
        "sequences in the place of others": ("sequences", ["--no-store"], True),
    }

    def __init__(self, root: Path) -> None:
        import matplotlib.pyplot  # noqa: F401 - once for all processes
        import numpy as np

        from biogan.core.files import write_text

        self.root = root
        draw = np.random.default_rng(1)
        letters = ["".join("ACGT"[i] for i in row) for row in draw.integers(0, 4, (80, 20))]
        write_text("".join(f">r{i}\n{row}\n" for i, row in enumerate(letters)), root / "sequences")
        with open(root / "images", "wb") as file:
            np.savez(file, images=draw.integers(0, 255, (60, 16, 16)).astype(np.uint8))
        os.rename(root / "images", root / "images.npz")
        self.data = {"sequences": root / "sequences", "images": root / "images.npz"}
        self.undisturbed: dict[str, dict[str, Any]] = {}
        self.old = root / "old"
        self.check(self.argv("sequences", self.old, "--seed", "9"))
        for kind in self.KINDS:
            folder, changes, start = root / f"run of {kind}", Changes(), time.monotonic()
            self.prepare(kind, folder)
            self.check(self.argv(kind, folder), changes)
            seconds = time.monotonic() - start
            self.undisturbed[kind] = {
                "seconds": seconds, "changes": changes.total(), "files": outcome_of(folder)
            }  # fmt: skip

    def prepare(self, kind: str, folder: Path) -> None:
        """Put the older model there, if one is to be replaced."""
        if self.KINDS[kind][2]:
            shutil.copytree(self.old, folder)

    def argv(self, kind: str, folder: Path, *more: str) -> list[str]:
        """Return the command that trains."""
        name, how, replaces = self.KINDS[kind]
        seed = () if "--seed" in more else ("--seed", "1")
        return ["train", str(self.data[name]), "-o", str(folder), "--threads", "1",
                *self.OPTIONS[name].split(), *how, *seed, *more,
                *["--overwrite"] * (replaces and not {"--resume", "--seed"} & {*more})]  # fmt: skip

    def check(self, argv: list[str], changes: Changes | None = None) -> None:
        """Run a command that has to succeed."""
        code, said = run_apart(argv, changes)
        if code:
            raise RuntimeError(f"{' '.join(argv)}: exit code {code}: {said}")

    def again(self, kind: str, folder: Path, draw: random.Random) -> list[str]:
        """Return a command that a queue may run after one that was cut off."""
        from biogan.models.checkpoint import ModelFolder

        there = ModelFolder(folder)
        begun = there.resumable
        if self.KINDS[kind][2]:
            ours = begun and there.read_config().config["seed"] == 1
            return self.argv(kind, folder, *["--resume"] * (ours and draw.random() < 0.5))
        resumes = there.visited and (begun or draw.random() < 0.5)
        return self.argv(kind, folder, *["--resume"] * resumes)


class Changes:
    """Counts changes of files in a process, and does something at one of them.

    Parameters
    ----------
    at : int
        Number of the change, from 1; 0 for none.
    act : callable
        Is called then; it may end the process or raise.
    after : bool
        Whether the change has been made by then.
    """

    def __init__(
        self, at: int = 0, act: Callable[[int], None] = lambda n: None, after: bool = False
    ) -> None:
        self.at, self.act, self.after = at, act, after
        self.shared = mmap.mmap(-1, 8)  # read by the process that started this one

    def total(self) -> int:
        """Return how many there were."""
        return int.from_bytes(self.shared[:8], "little")

    def watch(self) -> None:
        """Count from now on, in this process."""
        for name in ("replace", "unlink", "mkdir", "rmdir", "rename", "truncate"):
            setattr(os, name, self._counted(getattr(os, name)))
        io.open = builtins.open = self._counted(  # type: ignore[assignment]
            io.open, lambda file, mode="r", *rest, **more: not {"r"} == {*mode} - {"b", "t"}
        )

    def _counted(
        self, change: Callable[..., Any], counts: Callable[..., bool] = lambda *a, **o: True
    ) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            if not counts(*args, **options):
                return change(*args, **options)
            number = self.total() + 1
            self.shared[:8] = number.to_bytes(8, "little")
            if self.at and number >= self.at and not self.after:
                self.act(number)
            found = change(*args, **options)
            if self.at and number >= self.at and self.after:
                self.act(number)
            return found

        return counted


def run_apart(
    argv: list[str], changes: Changes | None = None, kill_after: float | None = None
) -> tuple[int, str]:
    """Run a command in a process of its own.

    Parameters
    ----------
    argv : list of str
        Arguments of ``biogan``.
    changes : Changes, optional
        What watches the files there.
    kill_after : float, optional
        Seconds until the process is killed.

    Returns
    -------
    code : int
        Exit code; negative for a signal.
    said : str
        What it printed.
    """
    from biogan.cli import run

    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.dup2(writing, 1)
            os.dup2(writing, 2)
            sys.stdout, sys.stderr = (open(n, "w", 1, closefd=False) for n in (1, 2))
            if changes:
                changes.watch()
            code = run(argv)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            code = 70
        finally:
            os._exit(code)
    os.close(writing)
    killer = threading.Timer(kill_after or 0, os.kill, (process, signal.SIGKILL))
    if kill_after is not None:
        killer.start()
    with open(reading, "rb") as file:
        said = file.read().decode(errors="replace")
    _, status = os.waitpid(process, 0)
    killer.cancel()
    return os.waitstatus_to_exitcode(status), said


def outcome_of(folder: Path) -> dict[str, Any]:
    """Return what a run came to, but for times: equal for equal runs."""
    import torch

    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or name in (".lock", "SHA256SUMS"):
            continue
        if name == "config.json":
            card = json.loads(path.read_text())
            card["training"].pop("seconds")
            found[name] = card
        elif name == "log.jsonl":
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            found[name] = [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
        elif name == "state.pt":
            state = torch.load(path, weights_only=True)
            state["numbers"].pop("elapsed")
            found[name] = flat(state)
        elif name.startswith("sequences/") or name == "report.html":
            found[name] = None  # the time that a file was changed; seconds
        else:
            found[name] = path.read_bytes()
    return found


def flat(part: Any) -> Any:
    """Turn tensors inside into bytes."""
    if isinstance(part, dict):
        return {key: flat(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [flat(value) for value in part]
    return part.numpy().tobytes() if hasattr(part, "numpy") else part


def unlike(one: dict[str, Any], other: dict[str, Any], but: Sequence[str] = ()) -> list[str]:
    """Return the names of files that are not equal."""
    names = {*one, *other}
    return sorted(
        name for name in names
        if one.get(name, "none") != other.get(name, "none") and not name.startswith(tuple(but))
    )  # fmt: skip


@part(count=200)
def kills(cases: range, seed: int, tally: Tally) -> None:
    """Kill runs at random moments and at changes of files; run them again as a queue does."""

    def die(number: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with tempfile.TemporaryDirectory() as name:
        runs = Runs(Path(name))
        for case in cases:
            draw = random.Random(f"kills {seed} {case}")
            kind = draw.choice([*Runs.KINDS])
            whole, folder = runs.undisturbed[kind], runs.root / f"case{case}"
            runs.prepare(kind, folder)
            argv, said = runs.argv(kind, folder), []
            for again in range(draw.choice((1, 1, 2))):
                if draw.random() < 0.5:
                    at = draw.randint(1, whole["changes"])
                    code, text = run_apart(argv, Changes(at, die, draw.random() < 0.5))
                    moment = "at a change of a file"
                else:
                    # The first second after the start is the one in which most begins.
                    most = draw.choice((min(1.0, whole["seconds"]), whole["seconds"]))
                    code, text = run_apart(argv, kill_after=draw.uniform(0, most))
                    moment = "in the first second" if most <= 1 else "at any moment"
                tally.counts[f"killed {moment}" if code == -9 else "ended before the kill"] += 1
                said += [text]
                if code not in (0, -9):
                    tally.fail("stuck", f"case {case}, {kind}: {again}: {text}")
                if Runs.KINDS[kind][2] and (problem := run_apart(["sample", str(folder)]))[0]:
                    tally.fail("no model", f"case {case}: neither old nor new: {problem[1]}")
                argv = runs.again(kind, folder, draw)
            code, text = run_apart(argv)
            if code:
                tally.fail("stuck", f"case {case}, {kind}: {' '.join(argv)}: {text}")
            elif other := unlike(outcome_of(folder), whole["files"]):
                tally.fail("another result", f"case {case}, {kind}: {', '.join(other)}")
            else:
                tally.counts["equal to the run without a kill"] += 1
            before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
            code, text = run_apart(runs.argv(kind, folder, "--resume"))
            after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
            if code or before != after:
                tally.fail("not finished", f"case {case}, {kind}: --resume once more: {text}")
            shutil.rmtree(folder)


@part(count=50)
def disk(cases: range, seed: int, tally: Tally) -> None:
    """Let the disk be full from a change of a file on, for some time or for good."""
    with tempfile.TemporaryDirectory() as name:
        runs = Runs(Path(name))
        for case in cases:
            draw = random.Random(f"disk {seed} {case}")
            kind = draw.choice([*Runs.KINDS])
            whole, folder = runs.undisturbed[kind], runs.root / f"case{case}"
            runs.prepare(kind, folder)
            start = draw.randint(1, whole["changes"])
            end = start + draw.choice((1, 3, 10, 10**6))
            room, limited = draw.choice((0, 100, 3_000, 20_000)), draw.random() < 0.5

            def fill(
                number: int, end: int = end, room: int = room, limited: bool = limited
            ) -> None:
                if limited:  # what is written beyond the limit is cut off, as on a full disk
                    most = room if number < end else resource.RLIM_INFINITY
                    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
                    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
                elif number < end:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            code, text = run_apart(runs.argv(kind, folder), Changes(start, fill))
            lines = text.splitlines() or [""]
            about = f"case {case}, {kind}, full from change {start} to {end}"
            if "Traceback" in text or code < 0 or (code and not lines[-1].startswith("biogan: ")):
                tally.fail("not one line", f"{about}: {text}")
            tally.counts["refused in one line" if code else "went on and ended well"] += 1
            if Runs.KINDS[kind][2] and (problem := run_apart(["sample", str(folder)]))[0]:
                tally.fail("no model", f"{about}: neither old nor new: {problem[1]}")
            again = runs.again(kind, folder, draw)
            # Rows of a log and previews that found no room are lost, and nothing else.
            lost = ("log.jsonl", "previews/", "training.webp", "samples.")
            redone, said = run_apart(again)
            if redone:
                tally.fail("stuck", f"{about}: {' '.join(again)}: {said}")
            elif other := unlike(outcome_of(folder), whole["files"], lost):
                tally.fail("another result", f"{about}: {', '.join(other)}")
            else:
                tally.counts["with room again equal to the run without a fault"] += 1
            shutil.rmtree(folder)


# --- flips: one changed bit in a model folder ---------------------------------------------

#: Every n-th case is evaluated too, which takes longer than all else.
EVALUATED = 20


@dataclass(frozen=True)
class Model:
    """A trained model and what is made of it.

    Attributes
    ----------
    folder : Path
        Its folder.
    uses : dict of str to callable
        Each takes such a folder and returns what must not change unseen; None where nothing must.
        The last one changes the folder.
    """

    folder: Path
    uses: dict[str, Callable[[Path], object]]


def sequence_model(root: Path) -> Model:
    """Train on stored sequences, with a critic for refinement."""
    from biogan import SequenceGAN, SequenceSet, evaluate, store_fasta, write_fasta
    from biogan.cli.report import write_page
    from biogan.models.checkpoint import STORE

    draw = random.Random(1)
    texts = ["".join(draw.choices("ACGT", k=20)) for _ in range(120)]
    reads, data, out = SequenceSet.from_strings(texts), root / "reads.fasta", root / "model"
    write_fasta(reads, data)
    options: dict[str, Any] = {"width": 4, "depth": 1, "latent": 4, "batch_size": 16, "seed": 1}
    options |= {"judge_steps": 2, "threads": 1}

    def fit(folder: Path, steps: int, resume: bool = False) -> SequenceGAN:
        gan = SequenceGAN(**options, steps=steps)
        return gan.fit(store_fasta(data, folder / STORE), out=folder, resume=resume)

    def state(gan: SequenceGAN) -> object:
        done = {k: v for k, v in gan.card["training"].items() if k != "seconds"}
        return gan.sample(4).strings(), gan.score(reads[:4]).tolist(), dict(gan.card["judge"]), done

    def verdict(folder: Path) -> object:
        new = SequenceGAN.load(folder).sample(60)
        return [(row.metric.name, row.status) for row in evaluate(reads, new, seed=1).rows]

    fit(out, 4)
    return Model(
        out,
        {
            "card": lambda folder: state(SequenceGAN.load(folder)),
            "samples": lambda folder: SequenceGAN.load(folder).sample(4, seed=7).strings(),
            "refined samples": lambda f: SequenceGAN.load(f).sample(4, refine="mh").strings(),
            "verdict": verdict,
            "report": lambda folder: write_page(str(folder)) and None,
            "resume": lambda folder: state(fit(folder, 5, resume=True)),
        },
    )


def image_model(root: Path) -> Model:
    """Train on grey images."""
    import numpy as np

    from biogan import ImageGAN, ImageSet
    from biogan.cli.report import write_page

    pixels = np.random.default_rng(1).integers(0, 255, (60, 16, 16)).astype(np.uint8)
    images = ImageSet.from_pixels(pixels)
    options: dict[str, Any] = {"width": 4, "latent": 4, "batch_size": 8, "seed": 1, "threads": 1}

    def state(gan: ImageGAN) -> object:
        return gan.sample(4).pixels.tolist(), gan.score(images[:4]).tolist()

    ImageGAN(**options, steps=2).fit(images, out=root / "images")

    def resumed(folder: Path) -> object:
        return state(ImageGAN(**options, steps=3).fit(images, out=folder, resume=True))

    return Model(
        root / "images",
        {
            "samples": lambda folder: state(ImageGAN.load(folder)),
            "report": lambda folder: write_page(str(folder)) and None,
            "resume": resumed,
        },
    )


#: Each trains a model in a folder.
MODELS = [sequence_model, image_model]


@part(count=2000)
def flips(cases: range, seed: int, tally: Tally) -> None:
    """Change one bit of one file of a model: nothing that is made of the model changes unseen."""
    from biogan.cli import console

    console.settings.quiet = True  # a log that lost a line is told, and no failure
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        models = [make(root) for make in MODELS]
        wanted = [made(model, root / "whole" / model.folder.name, tally) for model in models]
        files = [
            (which, path.relative_to(model.folder))
            for which, model in enumerate(models)
            for path in sorted(model.folder.rglob("*"))
            if path.is_file() and path.stat().st_size
        ]
        for case in cases:
            draw = random.Random(f"flips {seed} {case}")
            which, file = files[case % len(files)]
            folder = Path(shutil.copytree(models[which].folder, root / f"case-{case}"))
            data = bytearray((folder / file).read_bytes())
            place, bit = draw.randrange(len(data)), draw.randrange(8)
            data[place] ^= 1 << bit
            (folder / file).write_bytes(data)
            found = made(models[which], folder, tally, case)
            changed = [use for use in found if found[use] not in (wanted[which][use], REFUSAL)]
            if changed:
                what = f"bit {bit} of byte {place} of {file} changed {', '.join(changed)} unseen"
                tally.fail("silent change", f"case {case}: {what}")
            else:
                kind = f"{models[which].folder.name}/{file}"
                refused = REFUSAL in found.values()
                tally.counts[f"{kind}: {'refused' if refused else 'nothing changed'}"] += 1
            shutil.rmtree(folder)


#: Stands for the result of what was refused in one line.
REFUSAL = "refused"


def made(model: Model, folder: Path, tally: Tally, case: int = 0) -> dict[str, object]:
    """Return what is made of a folder, by the use; the folder is made where it is not there."""
    if not folder.exists():
        shutil.copytree(model.folder, folder)
    found: dict[str, object] = {}
    for use, make in model.uses.items():
        if use == "verdict" and case % EVALUATED:
            continue
        result: list[object] = []
        outcome, what = complaint(partial(_keep, make, result), folder)
        if what:
            tally.fail(outcome, f"case {case}, {use}: {outcome}: {what}")
        found[use] = result[0] if outcome == "read" else REFUSAL
    return found


def _keep(make: Callable[[Path], object], result: list[object], folder: Path) -> None:
    result.append(make(folder))


# --- the command line ---------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; or all")
    parser.add_argument("--count", type=int, help="cases of each part")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    failed = 0
    for name in options.parts or PARTS:
        count, tally, start = options.count or PARTS[name].count, Tally(), time.monotonic()
        PARTS[name].run(range(options.first, options.first + count), options.seed, tally)
        print(f"{name}: {count:,} cases, seed {options.seed}, {time.monotonic() - start:.0f} s")
        for outcome, times in sorted(tally.counts.items()):
            print(f"  {times:>9,}  {outcome}")
        for what in tally.shown:
            print(f"  FAILED {what}")
        print(f"  {len(tally.failures):,} failures", flush=True)
        failed += bool(tally.failures)
    sys.exit(bool(failed))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
