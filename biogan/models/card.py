"""The model card: what ``config.json`` says about data, options, training and versions.

It is checked when it is read: whoever uses it later finds in it what it needs.
"""

from __future__ import annotations

import dataclasses
import platform
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
from msgspec import UNSET, UnsetType

from biogan.core import __version__
from biogan.core.errors import BioganError, CheckpointError, ConfigError
from biogan.core.files import Count, check_fields, parse_json, read_json
from biogan.models.registry import kind_of_card, modality_from
from biogan.training.config import TrainingConfig
from biogan.training.modality import Plan
from biogan.training.trainer import Trainer

SCHEMA = 1

# Options without which nothing can be said of a model.
_NEEDED = (
    "architecture", "loss", "critic_steps", "gp", "r1", "r2", "lr", "batch_size", "ema", "seed",
)  # fmt: skip
# Keys that earlier versions wrote, in the card and in log.jsonl, and what they are called today.
_RENAMED = {"fidelity": "validation_distance", "beside": "references"}


class _Meta(msgspec.StructMeta, ABCMeta):
    """The class of a struct that is a mapping too."""


class Part(msgspec.Struct, Mapping[str, Any], metaclass=_Meta, frozen=True, eq=False, kw_only=True):
    """A part of a model card: a frozen struct, and a mapping of what stands in the file.

    Attributes
    ----------
    others : dict
        Keys that this version does not know; they are written again as they were read.

    Examples
    --------
    >>> part = DataPart.read("data", {"records": 9, "train": 9, "validation": 0, "digest": "a",
    ...                               "split": [], "colour": "red"})
    >>> part.records, part["records"], part["colour"], "input" in part
    (9, 9, 'red', False)
    """

    parts: ClassVar[Mapping[str, type[Part]]] = {}
    others: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._names():
            return self.others[key]
        if (value := getattr(self, key)) is UNSET:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._names() if getattr(self, name) is not UNSET)
        yield from self.others

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return Mapping.__eq__(self, other)

    def __hash__(self) -> int:
        return id(self)

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(name for name in cls.__struct_fields__ if name != "others")

    @classmethod
    def read(cls, name: str, data: Mapping[str, Any]) -> Self:
        """Check a part of the file, and turn it into this struct.

        Parameters
        ----------
        name : str
            What the part is called in messages.
        data : mapping
            What stands in the file.

        Raises
        ------
        CheckpointError
            If a field is missing or of another type.
        """
        found = {_RENAMED.get(key, key): value for key, value in data.items()}
        for key, part in cls.parts.items():
            if isinstance(found.get(key), Mapping):
                found[key] = part.read(key, found[key])
        others = {key: found.pop(key) for key in [*found] if key not in cls._names()}
        read = {key: value for key, value in found.items() if isinstance(value, Part)}
        wanted = {
            field.name: field.type
            for field in msgspec.structs.fields(cls)
            if field.name != "others"
            and field.name not in read
            and (field.required or field.name in found)
        }
        return cls(**check_fields(name, found, wanted), **read, others=others)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``config.json`` keeps: the fields that are there, and the others."""
        return {k: v.to_dict() if isinstance(v, Part) else v for k, v in self.items()}


class DataPart(Part, frozen=True, eq=False, kw_only=True):
    """What was trained on.

    Attributes
    ----------
    records, train, validation : int
        Records that were read, that were trained on and that were kept for validation.
    digest : str
        SHA-256 of the records.
    split : list of str
        How they were split, in words.
    input : dict or None
        Where the records were and how they were read.
    source : str
        What they come from, in a word.
    notes : list of str
        What reading did.
    stored : bool
        Whether they were in files beside the model.
    """

    records: Count
    train: Count
    validation: Count
    digest: str
    split: list[str]
    input: dict[str, Any] | None | UnsetType = UNSET
    source: str | None | UnsetType = UNSET
    notes: list[str] | UnsetType = UNSET
    stored: bool = False


class TrainingPart(Part, frozen=True, eq=False, kw_only=True):
    """How far a run has come and which generator is kept.

    Attributes
    ----------
    steps : int
        Generator updates.
    seconds : float
        Time of the training.
    kept_step : int
        Step of the generator that is kept, 0 for none.
    validation_distance : float or None
        Its validation distance.
    references : dict of str to float or None
        The validation distance of training data and of trivial samplers.
    rollbacks : int
        How often the run went back to an earlier state.
    ended : str or None
        Why it ended before its budget did.
    processes : int
        Processes that trained.
    device : str
        Where they trained.
    threads : int
        CPU threads of each; results are the same bit for bit with the same number only.
    """

    steps: Count
    seconds: float
    kept_step: Count
    validation_distance: float | None
    references: dict[str, Any]
    rollbacks: Count
    ended: str | None
    processes: Count
    device: str
    threads: Count | UnsetType = UNSET


class JudgePart(Part, frozen=True, eq=False):
    """A line from logits to log density ratios, and how well the logits tell real from generated.

    Attributes
    ----------
    slope, intercept : float
        log p_data / p_generator is about ``slope * logit + intercept``; the slope is 0 or more,
        0 where the critic cannot tell.
    max_ratio : float
        Largest density ratio among the generated records of the fit (Azadi et al. 2019's M), at
        most e^50.
    auroc, low, high : float
        Area under the ROC curve of the logit, real above generated, with its 95 % interval.
    real, generated : int
        Records of the fit.
    """

    slope: float
    intercept: float
    max_ratio: float
    auroc: float
    low: float
    high: float
    real: Count
    generated: Count


class ModelCard(Part, frozen=True, eq=False, kw_only=True):
    """The whole card.

    Attributes
    ----------
    schema : int
        Version of the file.
    kind : str
        The kind of model, :attr:`biogan.training.modality.Modality.card`.
    biogan : str
        Version that wrote it.
    config : dict
        The options with nothing left open.
    chosen : list of str
        Why they were chosen as they are.
    layout : dict
        What one record is, see :meth:`biogan.training.modality.Modality.to_dict`.
    data : DataPart
        What was trained on.
    versions : dict of str to str
        Versions of Python and of the packages that matter.
    lineage : dict
        Of a run that began with another model: which, its data, and what it began with.
    training : TrainingPart or None
        From the first checkpoint on.
    judge : JudgePart or None
        The calibrated critic, at the end of a run that makes one. Where the key is absent, a
        resumed run makes it; None is the answer of earlier versions that there is none.

    Examples
    --------
    >>> card = ModelCard(
    ...     kind="sequence-gan", biogan="0.2.0", config={"seed": 1}, layout={}, versions={},
    ...     data=DataPart(records=9, train=9, validation=0, digest="", split=[]))
    >>> card.data.train, card["data"]["train"], "training" in card
    (9, 9, False)
    """

    parts = {"data": DataPart, "training": TrainingPart, "judge": JudgePart}  # noqa: RUF012

    schema: int = SCHEMA
    kind: str
    biogan: str
    config: dict[str, Any]
    chosen: list[str] = []
    layout: dict[str, Any]
    data: DataPart
    versions: dict[str, Any]
    lineage: dict[str, Any] | UnsetType = UNSET
    training: TrainingPart | None | UnsetType = UNSET
    judge: JudgePart | None | UnsetType = UNSET


def descent(lineage: Mapping[str, Any]) -> str:
    """Say where a model comes from.

    Examples
    --------
    >>> descent({"model": "run", "step": 900, "data": "ab" * 32, "records": 60, "freeze": None})
    'run, step 900, of 60 records with the digest abababababab...'
    """
    told = (
        f"{lineage['model']}, step {lineage['step']:,}, of {lineage['records']:,} records with the "
        f"digest {lineage['data'][:12]}..."
    )
    if lineage.get("freeze"):
        told += f", {lineage['freeze']} layers of the critic unchanged"
    return told + (f"; before that {descent(lineage['from'])}" if lineage.get("from") else "")


def with_present_names(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a card or a row of a log with the keys of this version.

    Examples
    --------
    >>> with_present_names({"step": 20, "fidelity": 1.5})
    {'step': 20, 'validation_distance': 1.5}
    """
    return {_RENAMED.get(key, key): value for key, value in part.items()}


def read_card(path: Path, allowed: tuple[str, ...] = (), content: bytes | None = None) -> ModelCard:
    """Read ``config.json`` and see that it is whole.

    Parameters
    ----------
    path : Path
        The file.
    allowed : tuple of str
        Kinds of data that are allowed, by default all.
    content : bytes, optional
        What stands in it, where it was read before.

    Raises
    ------
    CheckpointError
        If it is damaged, or no model of these kinds that this version understands.
    """
    if content is None:
        data = read_json(path, CheckpointError)
    else:
        data = parse_json(content, path, CheckpointError)
    if not isinstance(data, dict) or "kind" not in data or "schema" not in data:
        raise CheckpointError(f"{path}: not written by biogan (no 'kind' and 'schema')")
    if data["schema"] != SCHEMA:
        raise CheckpointError(
            f"{path}: schema {data['schema']!r}, this version reads {SCHEMA}: update biogan"
        )
    try:
        card = _checked(data)
        found = kind_of_card(card).name
    except BioganError as error:
        raise CheckpointError(f"{path}: damaged: {error}") from error
    if allowed and found not in allowed:
        wanted = " or ".join(allowed)
        raise CheckpointError(f"{path}: this is a model of {found}, one of {wanted} is needed")
    return card


def _checked(data: Mapping[str, Any]) -> ModelCard:
    """Refuse a card whose parts are not what they are read as; fill in what older ones lack."""
    card = ModelCard.read("the card", data)
    if card.training:
        references = card.training.references
        check_fields("references", references, dict.fromkeys(references, float | None))
    kind = kind_of_card(card)
    kind.read_as(card.data.input or {})
    config = {**kind.absent, **card.config}
    modality_from(card)
    # A newer version may know more options: reading a card aloud needs none of them.
    known = {field.name for field in dataclasses.fields(kind.config)}
    read = kind.config.from_dict({k: v for k, v in config.items() if k in known}).to_dict()
    needed = [name for name in _NEEDED if name in known]
    check_fields(
        "config", {k: v for k, v in read.items() if v is not None}, dict.fromkeys(needed, Any)
    )
    return msgspec.structs.replace(card, config=read | config)


def model_card(plan: Plan, data: DataPart) -> ModelCard:
    """Describe a model before it is trained.

    Parameters
    ----------
    plan : Plan
        The kind of data, and the options with nothing left open.
    data : DataPart
        Numbers of records, digest, how they were read and split.
    """
    modality = plan.modality
    packages = ("torch", "numpy", *modality.packages)
    return ModelCard(
        kind=modality.card,
        biogan=__version__,
        config=plan.config.to_dict(),
        chosen=list(plan.reasons),
        layout=modality.to_dict(),
        data=data,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    )


def training_part(trainer: Trainer) -> TrainingPart:
    """Describe how far a run has come and which generator is kept."""
    return TrainingPart(
        steps=trainer.step_count,
        seconds=round(trainer.elapsed, 1),
        kept_step=trainer.best.step,
        validation_distance=trainer.score,
        references=dict(trainer.references),
        rollbacks=trainer.last_good.count,
        ended=trainer.ended,
        processes=trainer.engine.world,
        device=str(trainer.engine.device),
        threads=trainer.engine.threads,
    )


def same_split(card: ModelCard, train: int, validation: int) -> bool:
    """Tell whether a split has as many records on both sides as that of a model has."""
    return (card.data.train, card.data.validation) == (train, validation)


def check_same_run(old: ModelCard, new: ModelCard, options: type[TrainingConfig]) -> None:
    """Compare the card of a run that is to be resumed with that of this call.

    Raises
    ------
    ConfigError
        If an option or the data differ; the message lists each difference.
    """
    config = options.from_dict(new.config)
    differences = options.from_dict(old.config).differences(config)
    was, now = ("stored" if card.data.stored else "in memory" for card in (old, new))
    if old.data.digest != new.data.digest:
        differences.append("the data are others than those the run began with")
    elif was != now:
        differences.append(f"the data were {was} and are now {now}")
    elif not differences and not same_split(old, new.data.train, new.data.validation):
        differences.append(
            f"it was begun by biogan {old.biogan}, which split the data otherwise: "
            f"{old.data.train:,} records to train on and {old.data.validation:,} for validation, "
            f"now {new.data.train:,} and {new.data.validation:,}; begin a new run"
        )
    if differences:
        raise ConfigError("--resume: this is another run: " + "; ".join(differences))
