"""A trained model to its folder and back: card and weights of any kind of GAN.

One run at a time in a model folder.

A model is a folder of plain files: JSON and safetensors, never pickled code.

========================= =====================================================================
``config.json``           schema, kind, options, letters, data digest, steps, scores, versions
``generator.safetensors`` the averaged generator that was kept: all that sampling needs
``critic.safetensors``    the critic
``judge.safetensors``     a critic of the kept generator, for ``sample --refine``
``state.pt``              what resuming needs (loaded with ``weights_only=True``)
``SHA256SUMS``            digests of the files above, see :mod:`biogan.models.manifest`
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
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from biogan.core.display import visible
from biogan.core.errors import (
    CheckpointError,
    ConfigError,
    OutputError,
    UnverifiedModel,
    first_line,
)
from biogan.core.files import MOST_JSON, claim_folder, json_bytes, reading, remove_folder, writing
from biogan.core.pictures import FILM, PICTURE, PREVIEWS
from biogan.models.card import ModelCard, read_card
from biogan.models.manifest import (
    NEW,
    SUMS,
    Manifest,
    exchange,
    recover,
    steady,
    write_new,
)
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
# What samples, resuming and verdicts rest on: these have digests.
VERIFIED = (CONFIG, GENERATOR, CRITIC, JUDGE, STATE)
FILES = (*VERIFIED, SUMS, LOG, SAMPLES, PAGE, PICTURE, FILM)
# In ``.new``, where it is to replace another model and not an earlier state of this one.
_REPLACES = "replaces"


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
        Whether nobody else can come in while :meth:`hold` lasts.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = self.home = Path(path)
        self.saved: int | None = None
        self.locked = False
        self._stored = False
        self._read: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """The digests of the files, as they were when the card was read."""
        if self._read is None:
            self._read = Manifest(self.home)
        return self._read

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

    @contextmanager
    def hold(self, resume: bool = False, overwrite: bool = False) -> Iterator[None]:
        """Keep the folder for one run inside the block, once it has been checked.

        What a killed process left in parts is put in order first.

        Raises
        ------
        OutputError, CheckpointError, ConfigError
            As :meth:`check` and :func:`held`.
        """
        self.check(resume, overwrite)
        with held(self.home) as self.locked:
            try:
                recover(self.home, self._leave)
            except CheckpointError:
                if not overwrite:
                    raise
                shutil.rmtree(self.home / NEW, ignore_errors=True)
            with writing(self.home):
                self._clear_halves()
            # Another run may have ended since the first look.
            self.check(resume, overwrite)
            yield

    def check(self, resume: bool = False, overwrite: bool = False) -> None:
        """Refuse a folder that must not be used; nothing is made, changed or removed.

        A run that was killed before it saved a state has not begun: both a plain start and one
        with ``resume`` may take its place.

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
        present = self._present()
        if resume and STATE not in present and not (self.visited and self._is_free(present)):
            raise CheckpointError(f"{self.path}: nothing to resume, there is no {STATE}")
        if resume or self._is_free(present):
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

    @property
    def visited(self) -> bool:
        """Whether a run was here before, though it may have been killed before it wrote a file."""
        return any((self.home / name).exists() for name in (CONFIG, SUMS, LOCK, STORE))

    @property
    def described(self) -> bool:
        """Whether there is a card, if only that of a run which did not begin."""
        return CONFIG in Manifest(self.home)

    @property
    def resumable(self) -> bool:
        """Whether there is the state of a run."""
        return STATE in Manifest(self.home)

    def _present(self) -> list[str]:
        """Return the names that count.

        Hidden files are half-written ones of a killed run, or none of our business; the stored
        data of a run that did not begin are no model.
        """
        if not self.home.is_dir():
            return []
        names = {p.name for p in self.home.iterdir() if p.name[0] != "." and p != self.store}
        with suppress(CheckpointError):  # a kill in the moment of an exchange
            sums = Manifest(self.home).sums or ()
            names |= {name for name in sums if (self.home / NEW / name).is_file()}
        return sorted(names)

    def _is_free(self, present: list[str]) -> bool:
        """Whether a run may begin here without taking anything away."""
        ours = {*FILES, PREVIEWS}.intersection(present)
        if CONFIG not in ours:
            return not present or (ours <= {SUMS} and self.visited)
        if STATE in ours:
            return False
        try:
            content = Manifest(self.home).read(CONFIG, MOST_JSON)
            done = read_card(self.home / CONFIG, content=content).training
        except CheckpointError:
            return False
        # Killed before its first state, when it had written the card alone.
        return not done or not done.kept_step

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
            if self._is_free(self._present()):
                self._clear()
                self._clear_store()
            else:
                self.path = self.home / NEW
                self.path.mkdir()
                (self.path / _REPLACES).touch()

    def settle(self) -> None:
        """Put the new model, now that it is whole, in the place of the old one.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        if not self.replacing:
            return
        self.path = self.home
        exchange(self.home, self._leave)
        with writing(self.home):
            self._clear_store()

    def _leave(self) -> None:
        """Remove what the files of before leave behind, once new ones are valid."""
        sums = Manifest(self.home).sums or {}
        mark = self.home / NEW / _REPLACES
        left = FILES if mark.exists() else VERIFIED
        self._remove([name for name in left if name not in (*sums, SUMS)])
        if mark.exists():
            self.clear_previews()
            mark.unlink()

    def discard(self) -> None:
        """Remove what was written of a model that did not come to replace the old one."""
        if self.replacing:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path = self.home

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self.home / name).unlink(missing_ok=True)

    def _clear(self) -> None:
        self.clear_previews()
        self._clear_halves()
        with suppress(OSError):  # it holds something else
            (self.home / PREVIEWS).rmdir()
        # The card last: with it this is a run that did not begin.
        self._remove([name for name in FILES if name not in (SUMS, CONFIG)])
        self._remove([SUMS, CONFIG])

    def clear_previews(self, after: int = -1) -> None:
        """Remove the pictures of checks later than a step, which a resumed run draws again."""
        for picture in (self.home / PREVIEWS).glob("[0-9]*.png"):
            if picture.stem.isdecimal() and int(picture.stem) > after:
                picture.unlink()

    def _clear_halves(self) -> None:
        for folder, names in ((self.home, FILES), (self.home / PREVIEWS, ("[0-9]*.png",))):
            for name in names:
                for half in folder.glob(f".{name}.*.tmp"):
                    half.unlink(missing_ok=True)

    def _clear_store(self) -> None:
        if not self._stored and (self.store / STORED).is_file():
            # The link stays of one to a larger disk.
            remove_folder(self.store.resolve())

    def save(
        self,
        card: ModelCard,
        networks: Mapping[str, nn.Module] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the card with networks and state, all or none; other files stay as they are.

        Parameters
        ----------
        card : ModelCard
            The card.
        networks : mapping of str to nn.Module, optional
            Networks by the names of their files.
        state : mapping, optional
            What resuming needs.

        Raises
        ------
        OutputError
            If a file cannot be written; the old ones are as they were.
        """
        place = self.path
        if not self.replacing and (place / NEW).exists():
            recover(place, self._leave)  # after an exchange that was interrupted
        sums = Manifest(place).digests(VERIFIED)
        if not card.judge:
            sums.pop(JUDGE, None)
        files = {name: to_bytes(_weights(network)) for name, network in (networks or {}).items()}
        if state is not None:
            # Through memory: torch reports a full disk as an error of its own kind.
            buffer = io.BytesIO()
            torch.save(state, buffer)
            files[STATE] = buffer.getvalue()
        try:
            write_new(self.home, files | {CONFIG: json_bytes(card.to_dict())}, sums)
        except BaseException:
            if not self.replacing:  # it is not the whole of a run
                shutil.rmtree(self.home / NEW, ignore_errors=True)
            raise
        if not self.replacing:
            exchange(self.home, self._leave)
        self._read = None

    def read_config(self, allowed: tuple[str, ...] = ()) -> ModelCard:
        """Read ``config.json``.

        Raises
        ------
        CheckpointError
            If there is none, or it is no model of these kinds that this version understands.
        """
        return steady(lambda: self._card(allowed))

    def _card(self, allowed: tuple[str, ...]) -> ModelCard:
        path = self.path
        if path.exists() and not path.is_dir():
            raise CheckpointError(f"{path}: is a file, a model folder is needed")
        if not path.is_dir():
            raise CheckpointError(f"{path}: no such model folder")
        self._read = Manifest(path)
        if CONFIG not in self.manifest:
            # A version without SHA256SUMS, killed in the moment of the exchange.
            cut = (path / NEW / CONFIG).is_file()
            told = f"; a new model stands in part in {path / NEW}: move its files here" * cut
            raise CheckpointError(f"{path}: not a model folder, {CONFIG} is missing{told}")
        card = read_card(path / CONFIG, allowed, self.manifest.read(CONFIG, MOST_JSON))
        if self.manifest.sums is None:
            warnings.warn(
                f"{visible(str(path))}: loaded unverified: biogan {card.biogan} wrote no {SUMS}, "
                "so that damage is not noticed",
                UnverifiedModel,
                stacklevel=2,
            )
        return card

    def weights(self, name: str, network: nn.Module) -> dict[str, Tensor]:
        """Read the weights of a network.

        Parameters
        ----------
        name : str
            The file.
        network : nn.Module
            A network of the names, shapes and types that are needed; its values are not looked at.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, not finite, or belongs to another model.
        """
        path = self.path / name
        data = self.manifest.read(name)
        with reading(path, "damaged or not a safetensors file", CheckpointError):
            found = from_bytes(data)
        wanted = network.state_dict()
        for key in sorted({*found, *wanted}):
            ours, theirs = (_described(some.get(key)) for some in (wanted, found))
            if ours != theirs:
                raise CheckpointError(
                    f"{path}: weights of another model than {CONFIG} says: {key} is {theirs}, "
                    f"{ours} is needed"
                )
            if not found[key].isfinite().all():
                raise CheckpointError(
                    f"{path}: {key} holds a number that is not finite: the weights are damaged; "
                    "copy the folder again or train again"
                )
        return found

    def read_weights(self, name: str, network: nn.Module) -> None:
        """Load weights into a network on any device, see :meth:`weights`."""
        network.load_state_dict(self.weights(name, network))

    def read_state(self, device: torch.device) -> dict[str, Any]:
        """Read what resuming needs, onto a device; tensors and numbers only.

        Raises
        ------
        CheckpointError
            If the file is damaged or holds anything else.
        """
        path, data = self.path / STATE, io.BytesIO(self.manifest.read(STATE))
        try:
            state: dict[str, Any] = torch.load(data, map_location=device, weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            raise CheckpointError(f"{path}: damaged, the run cannot be resumed") from error
        return state


def generator_digest(path: str | Path) -> str | None:
    """Return the SHA-256 of the generator of a model folder; None where none is known."""
    return (Manifest(Path(path)).sums or {}).get(GENERATOR)


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
    with folder.hold(overwrite=overwrite):
        folder.claim()
        try:
            folder.save(card, networks)
            folder.settle()
        finally:
            folder.discard()


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}


def _described(tensor: Tensor | None) -> str:
    if tensor is None:
        return "missing"
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"


class ReadNetworks:
    """Generator and critic of a model folder; the critic is read when it is first asked for.

    Sampling needs none: it is not held up by one, and not by a damaged file.

    Parameters
    ----------
    folder : ModelFolder
        Where the weights are.
    networks : Networks
        The pair, the generator with its weights, the critic with any.
    place : torch.device
        Where they are to be.
    """

    def __init__(self, folder: ModelFolder, networks: Networks, place: torch.device) -> None:
        self.folder, self.place = folder, place
        self._critic = networks.critic
        self.generator = networks.generator.to(place).eval()

    @cached_property
    def critic(self) -> nn.Module:
        """The critic."""
        self.folder.read_weights(CRITIC, self._critic)
        return self._critic.to(self.place).eval()

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

    def read() -> tuple[ModelCard, Modality, Any, dict[str, Tensor]]:
        card = folder.read_config(allowed)
        with trusted(folder), torch.device("meta"):
            # Networks without memory: a damaged size is found before memory is asked for.
            modality = modality_from(card)
            config = modality.config.from_dict(card.config)
            needed = modality.networks(config).generator
        return card, modality, config, folder.weights(GENERATOR, needed)

    card, modality, config, weights = steady(read)
    networks = modality.networks(config)
    networks.generator.load_state_dict(weights)
    return card, modality, config, ReadNetworks(folder, networks, place)


@contextmanager
def trusted(folder: ModelFolder) -> Iterator[None]:
    """Say that the card of a model is damaged where something inside the block cannot use it.

    Raises
    ------
    CheckpointError
        In the place of whatever a wrong or missing value leads to.
    """
    try:
        yield
    except Exception as error:
        raise CheckpointError(f"{folder.path / CONFIG}: damaged: {first_line(error)}") from error
