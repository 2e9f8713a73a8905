"""A model is a folder of plain files: JSON and safetensors, never pickled code.

========================= =====================================================================
``config.json``           schema, kind, options, letters, data digest, steps, scores, versions
``generator.safetensors`` the averaged generator that was kept: all that sampling needs
``critic.safetensors``    the critic
``state.pt``              what resuming needs (loaded with ``weights_only=True``)
``log.jsonl``             one line of terms and scores at a time
``samples.fasta``         a preview
========================= =====================================================================
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import nn

from biogan.errors import CheckpointError, OutputError
from biogan.io.tables import atomic_path, read_json, write_json

SCHEMA = 1
CONFIG, GENERATOR, CRITIC = "config.json", "generator.safetensors", "critic.safetensors"
STATE, LOG, SAMPLES = "state.pt", "log.jsonl", "samples.fasta"
FILES = (CONFIG, GENERATOR, CRITIC, STATE, LOG, SAMPLES)


class ModelFolder:
    """Reads and writes the files of one model.

    Parameters
    ----------
    path : str or Path
        The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def prepare(self, resume: bool = False, overwrite: bool = False) -> None:
        """Make the folder, or check that it may be used.

        Parameters
        ----------
        resume : bool
            Go on with the run that is there.
        overwrite : bool
            Remove an earlier model; files of other origin are never touched.

        Raises
        ------
        OutputError
            If the folder is not empty, or cannot be made or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            present = sorted(p.name for p in self.path.iterdir())
            probe = self.path / ".biogan-probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"{self.path}: cannot be written: {reason}") from error
        if resume:
            if STATE not in present:
                raise CheckpointError(f"{self.path}: nothing to resume, there is no {STATE}")
            return
        if present and not overwrite:
            raise OutputError(
                f"{self.path}: not empty (it holds {present[0]}): choose another folder, go on "
                "with --resume, or replace the model in it with --overwrite"
            )
        if overwrite:
            foreign = [name for name in present if name not in FILES]
            if foreign and CONFIG not in present:
                raise OutputError(
                    f"{self.path}: holds {foreign[0]} and no model: --overwrite only replaces a "
                    "model"
                )
            for name in FILES:
                (self.path / name).unlink(missing_ok=True)

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
            raise CheckpointError(f"{path}: a {data['kind']} model, a {kind} model is needed")
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
        with atomic_path(self.path / STATE) as path:
            torch.save(state, path)

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
