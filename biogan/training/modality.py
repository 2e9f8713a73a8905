"""A kind of data, as the models see it: the one class that a new kind has to write.

A :class:`Modality` turns records into tensors and tensors into records, builds the networks, and
says how generated records are judged. Fitting, sampling, scoring, saving and loading are written
once, over this class, in :mod:`biogan.models`. A kind joins them with one line in
:data:`biogan.models.registry.KINDS`.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.errors import ConfigError, DataError, plural
from biogan.core.files import check_fields
from biogan.core.inputs import is_lasting
from biogan.core.options import Options
from biogan.core.rng import rng
from biogan.nn.layers import Networks, exact
from biogan.training.batches import Batches, Stream
from biogan.training.config import SamplingConfig, TrainingConfig, unrefined
from biogan.training.engine import check_machine, keep_freed_memory
from biogan.training.losses import own_defaults
from biogan.training.trainer import DEFAULT_TIME, CheckResult, check_patience

if TYPE_CHECKING:
    from biogan.evaluation.evaluate import EvaluationSpec
    from biogan.evaluation.metric import MetricRegistry
    from biogan.evaluation.report.report import Report

#: Receives steps done and steps to do of what takes time.
Progress = Callable[[int, int], None]


class Parts(NamedTuple):
    """Training records, records kept for validation, and what there is to say about the split."""

    train: Any
    held_out: Any
    report: tuple[str, ...] = ()


class Plan(NamedTuple):
    """What a fit will do, found out before anything is built.

    Attributes
    ----------
    modality : Modality
        Shape and kind of the data.
    config : TrainingConfig
        Options with nothing left open.
    reasons : list of str
        Why they were chosen as they are.
    lines : list of str
        All of this, for a person.
    """

    modality: Modality
    config: Any
    reasons: list[str]
    lines: list[str]


class Refused(NamedTuple):
    """Which sampled records are drawn again.

    Attributes
    ----------
    marks : callable
        Records to a mask of those that are not taken, shape (n,), bool.
    what : str
        What is the matter with these, such as "were no molecules".
    advice : str
        What to do where hardly any other is written.
    size : callable, optional
        Rows to numbers, shape (n,): the nearest ones are drawn instead, so that what fails more
        often, as long texts do, is not written less often.
    """

    marks: Callable[[Any], np.ndarray]
    what: str
    advice: str = ""
    size: Callable[[np.ndarray], np.ndarray] | None = None


class Chunk(NamedTuple):
    """Some of the records of a stream of samples.

    Attributes
    ----------
    records : set of records
        The records.
    proposed, accepted : int
        Candidates that refinement looked at and that it took; 0 for plain records.
    again : int
        Records, or candidates of refinement, that were drawn again as they were to be left out.
    chains : object
        What became of the chains of noise of constrained records; None for others.
    """

    records: Any
    proposed: int = 0
    accepted: int = 0
    again: int = 0
    chains: Any = None


class Validation(Protocol):
    """Measures how far generated records are from the validation split."""

    @property
    def n(self) -> int:
        """Number of samples that are measured at each check."""
        ...

    @property
    def references(self) -> Mapping[str, float]:
        """Validation distance of training data (1) and of trivial samplers, by name.

        Empty without validation records.
        """
        ...

    def score(self, chunks: Sequence[Chunk]) -> CheckResult:
        """Return validation distance and variety of ``n`` samples."""
        ...


class Modality(ABC):
    """What records of one data set are, and how a GAN reads and writes them.

    An instance belongs to one model: it holds the shape, letters or classes of the training data
    and stands in the model card as ``layout``. A subclass has to write :meth:`stored`,
    :meth:`decode`, :meth:`networks` and :meth:`validation`; the others have defaults that suit
    records of one shape.

    Attributes
    ----------
    name : str
        The kind of data: ``--kind`` of the command line, key of the registry.
    noun : str
        What one record is called.
    card : str
        The kind of model, as ``config.json`` calls it.
    records : tuple of type
        Classes of the sets of records that :meth:`plan` takes. A set has ``len``, can be indexed
        by a slice, a mask or numbers, and has ``digest`` and the class method ``concatenate``.
    config, reading, sampling, constraining, scoring, writing : type
        Classes of the options of training, reading, sampling, constraints, evaluation and output.
    known : tuple of str
        Names of sets that :meth:`read` fetches or makes.
    samples : int
        Records that ``biogan sample`` writes where no number is given.
    text : bool
        Whether records can be read from standard input and written to standard output.
    storable : bool
        Whether data too large for the memory can be kept in files.
    packages : tuple of str
        Packages whose versions matter, beside torch and numpy.
    absent : mapping of str to object
        Options that cards of earlier versions lack, as those runs had them.
    output : str
        Name of a file of records, for hints.
    reader : str
        Public function that reads a file, for messages; empty where there is none.
    block : int
        Records that are drawn at once. A sample depends on it.
    previewed : int
        Records that :meth:`preview` receives at each check.
    """

    name: ClassVar[str]
    noun: ClassVar[str] = "record"
    card: ClassVar[str]
    records: ClassVar[tuple[type, ...]]
    config: ClassVar[type[TrainingConfig]] = TrainingConfig
    reading: ClassVar[type[Options]] = Options
    sampling: ClassVar[type[SamplingConfig]] = SamplingConfig
    constraining: ClassVar[type[Options]] = Options
    scoring: ClassVar[type[Options]] = Options
    writing: ClassVar[type[Options]] = Options
    known: ClassVar[tuple[str, ...]] = ()
    samples: ClassVar[int] = 1000
    text: ClassVar[bool] = False
    storable: ClassVar[bool] = False
    packages: ClassVar[tuple[str, ...]] = ()
    absent: ClassVar[Mapping[str, Any]] = {}
    output: ClassVar[str] = "new.npz"
    reader: ClassVar[str] = ""
    block: ClassVar[int] = 512
    previewed: ClassVar[int] = 0

    # --- files ----------------------------------------------------------------------------

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Whether a file, a folder or a name looks like data of this kind; by default never."""
        return False

    @classmethod
    def read(cls, data: str, reading: Any, progress: Any = None, whose: str = "") -> Any:
        """Read records.

        Parameters
        ----------
        data : str
            A file, a folder or the name of a known set.
        reading : Options
            An object of the class :attr:`reading`.
        progress : callable, optional
            Receives bytes done and bytes to do.
        whose : str
            Whose letters or shape the records have to have, for messages.

        Raises
        ------
        ConfigError
            By default: a kind without files of its own takes records from Python only.
        """
        raise ConfigError(f"{data}: {cls.name} are not read from files")

    @classmethod
    def read_training(
        cls, data: str, reading: Any, config: Any, progress: Any, folder: Path | None
    ) -> Any:
        """Read what is to be learned.

        Parameters
        ----------
        data, reading, progress
            As :meth:`read` takes them.
        config : TrainingConfig
            The options of training.
        folder : Path or None
            Folder of the run, where a kind that takes long to read may keep what it found; None
            where nothing is to be written.
        """
        return cls.read(data, reading, progress)

    @classmethod
    def read_generated(cls, data: str, reading: Any, whose: str = "") -> Any:
        """Read what a generator wrote, as it is."""
        return cls.read(data, reading, whose=whose)

    @classmethod
    def like(cls, real: Any, reading: Any) -> Any:
        """Return the options that read further records in the shape of ``real``."""
        return reading

    @classmethod
    def whose(cls, reading: Any) -> str:
        """Say whose letters or shape further records have to have, for messages."""
        return ""

    @classmethod
    def from_source(cls, records: Any, source: str) -> Any:
        """Return generated records with the name of what they come from."""
        return dataclasses.replace(records, source=source)

    @classmethod
    def repeated(cls, records: Any) -> Any:
        """Return records as often as they stood in the data, where a split collapsed repeats."""
        return records

    @classmethod
    def found(cls, records: Any) -> list[str]:
        """Say what reading found and did, one line each."""
        return list(records.notes)

    @classmethod
    def lasting(cls, data: str, reading: Any) -> dict[str, Any] | None:
        """Return how data were read, for the model card, so that any folder finds them again.

        None where the records themselves know it.
        """
        labels = getattr(reading, "labels", None)
        return {
            **reading.to_dict(),
            **({"labels": _absolute(labels)} if labels else {}),
            "data": data if data in cls.known else _absolute(data),
        }

    @classmethod
    def read_as(cls, read: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Return where the training data of a model were, and the options that read them.

        Parameters
        ----------
        read : mapping
            What the model card keeps of how they were read; empty where that is unknown.
        """
        check_fields("input", read, {"data": str | None} if "data" in read else {})
        known = {field.name for field in dataclasses.fields(cls.reading)}
        return read.get("data"), {k: v for k, v in read.items() if k in known}

    def read_known(self, path: str, read: Mapping[str, Any]) -> Any:
        """Read records that are not to be written, as the training data were read."""
        return self.read(path, self.reading.from_dict(self.read_as(read)[1]))

    @classmethod
    def write(cls, records: Any, path: str, overwrite: bool = False) -> list[str]:
        """Write records in the format that the name asks for; return what was written, in words.

        Raises
        ------
        ConfigError
            By default: a kind without files of its own gives records to Python only.
        """
        raise ConfigError(f"{path}: {cls.name} are not written to files")

    @classmethod
    def write_stream(
        cls, sets: Iterator[Any], path: str, options: Any, overwrite: bool
    ) -> list[str]:
        """Write sets of records of one stream, see :meth:`write`."""
        some = list(sets)
        return cls.write(type(some[0]).concatenate(some), path, overwrite)

    @classmethod
    def write_rows(
        cls, records: Any, path: str, columns: int, overwrite: bool = False
    ) -> list[str]:
        """Write records that belong together in rows of ``columns``, see :meth:`write`."""
        return cls.write(records, path, overwrite)

    @classmethod
    def scoring_arguments(cls, options: Any) -> dict[str, Any]:
        """Return arguments of :meth:`evaluate` for options of the class :attr:`scoring`."""
        return dict(options.to_dict())

    @classmethod
    def evaluation(cls) -> EvaluationSpec[Any]:
        """Return how records of this kind are evaluated, where no option changes it.

        Raises
        ------
        ConfigError
            By default: the kind has no evaluation.
        """
        raise ConfigError(f"{cls.name}: no evaluation is written for this kind of data")

    @classmethod
    def metrics(cls) -> MetricRegistry:
        """Return the metrics of the kind, in the order of the report."""
        return cls.evaluation().registry

    @classmethod
    def evaluate(cls, real: Any, generated: Any, **options: Any) -> Report:
        """Score generated records, see :func:`biogan.evaluation.evaluate.evaluate_sets`."""
        from biogan.evaluation.evaluate import evaluate_sets

        sets = {"generated": generated}
        return evaluate_sets(cls.evaluation(), real, sets, **options)["generated"]

    # --- what is learned ------------------------------------------------------------------

    @classmethod
    def of(cls, records: Any, config: Any) -> Self:
        """Read the modality off training records; by default it has nothing to know.

        Raises
        ------
        DataError, ConfigError
            If they, or an option, do not suit it.
        """
        return cls()

    @classmethod
    def plan(cls, records: Any, config: Any) -> Plan:
        """Find shape and kind of the data and choose what the options leave open.

        By default the modality is that of :meth:`of`, the loss is WGAN-GP and each penalty has the
        weight that suits the loss.

        Raises
        ------
        DataError
            If there is nothing to learn from.
        ConfigError
            If an option does not suit the data, another option or this machine.
        """
        if len(records) < 2:
            raise DataError(f"{len(records):,} {cls.noun}s: at least 2 are needed to learn from")
        check_patience(config.patience, config.validation)
        reasons: list[str] = []
        if config.loss is None:
            config = config.replace(loss="wgan-gp")
            reasons.append("loss wgan-gp")
        return planned(cls.of(records, config), records, filled_in(config, reasons), reasons)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the layout of a model card; by default the fields of a dataclass.

        Raises
        ------
        CheckpointError, KeyError, TypeError, ValueError
            If it is damaged.
        """
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """Return the layout for the model card, ready for JSON; by default the fields."""
        return dataclasses.asdict(self) if dataclasses.is_dataclass(self) else {}

    def describe(self) -> str:
        """Say in a few words what a record is; by default the layout."""
        return ", ".join(f"{k} {v}" for k, v in self.to_dict().items()) or self.noun

    def facts(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return what ``biogan info`` prints about records and networks, by heading."""
        return {"shape": self.describe(), "networks": str(config.get("architecture", ""))}

    def origin(self, records: Any, reading: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return where training records come from, for the model card."""
        return {"input": dict(reading or {})}

    def apart(self, records: Any, share: float, seed: int) -> tuple[Any, Any]:
        """Return the other records, and a share of them for validation; by default at random.

        Nothing alike may stand on both sides: a kind with near copies has to write its own.
        """
        n = round(share * len(records))
        order = rng(seed, "split").permutation(len(records))
        return records[np.sort(order[n:])], records[np.sort(order[:n])]

    def split(self, records: Any, config: Any) -> Parts:
        """Take a part for validation off, see :meth:`apart`."""
        train, held_out = self.apart(records, config.validation, config.seed)
        said = f"{len(train):,} {self.noun}s to train on, {len(held_out):,} kept for validation"
        return Parts(train, held_out, (said,))

    @classmethod
    def describes(cls, layout: Mapping[str, Any]) -> bool:
        """Whether the layout of a model card is of this kind, where several share :attr:`card`."""
        return True

    # --- records and tensors --------------------------------------------------------------

    @abstractmethod
    def stored(self, records: Any) -> Tensor:
        """Lay records out as one tensor, shape (n, ...), small enough for the memory.

        Raises
        ------
        DataError
            If they do not fit this model.
        """

    def encoder(
        self, device: torch.device, critic: nn.Module | None = None
    ) -> Callable[[Tensor], Tensor]:
        """Return what turns a batch of stored records into what the critic sees, on a device.

        Parameters
        ----------
        device : torch.device
            Where the critic is, or will be.
        critic : nn.Module, optional
            The critic; needed where it reads records by weights of its own.
        """
        return lambda batch: batch.to(device)

    @abstractmethod
    def decode(self, rows: np.ndarray, prefix: str, first: int, rough: bool = False) -> Any:
        """Turn what a generator writes into records.

        Parameters
        ----------
        rows : numpy.ndarray, shape (n, ...)
            As :meth:`draw` returns them.
        prefix : str
            What ids begin with.
        first : int
            Number of the first record, from 0; ids count on from 1.
        rough : bool
            Whether quick is better than exact, as for a check while training.
        """

    def as_stored(self, rows: np.ndarray) -> Tensor:
        """Turn what a generator writes into the form of :meth:`stored`."""
        return self.stored(self.decode(rows, "record", 0))

    def keys(self, records: Any) -> list[Hashable]:
        """Return a key of each record; equal for equal records."""
        return [row.tobytes() for row in self.stored(records).numpy()]

    def excluded(self, known: Any) -> Collection[Hashable]:
        """Return the keys of all records that count as one of the known ones."""
        return set(self.keys(known))

    def near_copies(self, records: Any, known: Any) -> np.ndarray:
        """Tell which records are near copies of known ones, by default equal to one, shape (n,)."""
        keys = self.excluded(known)
        return np.array([key in keys for key in self.keys(records)], bool)

    @property
    def usual_steps(self) -> int | None:
        """Steps that data of this kind usually need (docs/benchmarks.md); None where unknown."""
        return None

    @property
    def positions(self) -> int | None:
        """How many positions a record has that weights belong to; None where none do."""
        return None

    def differs(self, other: Modality) -> str:
        """Say why networks of another model cannot go on with these records; empty if they can."""
        if self.to_dict() == other.to_dict():
            return ""
        return f"the model has {self.noun}s of another shape ({other.describe()}), these are " + (
            self.describe()
        )

    def cannot_exclude(self, known: Any) -> str | None:
        """Say why none of the known records can be written at all, None if some can."""
        return None

    # --- networks -------------------------------------------------------------------------

    @abstractmethod
    def networks(self, config: Any) -> Networks:
        """Build generator and critic.

        The generator has ``noise(n, rng)``, a named tuple of tensors with ``to`` and ``rows``, and
        turns noise into records, shape (n, ...); the critic turns these into logits, shape (n,).
        """

    def batches(self, train: Any, config: Any) -> Stream:
        """Return the stream of batches of stored records."""
        data = self.stored(train)
        return Batches(data, np.ones(len(data)), config.chosen("batch_size"), config.seed)

    def augmented(self, critic: nn.Module, config: Any) -> nn.Module:
        """Return the critic that is trained, before which records may be changed at random."""
        return critic

    def bare(self, critic: nn.Module) -> nn.Module:
        """Return the critic of a model, without what :meth:`augmented` put before it."""
        return critic

    def matching(self, config: Any) -> nn.Module | None:
        """Return a further term of the generator's loss, see :class:`biogan.training.step`."""
        return None

    def reconstruction(self, networks: Networks) -> nn.Module | None:
        """Return what is minimised first in each step, see :class:`biogan.training.step`."""
        return None

    # --- sampling -------------------------------------------------------------------------

    def check_sampling(self, generator: Any, how: Any) -> None:  # noqa: B027 - most have nothing to do
        """Refuse options of sampling that this model cannot follow.

        Raises
        ------
        ConfigError
            If there is one.
        """

    def constraints(self, options: Any) -> Any:
        """Return the constraints that options of :attr:`constraining` ask for, None for none."""
        return None

    def constrained(self, generator: Any, constraints: Any, how: Any, log_ratio: Any = None) -> Any:
        """Return what draws blocks of records that keep constraints.

        Parameters
        ----------
        generator : nn.Module
            The trained network.
        constraints : object
            What the records have to keep.
        how : SamplingConfig
            Options of sampling.
        log_ratio : callable, optional
            Density ratio of data and generator of rows, where they are refined.

        Raises
        ------
        ConfigError
            By default: records of this kind have no letters to be constrained.
        """
        raise ConfigError(f"constraints: only sequences can be drawn under them, not {self.name}")

    def asking(self, how: Any) -> Callable[..., Any]:
        """Return what puts the labels that are asked for into noise.

        Returns
        -------
        callable
            Takes the noise of a block and the names and numbers of its stream, of which the first
            number is that of the block; by default the noise stays as it is.
        """
        return lambda noise, *stream: noise

    def wanted(self, how: Any) -> int | None:
        """Return how many records are asked for one by one; None where they are not."""
        return None

    def refused(self, how: Any) -> Refused | None:
        """Return what tells which records are to be drawn again; None for none."""
        return None

    def told(self, how: Any) -> list[str]:
        """Say what of the options cannot be followed to the letter, one line each."""
        return []

    def named(self, records: Any, how: Any, first: int) -> Any:
        """Return sampled records, the first of which is number ``first``, as they are asked for."""
        return records

    @torch.no_grad()
    def draw(self, generator: Any, noise: Any, how: Any) -> np.ndarray:
        """Write the records of some noise, shape (n, ...)."""
        keep_freed_memory()
        with exact():
            rows: Tensor = generator(noise.to(next(generator.parameters()).device))
            return rows.cpu().numpy()

    # --- checks while training ------------------------------------------------------------

    @abstractmethod
    def validation(self, parts: Any, config: Any, progress: Progress | None) -> Validation:
        """Return what measures generated records at each check."""

    def preview(self, records: Any, folder: Path, step: int) -> None:  # noqa: B027 - most have nothing to do
        """Write some samples of a check into the folder of the run."""

    def finish(self, folder: Path, step: int) -> None:  # noqa: B027 - most have nothing to do
        """Write what can be drawn at the end of a run of ``step`` steps."""

    # --- refinement -----------------------------------------------------------------------

    def refinement_steps(self, config: Any) -> int:
        """Return the steps for which a critic is trained for refinement; 0 for none."""
        return 0

    def for_calibration(self, held_out: Any, config: Any) -> Tensor:
        """Return validation records, as stored, by which that critic is calibrated."""
        return self.stored(held_out)

    def calibration_clusters(self, held_out: Any, config: Any) -> np.ndarray | None:
        """Return which of these records are one piece of evidence; ``None`` where none are."""
        return None

    def evidence(
        self, train: Any = None, generated: Tensor | None = None, config: Any = None
    ) -> nn.Module | None:
        """Return what tells real records from generated ones besides a critic, for refinement.

        Parameters
        ----------
        train : set of records, optional
            Training records. Without them, a module that is yet to be read from a file.
        generated : Tensor, shape (n, ...), optional
            Generated records in the form of stored ones.
        config : Config, optional
            Options of the run.

        Returns
        -------
        nn.Module or None
            What the critic sees to log p_data / p_generator, shape (n,); ``None`` where the critic
            decides alone.
        """
        return None

    def sampled_as(
        self,
        generator: Any,
        how: Any,
        judged: bool,
        constrained: bool,
        tell: Callable[[str], None],
    ) -> Any:
        """Choose options of sampling that were left open.

        Parameters
        ----------
        generator : nn.Module
            The trained network.
        how : SamplingConfig
            Options as they were given.
        judged : bool
            Whether the model has a calibrated critic.
        constrained : bool
            Whether records are constrained.
        tell : callable
            Receives what there is to say.

        Raises
        ------
        ConfigError
            If an option needs another one.
        """
        if how.refine is None and how.effort is not None:
            raise unrefined(how.effort)
        return how


#: Records below which a trivial sampler was as good as a GAN (docs/training.md).
FEW = 400
# Records of each set that the mark "=" of an evaluation needs at least.
_JUDGED = 97


def few_records(n: int, noun: str) -> list[str]:
    """Say what to expect of few records; nothing where there are enough.

    Examples
    --------
    >>> few_records(FEW, "image")
    []
    """
    if n >= FEW:
        return []
    return [
        f"{plural(n, noun)}: few to learn from. Of fewer than about {FEW} simulated promoters a "
        "GAN was no better than a position weight matrix, and evaluate needs at least "
        f"{_JUDGED} generated and {_JUDGED} real {noun}s that were not trained on for a judgement"
    ]


def filled_in(config: Any, reasons: list[str]) -> Any:
    """Return options with a budget and with the penalties of their loss; ``reasons`` grows."""
    if not config.steps and not config.max_time:
        config = config.replace(max_time=DEFAULT_TIME)
        reasons.append(f"max_time {DEFAULT_TIME}, as neither --steps nor --max-time was given")
    return config.replace(**own_defaults(config))


def planned(modality: Modality, records: Any, config: Any, reasons: list[str]) -> Plan:
    """Say what is learned from and what was chosen, once this machine can train it."""
    check_machine(config)
    lines = [f"{len(records):,} {modality.noun}s: {modality.describe()}"]
    lines += few_records(len(records), modality.noun)
    return Plan(modality, config, reasons, lines + [f"chosen: {reason}" for reason in reasons])


def _absolute(path: str) -> str:
    """Return the name under which any folder finds a file; a pipe keeps its own."""
    return str(Path(path).absolute()) if is_lasting(path) else path
