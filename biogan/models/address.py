"""Addresses of models: what stands for a model folder, and how it becomes one.

========================== ====================================================================
``hf:OWNER/NAME@REVISION`` a repository of the Hugging Face hub (``HF_ENDPOINT`` names another)
``https:...zip#SHA256``    an archive of a published model; the digest is that of the archive
``file:FOLDER``            a published model on a disk
``builtin:NAME``           a model that comes with biogan
========================== ====================================================================

What was fetched once is taken from the cache, without a request; only ``biogan pull`` asks again. A
folder enters the cache after every file of it was checked (:mod:`biogan.models.published`).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from biogan.core.errors import CheckpointError, ConfigError, OutputError, first_line
from biogan.core.files import cache_folder, claim_folder, read_json, write_json, writing
from biogan.core.options import unknown_name

#: Schemes of addresses; a path with one of these words and a colon in front is named as ``./hf:x``.
SCHEMES = ("hf", "https", "http", "file", "builtin")
#: Where the models are that come with biogan.
SHIPPED = Path(__file__).parent / "shipped"
SECONDS = 30  # without an answer, a server is taken for absent
_NAME = r"[A-Za-z0-9][\w.-]{0,95}"
_HUB = re.compile(rf"({_NAME})/({_NAME})(?:@([\w][\w./-]{{0,199}}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REFS = "revisions.json"
_NEVER: Callable[[str], None] = lambda line: None  # noqa: E731


def is_address(text: str) -> bool:
    """Whether a text names a model by an address.

    Examples
    --------
    >>> is_address("hf:lab/promoters@v1"), is_address("run"), is_address("./hf:x")
    (True, False, False)
    """
    return text.partition(":")[0] in SCHEMES and ":" in text


def local_folder(
    address: str | Path, tell: Callable[[str], None] = _NEVER, again: bool = False
) -> Path:
    """Return the folder of a model; anything that is no address is a folder.

    Parameters
    ----------
    address : str or Path
        See above.
    tell : callable
        Receives what is done.
    again : bool
        Ask the hub which commit a revision is, though the cache holds one.

    Raises
    ------
    ConfigError
        If the address makes no sense.
    CheckpointError
        If it cannot be reached, or does not hold a model that can be trusted.
    """
    if isinstance(address, Path) or not is_address(address):
        return Path(address)
    scheme, _, rest = address.partition(":")
    if scheme == "builtin":
        return _shipped(rest)
    if scheme == "file":
        return _checked(Path(rest), address)
    if scheme == "hf":
        return _from_hub(HubName.parsed(address), tell, again)
    return _from_archive(address, tell)


class HubName(NamedTuple):
    """A repository of a hub.

    Attributes
    ----------
    owner, name : str
        Whose, and which.
    revision : str or None
        A commit, a tag or a branch; None for the newest of ``main``.
    """

    owner: str
    name: str
    revision: str | None

    @property
    def repository(self) -> str:
        """Owner and name."""
        return f"{self.owner}/{self.name}"

    @classmethod
    def parsed(cls, address: str) -> HubName:
        """Read ``hf:OWNER/NAME@REVISION``.

        Raises
        ------
        ConfigError
            If it is not written like that.
        """
        found = _HUB.fullmatch(address.removeprefix("hf:"))
        if not found or ".." in address:
            raise ConfigError(f"{address}: write hf:OWNER/NAME or hf:OWNER/NAME@REVISION")
        return cls(*found.groups())


def hub() -> Any:
    """Return the client of the hub.

    Raises
    ------
    ConfigError
        If its package is not installed.
    """
    try:
        import huggingface_hub
        from huggingface_hub.utils import disable_progress_bars
    except ImportError as error:
        raise ConfigError(
            "hf: addresses need the package huggingface_hub: pip install 'biogan[hub]'"
        ) from error
    # Bars that break the lines of a log; what is fetched is told beforehand.
    disable_progress_bars()
    return huggingface_hub


def endpoint() -> str | None:
    """Return the server of the hub that ``HF_ENDPOINT`` names; None for the usual one."""
    return os.environ.get("HF_ENDPOINT") or None


def _shipped(name: str) -> Path:
    known = tuple(sorted(path.parent.name for path in SHIPPED.glob("*/config.json")))
    if name not in known:
        raise ConfigError("builtin: " + unknown_name("model", name, known))
    return SHIPPED / name


def _checked(folder: Path, address: str) -> Path:
    # Here, as it loads torch.
    from biogan.models.published import check_published

    check_published(folder, address)
    return folder


def _from_hub(repo: HubName, tell: Callable[[str], None], again: bool) -> Path:
    place = cache_folder() / "models" / "hf" / repo.owner / repo.name
    known = read_json(place / _REFS, CheckpointError) if (place / _REFS).is_file() else {}
    revision = repo.revision or "main"
    commit = revision if _COMMIT.fullmatch(revision) else known.get(revision)
    pinned = revision == commit
    if isinstance(commit, str) and (place / commit).is_dir() and not (again and not pinned):
        if not pinned:
            tell(f"hf:{repo.repository}@{commit}: {revision} in the cache; biogan pull asks again")
        return place / commit
    client = hub()
    api = client.HfApi(endpoint=endpoint())
    with _asking(f"hf:{repo.repository}"):
        info = api.model_info(
            repo.repository, revision=revision, files_metadata=True, timeout=SECONDS
        )
    commit = str(info.sha)
    if not _COMMIT.fullmatch(commit):
        raise CheckpointError(f"hf:{repo.repository}: the hub names no commit")
    folder = place / commit
    if not folder.is_dir():
        from biogan.models.published import NAMES, check_names

        where = f"hf:{repo.repository}@{commit}"
        sizes = {file.rfilename: file.size for file in info.siblings or ()}
        check_names(sizes, where)
        tell(f"{where}: fetching {sum(size or 0 for size in sizes.values()):,} bytes")
        with _entering(folder, where) as half:
            with _asking(where):
                client.snapshot_download(
                    repo.repository, revision=commit, local_dir=half, allow_patterns=list(NAMES),
                    endpoint=endpoint(),
                )  # fmt: skip
            shutil.rmtree(half / ".cache", ignore_errors=True)
    write_json({**known, revision: commit}, place / _REFS)
    return folder


@contextmanager
def _asking(where: str) -> Iterator[None]:
    """Say in one line that a server did not give what it was asked for."""
    try:
        yield
    except Exception as error:  # of httpx, requests, the hub, the system
        raise CheckpointError(
            f"{where}: cannot be fetched ({_reason(error)}), and the cache does not hold it"
        ) from error


def _reason(error: Exception) -> str:
    """Say in a few words why a server did not do what it was asked for."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    known = {
        401: "not allowed: is HF_TOKEN set?",
        403: "not allowed: is HF_TOKEN set?",
        404: "nothing is there, or nothing that may be seen",
    }
    if status in known:
        return known[status]
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"ConnectError", "ConnectionError", "OfflineModeIsEnabled"}:
        return "no connection"
    return first_line(error) if status is None else f"answer {status}"


@contextmanager
def _entering(folder: Path, where: str) -> Iterator[Path]:
    """Give an empty folder to fetch into; it becomes ``folder`` once it has been checked."""
    claim_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".half-") as name:
        half = Path(name) / "model"
        half.mkdir()
        yield half
        _checked(half, where)
        with writing(folder):
            try:
                os.rename(half, folder)
            except OSError:
                if not folder.is_dir():  # another process was first
                    raise


def _from_archive(address: str, tell: Callable[[str], None]) -> Path:
    url, _, mark = address.partition("#")
    sha256 = mark.removeprefix("sha256=").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ConfigError(
            f"{address}: an archive is named with its digest, {url}#sha256=... (64 hexadecimal "
            "digits, which biogan push prints)"
        )
    if not urlsplit(url).netloc:
        raise ConfigError(f"{address}: names no server")
    folder = cache_folder() / "models" / "archives" / sha256
    if not folder.is_dir():
        import pooch

        from biogan.models.published import MOST_TEXT, MOST_WEIGHTS

        most = MOST_WEIGHTS + MOST_TEXT
        with _entering(folder, address) as half:
            archive = half.parent / "model.zip"
            tell(f"{url}: fetching")
            with _asking(address):
                _download(url, archive, most)
            found = pooch.file_hash(str(archive))
            if found != sha256:
                raise CheckpointError(f"{url}: its SHA-256 is {found}, not that of the address")
            _unpack(archive, half, address)
    return folder


def _download(url: str, path: Path, most: int) -> None:
    """Fetch a file of limited size."""
    import requests

    with requests.get(url, stream=True, timeout=SECONDS) as answer, open(path, "wb") as out:
        answer.raise_for_status()
        for piece in answer.iter_content(1 << 20):
            out.write(piece)
            if out.tell() > most:
                raise OSError(f"has more than {most:,} bytes")


def _unpack(archive: Path, folder: Path, where: str) -> None:
    """Unpack an archive whose names and sizes are those of a published model."""
    from biogan.models.published import check_names

    try:
        with zipfile.ZipFile(archive) as found:
            parts = [part for part in found.infolist() if not part.is_dir()]
            names = [part.filename for part in parts]
            if len({*names}) < len(names):
                raise CheckpointError(f"{where}: the archive holds a name twice: refused")
            # The names are those of a list: none leads out of the folder.
            check_names({part.filename: part.file_size for part in parts}, where)
            for part in parts:
                target = folder / part.filename
                target.parent.mkdir(exist_ok=True)
                with found.open(part) as source, open(target, "wb") as out:
                    _copy(source, out, part.file_size, where)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise CheckpointError(f"{where}: no readable archive: {first_line(error)}") from error


def _copy(source: Any, out: Any, size: int, where: str) -> None:
    """Copy as many bytes as the archive has declared, and no more."""
    left = size
    while piece := source.read(min(1 << 20, left + 1)):
        left -= len(piece)
        if left < 0:
            raise CheckpointError(f"{where}: a file of the archive is larger than it says: refused")
        out.write(piece)


def write_archive(folder: Path, path: Path) -> str:
    """Write a published model into one archive, the same bytes each time; return its SHA-256.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    import hashlib
    import io

    from biogan.core.files import open_output

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                # A fixed date, so that the digest is that of the model.
                part = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                part.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(part, file.read_bytes())
    with open_output(path) as target:
        target.write(data.getvalue())
    return hashlib.sha256(data.getvalue()).hexdigest()


def upload(folder: Path, repo: HubName, private: bool, message: str) -> str:
    """Upload a published model to the hub, in the place of what is there; return the commit.

    Raises
    ------
    OutputError
        If the hub refuses, or cannot be reached.
    """
    api = hub().HfApi(endpoint=endpoint())
    try:
        api.create_repo(repo.repository, exist_ok=True, private=private)
        done = api.upload_folder(
            repo_id=repo.repository, folder_path=folder, revision=repo.revision,
            commit_message=message, delete_patterns="*",
        )  # fmt: skip
    except Exception as error:  # of httpx, the hub, the system
        raise OutputError(f"hf:{repo.repository}: cannot be written: {_reason(error)}") from error
    return str(done.oid)
