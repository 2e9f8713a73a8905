"""The words that the layers share, as structural types.

A :class:`Sampler` is anything that draws records: a trained GAN, a Markov chain, a PWM, a shuffle.
Whatever takes one takes all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

#: How the ids of sampled records begin: ``gan7_1`` is the first of seed 7.
SAMPLED = "gan"
# Ids that are looked at.
_LOOKED_AT = 100


@runtime_checkable
class Sampler(Protocol):
    """Draws records of one kind of data.

    ``sample`` is deterministic: the same ``n`` and ``seed`` give the same records.
    """

    def sample(self, n: int, seed: int = 0) -> Any:
        """Draw ``n`` records.

        Parameters
        ----------
        n : int
            Number of records, at least 1.
        seed : int
            Seed of the private random stream.

        Returns
        -------
        set of records
            ``n`` records with unique ids: a SequenceSet, an ImageSet and so on.
        """
        ...


class Callback(Protocol):
    """Watches a training run; never changes it.

    Examples
    --------
    >>> from biogan import SequenceGAN, SequenceSet
    >>> class Told:
    ...     def on_step(self, step, terms):
    ...         print(step, sorted(terms))
    ...     def on_event(self, event, **details):
    ...         print(event, sorted(details))
    >>> reads = SequenceSet.from_strings(["ACGTACGT", "ACGTTCGT"] * 8)
    >>> small = {"width": 4, "depth": 1, "units": 4, "latent": 4, "batch_size": 4, "steps": 1}
    >>> gan = SequenceGAN(**small).fit(reads, callbacks=[Told()])
    data ['lines']
    start ['lines']
    1 ['critic', 'generator', 'kmers', 'r1', 'r2', 'spent']
    check ['best', 'references', 'scores', 'seconds', 'step']
    end ['ended', 'kept', 'references', 'score', 'seconds', 'step']
    """

    def on_step(self, step: int, terms: Mapping[str, float]) -> None:
        """Receive a finished generator step.

        Parameters
        ----------
        step : int
            Its number, from 1.
        terms : mapping of str to float
            The terms of the losses by name, with their weights, and ``spent``: the share of the
            budget, 0 to 1.
        """
        ...

    def on_event(self, event: str, **details: Any) -> None:
        """Receive an event with its details.

        Parameters
        ----------
        event : str
            ``"data"``, ``"features"`` (images: what they are judged by is learned), ``"start"``,
            ``"check"``, ``"alarm"``, ``"note"`` (a file that could not be written), ``"end"`` or
            ``"judge"`` (the critic of ``sample --refine``, at the end).
        **details
            =============== ============================================================
            data, start,    ``lines``: what is learned from and what was chosen for it;
            note            what is kept for validation; what cannot be written
            features, judge ``step``, ``steps``; judge: ``wanted`` steps
            check           ``step``, ``seconds``, ``scores`` (the validation distance and its
                            parts, empty without validation records), ``references``
                            (validation distance of training data and of trivial samplers),
                            ``best`` (whether it is kept)
            alarm           ``step``, ``kind``, ``reason``, ``back_to`` (step), ``rollbacks``,
                            ``last`` (whether the run ends), ``lr``
            end             ``step``, ``seconds``, ``ended`` (why before its budget, or None),
                            ``kept`` (step), ``score`` (its validation distance or None),
                            ``references``
            =============== ============================================================
        """
        ...


def sampled_ids(ids: Sequence[str]) -> bool:
    """Whether ids are those that a trained GAN gives its records.

    Examples
    --------
    >>> sampled_ids(["gan7_1", "gan7_mh_2"]), sampled_ids(["gan7_1", "lacZ"]), sampled_ids([])
    (True, False, False)
    """
    some = ids[:_LOOKED_AT]
    return len(some) > 0 and all(
        re.fullmatch(rf"{SAMPLED}\d+(_[a-z]+)?_\d+", name) for name in some
    )
