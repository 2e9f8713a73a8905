"""Options that were left open are chosen from the data, and the choice is said with its reason."""

from __future__ import annotations

from typing import Any

from biogan.config import SequenceGANConfig
from biogan.datasets.layout import FIXED, Layout
from biogan.datasets.strands import check_two_strands
from biogan.losses import LOSSES
from biogan.training.budget import DEFAULT_TIME

# Up to this length two blocks and the dense layers see enough without dilation.
SHORT = 64


def resolve(config: SequenceGANConfig, layout: Layout) -> tuple[SequenceGANConfig, list[str]]:
    """Fill in what the configuration leaves open.

    Parameters
    ----------
    config : SequenceGANConfig
        Options; ``None`` means open.
    layout : Layout
        Letters and length of the data.

    Returns
    -------
    config : SequenceGANConfig
        Nothing is open.
    reasons : list of str
        One sentence a choice.

    Raises
    ------
    ConfigError
        If an option does not suit these letters.

    Examples
    --------
    >>> from biogan.alphabet import DNA
    >>> resolve(SequenceGANConfig(), Layout(DNA, 150, "fixed"))[0].dilation
    4
    """
    if config.reverse_complement:
        check_two_strands(layout.alphabet)
    changes: dict[str, Any] = {}
    reasons = []
    name = config.loss
    if name is None:
        # Measured in docs/benchmarks.md: per second the relativistic loss learns a fixed length
        # best, and loses the spread of lengths where they vary.
        name = "relativistic" if layout.kind == FIXED else "wgan-gp"
        changes["loss"] = name
        reasons.append(f"loss {name} for {layout.kind} sequences")
    loss = LOSSES[name]
    if not config.steps and not config.max_time:
        changes["max_time"] = DEFAULT_TIME
        reasons.append(f"max_time {DEFAULT_TIME}, as neither --steps nor --max-time was given")
    if config.dilation is None:
        residual = config.architecture == "resnet"
        changes["dilation"] = 4 if residual and layout.length > SHORT else 1
        if residual:
            reasons.append(f"dilation {changes['dilation']} for {layout.length} positions")
    left_open = [key for key in ("critic_steps", "gp", "r1", "r2") if getattr(config, key) is None]
    changes |= {key: getattr(loss, key) for key in left_open}
    told = ", ".join(f"{key} {changes[key]:g}" for key in left_open if changes[key])
    if told:
        reasons.append(f"{told} for the loss {name}")
    return config.replace(**changes), reasons
