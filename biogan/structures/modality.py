"""Protein fragments as a kind of data: coordinates to distance maps and back, features, floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from biogan.core.errors import ConfigError, DataError
from biogan.core.files import Size, check_fields
from biogan.core.rng import layers_from
from biogan.nn.image_nets import RecordShape
from biogan.nn.layers import Networks, exact
from biogan.nn.structure_nets import ChainCritic, ChainGenerator, MapGenerator, from_units
from biogan.nn.structure_nets import records as distance_maps
from biogan.nn.twist_nets import TwistCritic, TwistGenerator, Twists, twist_records
from biogan.structures.config import StructureReadingConfig
from biogan.structures.dataset import FragmentSet
from biogan.structures.read import is_structures, read_fragments, read_structures, split_families
from biogan.structures.twists import FEWEST_RESIDUES, learn_twists, read_twists
from biogan.structures.write import map_grid, write_structures
from biogan.training.config import ImageGANConfig, SamplingConfig
from biogan.training.modality import Plan, Progress, planned
from biogan.training.presets import Preset, PresetModality, resolve
from biogan.training.validation import Features

if TYPE_CHECKING:
    from biogan.evaluation.evaluate import EvaluationSpec


# Separations along the chain whose distances are features, as shares of it are beyond these.
_NEAR = (2, 3, 4, 5, 6, 8, 12)
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class StructureModality(PresetModality):
    """What the fragments of a model are.

    Attributes
    ----------
    residues : int
        Residues of a fragment.
    painted : bool
        Whether maps are painted, so that they may contradict themselves: they are kept then.
    twists : Twists or None
        Kinds of twists of training fragments, for a chain that is built from them. ``None`` for
        maps that are painted, and for chains of biogan 0.2 and before.
    """

    residues: int
    painted: bool = False
    twists: Twists | None = None

    name = "structures"
    noun = "fragment"
    records = (FragmentSet,)
    reading = StructureReadingConfig
    reader = "read_structures"
    kind = "distances"
    preset = Preset(
        "relativistic",
        {"width": 32, "batch_size": 32, "r1": 0.1, "r2": 0.1, "penalty_every": 4},
        "chain",
    )
    # A map of 64 residues is five times an image of MNIST, and the number of steps counts.
    painting = Preset("relativistic", {"width": 16, "batch_size": 32}, "dcgan")

    # --- files ----------------------------------------------------------------------------

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Whether these are structures, by the names of files or what begins a pipe."""
        return is_structures(data)

    @classmethod
    def read(
        cls, data: str, reading: StructureReadingConfig, progress: Any = None, whose: str = ""
    ) -> FragmentSet:
        """Read fragments of chains, see :func:`biogan.read_structures`."""
        return read_structures(data, reading)

    @classmethod
    def read_generated(
        cls, data: str, reading: StructureReadingConfig, whose: str = ""
    ) -> FragmentSet:
        """Read fragments as they are: nothing is cut or left out."""
        return read_fragments(data, reading.unpack_ratio)

    @classmethod
    def like(cls, real: FragmentSet, reading: StructureReadingConfig) -> StructureReadingConfig:
        """Return the options that read further fragments of the length of ``real``."""
        return reading.replace(residues=real.residues, labels=None)

    @classmethod
    def write(cls, records: FragmentSet, path: str, overwrite: bool = False) -> list[str]:
        """Write fragments, see :func:`biogan.write_structures`."""
        return write_structures(records, path, overwrite)

    @classmethod
    def rows_picture(cls, records: FragmentSet, columns: int) -> Image.Image:
        """Draw distance maps in rows of ``columns``."""
        return map_grid(records, most=len(records), columns=columns)

    @classmethod
    def evaluation(cls) -> EvaluationSpec[FragmentSet]:
        """Return how fragments are evaluated."""
        from biogan.structures.evaluate import StructureEvaluation

        return StructureEvaluation()

    # --- what is learned ------------------------------------------------------------------

    @classmethod
    def plan(cls, records: FragmentSet, config: ImageGANConfig) -> Plan:
        """Find the number of residues, and fill in the preset."""
        modality = cls.of(records, config)
        preset = cls.painting if modality.painted else cls.preset
        config, reasons = resolve(config, preset, cls.kind)
        return planned(modality, records, config, reasons)

    @classmethod
    def of(cls, records: FragmentSet, config: ImageGANConfig) -> StructureModality:
        """Read the modality off training fragments.

        Raises
        ------
        DataError
            If there are fewer than two.
        ConfigError
            If something is asked for that only images have.
        """
        if len(records) < 2:
            found = "1 fragment is too few" if len(records) else "no fragments"
            raise DataError(f"{records.source}: {found} to learn from")
        if config.conditional:
            raise ConfigError("--conditional: fragments have families, but no classes to learn")
        if config.augment != "none":
            raise ConfigError(
                f"--augment {config.augment}: distance maps do not change when a fragment is moved"
            )
        if config.architecture == "dcgan":
            return cls(records.residues, painted=True)
        if records.residues < FEWEST_RESIDUES:
            raise DataError(
                f"{records.source}: fragments of {records.residues} residues, at least "
                f"{FEWEST_RESIDUES} are needed to learn how twists follow one another"
            )
        return cls(records.residues, twists=learn_twists(records.xyz, config.seed))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StructureModality:
        """Read the modality off a model card."""
        check_fields("layout", data, {"residues": Size})
        check_fields("layout", data, {"painted": bool} if "painted" in data else {})
        twists = data.get("twists")
        rest = {k: v for k, v in data.items() if k not in ("kind", "twists")}
        return cls(**rest, twists=None if twists is None else read_twists(twists))

    def to_dict(self) -> dict[str, Any]:
        """Return what the model card holds."""
        twists = None if self.twists is None else self.twists._asdict()
        return {"kind": self.kind, **asdict(replace(self, twists=None)), "twists": twists}

    def describe(self) -> str:
        """Say in a few words what a fragment is."""
        what = "C-alpha distance maps" if self.twists is None else "C-alpha twists and distances"
        return f"{self.residues:,} residues, {what}"

    def networks(self, config: ImageGANConfig) -> Networks:
        """Build generator and critic."""
        if self.twists is not None:
            with layers_from(config.seed, "weights"):
                return Networks(
                    TwistGenerator(config, self.twists, self.residues),
                    TwistCritic(config, self.residues),
                )
        shape = RecordShape(1, self.residues, self.residues)
        kind = ChainGenerator if config.architecture == "chain" else MapGenerator
        with layers_from(config.seed, "weights"):
            return Networks(kind(config, shape), ChainCritic(config, shape))

    # --- records and tensors --------------------------------------------------------------

    def stored(self, records: FragmentSet) -> Tensor:
        """Lay coordinates out, (n, residues, 3) float32: maps are measured batch by batch."""
        return torch.from_numpy(np.ascontiguousarray(self.checked(records).xyz, np.float32))

    def encoder(
        self, device: torch.device, critic: nn.Module | None = None
    ) -> Callable[[Tensor], Tensor]:
        """Measure twists and distance maps in network units."""
        measured = distance_maps if self.twists is None else twist_records
        return lambda batch: measured(batch.to(device))

    @torch.no_grad()
    def draw(self, generator: Any, noise: Any, how: SamplingConfig) -> np.ndarray:
        """Write distance maps, or the coordinates (n, residues, 3) of chains that have twists."""
        if self.twists is None:
            return super().draw(generator, noise, how)
        with exact():
            written: Tensor = generator.coordinates(noise.to(next(generator.parameters()).device))
            return written.cpu().numpy()

    def decode(
        self, batch: np.ndarray, prefix: str, first: int, rough: bool = False
    ) -> FragmentSet:
        """Turn what :meth:`draw` writes into fragments; rough ones of maps are not refined."""
        from biogan.structures.geometry import embed, handed

        if self.twists is not None:
            maps, xyz = batch[:0], batch - batch.mean(1, keepdims=True)
        else:
            maps = from_units(torch.from_numpy(batch))[:, 0].numpy()
            xyz = embed(maps, refine=not rough)
            xyz = xyz if rough else handed(xyz)
        ids = tuple(f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(xyz)))
        # Each its own family, also beside those of other blocks.
        families = np.arange(first, first + len(xyz))
        kept = maps if self.painted and not rough else None
        return FragmentSet(xyz.astype(np.float32), ids, families, "generated", maps=kept)

    def apart(
        self, records: FragmentSet, share: float, seed: int
    ) -> tuple[FragmentSet, FragmentSet]:
        """Take whole families off."""
        train, held_out = split_families(records, share, seed)
        return records[train], records[held_out]

    def features(self, train: FragmentSet, seed: int, progress: Progress | None) -> Features:
        """Return distances near and far along the chain, standardised on training fragments."""
        found = shape_features(train.xyz)
        mean, spread = found.mean(0), found.std(0) + 1e-6

        def features(some: FragmentSet) -> np.ndarray:
            return (shape_features(some.xyz) - mean) / spread

        return features

    def floors(self, train: FragmentSet, n: int, seed: int) -> Mapping[str, FragmentSet]:
        """Sample walks of random angles, and of the angles of training fragments."""
        from biogan.structures.baselines import local_markov, random_walk

        return {
            "random-walk": random_walk(train, n, seed),
            "local-markov": local_markov(train, n, seed),
        }

    def picture(self, records: FragmentSet) -> Image.Image:
        """Draw the maps of the first fragments."""
        return map_grid(records[: self.previewed])

    def checked(self, records: FragmentSet) -> FragmentSet:
        """Return fragments that fit this model.

        Raises
        ------
        DataError
            If they are images, or of another length.
        """
        if not isinstance(records, FragmentSet):
            raise DataError(f"this model knows protein fragments, not {type(records).__name__}")
        if records.residues != self.residues:
            raise DataError(
                f"{records.source}: fragments of {records.residues:,} residues, this model knows "
                f"{self.residues:,}"
            )
        return records


def shape_features(xyz: np.ndarray) -> np.ndarray:
    """Describe the shape of fragments, (n, residues, 3) to (n, d) float64, whatever their hand.

    Quantiles of the distances at several separations along the chain, which tell helices from
    strands, and the radius of gyration, which tells how they are packed.
    """
    length = xyz.shape[1]
    steps = [k for k in (*_NEAR, length // 4, length // 2, 3 * length // 4) if k < length - 1]
    parts = [
        np.quantile(np.linalg.norm(xyz[:, k:] - xyz[:, :-k], axis=2), _QUANTILES, axis=1).T
        for k in dict.fromkeys(steps)
    ]
    centred = xyz - xyz.mean(1, keepdims=True)
    gyration = np.sqrt((centred**2).sum(2).mean(1))[:, None]
    return np.concatenate([*parts, gyration], 1, dtype=np.float64)
