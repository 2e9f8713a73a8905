"""Presets of GANs of images and structures: settings that belong together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from biogan.core.files import atomic_path
from biogan.training.config import ImageGANConfig, PresetName
from biogan.training.losses import OWN_DEFAULTS
from biogan.training.modality import filled_in
from biogan.training.trainer import check_patience
from biogan.training.validation import FeatureModality

if TYPE_CHECKING:
    from PIL import Image

#: What each preset fills in; measured in docs/benchmarks.md.
SETTINGS: dict[PresetName, dict[str, Any]] = {
    "relativistic": {
        "loss": "relativistic", "r1": 0.02, "r2": 0.02, "penalty_every": 1, "width": 32,
        "dropout": 0.0, "batch_size": 64, "lr": 1e-3, "beta1": 0.0, "beta2": 0.9, "ema": 0.999,
        "decay_start": 0.5, "decay_to": 0.02,
    },
    "wgan-gp": {
        "loss": "wgan-gp", "gp": 1.0, "critic_steps": 2, "penalty_every": 1, "width": 32,
        "dropout": 0.0, "batch_size": 64, "lr": 1e-3, "beta1": 0.0, "beta2": 0.9, "ema": 0.999,
        "decay_start": 0.5, "decay_to": 0.02,
    },
    # Goodfellow's game with the settings of the DCGAN tutorials: no penalty, no averaging.
    "classic": {
        "loss": "standard", "r1": 0.0, "width": 64, "dropout": 0.3,
        "batch_size": 128, "lr": 1e-4, "beta1": 0.9, "beta2": 0.999, "ema": 0.0,
        "decay_start": 1.0, "decay_to": 1.0,
    },
}  # fmt: skip


class Preset(NamedTuple):
    """What a kind of data takes where nothing is asked for.

    Attributes
    ----------
    name : str
        The preset.
    changes : dict of str to object
        Settings that take the place of those of the preset.
    architecture : str
        Family of the networks.
    """

    name: str
    changes: dict[str, Any]
    architecture: str


def resolve(
    config: ImageGANConfig, best: Preset, kind: str, classes: int = 0
) -> tuple[ImageGANConfig, list[str]]:
    """Fill in what the configuration leaves open.

    Parameters
    ----------
    config : ImageGANConfig
        Options; ``None`` means open.
    best : Preset
        What suits the kind of data.
    kind : str
        What the records are, for the reasons.
    classes : int
        Number of classes that are learned.

    Returns
    -------
    config : ImageGANConfig
        Nothing is open.
    reasons : list of str
        One sentence a choice.

    Raises
    ------
    ConfigError
        If one option makes another pointless.

    Examples
    --------
    >>> resolve(ImageGANConfig(), Preset("relativistic", {}, "chain"), "distances")[0].preset
    'relativistic'
    """
    check_patience(config.patience, config.validation)
    reasons = []
    if config.preset is None:
        config = config.replace(preset=best.name)
        reasons.append(f"preset {config.preset} for {kind}")
    settings = SETTINGS[config.chosen("preset")] | best.changes
    # A loss that was asked for by name brings its own penalties.
    own = config.loss in (None, settings["loss"])
    changes = {
        k: v
        for k, v in settings.items()
        if getattr(config, k) is None and (own or k not in OWN_DEFAULTS)
    }
    told = ", ".join(
        f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in changes.items()
    )
    if told:
        reasons.append(f"{told} for the preset {config.preset}")
    if config.conditional is None:
        changes["conditional"] = bool(classes)
        if classes:
            reasons.append(f"conditional, as each of {classes} classes has many images")
    if config.architecture is None:
        changes["architecture"] = best.architecture
        reasons.append(f"architecture {changes['architecture']} for {kind}")
    return filled_in(config.replace(**changes), reasons), reasons


class PresetModality(FeatureModality):
    """A kind of data whose options are :class:`ImageGANConfig`, and whose records are pictures.

    Each check writes a picture of samples; at the end they are joined to an animation.
    """

    kind: ClassVar[str]
    samples = 100
    card = "image-gan"
    config = ImageGANConfig
    packages = ("pillow",)
    block = 128
    previewed = 64

    @classmethod
    @abstractmethod
    def rows_picture(cls, records: Any, columns: int) -> Image.Image:
        """Draw records in rows of ``columns``."""

    @classmethod
    def write_rows(
        cls, records: Any, path: str, columns: int, overwrite: bool = False
    ) -> list[str]:
        """Write a PNG with rows of ``columns``; other formats as :meth:`write`."""
        if not path.lower().endswith(".png"):
            return cls.write(records, path, overwrite)
        picture = cls.rows_picture(records, columns)
        with atomic_path(path) as temporary:
            picture.save(temporary, "PNG")
        return [f"{path}: {len(records) // columns:,} rows of {columns} {cls.noun}s"]

    @classmethod
    def describes(cls, layout: Mapping[str, Any]) -> bool:
        """Whether a layout is of this kind: models of images and structures share a name."""
        return bool(layout.get("kind") == cls.kind)

    def facts(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return shape and networks in words."""
        return {
            "shape": self.describe(),
            "networks": f"{config['architecture']}, preset {config['preset']}, width "
            f"{config['width']}, latent {config['latent']}, "
            f"dropout {config['dropout']:g}, augment {config['augment']}",
        }

    @abstractmethod
    def picture(self, records: Any) -> Image.Image:
        """Draw records as one image."""

    def origin(self, records: Any, reading: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return where the records come from, what was done to them, and how they were read."""
        return {
            "source": records.source,
            "notes": list(records.notes),
            "input": dict(reading or {}),
        }

    def preview(self, records: Any, folder: Path, step: int) -> None:
        """Draw the samples of a check."""
        from biogan.core.pictures import write_preview

        write_preview(self.picture(records), folder, step)

    def finish(self, folder: Path, step: int) -> None:
        """Join the pictures of all checks to an animation."""
        from biogan.core.pictures import write_film

        write_film(folder, step)
