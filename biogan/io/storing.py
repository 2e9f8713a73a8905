"""Reading a file that is too large for the memory into a folder of mapped files."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from biogan.alphabet import Alphabet
from biogan.config import ReadingConfig
from biogan.datasets.keys import sequence_keys
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.store import CODES, KEYS, META, OFFSETS, SCHEMA, Mapped, SequenceStore
from biogan.datasets.windows import cut_windows
from biogan.errors import ConfigError, DataError, FastaError, OutputError
from biogan.io.chunks import Watch, iter_chunks
from biogan.io.cleaning import Clean, Counts, clean, summary, windows_note
from biogan.io.input_report import Finding
from biogan.io.source import GZIP_NAMES
from biogan.io.tables import claim_folder, write_json, writing
from biogan.io.tally import Tally
from biogan.io.whole import Whole

#: Files from this size on are stored; held in memory they would need several times as much.
LARGE = 256 << 20
# gzip data are about this much smaller than their letters.
_PACKED = 4
_SAMPLES, _SAMPLE = 64, 1 << 16


def is_large(path: str | Path) -> bool:
    """Tell whether a file is better stored than held in memory (never standard input)."""
    if not os.path.isfile(path):
        return False
    packed = _PACKED if str(path).lower().endswith(GZIP_NAMES) else 1
    return os.path.getsize(path) * packed >= LARGE


def store_fasta(
    path: str | Path,
    folder: str | Path,
    config: ReadingConfig | None = None,
    *,
    watch: Watch | None = None,
    digest: str | None = None,
    **options: object,
) -> SequenceStore:
    """Read a file as :func:`biogan.read_fasta` does, into a folder and not into memory.

    The memory needed is that of one chunk of 8 MB, or of the longest record. Ids and labels are
    not kept, and ids are not looked through for repeats.

    Parameters
    ----------
    path : str or Path
        File name; standard input cannot be stored.
    folder : str or Path
        Where to. A store that was made of this very file with these options is used as it is;
        another one is replaced as soon as the new one is whole.
    config, watch, **options
        As for :func:`biogan.read_fasta`.
    digest : str, optional
        :attr:`SequenceStore.digest` of the only sequences that are wanted.

    Returns
    -------
    SequenceStore

    Raises
    ------
    FastaError, ConfigError
        As for :func:`biogan.read_fasta`; also if the sequences are not those of ``digest``: what is
        in the folder stays.
    OutputError
        If the folder cannot be written, or holds something else.
    """
    config, folder = (config or ReadingConfig()).replace(**options), Path(folder)
    source = fingerprint(path, config)
    try:
        store = SequenceStore(folder)
        if store.source == source:
            return store
    except DataError:
        if folder.exists() and not (folder.is_dir() and not os.listdir(folder)):
            if not (folder / META).exists():
                raise OutputError(f"{folder}: holds something that is no store") from None
    answers: dict[str, Any] | None = None
    while True:
        with _replacing(folder) as temporary:
            whole = Whole(answers)
            meta = _pass(path, temporary, config, whole, answers is not None, watch)
            if meta is not None:
                if digest not in (None, meta["digest"]):
                    raise ConfigError(
                        f"{path}: the data are others than those that were read before into "
                        f"{folder}"
                    )
                write_json({"schema": SCHEMA, "source": source, **meta}, temporary / META)
        if meta is not None:
            return SequenceStore(folder)
        answers = whole.answers | whole.final()


def fingerprint(path: str | Path, config: ReadingConfig) -> dict[str, Any]:
    """Tell a file and the way it is read from any other: size, time and 64 samples of the bytes.

    Raises
    ------
    FastaError
        If the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            digest = hashlib.sha256()
            for i in range(_SAMPLES):
                file.seek(max(status.st_size - _SAMPLE, 0) * i // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    except OSError as error:
        raise FastaError(f"cannot be read: {error.strerror or error}", path) from error
    return {
        "bytes": status.st_size,
        "modified": status.st_mtime_ns,
        "samples": digest.hexdigest(),
        "options": config.to_dict(),
    }


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``folder`` if it is whole at the end."""
    folder = folder.resolve()  # a link to a larger disk stays one
    claim_folder(folder.parent)
    with writing(folder):
        for left in folder.parent.glob(f".{folder.name}.*.tmp"):
            shutil.rmtree(left)  # of a run that was killed
        temporary = folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        temporary.mkdir()
    try:
        yield temporary
        if (temporary / META).exists():
            with writing(folder):
                if folder.exists():
                    shutil.rmtree(folder)
                temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _pass(
    path: str | Path,
    folder: Path,
    config: ReadingConfig,
    whole: Whole,
    sure: bool,
    watch: Watch | None,
) -> dict[str, Any] | None:
    """Read a file once; ``None`` if it must be read again with the final answers of ``whole``.

    An error about letters is held back until it is known that the alphabet is the right one.
    """
    notes: list[str] = []
    counts: list[Counts] = []
    alphabet: Alphabet | None = None
    problem: FastaError | None = None
    left_over = 0
    with _Writer(folder) as out:
        for part, raw in enumerate(iter_chunks(path, config.format, notes, watch)):
            try:
                cleaned = clean(raw, config, str(path), whole, part)
            except FastaError as error:
                if sure or config.alphabet:
                    raise
                problem = problem or error
            if problem:
                continue
            alphabet = cleaned.alphabet
            unnamed = raw.ids.count("")
            extra = [Tally(Finding("no id", "no id", "read all the same", unnamed))] * (unnamed > 0)
            found = cleaned.counts
            counts.append(found._replace(tallies=found.tallies + extra))
            left_over += out.add(cleaned, config)
        if not whole.confirmed:
            return None
        if problem:
            raise problem
        if alphabet is None:
            raise FastaError("no record found", path)
        report = summary(counts, alphabet, config, str(path), whole, notes)
        if config.window is not None:
            notes.append(windows_note(out.records, left_over, config))
        notes.append("read into files beside the model: ids and labels are not kept")
    return {**out.meta(alphabet), "report": report.to_dict()}


class _Writer:
    """Appends sequences to the files of a store."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.records, self.letters = folder, 0, 0
        self.shortest, self.longest = 0, 0
        self._stack = ExitStack()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> _Writer:
        with writing(self.folder):
            for name in (CODES, OFFSETS, KEYS):
                self._files[name] = self._stack.enter_context(open(self.folder / name, "wb"))
            self._files[OFFSETS].write(np.zeros(1, np.int64).tobytes())
        return self

    def __exit__(self, *problem: object) -> None:
        with writing(self.folder):
            self._stack.close()

    def add(self, cleaned: Clean, config: ReadingConfig) -> int:
        """Write the records that are kept; return the letters left over behind windows."""
        left_over = 0
        part = SequenceSet(
            cleaned.alphabet,
            cleaned.alphabet.encode(cleaned.letters.data),
            cleaned.letters.offsets,
        )
        if config.window is not None:
            part, left_over = cut_windows(part, config.window, config.stride)
        if not len(part):
            return left_over
        with writing(self.folder):
            self._files[CODES].write(part.codes.data)
            self._files[OFFSETS].write((part.offsets[1:] + self.letters).tobytes())
            self._files[KEYS].write(sequence_keys(part).tobytes())
        low, high = int(part.lengths.min()), int(part.lengths.max())
        self.shortest = min(self.shortest, low) if self.records else low
        self.longest = max(self.longest, high)
        self.records += len(part)
        self.letters += len(part.codes)
        return left_over

    def meta(self, alphabet: Alphabet) -> dict[str, Any]:
        """Return what ``store.json`` says about the files, which are closed by now."""
        digest = hashlib.sha256(alphabet.letters.encode())
        for name, dtype in ((OFFSETS, np.int64), (CODES, np.uint8)):
            for block in Mapped(self.folder / name, dtype).blocks():
                digest.update(block.data)
        return {
            "alphabet": alphabet.to_dict(),
            "records": self.records,
            "letters": self.letters,
            "shortest": self.shortest,
            "longest": self.longest,
            "digest": digest.hexdigest(),
        }
