"""SequenceGAN: fit on sequences, sample new ones, save and load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from torch import nn

from biogan.core.errors import ConfigError
from biogan.core.options import check_count, takes
from biogan.core.protocols import Callback
from biogan.models.card import SEQUENCES, model_card
from biogan.models.checkpoint import (
    CRITIC,
    GENERATOR,
    JUDGE,
    ModelFolder,
    ReadNetworks,
    read_model,
    write_model,
)
from biogan.models.fit import carry_out, run_folder, tell
from biogan.models.keywords import SamplingOptions, SequenceGANOptions
from biogan.models.refinement import NO_JUDGE, Judge, read_judge, refined
from biogan.models.sampling import (
    Chunk,
    block_size,
    collect,
    critic_logits,
    drawer,
    excluding,
    stream,
)
from biogan.models.sequence_fit import build_trainer, data_card, fit_judge, split_for
from biogan.nn.sequence_nets import Networks
from biogan.sequences.autoconfig import plan
from biogan.sequences.config import SamplingConfig, SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import Sequences, as_set
from biogan.sequences.modality import Letters, build_networks
from biogan.sequences.store import SequenceStore
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.engine import Engine
from biogan.training.trainer import Trainer


class SequenceGAN:
    """A generative adversarial network that learns to write sequences.

    Parameters
    ----------
    config : SequenceGANConfig, optional
        All options as one object.
    **options
        Single options by name, for example ``loss="wgan-gp"``, ``max_time="10m"``, ``seed=1``;
        they change ``config``.

    Attributes
    ----------
    config : SequenceGANConfig
        The options as they were given; after :meth:`load` with nothing left open.
    layout : Tokenizer
        Letters, length and kind of the data, after :meth:`fit`.
    card : dict
        What ``config.json`` holds, after :meth:`fit`: the options with nothing left open, the
        data, the training, the versions.

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

    @takes(SequenceGANConfig)
    def __init__(
        self, config: SequenceGANConfig | None = None, **options: Unpack[SequenceGANOptions]
    ) -> None:
        self.config = (config or SequenceGANConfig()).replace(**options)
        self.layout: Tokenizer
        self.card: dict[str, Any] = {}
        self._networks: Networks | ReadNetworks | None = None
        self._judge: Judge | None = None
        self._folder: ModelFolder | None = None  # of a judge that was not read yet

    # --- learning -------------------------------------------------------------------------

    def fit(
        self,
        sequences: SequenceSet | SequenceStore,
        *,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        callbacks: Sequence[Callback] = (),
        engine: Engine | None = None,
    ) -> SequenceGAN:
        """Train on a set of sequences; a second call forgets the first.

        Parameters
        ----------
        sequences : SequenceSet or SequenceStore
            Training data; a part chosen by similarity is kept for validation (of stored data by a
            hash, see :mod:`biogan.sequences.splits`).
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

        Returns
        -------
        SequenceGAN
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
        layout, config, reasons, told = plan(sequences, self.config)
        engine = engine or Engine(config)
        with run_folder(out, resume, overwrite, engine) as folder:
            tell(callbacks, engine, "data", lines=told)
            parts = split_for(sequences, config)
            data = data_card(sequences, parts)
            card = model_card(SEQUENCES, config, layout.to_dict(), data, reasons, ["biopython"])
            self._judge = self._folder = None

            def end(trainer: Trainer) -> None:
                self.layout, self.card = layout, card
                self._networks = Networks(trainer.best.network, trainer.adversarial_step.critic)

            trainer = carry_out(
                lambda: build_trainer(config, layout, parts, engine, folder, card, callbacks),
                card, config, engine, folder, resume, callbacks, end,
                afterwards="judge" if config.judge_steps and len(parts.held_out) else None,
            )  # fmt: skip
            self._judge = fit_judge(trainer, layout, parts, card, folder)
        return self

    def __repr__(self) -> str:
        return f"SequenceGAN({self.config.keywords()})"

    # --- writing --------------------------------------------------------------------------

    @property
    def networks(self) -> Networks | ReadNetworks:
        """Generator and critic.

        Raises
        ------
        ConfigError
            If nothing was fitted or loaded yet.
        """
        if self._networks is None:
            raise ConfigError("this SequenceGAN is not fitted: call fit, or SequenceGAN.load")
        return self._networks

    @takes(SamplingConfig)
    def sample(
        self,
        n: int,
        seed: int = 0,
        *,
        exclude: Sequences | None = None,
        **options: Unpack[SamplingOptions],
    ) -> SequenceSet:
        """Write ``n`` new sequences.

        Parameters
        ----------
        n : int
            Number of sequences, at least 1. Fewer are the first of more.
        seed : int
            Seed of the stream of records.
        exclude : SequenceSet, list of str or list of SeqRecord, optional
            Records that are not to be written, such as those trained on
            (:mod:`biogan.models.sampling`).
        **options
            ``temperature``, ``refine`` and so on, see
            :class:`~biogan.sequences.config.SamplingConfig`.

        Returns
        -------
        SequenceSet
            Ids ``gan<seed>_<i>``, counted from 1; refined ones ``gan<seed>_<refine>_<i>``.

        Raises
        ------
        ConfigError
            If an option is unknown or out of its range.
        DataError
            If hardly any record is none of those of ``exclude``, or is kept by ``refine``.
        """
        n = check_count("-n", n, "sequence")
        return collect(self.stream(n, seed, exclude=exclude, **options), self.layout).sequences

    @takes(SamplingConfig)
    def stream(
        self,
        n: int,
        seed: int = 0,
        start: int = 0,
        *,
        exclude: Sequences | None = None,
        **options: Unpack[SamplingOptions],
    ) -> Iterator[Chunk]:
        """Yield records ``start`` to ``n`` of the stream of a seed, with constant memory.

        The parameters and errors are those of :meth:`sample`; each chunk also says how many
        candidates were looked at, taken and drawn again.
        """
        n = check_count("-n", n, "sequences", low=0)
        start = check_count("start", start, "sequences", low=0)
        generator: Any = self.networks.generator
        how = SamplingConfig.from_dict({"seed": seed, **options})
        draw = drawer(generator, self.layout, how)
        if exclude is not None:
            draw = excluding(draw, self.layout, exclude)
        if how.refine is not None:
            return refined(draw, self.layout, self.judge, start, n, how)
        return stream(draw, self.layout, start, n, f"gan{how.seed}", block_size(how))

    @property
    def judge(self) -> Judge:
        """The critic of the kept generator with its calibration, for refined sampling.

        Raises
        ------
        ConfigError
            If this model has none.
        CheckpointError
            If its file is missing or damaged.
        """
        if self._judge is None and self._folder:
            critic = self.networks.critic
            self._judge = read_judge(self._folder, self.card, critic, self._letters(critic))
        if self._judge is None:
            raise ConfigError(NO_JUDGE)
        return self._judge

    def score(self, sequences: Sequences) -> np.ndarray:
        """Return the critic's logit of each sequence; higher looks more real.

        Parameters
        ----------
        sequences : SequenceSet, list of str or list of SeqRecord
            Records of the letters and lengths that the model writes.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Of no fixed scale: only differences between records of one model mean something.

        Raises
        ------
        DataError, AlphabetError
            If a sequence does not fit the model's letters or length.
        """
        critic = self.networks.critic
        if not isinstance(sequences, SequenceSet):
            sequences = as_set(sequences, "scored", self.layout.alphabet, "the model")
        codes = torch.from_numpy(self.layout.encode(sequences))
        return critic_logits(critic, codes, self._letters(critic))

    def _letters(self, network: nn.Module) -> Letters:
        return Letters(self.layout.channels, next(network.parameters()).device)

    # --- keeping --------------------------------------------------------------------------

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a model folder (see :mod:`biogan.models.checkpoint`).

        Raises
        ------
        OutputError
            If something is there and ``overwrite`` is not given.
        """
        networks = {GENERATOR: self.networks.generator, CRITIC: self.networks.critic}
        if self.card.get("judge") is not None:
            networks[JUDGE] = self.judge.critic
        write_model(path, self.card, networks, overwrite)

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> SequenceGAN:
        """Read a model folder, onto any device (``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``).

        Raises
        ------
        CheckpointError
            If a file is missing, damaged or of another kind.
        ConfigError
            If the device is not there.
        """
        gan = cls()

        def build(card: dict[str, Any]) -> Networks:
            gan.config = SequenceGANConfig.from_dict(card["config"])
            gan.layout = Tokenizer.from_dict(card["layout"])
            return build_networks(gan.config, gan.layout)

        gan.card, gan._networks = read_model(path, device, SEQUENCES, build)
        gan._folder = ModelFolder(path)
        return gan
