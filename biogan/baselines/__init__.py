"""Trivial samplers, the floors that a trained generator has to beat."""

from __future__ import annotations

import re
from collections.abc import Callable

from biogan.baselines.base import Baseline
from biogan.baselines.copies import Copies
from biogan.baselines.markov import MarkovChain
from biogan.baselines.pwm import PWM
from biogan.baselines.shuffle import Shuffle
from biogan.baselines.uniform import Uniform
from biogan.errors import ConfigError
from biogan.options import unknown_name

__all__ = ["BASELINES", "Baseline", "Copies", "MarkovChain", "PWM", "Shuffle", "Uniform",
           "get_baseline"]  # fmt: skip

#: Names as they are printed; K stands for an order.
BASELINES: dict[str, Callable[..., Baseline]] = {
    "markov-K": lambda order: MarkovChain(order),
    "positional-markov-K": lambda order: MarkovChain(order, positional=True),
    "pwm": PWM,
    "shuffle": lambda: Shuffle("mono"),
    "dinucleotide-shuffle": lambda: Shuffle("dinucleotide"),
    "uniform": Uniform,
    "copies": Copies,
}


def get_baseline(name: str) -> Baseline:
    """Make a trivial sampler from its printed name.

    Parameters
    ----------
    name : str
        A key of :data:`BASELINES` with a number for K: ``"markov-3"``, ``"pwm"``.

    Returns
    -------
    Baseline
        Not fitted yet.

    Raises
    ------
    ConfigError
        If there is none of that name.

    Examples
    --------
    >>> get_baseline("positional-markov-3").prefix
    'positional_markov3'
    """
    found = re.fullmatch(r"(.+)-(\d+)", name)
    if found and f"{found[1]}-K" in BASELINES:
        return BASELINES[f"{found[1]}-K"](int(found[2]))
    if name in BASELINES and not name.endswith("-K"):
        return BASELINES[name]()
    if f"{name.removesuffix('-K')}-K" in BASELINES:
        raise ConfigError(f"baseline {name!r}: give an order, {name.removesuffix('-K')}-3")
    raise ConfigError(unknown_name("baseline", name, tuple(BASELINES)))
