"""Small files that unpack to much, and very many empty records: an error or a count, soon."""

import bz2
import gzip
import io
import lzma
import time
import zipfile
import zlib

import numpy as np
import pytest
import tifffile
from backports import zstd
from PIL import Image

from biogan import read_fasta, read_images
from biogan.cli import run
from biogan.core import inputs
from biogan.core.errors import DataError, FastaError
from biogan.core.inputs import read_arrays
from biogan.core.labels import header_labels, read_label_table
from biogan.images.config import ImageReadingConfig
from biogan.sequences.io.chunks import MOST_EMPTY
from biogan.sequences.io.motifs import read_motifs
from biogan.sequences.io.records import iter_records

FAR = "unpack to more than 1,000 times their size"
MB = 1 << 20


def packed(data: bytes, times: int = 1) -> bytes:
    """Compress a repeated text with gzip, in little time."""
    stream = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(stream.compress(data) for _ in range(times)) + stream.flush()


@pytest.fixture
def soon():
    """End within seconds: what is not linear, or holds all it reads, does not."""
    start = time.process_time()
    yield
    assert time.process_time() - start < 20


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("record", [b">\n", b">\nA\n", b">\n\n", b">a b=c\n"])
def test_millions_of_records_without_content(tmp_path, record):
    """9.8 kB of gzip took 718 MB; each record counts as the 200 bytes that it takes."""
    path = tmp_path / "x.fa.gz"
    path.write_bytes(packed(record * 500_000, 10))
    with pytest.raises(FastaError, match=rf"line [\d,]+: [\d,]+ records and more: they {FAR}"):
        read_fasta(path)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["blocks", "lines"])
def test_a_file_of_empty_records_ends_with_a_count(tmp_path, bom):
    path = tmp_path / "x.fa"
    path.write_bytes(bom + b">\n" * (MOST_EMPTY + 600_000) + b">a\nACGT\n")
    with pytest.raises(FastaError, match="of the first [0-9,]+ records have no letters; is this"):
        read_fasta(path)
    path.write_bytes(bom + b">\n>\n>a\nACGT\n" * 1000)
    found = read_fasta(path)
    assert (len(found), found.report.records, found.report.dropped) == (1000, 3000, {"empty": 2000})


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("pack", [packed, bz2.compress, lambda x: lzma.compress(x, preset=0),
                                  zstd.compress], ids=["gzip", "bzip2", "xz", "zst"])  # fmt: skip
def test_data_that_unpack_without_measure(tmp_path, pack, capsys):
    path = tmp_path / "x.fa.packed"
    path.write_bytes(pack(b">a\n" + b"A" * (17 * MB) + b"\n"))
    with pytest.raises(FastaError, match=FAR):
        read_fasta(path)
    assert read_fasta(path, unpack_ratio=0).lengths.tolist() == [17 * MB]
    assert run(["baseline", "uniform", str(path), "-n", "1"]) == 1
    assert "--unpack-ratio 0" in capsys.readouterr().err


@pytest.mark.usefixtures("soon")
def test_real_data_with_little_information_are_read(tmp_path):
    path = tmp_path / "x.fa.gz"
    path.write_bytes(packed(b">poly-A\n" + (b"A" * 60 + b"\n") * 5000, 60))
    assert read_fasta(path).lengths.tolist() == [300_000] * 60
    path = tmp_path / "y.fa.gz"  # below 16 MB whatever the ratio
    path.write_bytes(packed(b">a\n" + b"A" * (15 * MB) + b"\n"))
    assert len(read_fasta(path)) == 1


@pytest.mark.usefixtures("soon")
def test_very_many_lines_and_very_long_ones(tmp_path):
    path = tmp_path / "x.fa"
    for text in (
        b"\n" * (4 * MB) + b">a\nACGT\n",
        b">a\n" + b"\n" * (4 * MB) + b"ACGT\n",
        b">a\nACGT\n" + b"\n" * (4 * MB),
        b">a " + b"x" * (4 * MB) + b"\nACGT\n",
        b">a" + b">" * (4 * MB) + b"\nACGT\n",
    ):
        path.write_bytes(text)
        assert read_fasta(path).strings() == ["ACGT"]
    path.write_bytes(b"\n" * (4 * MB) + b"ACGT\n")
    with pytest.raises(FastaError, match=f"line {4 * MB + 1}: a bare sequence"):
        read_fasta(path)
    path.write_bytes(b"\n" * 7 + b">a\nAC\n\n\n\xff\n")
    assert [record.line for record in iter_records(path)] == [8]
    with pytest.raises(FastaError, match="line 8, record 'a'"):
        read_fasta(path, foreign="error")


@pytest.mark.usefixtures("soon")
def test_tables_and_motifs_that_unpack_without_measure(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(packed(b"id\ta\n") + packed(b"x" * MB, 20))
    with pytest.raises(FastaError, match=FAR):
        read_label_table(path)
    path.write_bytes(packed(b"MEME version 4\n") + packed(b"x" * MB, 20))
    with pytest.raises(FastaError, match=FAR):
        read_motifs(path)
    path.write_bytes(b"id\t" + b"\t".join(b"c%d" % i for i in range(1001)) + b"\n")
    with pytest.raises(DataError, match="line 1: 1,001 label columns, at most 1,000 are read"):
        read_label_table(path)


def test_keys_of_few_headers_fill_no_columns(monkeypatch):
    """A hundred columns of which one record has values took 6 GB."""
    monkeypatch.setattr("biogan.core.labels.MANY_CELLS", 100_000)
    rare = " ".join(f"k{i}=1" for i in range(50))
    columns, notes = header_labels([rare, *["kind=a"] * 2999])
    assert columns == {"kind": ["", *["a"] * 2999]}
    assert notes[0].startswith("50 keys of the headers in fewer than one of 1,000 records")
    columns, notes = header_labels([rare, *["kind=a"] * 1900])
    assert (len(columns), notes) == (51, [])


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.usefixtures("soon")
def test_images_that_unpack_without_measure(tmp_path):
    any_size = ImageReadingConfig(unpack_ratio=0)
    blank = np.zeros((25_000, 28, 28), np.uint8)
    path = npz(tmp_path / "x.npz", images=blank)
    with pytest.raises(DataError, match=FAR):
        read_images(path)
    assert len(read_images(path, any_size)) == len(blank)
    path = npz(tmp_path / "y.npz", images=blank[:100], others=blank)
    assert len(read_images(path)) == 100  # what is not needed is not unpacked
    path = tmp_path / "x-images-idx3-ubyte.gz"
    header = bytes([0, 0, 8, 3]) + np.array(blank.shape, ">i4").tobytes()
    path.write_bytes(packed(header + blank.tobytes()))
    with pytest.raises(DataError, match=FAR):
        read_images(path)
    assert len(read_images(path, any_size)) == len(blank)
    # One disc an image: the honest data with the least information.
    y, x = np.mgrid[:128, :128]
    centres = np.random.default_rng(0).integers(20, 100, (600, 2))
    discs = np.stack([((y - a) ** 2 + (x - b) ** 2 < 100).astype(np.uint16) for a, b in centres])
    assert len(read_images(npz(tmp_path / "z.npz", images=discs * 255))) == 600


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("format", ["PNG", "TIFF", "16 bits"])
def test_pictures_that_unpack_without_measure(tmp_path, format):
    path = tmp_path / "x"
    if format == "PNG":
        Image.new("L", (4200, 4200)).save(path, format)
        n = 1
    else:
        n, side, kind = (1, 4000, np.uint8) if format == "TIFF" else (3, 1700, np.uint16)
        options = {"compression": "zlib", "rowsperstrip": side}
        tifffile.imwrite(path, np.zeros((n, side, side, 3), kind), photometric="rgb", **options)
    with pytest.raises(DataError, match=FAR):
        read_images(path, ImageReadingConfig(size=32))
    assert len(read_images(path, ImageReadingConfig(size=32, unpack_ratio=0))) == n


def test_the_limit_of_pillow_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    path = tmp_path / "x.png"
    Image.new("L", (40, 40)).save(path)
    with pytest.raises(DataError, match="an image of more than 800 pixels; cut it into smaller"):
        read_images(path, ImageReadingConfig(size=32))
    assert len(read_images(path, ImageReadingConfig(size=32, unpack_ratio=0))) == 1
    assert Image.MAX_IMAGE_PIXELS == 400


@pytest.mark.usefixtures("soon")
def test_many_tiny_images_are_refused_at_once(tmp_path):
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(
        bytes([0, 0, 8, 3]) + np.array([8 * MB, 1, 1], ">i4").tobytes() + bytes(8 * MB)
    )
    with pytest.raises(DataError, match=r"found 1 x 1 \(8,388,608 images\); say --size"):
        read_images(path)
    with pytest.raises(DataError, match=r"8,388,608 images of 1 x 1 pixels would take 6.6 GB at"):
        read_images(path, ImageReadingConfig(size=28))


def test_a_header_that_promises_what_is_not_there(tmp_path):
    file = io.BytesIO()
    np.save(file, np.zeros(8, np.uint8))
    data = file.getvalue().replace(b"(8,)", b"(9,)")

    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", data)
    with pytest.raises(DataError, match=r"its header says shape \(9,\) and type uint8, which are"):
        read_arrays(path, ("images",))


def test_the_limit_is_one_number():
    assert inputs.excessive(17 * MB, 17_000, 1000)
    assert not inputs.excessive(17 * MB, 18_000, 1000)
    assert not inputs.excessive(16 * MB, 1, 1000)
    assert not inputs.excessive(1 << 40, 1, 0)
    assert gzip.decompress(packed(b"AC", 3)) == b"ACACAC"
