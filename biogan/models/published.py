"""A published model: a folder that strangers can check before they use it.

It holds what sampling and judging need and nothing else, each file with its digest:

======================== ======================================================================
``model.json``           version of the format, licence, sizes and digests of the other files
``config.json``          the card of the model, names of files without their folders
``*.safetensors``        generator and critic, and the critic of ``sample --refine`` if there is one
``SHA256SUMS``           the digests that loading checks
``evaluation/``          the report: ``metrics.json`` and ``verdict.txt``
``README.md``            the model card for people
======================== ======================================================================

The page of the report is not published: a page of a stranger could run a script. Nor is the state
of the run, which only resuming needs.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from biogan.core import __version__
from biogan.core.errors import CheckpointError, ConfigError
from biogan.core.files import (
    Count,
    check_fields,
    claim_folder,
    json_bytes,
    parse_json,
    read_json,
    write_json,
    writing,
)
from biogan.evaluation.report.report import JSON, VERDICT
from biogan.models.card import ModelCard
from biogan.models.checkpoint import CONFIG, CRITIC, GENERATOR, JUDGE, ModelFolder, read_model
from biogan.models.manifest import SUMS, Manifest, digest
from biogan.models.model_page import model_page

FORMAT = 1
FACTS, PAGE, REPORT = "model.json", "README.md", "evaluation"
_REPORT = (f"{REPORT}/{JSON}", f"{REPORT}/{VERDICT}")
_NEEDED = (CONFIG, GENERATOR, CRITIC, SUMS, *_REPORT, PAGE)
#: Every file that a published model may hold.
NAMES = (*_NEEDED, JUDGE, FACTS)
# What hubs put beside them by themselves.
_FOREIGN = {".gitattributes", ".lock"}
_CODE = {".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".npy", ".npz", ".py",
         ".h5", ".so"}  # fmt: skip
#: Bytes that one file of weights, and that any other file, may have.
MOST_WEIGHTS, MOST_TEXT = 2_000_000_000, 10_000_000
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{1,60}")


def publish(run: str | Path, out: Path, licence: str, report: str | Path | None = None) -> Path:
    """Write a published model.

    Parameters
    ----------
    run : str or Path
        A model folder, as training writes it.
    out : Path
        Folder to write, empty or not there.
    licence : str
        Identifier of the licence of the weights, such as ``cc-by-4.0``.
    report : str or Path, optional
        Folder of the report of ``biogan evaluate RUN``, by default ``evaluation`` in ``run``.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ConfigError
        If the licence is no identifier.
    CheckpointError
        If there is no whole model, or no report that is one of this model.
    OutputError
        If the folder cannot be written.
    """
    if not _LICENCE.fullmatch(licence):
        raise ConfigError(
            f"--licence {licence!r}: an identifier such as cc-by-4.0, cc0-1.0 or mit is needed"
        )
    folder = ModelFolder(run)
    card = folder.read_config()
    if not card.training or not card.training.kept_step:
        raise CheckpointError(f"{run}: its training has kept no generator; train longer")
    files = _report(folder, Path(report) if report is not None else folder.path / REPORT)
    for name in (GENERATOR, CRITIC, JUDGE):
        if name in folder.manifest:
            files[name] = folder.manifest.read(name)
    card = replace(card, data=replace(card.data, **_without_folders(card)))
    files[CONFIG] = json_bytes(card.to_dict())
    verified = sorted(name for name in files if "/" not in name)
    files[SUMS] = "".join(f"{digest(files[name])}  {name}\n" for name in verified).encode()
    told = parse_json(files[_REPORT[0]], _REPORT[0], CheckpointError)
    files[PAGE] = model_page(card, told, licence).encode()
    claim_folder(out / REPORT)
    with writing(out):
        for name, content in files.items():
            (out / name).write_bytes(content)
    write_json(
        {
            "format": FORMAT,
            "biogan": __version__,
            "kind": card.kind,
            "licence": licence,
            "files": {
                name: {"size": len(content), "sha256": digest(content)}
                for name, content in sorted(files.items())
            },
        },
        out / FACTS,
    )
    return out


def _report(folder: ModelFolder, report: Path) -> dict[str, bytes]:
    """Return the files of a report, which has to be one of the model."""
    how = f"biogan evaluate {folder.path} -o {report}, with --held-out where there are such records"
    if not (report / JSON).is_file():
        raise CheckpointError(
            f"{folder.path}: no report in {report}, and no model is published without one: {how}"
        )
    content = (report / JSON).read_bytes()
    found = parse_json(content, report / JSON, CheckpointError)
    _check_report(found, folder.manifest, report / JSON, how)
    for part in found["sets"].values():
        if isinstance(part.get("source"), str):
            part["source"] = Path(part["source"]).name
    verdict = (report / VERDICT).read_bytes() if (report / VERDICT).is_file() else b""
    return {_REPORT[0]: json_bytes(found), _REPORT[1]: verdict}


def _check_report(found: Any, manifest: Manifest, path: Path, how: str) -> None:
    """Refuse a report that is damaged, or of another model."""
    part = found if isinstance(found, dict) else {}
    told = check_fields(
        str(path), part, {"schema": str, "n": Count, "sets": dict[str, dict], "verdict": list[str]}
    )
    model = told["sets"].get("generated", {}).get("model")
    if model is None or model != (manifest.sums or {}).get(GENERATOR):
        raise CheckpointError(f"{path}: is no report of this model: {how}")


def _without_folders(card: ModelCard) -> dict[str, Any]:
    """Return where the data of a card were, without the folders of a machine."""
    found = card.data.input
    if not isinstance(found, dict):
        return {}

    def short(part: Mapping[str, Any]) -> dict[str, Any]:
        names = ("source", "labels")
        return {
            key: short(value) if isinstance(value, dict) else
            Path(value).name if key in names and isinstance(value, str) else value
            for key, value in part.items()
        }  # fmt: skip

    return {"input": short(found)}


def check_names(names: Mapping[str, int | None], where: str) -> None:
    """Refuse names or sizes that no published model has.

    Parameters
    ----------
    names : mapping of str to int or None
        Bytes of each file, by its path with ``/``; None where they are not known.
    where : str
        Where they are, for messages.

    Raises
    ------
    CheckpointError
        If a file is missing, has no business there, or is too large.

    Examples
    --------
    >>> check_names({"weights.pkl": 9}, "hf:lab/x")
    Traceback (most recent call last):
    biogan.core.errors.CheckpointError: hf:lab/x: holds weights.pkl, which could run code when it is
    read: refused
    """
    for name, size in names.items():
        if name in _FOREIGN:
            continue
        if name not in NAMES:
            code = Path(name).suffix.lower() in _CODE
            told = "which could run code when it is read" if code else "which no model holds"
            raise CheckpointError(f"{where}: holds {name[:80]}, {told}: refused")
        most = MOST_WEIGHTS if name.endswith(".safetensors") else MOST_TEXT
        if size is not None and size > most:
            raise CheckpointError(f"{where}: {name} has {size:,} bytes, at most {most:,} are read")
    for name in (*_NEEDED, FACTS):
        if name not in names:
            raise CheckpointError(
                f"{where}: {name} is missing: no model that biogan push has published"
            )


def check_published(folder: Path, where: str = "") -> dict[str, Any]:
    """Look at every file of a published model, and load it.

    Parameters
    ----------
    folder : Path
        The folder.
    where : str
        What it is called in messages, by default its path.

    Returns
    -------
    dict
        What ``model.json`` says.

    Raises
    ------
    CheckpointError
        If anything is not as ``biogan push`` writes it: a link, a file more or less, a digest, a
        card or weights that do not belong together, a report of another model.
    """
    where = where or str(folder)
    if not folder.is_dir():
        raise CheckpointError(f"{where}: no such folder")
    check_names(_sizes(folder, where), where)
    facts = read_json(folder / FACTS, CheckpointError)
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise CheckpointError(f"{where}: {FACTS} names no format: damaged")
    if facts["format"] != FORMAT:
        raise CheckpointError(
            f"{where}: format {facts['format']:,}, this version reads {FORMAT}: update biogan"
        )
    told = check_fields(
        f"{where}: {FACTS}", facts, {"licence": str, "kind": str, "files": dict[str, dict]}
    )
    there = {name for name in NAMES if name != FACTS and (folder / name).is_file()}
    if told["files"].keys() != there:
        odd = sorted(told["files"].keys() ^ there)[0]
        raise CheckpointError(f"{where}: {odd[:80]} is listed or there, not both")
    for name in sorted(there):
        part = check_fields(f"{where}: {name}", told["files"][name], {"size": Count, "sha256": str})
        content = (folder / name).read_bytes()
        if len(content) != part["size"] or digest(content) != part["sha256"]:
            raise CheckpointError(
                f"{where}: {name} is not what was published, its digest is another: refused"
            )
    _load(folder, where, told["kind"])
    return facts


def _sizes(folder: Path, where: str) -> dict[str, int]:
    """Return the files of a folder with their bytes; refuse what is no plain file."""
    found: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        name, kind = path.relative_to(folder).as_posix(), path.lstat()
        if stat.S_ISLNK(kind.st_mode):
            raise CheckpointError(f"{where}: {name[:80]} is a link: refused")
        if stat.S_ISDIR(kind.st_mode):
            if name != REPORT:
                raise CheckpointError(f"{where}: holds the folder {name[:80]}: refused")
        elif not stat.S_ISREG(kind.st_mode):
            raise CheckpointError(f"{where}: {name[:80]} is a pipe or a device: refused")
        else:
            found[name] = kind.st_size
    return found


def _load(folder: Path, where: str, kind: str) -> None:
    """Load a model, all of its networks, and its report."""
    model = ModelFolder(folder)
    card, _, _, networks = read_model(folder, "cpu", ())
    model.read_config()
    sums = model.manifest.sums
    listed = {name for name in (CONFIG, GENERATOR, CRITIC, JUDGE) if (folder / name).is_file()}
    if sums is None or sums.keys() != listed:
        raise CheckpointError(f"{where}: {SUMS} does not list the files of the model: refused")
    if card.kind != kind:
        raise CheckpointError(f"{where}: {FACTS} says {kind[:40]!r}, {CONFIG} {card.kind!r}")
    critic = networks.critic
    if JUDGE in listed:
        model.weights(JUDGE, critic)
    if bool(card.judge) != (JUDGE in listed):
        raise CheckpointError(f"{where}: {CONFIG} and the files disagree on {JUDGE}: refused")
    report = folder / _REPORT[0]
    told = parse_json(report.read_bytes(), report, CheckpointError)
    _check_report(told, model.manifest, report, "the model and its report do not belong together")


def copy_published(folder: Path, out: str | Path, overwrite: bool = False) -> list[str]:
    """Copy a published model to a folder of its own, as a model like any other.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    OutputError
        If something is there and ``overwrite`` is not given.
    """
    target = ModelFolder(out)
    names = [name for name in NAMES if (folder / name).is_file()]
    with target.hold(overwrite=overwrite):
        target.claim()
        place = target.path
        claim_folder(place / REPORT)
        with writing(place):
            for name in names:
                (place / name).write_bytes((folder / name).read_bytes())
        try:
            target.settle()
        finally:
            target.discard()
    return names
