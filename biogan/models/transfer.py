"""Fine-tuning: a run that begins with the weights of another model.

The generator, its average and the critic start from what the other model has. The critic is the
calibrated one where there is one, as that has learned to tell the generator that was kept from
data; the critic of the run belongs to the last generator. Optimisers, schedule and validation
records are new. The average begins at the generator of the other model with the full decay: with
few records the generator soon writes what only these have, and the average between the two writes
neither (docs/fine-tuning.md; for classifiers Wortsman et al. 2022, arXiv 2109.01903). Where the
other model writes something else than these records, which is measured before the first step, that
would hold on to the wrong data, and the average leaves it within a few steps, as from scratch.

Networks keep their family and sizes. Where sequences have another length, weights that belong to
positions are interpolated along them. Weights that only labels have start anew.

Freezing the early layers of the critic is FreezeD (Mo, Cho & Shin 2020, arXiv 2002.10964): what it
knows of letters and their neighbours stays, what it makes of them is learned.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn
from torch.nn.functional import interpolate

from biogan.core.errors import BioganError, CheckpointError, ConfigError, percentage, plural
from biogan.core.inputs import is_lasting
from biogan.models.address import is_address, local_folder
from biogan.models.card import ModelCard
from biogan.models.checkpoint import CRITIC, JUDGE, ModelFolder, generator_digest, read_model
from biogan.models.registry import get_kind
from biogan.nn.layers import Networks
from biogan.training.config import Freeze
from biogan.training.modality import Modality, Parts, Plan
from biogan.training.trainer import TRAINING_DATA, CheckResult

# Options that belong to a run or to its data, not to the networks and how they are trained.
_OWN = {
    "steps", "max_time", "check_every", "patience", "seed", "device", "threads", "devices", "nodes",
    "precision", "cuda_graph", "device_noise", "validation", "judge_steps", "condition", "repeats",
    "conditional",
}  # fmt: skip
# A network of which less than this share can be taken over is another one.
_LEAST = 0.5


@dataclass(frozen=True)
class Ancestor:
    """A model that a run begins with.

    Attributes
    ----------
    name : str
        As it was named.
    folder : Path
        Where it is.
    card : ModelCard
        Its card.
    modality : Modality
        What its records are.
    weights : mapping of str to dict of str to Tensor
        ``"generator"`` and ``"critic"``.
    judged : bool
        Whether the critic is the calibrated one.
    """

    name: str
    folder: Path
    card: ModelCard
    modality: Modality
    weights: Mapping[str, Mapping[str, Tensor]]
    judged: bool

    @classmethod
    def read(cls, name: str | Path, kind: str) -> Ancestor:
        """Read a model.

        Parameters
        ----------
        name : str or Path
            A model folder or an address.
        kind : str
            The kind of data that it has to be of.

        Raises
        ------
        CheckpointError
            If it is damaged, of another kind, or has not learned anything.
        """
        folder = local_folder(name)
        card, modality, _, networks = read_model(folder, "cpu", (kind,))
        if not card.training or not card.training.kept_step:
            raise CheckpointError(f"{name}: has learned nothing yet, so nothing starts from it")
        critic = networks.critic.state_dict()
        if card.judge:
            critic = ModelFolder(folder).weights(JUDGE, networks.critic)
        weights = {"generator": networks.generator.state_dict(), "critic": critic}
        return cls(str(name), folder, card, modality, weights, bool(card.judge))

    def inherited(self, config: Any) -> Any:
        """Return the options of a run that begins with this model.

        What is as it is by default is that of the model.

        Raises
        ------
        ConfigError
            If a size of the networks is asked for that the model does not have.
        """
        changed = {
            field.name for field in fields(config)
            if getattr(config, field.name) != field.default
        }  # fmt: skip
        known = {field.name for field in fields(config)} - _OWN
        theirs = {k: v for k, v in self.card.config.items() if k in known and k not in changed}
        return config.replace(**theirs)

    def check(self, plan: Plan) -> list[str]:
        """Refuse records that the model cannot begin with; say what is done about the others."""
        why = plan.modality.differs(self.modality)
        if why:
            raise ConfigError(f"--from {self.name}: {why}")
        told = "the calibrated critic" if self.judged else "the critic"
        lines = [
            f"starts from {self.name} (its step {self.card.training.kept_step:,}, trained on "  # type: ignore[union-attr]
            f"{self.card.data.records:,} records): generator and {told}, learning rate "
            f"{plan.config.lr:g}"
        ]
        mine, theirs = plan.modality.positions, self.modality.positions
        if mine != theirs:
            lines.append(
                f"the model has {theirs:,} positions and these records {mine:,}: weights that "
                "belong to positions are interpolated. If places matter, cut the records to the "
                "part that the model writes"
            )
        return lines

    def give(self, networks: Networks, modality: Modality) -> list[str]:
        """Put the weights into new networks; say which of these start anew."""
        lines = []
        lengths = self.modality.positions, modality.positions
        for name, network in zip(("generator", "critic"), networks, strict=True):
            own, fresh = network.state_dict(), 0
            for key, new in own.items():
                old = self.weights[name].get(key)
                found = None if old is None else laid(old, new, *lengths)
                if found is None:
                    fresh += new.numel()
                else:
                    own[key] = found
            size = sum(value.numel() for value in own.values())
            if fresh > (1 - _LEAST) * size:
                raise ConfigError(
                    f"--from {self.name}: {percentage(fresh / size)} of the weights of the {name} "
                    "have no counterpart: give the sizes that the model has, or leave out --from"
                )
            if fresh:
                lines.append(f"{fresh:,} of {size:,} weights of the {name} start anew: they are "
                             "those of labels, or of other sizes")  # fmt: skip
            network.load_state_dict(own)
        return lines

    def near_copies(self, records: Any, parts: Parts, modality: Modality) -> list[str]:
        """Say what is known about validation records among those that the model has learned."""
        noun = modality.noun
        if records.digest == self.card.data.digest:
            return [f"these are the very {noun}s that {self.name} has learned: validation records "
                    "may have been among them, and scores look too good"]  # fmt: skip
        known = self._records()
        if known is None:
            return [f"the {noun}s that {self.name} has learned are not at hand: whether validation "
                    "records were among them is not known"]  # fmt: skip
        if not len(parts.held_out):
            return []
        near = int(modality.near_copies(parts.held_out, known).sum())
        told = f"{near:,} of {plural(len(parts.held_out), 'validation record')}"
        if not near:
            return [f"{told} are near copies of what {self.name} has learned"]
        return [f"{told} are near copies of what {self.name} has learned: scores look too good"]

    def _records(self) -> Any:
        """Return the records that a model of this machine has learned, where they are unchanged."""
        if is_address(self.name):
            return None  # what a stranger's card names is not opened
        kind = get_kind(self.modality.name)
        source, options = kind.read_as(self.card.data.input or {})
        if source is None or not is_lasting(source):
            return None
        try:
            found = kind.read(source, kind.reading.from_dict(options))
        except BioganError:
            return None
        return found if found.digest == self.card.data.digest else None

    def lineage(self, notes: list[str], freeze: Freeze | None) -> dict[str, Any]:
        """Return what the card keeps of where a model comes from."""
        card = self.card
        return {
            "model": self.name if is_address(self.name) else Path(self.name).name,
            "generator": generator_digest(self.folder),
            "data": card.data.digest,
            "records": card.data.records,
            "step": card.training.kept_step if card.training else 0,
            "critic": JUDGE if self.judged else CRITIC,
            "freeze": freeze,
            "notes": notes,
            **({"from": card.lineage} if card.lineage else {}),
        }


def planned(
    kind: type[Modality], records: Any, config: Any, start: str | Path | None
) -> tuple[Plan, Ancestor | None]:
    """Plan a fit, from the beginning or from a model.

    Parameters
    ----------
    kind : type
        The kind of the records.
    records : set of records
        Training data.
    config : TrainingConfig
        Options; what is left as it is by default is that of the model.
    start : str, Path or None
        A model folder or an address.
    """
    if start is None:
        return kind.plan(records, config), None
    ancestor = Ancestor.read(start, kind.name)
    plan = kind.plan(records, ancestor.inherited(config))
    return plan._replace(lines=[*plan.lines, *ancestor.check(plan)]), ancestor


def laid(old: Tensor, new: Tensor, before: int | None, after: int | None) -> Tensor | None:
    """Return a weight for a network of other positions or labels; None where it does not fit.

    Parameters
    ----------
    old, new : Tensor
        The weight of the model, and that of the new network.
    before, after : int or None
        Positions of both, where records have any.

    Examples
    --------
    >>> import torch
    >>> laid(torch.tensor([0.0, 1.0]), torch.zeros(3), 2, 3)
    tensor([0.0000, 0.5000, 1.0000])
    >>> laid(torch.zeros(4), torch.zeros(3), 2, 2) is None
    True
    """
    if old.dtype != new.dtype or old.dim() != new.dim():
        return None
    differ = [i for i in range(old.dim()) if old.shape[i] != new.shape[i]]
    if not differ:
        return old
    if len(differ) > 1:
        return None
    (axis,) = differ
    a, b = old.shape[axis], new.shape[axis]
    along = before and after and a % before == 0 and b % after == 0 and a // before == b // after
    if along:
        moved = old.movedim(axis, -1)
        rows = moved.reshape(-1, a // int(before or 1), int(before or 1))
        rows = interpolate(rows, int(after or 1), mode="linear", align_corners=True)
        if axis == 1:  # what a layer adds up over positions stays as large
            rows = rows * (int(before or 1) / int(after or 1))
        return rows.reshape(*moved.shape[:-1], b).movedim(-1, axis).contiguous()
    if axis == 1:  # what labels add to the latent vector stands behind it
        least = min(a, b)
        found = new.clone()
        found[:, :least] = old[:, :least]
        return found
    return None


class Measures(Protocol):
    """What compares a generator with validation records."""

    @property
    def references(self) -> Mapping[str, float]:
        """The validation distance of training data and of trivial samplers, by name."""
        ...

    def measure(self, generator: nn.Module) -> CheckResult:
        """Return the validation distance of a generator among its scores."""
        ...


def nearness(monitor: Measures, generator: nn.Module) -> tuple[bool, str]:
    """Tell whether what a model writes is near to the records that it is to learn.

    It is, if its validation distance is not larger than that of the worst trivial sampler that was
    fitted to these records, or if nothing was kept for validation.

    Parameters
    ----------
    monitor : Measures
        What compares with the validation records.
    generator : nn.Module
        The generator that the run begins with.

    Returns
    -------
    near : bool
        Whether the average of the generator stays near the model.
    line : str
        What there is to say.
    """
    floors = {name: d for name, d in monitor.references.items() if name != TRAINING_DATA}
    distance = monitor.measure(copy.deepcopy(generator).eval()).scores.get("validation_distance")
    if distance is None or not floors:
        return True, "no validation records: the average stays close to the model"
    name = max(floors, key=lambda name: floors[name])
    told = f"before training its validation distance is {distance:.3g} ({name} {floors[name]:.3g})"
    if distance <= floors[name]:
        return True, told + ": near, so the average stays close to the model"
    return False, told + ": not near, so the average leaves the model soon, as from scratch"


def frozen(critic: nn.Module, freeze: Freeze | None) -> nn.Module:
    """Take the early layers of a critic out of training.

    Raises
    ------
    ConfigError
        If this critic does not say which these are.
    """
    if freeze is not None:
        early = getattr(critic, "early_layers", None)
        if early is None:
            raise ConfigError(f"--freeze {freeze}: {type(critic).__name__} has no early layers")
        for layer in early():
            layer.requires_grad_(False)
    return critic
