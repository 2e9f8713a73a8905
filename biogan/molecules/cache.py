"""Molecules that were read once, kept beside a run: canonical SMILES and tokens take minutes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from biogan.core.errors import BioganError
from biogan.core.files import atomic_path
from biogan.core.inputs import BUFFER, is_lasting
from biogan.molecules.config import MoleculeReadingConfig
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.read import read_molecules
from biogan.sequences.alphabet import Vocabulary
from biogan.sequences.dataset import SequenceSet

#: File of a run's folder.
CACHE = "molecules.npz"
#: Molecules from which it is worth a file.
FEW = 20_000
_FORMAT = 2


def read_cached(
    data: str,
    reading: MoleculeReadingConfig,
    alphabet: str,
    progress: Callable[[int, int | None], None] | None,
    folder: Path | None,
) -> MoleculeSet:
    """Read molecules and write them in tokens, or take what was kept of the same file.

    Parameters
    ----------
    data : str
        A file, or ``-``, which is never kept.
    reading : MoleculeReadingConfig
        How to read; other options read anew.
    alphabet : {"selfies", "smiles"}
        What the tokens are of.
    progress : callable
        Receives bytes done and bytes to do.
    folder : Path or None
        Folder of the run; None where nothing is to be written.

    Returns
    -------
    MoleculeSet
        Its notes say how long it took, and what was kept.
    """
    key = _key(data, reading, alphabet) if folder is not None and is_lasting(data) else ""
    place = folder / CACHE if folder is not None else Path(CACHE)
    if key and (found := _kept(place, key, alphabet, data)) is not None:
        return found
    start = time.monotonic()
    records = read_molecules(data, reading, watch=progress)
    tokens = records.tokens(alphabet)
    seconds = time.monotonic() - start
    notes = [*records.notes]
    if len(records) >= FEW:
        said = (
            f"reading and encoding took {seconds:,.0f} s ({len(records) / seconds:,.0f} molecules "
            "a second), which --max-time does not count"
        )
        if key:
            _keep(records, tokens, place, key)
            said += f"; kept in {place}"
        notes.append(said)
    kept = MoleculeSet(records.smiles, records.ids, records.valid, records.labels,
                       records.source, tuple(notes))  # fmt: skip
    return kept.with_tokens(alphabet, tokens)


def _key(data: str, reading: MoleculeReadingConfig, alphabet: str) -> str:
    """Return a digest of the bytes of a file and of how they are read."""
    found = hashlib.sha256(json.dumps([_FORMAT, alphabet, reading.to_dict()]).encode())
    for path in filter(None, (data, reading.labels)):
        try:
            with open(path, "rb") as file:
                while piece := file.read(BUFFER):
                    found.update(piece)
        except OSError:
            return ""  # the reader says what is wrong with it
    return found.hexdigest()


def _keep(records: MoleculeSet, tokens: SequenceSet, path: Path, key: str) -> None:
    """Write a file without pickled objects: texts are one array of bytes each."""
    texts = {"smiles": records.smiles, "ids": records.ids}
    texts |= {f"label {name}": column.tolist() for name, column in records.labels.items()}
    arrays = {name: _bytes(some) for name, some in texts.items()}
    assert isinstance(tokens.alphabet, Vocabulary)
    arrays["tokens"] = _bytes(tokens.alphabet.tokens)
    arrays["notes"] = _bytes(records.notes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        arrays |= {"key": _bytes([key]), "codes": tokens.codes, "offsets": tokens.offsets}
        np.savez(file, allow_pickle=False, **arrays)


def _kept(path: Path, key: str, alphabet: str, source: str) -> MoleculeSet | None:
    """Read such a file; None where there is none of this key, or it is damaged."""
    if not path.is_file():
        return None
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            if _texts(arrays["key"]) != [key]:
                return None
            found = {name: arrays[name] for name in arrays.files}
        texts = {k: _texts(v) for k, v in found.items() if k not in ("codes", "offsets")}
        labels = {k[6:]: np.array(v, object) for k, v in texts.items() if k.startswith("label ")}
        n = len(texts["smiles"])
        vocabulary = Vocabulary.of(alphabet, texts["tokens"])
        if found["codes"].max(initial=0) >= vocabulary.size or found["offsets"][-1] != len(
            found["codes"]
        ):
            return None
        tokens = SequenceSet(vocabulary, found["codes"], found["offsets"], texts["ids"])
        notes = (*texts["notes"], f"{n:,} molecules as they were kept in {path}")
        some = MoleculeSet(texts["smiles"], texts["ids"], np.ones(n, bool), labels, source, notes)
        return some.with_tokens(alphabet, tokens)
    except (OSError, ValueError, KeyError, BadZipFile, BioganError):
        return None


def _bytes(texts: object) -> np.ndarray:
    joined = "\n".join(str(text).replace("\n", " ") for text in texts)  # type: ignore[attr-defined]
    return np.frombuffer(joined.encode("utf-8", "surrogateescape"), np.uint8)


def _texts(array: np.ndarray) -> list[str]:
    return array.tobytes().decode("utf-8", "surrogateescape").split("\n")
