"""A model is a folder of plain files: JSON and safetensors, never pickled code.

========================= =====================================================================
``config.json``           schema, kind, options, letters, data digest, steps, scores, versions
``generator.safetensors`` the averaged generator that was kept: all that sampling needs
``critic.safetensors``    the critic
``judge.safetensors``     a critic of the kept generator, for ``sample --refine``
``state.pt``              what resuming needs (loaded with ``weights_only=True``)
``log.jsonl``             one line of terms and scores at a time
``samples.fasta``         a preview; of images ``samples.png``
``previews/``             of images, the preview at each check, and ``training.webp``, their film
``report.html``           the page of the run, written by ``biogan train`` and ``biogan report``
``sequences/``            training data too large for the memory; may be deleted after training
========================= =====================================================================
"""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import nn

from biogan.datasets.store import META
from biogan.errors import CheckpointError, OutputError
from biogan.io.tables import atomic_path, claim_folder, read_json, write_json, writing
from biogan.training.trainer import Trainer

SCHEMA = 1
CONFIG, GENERATOR, CRITIC = "config.json", "generator.safetensors", "critic.safetensors"
JUDGE = "judge.safetensors"
STATE, LOG, SAMPLES, PAGE = "state.pt", "log.jsonl", "samples.fasta", "report.html"
STORE = "sequences"
# Options that cards of before do not have, as those runs were.
LATER_OPTIONS = {"rotate": False}
PARTS = ("config", "layout", "data", "versions")
# Of images.
PICTURE, FILM, PREVIEWS = "samples.png", "training.webp", "previews"
FILES = (CONFIG, GENERATOR, CRITIC, JUDGE, STATE, LOG, SAMPLES, PAGE, PICTURE, FILM)


class ModelFolder:
    """Reads and writes the files of one model.

    Parameters
    ----------
    path : str or Path
        The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def store(self) -> Path:
        """Folder of training data that are too large for the memory."""
        return self.path / STORE

    def check(self, resume: bool = False, overwrite: bool = False) -> None:
        """Refuse a folder that must not be used; nothing is made, changed or removed.

        Parameters
        ----------
        resume : bool
            The run that is there will go on.
        overwrite : bool
            The model that is there will be replaced.

        Raises
        ------
        OutputError
            If the folder is a file, or holds something and neither was said.
        CheckpointError
            If there is nothing to resume.
        """
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"{self.path}: is a file, a folder is needed")
        nearest = next(
            p for p in (self.path.absolute(), *self.path.absolute().parents) if p.exists()
        )
        if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
            raise OutputError(f"{self.path}: cannot be written, {nearest} allows no new files")
        # Hidden files are half-written ones of a killed run, or none of our business; the stored
        # data of a run that did not begin are no model.
        present = [] if not self.path.exists() else sorted(
            p.name
            for p in self.path.iterdir()
            if not p.name.startswith(".") and p != self.store
        )  # fmt: skip
        if resume and STATE not in present:
            raise CheckpointError(f"{self.path}: nothing to resume, there is no {STATE}")
        if resume or not present:
            return
        if not overwrite:
            raise OutputError(
                f"{self.path}: not empty (it holds {present[0]}): choose another folder, go on "
                "with --resume, or replace the model in it with --overwrite"
            )
        if CONFIG not in present:
            raise OutputError(
                f"{self.path}: holds {present[0]} and no model: --overwrite only replaces a model"
            )

    def claim(self, stored: bool = False) -> None:
        """Make the folder, see that it can be written, remove an earlier model's files.

        Parameters
        ----------
        stored : bool
            Keep the stored data: they are those of the new run.

        Raises
        ------
        OutputError
            If the folder cannot be made or written.
        """
        claim_folder(self.path)
        with writing(self.path):
            for name in FILES:
                (self.path / name).unlink(missing_ok=True)
                for half in self.path.glob(f".{name}.*.tmp"):
                    half.unlink(missing_ok=True)
            for picture in (self.path / PREVIEWS).glob("[0-9]*.png"):
                picture.unlink()
            if not stored and (self.store / META).is_file():
                shutil.rmtree(self.store)

    def write_config(self, data: dict[str, Any]) -> None:
        """Write ``config.json``."""
        write_json({"schema": SCHEMA, **data}, self.path / CONFIG)

    def read_config(self, kind: str | None = None) -> dict[str, Any]:
        """Read ``config.json``.

        Raises
        ------
        CheckpointError
            If there is none, or it is not a model of this kind that this version understands.
        """
        path = self.path / CONFIG
        if not self.path.is_dir():
            raise CheckpointError(f"{self.path}: no such model folder")
        if not path.is_file():
            raise CheckpointError(f"{self.path}: not a model folder, {CONFIG} is missing")
        data = read_json(path, CheckpointError)
        if not isinstance(data, dict) or "kind" not in data or "schema" not in data:
            raise CheckpointError(f"{path}: not written by biogan (no 'kind' and 'schema')")
        if data["schema"] != SCHEMA:
            raise CheckpointError(
                f"{path}: schema {data['schema']!r}, this version reads {SCHEMA}: update biogan"
            )
        if kind is not None and data["kind"] != kind:
            commands = "biogan image" if data["kind"] == "image-gan" else "biogan"
            raise CheckpointError(
                f"{path}: this model is of kind {data['kind']}, {kind} is needed: use {commands}"
            )
        missing = [part for part in PARTS if not isinstance(data.get(part), dict)]
        if missing:
            raise CheckpointError(f"{path}: damaged, {missing[0]!r} is missing")
        if data["kind"] == "sequence-gan":
            data["config"] = LATER_OPTIONS | data["config"]
        return data

    def write_weights(self, name: str, network: nn.Module) -> None:
        """Write the weights of a network as safetensors."""
        tensors = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
        with atomic_path(self.path / name) as path:
            path.write_bytes(to_bytes(tensors))

    def read_weights(self, name: str, network: nn.Module) -> None:
        """Load weights into a network on any device.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, or belongs to another model.
        """
        path = self.path / name
        if not path.is_file():
            raise CheckpointError(f"{self.path}: {name} is missing, the model is not whole")
        try:
            network.load_state_dict(load_file(path))
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{path}: damaged or not a safetensors file ({error})") from error
        except RuntimeError as error:
            raise CheckpointError(f"{path}: weights of another model than {CONFIG} says") from error

    def write_state(self, state: dict[str, Any]) -> None:
        """Write what resuming needs."""
        # Through memory: torch reports a full disk as an error of its own kind.
        buffer = io.BytesIO()
        torch.save(state, buffer)
        with atomic_path(self.path / STATE) as path:
            path.write_bytes(buffer.getvalue())

    def read_state(self, device: torch.device) -> dict[str, Any]:
        """Read what resuming needs, onto a device; tensors and numbers only.

        Raises
        ------
        CheckpointError
            If the file is damaged or holds anything else.
        """
        path = self.path / STATE
        try:
            state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            raise CheckpointError(f"{path}: damaged, the run cannot be resumed") from error
        return state

    def restore(self, trainer: Trainer) -> None:
        """Put a trainer back to the saved state, and the log to the step of that state.

        Raises
        ------
        CheckpointError
            If the state is damaged or of another model.
        """
        state = self.read_state(trainer.engine.device)
        try:
            trainer.load_state(state)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise CheckpointError(
                f"{self.path / STATE}: not the state of this model, the run cannot be resumed"
            ) from error
        trainer.engine.alone(lambda: self.trim_log(trainer.step_count))

    def trim_log(self, step: int) -> None:
        """Drop log lines later than ``step``: a resumed run writes them again."""
        path = self.path / LOG
        if not path.is_file():
            return
        kept = []
        for line in path.read_text().splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
            except (ValueError, KeyError, TypeError):
                continue  # a line that a kill cut short
        with atomic_path(path) as temporary:
            temporary.write_text("".join(kept))
