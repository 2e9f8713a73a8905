"""Known sets are fetched, checked and kept; a server of this machine stands in for the network."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from helpers import shared_data

from biogan.core.errors import DataError, OutputError
from biogan.images import catalog
from biogan.images.read import read_images


class Handler(SimpleHTTPRequestHandler):
    """Serves files, counts the requests, breaks off or refuses where it is told to."""

    asked: list[str] = []
    cut = False

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.cut:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")

    def log_message(self, *args: object) -> None:
        pass


@dataclasses.dataclass
class Server:
    folder: Path
    url: str
    handler: type[Handler]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    sums = {}
    for name in catalog.MNIST.files:
        shape = (3, 28, 28) if "images" in name else (3,)
        head = bytes([0, 0, 8, len(shape)]) + b"".join(i.to_bytes(4, "big") for i in shape)
        data = gzip.compress(head + np.arange(np.prod(shape)).astype(np.uint8).tobytes())
        (folder / name).write_bytes(data)
        sums[name] = hashlib.sha256(data).hexdigest()
    handler = type("Own", (Handler,), {"asked": [], "cut": False})
    running = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{running.server_port}/"
    known = dataclasses.replace(catalog.MNIST, files=sums, mirrors=(url,))
    monkeypatch.setattr(catalog, "MNIST", known)
    monkeypatch.setattr(catalog, "CATALOG", dict.fromkeys(known.images, known))
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("BIOGAN_MNIST_URL", raising=False)
    yield Server(folder, url, handler)
    running.shutdown()
    running.server_close()
    thread.join()


def use(monkeypatch: pytest.MonkeyPatch, *mirrors: str) -> None:
    known = dataclasses.replace(catalog.MNIST, mirrors=mirrors)
    monkeypatch.setattr(catalog, "CATALOG", dict.fromkeys(known.images, known))


def cached(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache" / "mnist").iterdir())


def test_fetched_once_and_read(server: Server, tmp_path: Path, capfd) -> None:
    told: list[tuple[int, int | None]] = []
    images = read_images("mnist", progress=lambda done, total: told.append((done, total)))
    assert images.pixels.shape == (3, 1, 28, 28) and images.source == "mnist"
    # Ten classes, also where the first digits happen to be few.
    assert images.labels is not None and images.labels.tolist() == [0, 1, 2]
    assert images.classes == tuple("0123456789")
    sizes = [(server.folder / name).stat().st_size for name in catalog.MNIST.files]
    assert [pair for pair in told if pair[0] == pair[1]][::2] == [(n, n) for n in sizes]
    assert cached(tmp_path) == sorted(catalog.MNIST.files) and len(server.handler.asked) == 4
    assert len(read_images("mnist-test")) == 3 and len(server.handler.asked) == 4
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_of_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    path = catalog.fetch("mnist")
    path.write_bytes(b"half")
    assert len(read_images("mnist")) == 3 and len(server.handler.asked) == 5


def test_wrong_checksum(server: Server, tmp_path: Path) -> None:
    (server.folder / "train-images-idx3-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(DataError) as caught:
        read_images("mnist")
    folder = tmp_path / "cache" / "mnist"
    host = server.url.removeprefix("http://").rstrip("/")
    assert str(caught.value) == (
        f"mnist: train-images-idx3-ubyte.gz cannot be fetched ({host}: wrong checksum); put the 4 "
        f"files into {folder}, or give their folder as the data"
    )
    assert cached(tmp_path) == []


def test_missing_file_and_the_next_mirror(server: Server, tmp_path: Path, monkeypatch) -> None:
    use(monkeypatch, server.url + "no", server.url)
    assert catalog.fetch("mnist").is_file()
    assert server.handler.asked[:2] == [
        "/no/train-images-idx3-ubyte.gz",
        "/train-images-idx3-ubyte.gz",
    ]
    (server.folder / "t10k-labels-idx1-ubyte.gz").unlink()
    (tmp_path / "cache" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"mnist-test: t10k-labels.* answer 404 File not found; "):
        catalog.fetch("mnist-test")


def test_another_address(server: Server, monkeypatch) -> None:
    use(monkeypatch, "http://127.0.0.1:1/")
    with pytest.raises(DataError, match=r"\(127\.0\.0\.1:1: no connection\)"):
        catalog.fetch("mnist")
    monkeypatch.setenv("BIOGAN_MNIST_URL", server.url.rstrip("/"))
    assert catalog.fetch("mnist").is_file()
    monkeypatch.setenv("BIOGAN_MNIST_URL", "nonsense")
    catalog.fetch("mnist")  # what is there needs no server


def test_an_address_that_is_none(server: Server, monkeypatch) -> None:
    monkeypatch.setenv("BIOGAN_MNIST_URL", "nonsense")
    with pytest.raises(DataError, match=r"cannot be fetched \(nonsense: ") as caught:
        catalog.fetch("mnist")
    assert "\n" not in str(caught.value)


def test_a_half_download_does_not_stay(server: Server, tmp_path: Path) -> None:
    server.handler.cut = True
    with pytest.raises(DataError, match="the connection broke|wrong checksum"):
        catalog.fetch("mnist")
    assert cached(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_cache_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="mnist: cannot be written: Permission denied"):
        catalog.fetch("mnist")


def test_a_cache_that_is_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("x")
    with pytest.raises(OutputError, match="mnist: cannot be written: Not a directory"):
        catalog.fetch("mnist")


def test_the_checksums_are_those_of_the_files() -> None:
    for name, wanted in catalog.MNIST.files.items():
        assert hashlib.sha256(shared_data(f"mnist/{name}").read_bytes()).hexdigest() == wanted
