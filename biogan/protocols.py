"""The few words that the layers share, as structural types.

A :class:`Sampler` is anything that writes sequences: a trained GAN, a Markov chain, a PWM, a
shuffle. Whatever takes one takes all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from biogan.datasets.sequences import SequenceSet


@runtime_checkable
class Sampler(Protocol):
    """Writes sequences.

    ``sample`` is deterministic: the same ``n`` and ``seed`` give the same records.
    """

    def sample(self, n: int, seed: int = 0) -> SequenceSet:
        """Draw ``n`` sequences.

        Parameters
        ----------
        n : int
            Number of sequences, at least 1.
        seed : int
            Seed of the private random stream.

        Returns
        -------
        SequenceSet
            ``n`` records with unique ids.
        """
        ...


class Callback(Protocol):
    """Watches a training run; never changes it."""

    def on_step(self, step: int, terms: Mapping[str, float]) -> None:
        """Receive the named terms of one finished generator step."""
        ...

    def on_event(self, event: str, **details: Any) -> None:
        """Receive an event with its details.

        ``"data"`` (sequences: what is learned from, and what was chosen for it), ``"features"``
        (images: what they are judged by is learned), ``"start"``, ``"check"``, ``"alarm"``,
        ``"end"`` or ``"judge"``.
        """
        ...
