"""What an image GAN has to know of its data; pixels and distance maps are two such domains.

The few words that the layers share, as structural types.

A :class:`Sampler` is anything that writes sequences: a trained GAN, a Markov chain, a PWM, a
shuffle. Whatever takes one takes all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
    from torch import Tensor


@runtime_checkable
class Sampler(Protocol):
    """Writes sequences.

    ``sample`` is deterministic: the same ``n`` and ``seed`` give the same records.
    """

    def sample(self, n: int, seed: int = 0) -> Any:
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
            ``"compile"`` (with that option, before and after), ``"check"``, ``"alarm"``, ``"end"``
            or ``"judge"`` (of ``sample --refine``, at the end).
        **details
            =============== ============================================================
            data, start     ``lines``: what is learned from and what was chosen for it;
                            what is kept for validation
            features, judge ``step``, ``steps``; judge: ``wanted`` steps
            compile         ``seconds``, None before
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


#: An ImageSet or a FragmentSet.
Records = Any
#: Records to points, shape (n, d), of a space in which likeness is judged.
Features = Callable[[Records], Any]
Watch = Callable[[int, int], None]


class Domain(Protocol):
    """How records become tensors and tensors records.

    Attributes
    ----------
    kind : str
        ``"pixels"`` or ``"distances"``, as the model card calls it.
    noun : str
        What one record is called.
    """

    kind: str
    noun: str

    @property
    def learned(self) -> int:
        """Number of classes that are learned; 0 where records have none."""
        ...

    def describe(self) -> str:
        """Say in a few words what a record is."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return what the model card holds, for :func:`biogan.models.registry.from_dict`."""
        ...

    def networks(self, config: Any) -> Any:
        """Build generator and critic."""
        ...

    def stored(self, records: Records) -> Tensor:
        """Lay records out as one tensor, shape (n, ...), small enough for the memory."""
        ...

    def prepare(self, batch: Tensor) -> Tensor:
        """Turn stored records into what the critic sees, on their device."""
        ...

    def decode(self, batch: np.ndarray, prefix: str, first: int, rough: bool = False) -> Records:
        """Turn what a generator writes into records; ids count on from ``first`` (from 0).

        ``rough`` is enough for a check while training, and quick.
        """
        ...

    def split(self, records: Records, share: float, seed: int) -> tuple[Records, Records]:
        """Take a part for validation off; nothing alike stands on both sides."""
        ...

    def features(self, train: Records, seed: int, watch: Watch | None = None) -> Features:
        """Return the map to the space in which the monitor judges.

        ``watch`` receives steps done and to do, where it has to be learned.
        """
        ...

    def floors(self, train: Records, n: int, seed: int) -> Mapping[str, Records]:
        """Sample what trivial samplers write."""
        ...

    def picture(self, records: Records) -> Image.Image:
        """Draw records as one image."""
        ...
