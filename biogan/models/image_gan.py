"""ImageGAN: fit on images or structures, sample new ones, save and load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.options import check_count, takes, unknown_name
from biogan.core.protocols import Callback, Domain, Records
from biogan.models.card import IMAGES, model_card
from biogan.models.checkpoint import CRITIC, GENERATOR, ReadNetworks, read_model, write_model
from biogan.models.fit import carry_out, run_folder, tell
from biogan.models.image_fit import (
    bare,
    build_networks,
    build_trainer,
    data_card,
    logits,
    split_for,
)
from biogan.models.image_monitor import Film
from biogan.models.image_sampling import between, joined, stream, write_records
from biogan.models.keywords import ImageGANOptions
from biogan.models.registry import domain_from, domain_of
from biogan.nn.image_nets import ImageGenerator
from biogan.nn.sequence_nets import Networks
from biogan.training.engine import Engine
from biogan.training.presets import ImageGANConfig, described, resolve
from biogan.training.trainer import Trainer


class ImageGAN:
    """A generative adversarial network that learns to paint images or to fold fragments.

    Parameters
    ----------
    config : ImageGANConfig, optional
        All options as one object.
    **options
        Single options by name, for example ``preset="classic"``, ``max_time="10m"``, ``seed=1``;
        they change ``config``.

    Attributes
    ----------
    config : ImageGANConfig
        The options as they were given.
    domain : Domain
        Shape and kind of the data, after :meth:`fit`.
    card : dict
        What ``config.json`` holds, after :meth:`fit`.

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

    @takes(ImageGANConfig)
    def __init__(
        self, config: ImageGANConfig | None = None, **options: Unpack[ImageGANOptions]
    ) -> None:
        self.config = (config or ImageGANConfig()).replace(**options)
        self.domain: Domain
        self.card: dict[str, Any] = {}
        self._networks: Networks | ReadNetworks | None = None

    # --- learning -------------------------------------------------------------------------

    def fit(
        self,
        records: Records,
        *,
        out: str | Path | None = None,
        resume: bool = False,
        overwrite: bool = False,
        callbacks: Sequence[Callback] = (),
        engine: Engine | None = None,
        reading: Mapping[str, Any] | None = None,
    ) -> ImageGAN:
        """Train on a set of images or fragments; a second call forgets the first.

        Parameters
        ----------
        records : ImageSet or FragmentSet
            Training data, of which a part is kept for validation.
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

        Returns
        -------
        ImageGAN
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
        domain = domain_of(records, self.config)
        config, reasons = resolve(self.config, domain)
        engine = engine or Engine(config)
        with run_folder(out, resume, overwrite, engine) as folder:
            tell(callbacks, engine, "data", lines=described(len(records), domain, reasons))
            train, held_out = split_for(records, domain, config)
            data = data_card(records, train, held_out, domain.noun) | {"input": dict(reading or {})}
            card = model_card(IMAGES, config, domain.to_dict(), data, reasons, ["pillow"])

            def end(trainer: Trainer) -> None:
                self.domain, self.card = domain, card
                self._networks = Networks(
                    trainer.best.network, bare(trainer.adversarial_step.critic)
                )

            trainer = carry_out(
                lambda: build_trainer(
                    config, domain, train, held_out, engine, folder, card, callbacks
                ),
                card, config, engine, folder, resume, callbacks, end,
            )  # fmt: skip
            if folder:
                film = Film(domain, folder)
                engine.alone(lambda: film.develop(trainer.step_count))
        return self

    def __repr__(self) -> str:
        return f"ImageGAN({self.config.keywords()})"

    # --- painting -------------------------------------------------------------------------

    @property
    def networks(self) -> Networks | ReadNetworks:
        """Generator and critic.

        Raises
        ------
        ConfigError
            If nothing was fitted or loaded yet.
        """
        if self._networks is None:
            raise ConfigError("this ImageGAN is not fitted: call fit, or ImageGAN.load")
        return self._networks

    def sample(self, n: int, seed: int = 0, label: str | None = None) -> Any:
        """Paint ``n`` new images.

        Parameters
        ----------
        n : int
            Number of images, at least 1. Fewer are the first of more.
        seed : int
            Seed of the stream of images.
        label : str, optional
            Class of all of them, of a model that has learned classes.

        Returns
        -------
        ImageSet or FragmentSet
            As in training; ids ``gan<seed>_<i>``, counted from 1.
        """
        return joined(self.stream(n, seed, label=label))

    def stream(
        self, n: int, seed: int = 0, start: int = 0, label: str | None = None
    ) -> Iterator[Records]:
        """Yield images ``start`` to ``n`` of the stream of a seed, with constant memory."""
        generator = self._generator
        n = check_count("-n", n, self.domain.noun)
        start = check_count("start", start, self.domain.noun, low=0)
        return stream(generator, self.domain, start, n, seed, self._class(label))

    def interpolate(self, pairs: int = 8, steps: int = 10, seed: int = 0) -> Any:
        """Paint the way from one latent vector to another, ``pairs`` times ``steps`` images.

        Returns
        -------
        ImageSet or FragmentSet
            Row by row: the ``steps`` images of the first pair, then those of the next.
        """
        noise = between(self._generator, seed, pairs, steps)
        rows = [write_records(self._generator, noise.rows(slice(i, i + steps)))
                for i in range(0, pairs * steps, steps)]  # fmt: skip
        return self.domain.decode(np.concatenate(rows), f"between{seed}", 0)

    @property
    def _generator(self) -> ImageGenerator:
        generator = self.networks.generator
        assert isinstance(generator, ImageGenerator)
        return generator.eval()

    def _class(self, label: str | None) -> int | None:
        if label is None:
            return None
        known = getattr(self.domain, "classes", ())
        if not getattr(self.domain, "shares", ()):
            raise ConfigError(
                f"--label {label}: this model has not learned classes: train it with --conditional"
            )
        if label not in known:
            raise ConfigError("--label: " + unknown_name("class", label, tuple(known)))
        return int(known.index(label))

    def score(self, records: Records) -> np.ndarray:
        """Return the critic's logit of each record, shape (n,); higher looks more real.

        Raises
        ------
        DataError
            If a record does not fit the model's shape.
        """
        return logits(self.networks.critic.eval(), self.domain.stored(records), self.domain)

    # --- keeping --------------------------------------------------------------------------

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a model folder (see :mod:`biogan.models.checkpoint`)."""
        networks = {GENERATOR: self.networks.generator, CRITIC: self.networks.critic}
        write_model(path, self.card, networks, overwrite)

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> ImageGAN:
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
            gan.config = ImageGANConfig.from_dict(card["config"])
            gan.domain = domain_from(card["layout"])
            return build_networks(gan.config, gan.domain)

        gan.card, gan._networks = read_model(path, device, IMAGES, build)
        return gan
