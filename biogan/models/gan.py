"""Generative adversarial networks over any kind of data: fit, sample, score, save, load.

:class:`GAN` is the one class; :class:`SequenceGAN`, :class:`MoleculeGAN` and :class:`ImageGAN` are
its names for the kinds of data that come with biogan.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

import numpy as np

from biogan.core.errors import AdjustedRequest, ConfigError, plural
from biogan.core.label_rows import Conditions
from biogan.core.options import check_count, takes
from biogan.core.protocols import SAMPLED, Callback
from biogan.evaluation.report.axes import new_axes
from biogan.evaluation.report.plots.logos import draw_logo, information
from biogan.images.config import ImageSamplingConfig
from biogan.models.address import local_folder
from biogan.models.card import ModelCard
from biogan.models.checkpoint import (
    CRITIC,
    GENERATOR,
    JUDGE,
    LOG,
    ModelFolder,
    ReadNetworks,
    read_model,
    write_model,
)
from biogan.models.fit import Fitted, fit
from biogan.models.keywords import (
    ImageGANOptions,
    ImageSamplingOptions,
    MoleculeGANOptions,
    MoleculeSamplingOptions,
    SequenceGANOptions,
    SequenceSamplingOptions,
)
from biogan.models.refinement import NO_CRITIC, CalibratedCritic, read_critic, refined
from biogan.models.registry import get_kind, kind_of_records
from biogan.models.sampling import (
    block_size,
    constrained,
    critic_features,
    critic_logits,
    drawer,
    excluding,
    interpolated,
    joined,
    label_steps,
    requiring,
    stream,
)
from biogan.models.transfer import planned
from biogan.molecules.config import MoleculeGANConfig, MoleculeSamplingConfig
from biogan.molecules.dataset import MoleculeSet
from biogan.nn.layers import Networks
from biogan.sequences.config import SequenceGANConfig, SequenceSamplingConfig
from biogan.sequences.constraints.constraint import Constraint, Constraints
from biogan.sequences.constraints.plan import ConstraintPlan
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import Sequences
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.callbacks import read_log
from biogan.training.config import BY_LABELS, Freeze, ImageGANConfig, TrainingConfig
from biogan.training.engine import Engine
from biogan.training.modality import Chunk, Modality

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class GAN:
    """A generative adversarial network of one kind of data.

    Parameters
    ----------
    config : TrainingConfig, optional
        All options as one object, of the class that the kind of data names.
    kind : str, optional
        The kind of data, a key of :data:`biogan.models.registry.KINDS`; needed where the class has
        none of its own.
    **options
        Single options by name, for example ``max_time="10m"``, ``seed=1``; they change ``config``.

    Attributes
    ----------
    config : TrainingConfig
        The options as they were given; after :meth:`load` with nothing left open.
    modality : Modality
        Shape and kind of the data, after :meth:`fit`.
    card : ModelCard
        What ``config.json`` holds, after :meth:`fit`: the options with nothing left open, the data,
        the training, the versions. Also a mapping, ``card["training"]["steps"]``.

    Raises
    ------
    ConfigError
        If an option is unknown or out of its range.
    """

    #: Kinds of data of this class, empty for any.
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, config: TrainingConfig | None = None, *, kind: str | None = None, **options: Any
    ) -> None:
        self.kinds_learned = (kind,) if kind else self.kinds
        if not self.kinds_learned:
            raise ConfigError(f"{type(self).__name__}: say which kind of data with kind=")
        found = config or get_kind(self.kinds_learned[0]).config()
        self.config: Any = found.replace(**options)
        self.modality: Modality
        self.card: ModelCard
        self._networks: Networks | ReadNetworks | None = None
        self._critic: CalibratedCritic | None = None
        self._folder: ModelFolder | None = None  # of a calibrated critic that was not read yet
        self._home: Path | None = None  # where the log of the training is

    # --- learning -------------------------------------------------------------------------

    def fit(
        self,
        records: Any,
        y: None = None,
        *,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        callbacks: Sequence[Callback] = (),
        engine: Engine | None = None,
        reading: Mapping[str, Any] | None = None,
        start: str | Path | None = None,
        freeze: Freeze | None = None,
    ) -> Self:
        """Train on a set of records; a second call forgets the first.

        Parameters
        ----------
        records : SequenceSet, SequenceStore, MoleculeSet, ImageSet or FragmentSet
            Training data; a part is kept for validation, so that nothing alike stands on both
            sides.
        y : None
            Not used; pipelines of scikit-learn give it.
        out : str or Path, optional
            Model folder to write while training.
        resume : bool
            Go on with the interrupted run in ``out``.
        overwrite : bool
            Replace the model in ``out``.
        callbacks : sequence of Callback
            Watchers.
        engine : Engine, optional
            Device and processes, where they were started before.
        reading : mapping, optional
            How the data were read, for the model card.
        start : str or Path, optional
            A model to begin with, a folder or an address (:mod:`biogan.models.transfer`): options
            that are left as they are by default are then those of that model.
        freeze : {"early"}, optional
            Leave the early layers of its critic as they are.

        Returns
        -------
        GAN
            Itself.

        Raises
        ------
        DataError
            If there is nothing to learn from.
        OutputError, CheckpointError
            If ``out`` cannot be used.
        DivergedError, NonFiniteError
            If training went wrong again after every rollback.
        Interrupted
            After Ctrl-C or SIGTERM.
        """
        if start is None and freeze is not None:
            raise ConfigError(f"--freeze {freeze}: needs --from, a model whose layers stay")
        kind = kind_of_records(records, self.kinds_learned)
        plan, ancestor = planned(kind, records, self.config, start)

        def end(found: Fitted) -> None:
            self.modality, self.card, self._networks, self._critic = found
            self._folder, self._home = None, None if out is None else Path(out)

        fit(
            records, plan, out=out, resume=resume, overwrite=overwrite, callbacks=callbacks,
            engine=engine or Engine(plan.config), reading=reading, end=end, ancestor=ancestor,
            freeze=freeze,
        )  # fmt: skip
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.config.keywords()})"

    # --- sampling -------------------------------------------------------------------------

    @property
    def networks(self) -> Networks | ReadNetworks:
        """Generator and critic.

        Raises
        ------
        ConfigError
            If nothing was fitted or loaded yet.
        """
        if self._networks is None:
            name = type(self).__name__
            raise ConfigError(f"this {name} is not fitted: call fit, or {name}.load")
        return self._networks

    def sample(
        self, n: int, seed: int = 0, *, exclude: Any = None, constraints: Any = None, **options: Any
    ) -> Any:
        """Write ``n`` new records.

        Parameters
        ----------
        n : int
            Number of records, at least 1. Fewer are the first of more.
        seed : int
            Seed of the stream of records.
        exclude : set of records, optional
            Records that are not to be written, such as those trained on
            (:func:`biogan.models.sampling.excluding`); sequences also as strings or Biopython
            records.
        constraints : Constraint, list of Constraint or ConstraintPlan, optional
            What every sequence keeps (``docs/constraints.md``).
        **options
            Options of sampling: of sequences
            :class:`~biogan.sequences.config.SequenceSamplingConfig` (``temperature``, ``refine``
            and so on), of images :class:`~biogan.images.config.ImageSamplingConfig` (``label``).

        Returns
        -------
        SequenceSet, MoleculeSet, ImageSet or FragmentSet
            As in training. Ids ``gan<seed>_<i>``, counted from 1; refined ones
            ``gan<seed>_<refine>_<i>``.

        Raises
        ------
        ConfigError
            If an option is unknown or out of its range, or no record can keep the constraints.
        DataError
            If hardly any record is none of those of ``exclude``, or is kept by ``refine``.
        """
        if self.networks:  # refused where nothing was fitted
            n = check_count("-n", n, self.modality.noun)
        chunks = self.stream(n, seed, exclude=exclude, constraints=constraints, **options)
        for line in self.modality.told(self._how(seed, options)):
            warnings.warn(line, AdjustedRequest, stacklevel=3)
        return joined([*chunks])

    def _how(self, seed: int, options: Mapping[str, Any]) -> Any:
        return self.modality.sampling.from_dict({"seed": seed, **options})

    def stream(
        self,
        n: int,
        seed: int = 0,
        start: int = 0,
        *,
        exclude: Any = None,
        constraints: Any = None,
        tell: Callable[[str], None] = lambda line: None,
        **options: Any,
    ) -> Iterator[Chunk]:
        """Yield records ``start`` to ``n`` of the stream of a seed, with constant memory.

        The parameters and errors are those of :meth:`sample`; each chunk also says how many
        candidates were looked at, taken and drawn again, and what became of chains. ``tell``
        receives what there is to say before anything is drawn.
        """
        generator, modality = self.networks.generator, self.modality
        n = check_count("-n", n, f"{modality.noun}s", low=0)
        start = check_count("start", start, f"{modality.noun}s", low=0)
        how = self.chosen(self._how(seed, options), constraints is not None, tell)
        most = modality.wanted(how)
        if most is not None and n > most:
            raise ConfigError(
                f"-n {n:,}: one record for each row asked for, {plural(most, 'row')} in all: "
                "leave out -n, or give no more"
            )
        if constraints is not None:
            chunks = self._constrained(n, start, exclude, constraints, tell, how)
            return chunks if most is None else self._named(chunks, how, start)
        draw = drawer(generator.eval(), modality, how)
        draw = requiring(draw, modality, how, placed=most is not None)
        if exclude is not None:
            draw = excluding(draw, modality, exclude, placed=most is not None)
        if how.refinement:
            chunks = refined(draw, modality, self.calibrated_critic, start, n, how)
        else:
            size = block_size(modality, how)
            chunks = stream(draw, modality, start, n, f"{SAMPLED}{how.seed}", size)
        return chunks if most is None else self._named(chunks, how, start)

    def chosen(
        self, how: Any, constrained: bool, tell: Callable[[str], None] = lambda line: None
    ) -> Any:
        """Choose options of sampling that were left open, as :meth:`stream` does.

        Parameters
        ----------
        how : SamplingConfig
            Options as they were given.
        constrained : bool
            Whether records are constrained.
        tell : callable
            Receives what there is to say.

        Raises
        ------
        ConfigError
            If an option needs another one.
        """
        generator, judged = self.networks.generator, bool(self.card.judge)
        return self.modality.sampled_as(generator, how, judged, constrained, tell)

    def _named(self, chunks: Iterator[Chunk], how: Any, first: int) -> Iterator[Chunk]:
        for chunk in chunks:
            yield chunk._replace(records=self.modality.named(chunk.records, how, first))
            first += len(chunk.records)

    def _constrained(
        self,
        n: int,
        start: int,
        exclude: Any,
        constraints: Any,
        tell: Callable[[str], None],
        how: Any,
    ) -> Iterator[Chunk]:
        """Yield constrained records, which chains of their noise refine."""
        modality, log_ratio = self.modality, None
        if how.refinement:
            critic = self.calibrated_critic
            log_ratio = critic.by_labels if how.refinement == BY_LABELS else critic.log_ratio
        generator = self.networks.generator.eval()
        drawing = modality.constrained(generator, constraints, how, log_ratio)
        for line in drawing.lines:
            tell(line)
        draw = constrained(drawing)
        if exclude is not None:
            placed = drawing.plan.period > 1 or modality.wanted(how) is not None
            draw = excluding(draw, modality, exclude, placed=placed)
        prefix = f"{SAMPLED}{how.seed}" + (f"_{how.refinement}" if how.refinement else "")

        def named() -> Iterator[Chunk]:
            first = start
            for chunk in stream(draw, modality, start, n, prefix, drawing.size):
                yield chunk._replace(records=drawing.named(chunk.records, first))
                first += len(chunk.records)

        return named()

    def interpolate(
        self, pairs: int = 8, steps: int = 10, seed: int = 0, label: str | None = None
    ) -> Any:
        """Write the way from one latent vector to another, ``pairs`` times ``steps`` records.

        Parameters
        ----------
        pairs, steps : int
            Ways, and records of each, both ends counted.
        seed : int
            Seed of the ends.
        label : str, optional
            ``NAME=LOW:HIGH``, a number that was learned: the latent vectors stay and it changes.

        Returns
        -------
        SequenceSet, ImageSet or FragmentSet
            Row by row: the ``steps`` records of the first pair, then those of the next.

        Raises
        ------
        ConfigError
            If there is no pair, or fewer than two steps, or no such label.
        """
        generator = self.networks.generator.eval()
        asked = None if label is None else label_steps(label, steps)
        return interpolated(generator, self.modality, pairs, steps, seed, asked)

    @property
    def conditions(self) -> Conditions:
        """The labels that were learned, after :meth:`fit`: names, kinds, counts and ranges."""
        found: Conditions = getattr(self.modality, "conditions", Conditions())
        return found

    @property
    def calibrated_critic(self) -> CalibratedCritic:
        """The critic of the kept generator with its calibration, for refined sampling.

        Raises
        ------
        ConfigError
            If this model has none.
        CheckpointError
            If its file is missing or damaged.
        """
        if self._critic is None and self._folder:
            critic, modality = self.networks.critic, self.modality
            self._critic = read_critic(
                self._folder, self.card, critic, modality, self._encoder(critic)
            )
        if self._critic is None:
            if "judge_steps" not in self.card.config:
                raise ConfigError(
                    f"--refine: models of {self.modality.name} have no critic for it, leave it out"
                )
            raise ConfigError(NO_CRITIC)
        return self._critic

    def score(self, records: Any) -> np.ndarray:
        """Return the critic's logit of each record; higher looks more real.

        Parameters
        ----------
        records : set of records
            Records of the shape that the model writes; sequences also as strings or Biopython
            records.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Of no fixed scale: only differences between records of one model mean something.

        Raises
        ------
        DataError, AlphabetError
            If a record does not fit the model.
        """
        critic = self.networks.critic
        stored = self.modality.stored(records)
        return critic_logits(critic, stored, self._encoder(critic), self.modality.block)

    def log_ratio(self, records: Any) -> np.ndarray:
        """Return log p_data(x) / p_generator(x) of each record, by the calibrated critic.

        Parameters
        ----------
        records : set of records
            As :meth:`score` takes them.

        Returns
        -------
        numpy.ndarray, shape (n,)
            In nats: above 0 where real records are denser than those that the model writes.

        Raises
        ------
        ConfigError
            If this model has no calibrated critic (:attr:`calibrated_critic`).
        DataError, AlphabetError
            If a record does not fit the model.

        Examples
        --------
        >>> from biogan import SequenceSet
        >>> reads = [f"AC{a}G{b}T{c}" for a in "ACGT" for b in "ACGT" for c in "ACGT"]
        >>> gan = SequenceGAN(width=4, depth=1, batch_size=4, steps=2, judge_steps=2)
        >>> gan = gan.fit(SequenceSet.from_strings(reads))
        >>> gan.log_ratio(["ACAGCTT"]).shape
        (1,)
        """
        found = self.calibrated_critic
        stored = self.modality.stored(records)
        logits = critic_logits(found.critic, stored, found.encode, self.modality.block)
        return found.calibration.log_ratio(logits)

    def embed(self, records: Any) -> np.ndarray:
        """Return what the critic's last layer reads of each record.

        Parameters
        ----------
        records : set of records
            As :meth:`score` takes them.

        Returns
        -------
        numpy.ndarray, shape (n, d), float32
            Features; a critic of two parts has those of both. The logit is a weighted sum of them.

        Raises
        ------
        DataError, AlphabetError
            If a record does not fit the model.
        """
        critic = self.networks.critic
        stored = self.modality.stored(records)
        return critic_features(critic, stored, self._encoder(critic), self.modality.block)

    def score_samples(self, records: Any) -> np.ndarray:
        """Return :meth:`score` under the name that scikit-learn has for it."""
        return self.score(records)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the options by name, as :func:`sklearn.base.clone` asks for them.

        Parameters
        ----------
        deep : bool
            Not used: an option holds no estimator.
        """
        kind = {} if self.kinds else {"kind": self.kinds_learned[0]}
        return {**kind, **self.config.to_dict()}

    def set_params(self, **options: Any) -> Self:
        """Change options; what was fitted stays until the next :meth:`fit`."""
        self.config = self.config.replace(**options)
        return self

    def plot_training(self, axes: Axes | None = None) -> Axes:
        """Draw the validation distance over the steps of a run that was kept in a folder.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to draw, by default on a figure of its own.

        Raises
        ------
        ConfigError
            If there is no log: nothing was fitted or loaded, or ``fit`` had no ``out``; or if the
            run had no validation records.
        """
        log = read_log(self._home / LOG).rows if self.networks and self._home else []
        if not log:
            raise ConfigError("there is no log of a training: give fit out=, a folder")
        checks = [row for row in log if row.get("event") == "check" and row.get("scores")]
        if not checks:
            raise ConfigError("nothing to draw: the run had no validation records")
        axes = new_axes(axes, (6.0, 3.5))
        distances = [row["scores"].get("validation_distance", np.nan) for row in checks]
        axes.plot([row["step"] for row in checks], distances, "o-", markersize=3)
        for name, level in (checks[-1].get("references") or {}).items():
            if level is not None:
                axes.axhline(level, linewidth=1, linestyle=":", color="#767676")
                axes.annotate(name, (0, level), fontsize="small", color="#767676")
        axes.set(xlabel="generator step", ylabel="validation distance")
        return axes

    def _encoder(self, network: Any) -> Any:
        return self.modality.encoder(next(network.parameters()).device, network)

    # --- keeping --------------------------------------------------------------------------

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a model folder (see :mod:`biogan.models.checkpoint`).

        Raises
        ------
        OutputError
            If something is there and ``overwrite`` is not given.
        """
        networks = {GENERATOR: self.networks.generator, CRITIC: self.networks.critic}
        if self.card.judge:
            networks[JUDGE] = self.calibrated_critic.critic
        write_model(path, self.card, networks, overwrite)

    @classmethod
    def of_kind(cls, kind: str, config: Any = None) -> Self:
        """Return an untrained GAN of a kind of data, of the subclass that is made for it."""
        made: Any = cls
        below = [cls]
        while below:
            one = below.pop(0)
            if kind in one.kinds:
                made = one
                break
            below += one.__subclasses__()
        gan: Self = made(config) if made.kinds else made(config, kind=kind)
        return gan

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> Self:
        """Read a model, onto any device (``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``).

        Parameters
        ----------
        path : str or Path
            A model folder, or an address such as ``"builtin:promoters"`` or
            ``"hf:owner/name@revision"`` (:mod:`biogan.models.address`).
        device : str
            Where to compute.

        Raises
        ------
        CheckpointError
            If a file is missing, damaged or of another kind, or an address cannot be reached.
        ConfigError
            If the device is not there.
        """
        path = local_folder(path)
        card, modality, config, networks = read_model(path, device, cls.kinds)
        gan = cls.of_kind(modality.name, config)
        gan.card, gan.modality, gan._networks = card, modality, networks
        gan._folder, gan._home = ModelFolder(path), Path(path)
        return gan


class SequenceGAN(GAN):
    """A generative adversarial network that learns to write sequences.

    Parameters
    ----------
    config : SequenceGANConfig, optional
        All options as one object.
    **options
        Single options by name, for example ``loss="wgan-gp"``, ``max_time="10m"``, ``seed=1``;
        they change ``config``.

    Raises
    ------
    ConfigError
        If an option is unknown or out of its range.

    Examples
    --------
    >>> from biogan import SequenceSet
    >>> reads = SequenceSet.from_strings(["ACGTACGT", "ACGTTCGT"] * 8)
    >>> gan = SequenceGAN(width=4, depth=1, latent=4, batch_size=4, steps=2, seed=1).fit(reads)
    >>> len(gan.sample(3, seed=7))
    3
    """

    kinds = ("sequences",)

    @takes(SequenceGANConfig)
    def __init__(
        self, config: SequenceGANConfig | None = None, **options: Unpack[SequenceGANOptions]
    ) -> None:
        super().__init__(config, **options)

    @takes(SequenceSamplingConfig)
    def sample(  # type: ignore[override]
        self,
        n: int,
        seed: int = 0,
        *,
        exclude: Sequences | None = None,
        constraints: Constraint | Constraints | Sequence[Constraint] | ConstraintPlan | None = None,
        **options: Unpack[SequenceSamplingOptions],
    ) -> SequenceSet:
        """Write ``n`` new sequences, see :meth:`GAN.sample`.

        Parameters
        ----------
        n : int
            Number of sequences, at least 1. Fewer are the first of more.
        seed : int
            Seed of the stream of sequences.
        exclude : SequenceSet, list of str or list of SeqRecord, optional
            Sequences that are not to be written, nucleotides on either strand.
        constraints : Constraint, list of Constraint or ConstraintPlan, optional
            What every sequence keeps, such as ``[Avoid("BsaI"), GC(0.4, 0.6)]``.

        Returns
        -------
        SequenceSet
            Ids ``gan<seed>_<i>``, counted from 1; refined ones ``gan<seed>_<refine>_<i>``.
        """
        found: SequenceSet = super().sample(
            n, seed, exclude=exclude, constraints=constraints, **options
        )
        return found

    def plot_logo(self, n: int = 1000, seed: int = 0, axes: Axes | None = None) -> Axes:
        """Draw the sequence logo of ``n`` new sequences.

        Parameters
        ----------
        n : int
            Sequences that are drawn.
        seed : int
            Seed of the stream of sequences.
        axes : matplotlib.axes.Axes, optional
            Where to draw, by default on a figure of its own.

        Raises
        ------
        ConfigError
            If sequences have no one length, so that columns mean nothing.
        """
        some = self.sample(n, seed)
        if not some.is_fixed_length:
            raise ConfigError("a logo needs sequences of one length")
        letters = some.alphabet.letters
        matrix = some.matrix(some.longest)
        shares = np.stack([(matrix == code).mean(0) for code in range(len(letters))], 1)
        heights = shares * information(shares)[:, None]
        axes = new_axes(axes, (max(4.0, 0.16 * some.longest), 1.8))
        draw_logo(axes, heights, letters, float(heights.sum(1).max()) or 1.0, 0, some.longest)
        return axes

    @property
    def tokenizer(self) -> Tokenizer:
        """Letters, length and kind of the sequences, after :meth:`fit`."""
        tokenizer: Tokenizer = self.modality.tokenizer  # type: ignore[attr-defined]
        return tokenizer


class MoleculeGAN(SequenceGAN):
    """A generative adversarial network that learns to write molecules.

    Parameters
    ----------
    config : MoleculeGANConfig, optional
        All options as one object.
    **options
        Single options by name, for example ``alphabet="smiles"``, ``max_time="10m"``; they change
        ``config``.

    Raises
    ------
    ConfigError
        If an option is unknown or out of its range.

    Examples
    --------
    >>> from biogan import MoleculeSet
    >>> some = MoleculeSet.from_smiles(["CCO", "CCN", "CCCO", "c1ccccc1"] * 4)
    >>> gan = MoleculeGAN(units=8, latent=4, batch_size=4, steps=2, seed=1).fit(some)
    >>> gan.sample(3, seed=7).valid.tolist()
    [True, True, True]
    """

    kinds = ("molecules",)

    @takes(MoleculeGANConfig)
    def __init__(
        self, config: MoleculeGANConfig | None = None, **options: Unpack[MoleculeGANOptions]
    ) -> None:
        GAN.__init__(self, config, **options)

    @takes(MoleculeSamplingConfig)
    def sample(  # type: ignore[override]
        self,
        n: int,
        seed: int = 0,
        *,
        exclude: MoleculeSet | Sequence[str] | None = None,
        **options: Unpack[MoleculeSamplingOptions],
    ) -> MoleculeSet:
        """Write ``n`` new molecules, see :meth:`GAN.sample`.

        Parameters
        ----------
        n : int
            Number of molecules, at least 1. Fewer are the first of more.
        seed : int
            Seed of the stream of molecules.
        exclude : MoleculeSet or list of str, optional
            Molecules that are not to be written, by their canonical SMILES.

        Returns
        -------
        MoleculeSet
            Ids ``gan<seed>_<i>``, counted from 1. Texts that are no molecules are among them, and
            marked: with ``invalid="keep"`` there are some of SMILES.
        """
        found: MoleculeSet = GAN.sample(self, n, seed, exclude=exclude, **options)
        return found


class ImageGAN(GAN):
    """A generative adversarial network that learns images or protein structures.

    Parameters
    ----------
    config : ImageGANConfig, optional
        All options as one object.
    **options
        Single options by name, for example ``preset="classic"``, ``max_time="10m"``, ``seed=1``;
        they change ``config``.

    Raises
    ------
    ConfigError
        If an option is unknown or out of its range.

    Examples
    --------
    >>> from biogan import ImageGAN, ImageSet
    >>> pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16), dtype=np.uint8)
    >>> gan = ImageGAN(width=4, latent=4, batch_size=4, steps=2, seed=1)
    >>> gan.fit(ImageSet.from_pixels(pixels)).sample(3, seed=7).shape
    ImageShape(channels=1, height=16, width=16)
    """

    kinds = ("images", "structures")

    @takes(ImageGANConfig)
    def __init__(
        self, config: ImageGANConfig | None = None, **options: Unpack[ImageGANOptions]
    ) -> None:
        super().__init__(config, **options)

    @takes(ImageSamplingConfig)
    def sample(  # type: ignore[override]
        self, n: int, seed: int = 0, *, exclude: Any = None, **options: Unpack[ImageSamplingOptions]
    ) -> Any:
        """Draw ``n`` new images or fragments, see :meth:`GAN.sample`.

        Parameters
        ----------
        n : int
            Number of images, at least 1. Fewer are the first of more.
        seed : int
            Seed of the stream of images.
        exclude : ImageSet or FragmentSet, optional
            Images that are not to be written.

        Returns
        -------
        ImageSet or FragmentSet
            As in training; ids ``gan<seed>_<i>``, counted from 1.
        """
        return super().sample(n, seed, exclude=exclude, **options)
