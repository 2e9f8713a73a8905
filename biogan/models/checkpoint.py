"""A trained model to its folder and back: card and weights of any kind of GAN.

One run at a time in a model folder.

A model is a folder of plain files: JSON and safetensors, never pickled code.

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

import errno
import io
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import nn

from biogan.core.errors import BioganError, CheckpointError, ConfigError, OutputError
from biogan.core.files import atomic_path, claim_folder, remove_folder, write_json, writing
from biogan.core.pictures import FILM, PICTURE, PREVIEWS
from biogan.models.card import ModelCard, read_card
from biogan.models.registry import modality_from
from biogan.nn.layers import Networks
from biogan.training.engine import find_device
from biogan.training.modality import Modality

LOCK = ".lock"
_OWNER = re.compile(rb"process \d+ on [\w.-]+")
# Seconds to wait for the name of an owner who has just come, or is just leaving.
_MOMENT = 1.0
# What file systems without locks answer.
_NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Keep other processes and threads out of a folder inside the block.

    The lock is one of the system (:manpage:`flock(2)`) on the file ``.lock``: it ends with the
    process that holds it, however that ends. The file stays: a process that had opened a removed
    file could lock it beside one that locks a new file of that name. It goes only with a folder
    that was made here and holds nothing else.

    The thread that holds a folder may do so once more: the command line holds it while it reads,
    before a fit does.

    Yields
    ------
    bool
        Whether the folder is locked; False on a file system without locks.

    Raises
    ------
    OutputError
        If another one holds it, or it cannot be made or written.
    """
    with ExitStack() as stack:
        yield _lock(folder, stack)


def _lock(folder: Path, stack: ExitStack) -> bool:
    """Lock a folder until the stack ends, see :func:`held`."""
    end = time.monotonic() + _MOMENT
    while True:
        late = time.monotonic() > end
        made = not folder.exists()
        try:
            claim_folder(folder)
            path = folder.resolve() / LOCK
            lock = FileLock(
                path, timeout=0, is_singleton=True, fallback_to_soft=False, on_acquired=_sign
            )
            lock.acquire()
        except Timeout:
            owner = _owner(path)
            if owner or late:
                raise OutputError(
                    f"{folder}: {owner or 'a process'} is training there: wait for its end, or "
                    "choose another folder"
                ) from None
        except (OSError, OutputError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            number = getattr(cause, "errno", None)
            if number in _NO_LOCKS:
                return False
            # The owner has just removed the folder, which held nothing.
            if late or number not in (errno.ENOENT, errno.ESTALE):
                raise OutputError(
                    f"{folder}: cannot be written: {getattr(cause, 'strerror', None) or error}"
                ) from error
        else:
            if lock.lock_counter > 1 or _owner(path) == _signature():
                stack.callback(lock.release)
                if lock.lock_counter == 1:
                    stack.callback(_leave, folder, path, made)
                return True
            # The file that was locked is no longer the one of this name.
            lock.release()
        time.sleep(0.01)


def _signature() -> str:
    return f"process {os.getpid()} on {re.sub(r'[^A-Za-z0-9_.-]', '_', platform.node()) or '_'}"


def _sign(descriptor: int) -> None:
    """Write who holds a lock into its file."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, _signature().encode(), 0)


def _owner(path: Path) -> str:
    """Return who holds a lock; an empty text where that is not known."""
    try:
        text = path.read_bytes()[:1000]
    except OSError:
        return ""
    return text.decode() if _OWNER.fullmatch(text) else ""


def _leave(folder: Path, path: Path, made: bool) -> None:
    """Take the name out of a lock that is still held; remove a folder that was made for nothing."""
    with suppress(OSError):
        os.truncate(path, 0)
        if made and os.listdir(folder) == [LOCK]:
            path.unlink()
            folder.rmdir()


CONFIG, GENERATOR, CRITIC = "config.json", "generator.safetensors", "critic.safetensors"
JUDGE = "judge.safetensors"
STATE, LOG, SAMPLES, PAGE = "state.pt", "log.jsonl", "samples.fasta", "report.html"
STORE, STORED = "sequences", "store.json"
# Where a run writes that is to replace a model, until it has one itself.
NEW = ".new"
FILES = (CONFIG, GENERATOR, CRITIC, JUDGE, STATE, LOG, SAMPLES, PAGE, PICTURE, FILM)


class ModelFolder:
    """Reads and writes the files of one model.

    Parameters
    ----------
    path : str or Path
        The folder.

    Attributes
    ----------
    path : Path
        Where the files are: a folder inside, as long as the model that is to be replaced stands.
    saved : int or None
        Step of the state that was written or read last.
    locked : bool
        Whether nobody else can come in while a run has the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = self.home = Path(path)
        self.saved: int | None = None
        self.locked = True
        self._stored = False

    @property
    def store(self) -> Path:
        """Folder of training data that are too large for the memory."""
        return self.home / STORE

    def written(self) -> list[str]:
        """Return the names of the files that are there, in the order of the table above."""
        return [name for name in FILES if (self.path / name).is_file()]

    @property
    def replacing(self) -> bool:
        """Whether there is an older model still, which the new one is to replace."""
        return self.path != self.home

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
        ConfigError
            If both were said.
        """
        if resume and overwrite:
            raise ConfigError("--resume and --overwrite exclude each other")
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
            ways = ["choose another folder"]
            ways += ["go on with --resume"] * (STATE in present)
            ways += ["replace the model in it with --overwrite"] * (CONFIG in present)
            raise OutputError(
                f"{self.path}: not empty (it holds {present[0]}): {', or '.join(ways)}"
            )
        if CONFIG not in present:
            raise OutputError(
                f"{self.path}: holds {present[0]} and no model: --overwrite only replaces a model"
            )

    def claim(self, stored: bool = False) -> None:
        """Make the folder and see that it can be written; an earlier model stays until `settle`.

        Parameters
        ----------
        stored : bool
            The stored data are those of the new run, and stay.

        Raises
        ------
        OutputError
            If the folder cannot be made or written.
        """
        claim_folder(self.home)
        self._stored = stored
        with writing(self.home):
            new = self.home / NEW  # of a run that was killed
            shutil.rmtree(new, ignore_errors=True)
            if (self.home / CONFIG).is_file():
                new.mkdir()
                self.path = new
            else:
                self._clear()
                self._clear_store()

    def tidy(self) -> None:
        """Remove what a run that was killed had half written, before it goes on.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        with writing(self.home):
            self._clear_halves()
            shutil.rmtree(self.home / NEW, ignore_errors=True)

    def settle(self) -> None:
        """Put the new model, now that it is whole, in the place of the old one.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        if not self.replacing:
            return
        new, self.path = self.path, self.home
        with writing(self.home):
            # The card goes first and comes last: without it nothing is taken for a model.
            self._clear()
            for path in sorted(new.rglob("*"), key=lambda path: path.name == CONFIG):
                if path.is_file():
                    (self.home / path.relative_to(new)).parent.mkdir(exist_ok=True)
                    os.replace(path, self.home / path.relative_to(new))
            shutil.rmtree(new)
            self._clear_store()

    def discard(self) -> None:
        """Remove what was written of a model that did not come to replace the old one."""
        if self.replacing:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path = self.home

    def _clear(self) -> None:
        for name in FILES:
            (self.home / name).unlink(missing_ok=True)
        self._clear_halves()
        for picture in (self.home / PREVIEWS).glob("[0-9]*.png"):
            picture.unlink()

    def _clear_halves(self) -> None:
        for name in FILES:
            for half in self.home.glob(f".{name}.*.tmp"):
                half.unlink(missing_ok=True)

    def _clear_store(self) -> None:
        if not self._stored and (self.store / STORED).is_file():
            # The link stays of one to a larger disk.
            remove_folder(self.store.resolve())

    def write_config(self, card: ModelCard) -> None:
        """Write ``config.json``."""
        write_json(card.to_dict(), self.path / CONFIG)

    def read_config(self, allowed: tuple[str, ...] = ()) -> ModelCard:
        """Read ``config.json``.

        Raises
        ------
        CheckpointError
            If there is none, or it is no model of these kinds that this version understands.
        """
        path = self.path / CONFIG
        if self.path.exists() and not self.path.is_dir():
            raise CheckpointError(f"{self.path}: is a file, a model folder is needed")
        if not self.path.is_dir():
            raise CheckpointError(f"{self.path}: no such model folder")
        if not path.is_file():
            # A kill in the moment of the exchange.
            cut = (self.path / NEW / CONFIG).is_file()
            told = f"; a new model stands in part in {self.path / NEW}: move its files here" * cut
            raise CheckpointError(f"{self.path}: not a model folder, {CONFIG} is missing{told}")
        return read_card(path, allowed)

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
            network.load_state_dict(from_bytes(path.read_bytes()))  # takes any name of a file
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


def write_model(
    path: str | Path, card: ModelCard, networks: Mapping[str, nn.Module], overwrite: bool
) -> None:
    """Write a model folder: a card, and networks by the names of their files.

    Raises
    ------
    OutputError
        If the folder holds something that must not be replaced.
    """
    folder = ModelFolder(path)
    folder.check(overwrite=overwrite)
    folder.claim()
    try:
        folder.write_config(card)
        for name, network in networks.items():
            folder.write_weights(name, network)
        folder.settle()
    finally:
        folder.discard()


class ReadNetworks:
    """Generator and critic of a model folder; the critic is read when it is first asked for.

    Sampling needs none: it is not held up by one, and not by a damaged file.

    Parameters
    ----------
    folder : ModelFolder
        Where the weights are.
    networks : Networks
        The pair, with any weights.
    place : torch.device
        Where they are to be.
    """

    def __init__(self, folder: ModelFolder, networks: Networks, place: torch.device) -> None:
        self.folder, self.place = folder, place
        self._critic = networks.critic
        self.generator = self._read(GENERATOR, networks.generator)

    @cached_property
    def critic(self) -> nn.Module:
        """The critic."""
        return self._read(CRITIC, self._critic)

    def _read(self, name: str, network: nn.Module) -> nn.Module:
        self.folder.read_weights(name, network)
        return network.to(self.place).eval()

    def __iter__(self) -> Iterator[nn.Module]:
        return iter((self.generator, self.critic))


def read_model(
    path: str | Path, device: str, allowed: tuple[str, ...]
) -> tuple[ModelCard, Modality, Any, ReadNetworks]:
    """Read a model folder onto a device.

    Parameters
    ----------
    path : str or Path
        The folder.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    allowed : tuple of str
        Kinds of data that are allowed; empty for all.

    Returns
    -------
    card : ModelCard
        What ``config.json`` holds.
    modality : Modality
        The kind of data.
    config : TrainingConfig
        The options.
    networks : ReadNetworks
        Generator and critic, ready for use.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another kind.
    ConfigError
        If the device is not there.
    """
    place, folder = find_device(device), ModelFolder(path)
    card = folder.read_config(allowed)
    with trusted(folder):
        modality = modality_from(card)
        config = modality.config.from_dict(card.config)
        networks = modality.networks(config)
    return card, modality, config, ReadNetworks(folder, networks, place)


@contextmanager
def trusted(folder: ModelFolder) -> Iterator[None]:
    """Say that the card of a model is damaged where something inside the block cannot use it.

    Raises
    ------
    CheckpointError
        In the place of the errors of a wrong or missing value.
    """
    try:
        yield
    except (BioganError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder.path / CONFIG}: damaged: {error}") from error
