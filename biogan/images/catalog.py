"""Public sets of images: where they are, what they must be, and a cache that holds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from biogan.core.errors import DataError
from biogan.core.files import cache_folder, claim_folder

#: Told of the bytes that were fetched and of all, as :class:`biogan.cli.console.Bar` is.
Progress = Callable[[int, int | None], None]

DIGITS = "digits"
SECONDS = 30  # without an answer, a server is taken for absent


@dataclass(frozen=True)
class PublicSet:
    """A public set.

    Attributes
    ----------
    title : str
        What it is.
    mirrors : tuple of str
        Folders that hold the files, tried in turn.
    override : str
        Environment variable that names another folder.
    files : dict of str to str
        SHA-256 of each file.
    images : dict of str to str
        File of images of each name that ``--data`` knows.
    classes : tuple of str
        Names of the classes.
    licence, citation : str
        As its authors state them.
    """

    title: str
    mirrors: tuple[str, ...]
    override: str
    files: dict[str, str]
    images: dict[str, str]
    classes: tuple[str, ...]
    licence: str
    citation: str


MNIST = PublicSet(
    title="MNIST, handwritten digits of 28 x 28",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    override="BIOGAN_MNIST_URL",
    files={
        "train-images-idx3-ubyte.gz": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
        ),
        "train-labels-idx1-ubyte.gz": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
        ),
        "t10k-images-idx3-ubyte.gz": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
        ),
    },
    images={"mnist": "train-images-idx3-ubyte.gz", "mnist-test": "t10k-images-idx3-ubyte.gz"},
    classes=tuple("0123456789"),
    licence="CC BY-SA 3.0",
    citation=(
        "LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document "
        "recognition, Proceedings of the IEEE 86:2278"
    ),
)
CATALOG = dict.fromkeys(MNIST.images, MNIST)
#: What ``--data`` knows by name; ``digits`` comes with scikit-learn.
KNOWN = (*CATALOG, DIGITS)


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Fetch the files of a public set into the cache, unless they are there.

    A file counts only with the checksum of the catalogue, and appears whole or not at all.

    Parameters
    ----------
    name : str
        A name of :data:`CATALOG`.
    progress : callable, optional
        Told of bytes fetched and expected, file by file.

    Returns
    -------
    Path
        The file of images; its labels lie beside it.

    Raises
    ------
    DataError
        If no mirror gives the right file.
    OutputError
        If the cache cannot be written.
    """
    known = CATALOG[name]
    folder = cache_folder() / "mnist"
    claim_folder(folder)
    given = os.environ.get(known.override)
    for file, checksum in known.files.items():
        _fetch(name, file, checksum, (given,) if given else known.mirrors, folder, progress)
    return folder / known.images[name]


def _fetch(
    name: str,
    file: str,
    checksum: str,
    mirrors: tuple[str, ...],
    folder: Path,
    progress: Progress | None,
) -> None:
    import pooch

    if (folder / file).is_file() and pooch.file_hash(str(folder / file)) == checksum:
        return
    faults = []
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")  # what happens is told once, by the caller or the error
    try:
        for mirror in mirrors:
            url = mirror.rstrip("/") + "/" + file
            try:
                pooch.retrieve(
                    url,
                    f"sha256:{checksum}",
                    file,
                    folder,
                    downloader=pooch.HTTPDownloader(
                        progressbar=_Bar(progress) if progress else False,
                        timeout=SECONDS,
                        headers={"Accept-Encoding": "identity"},  # else it unpacks what is gzip
                    ),
                )
                return
            except Exception as error:  # of requests, urllib3, ssl, the file system
                faults.append(f"{urlsplit(url).netloc or mirror}: {_reason(error)}")
    finally:
        logger.setLevel(level)
    raise DataError(
        f"{name}: {file} cannot be fetched ({'; '.join(faults)}); put the {len(MNIST.files):,} "
        f"files into {folder}, or give their folder as the data"
    )


def _reason(error: Exception) -> str:
    """Say in a few words why a download failed."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answer {error.response.status_code} {error.response.reason}".strip()
    if isinstance(error, requests.Timeout):
        return f"no answer in {SECONDS} s"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if "hash" in str(error):
        return "wrong checksum"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0]


class _Bar:
    """The progress bar that pooch expects, told to a callable."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.total = 0
        self.done = 0

    def reset(self) -> None:
        self.done = 0

    def update(self, step: int) -> None:
        self.done += step
        # It is told of whole pieces, the last one also where less was left.
        self.progress(min(self.done, self.total or self.done), self.total or None)

    def close(self) -> None:
        pass
