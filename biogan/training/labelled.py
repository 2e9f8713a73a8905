"""What kinds of data share whose records have labels that are learned and asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from biogan.core.label_requests import Wanted, labels_asked, read_request, read_wanted
from biogan.core.label_rows import Conditions
from biogan.core.rng import rng
from biogan.training.modality import Modality

#: Label of a sampled record that names its row of ``--labels``.
WANTED = "wanted"


class LabelledModality(Modality):
    """A kind of data whose generators read rows of labels, ``noise.labels``.

    Attributes
    ----------
    conditions : Conditions
        Labels that are learned.
    """

    conditions: Conditions

    def asked_for(self, how: Any) -> list[str]:
        """Return what ``--label`` asks for, ``NAME=VALUE`` each."""
        return labels_asked(how.label)

    def wishes(self, how: Any, notes: list[str] | None = None) -> Wanted:
        """Read what is asked for: a table of records, or one request for all.

        Parameters
        ----------
        how : LabelSamplingConfig
            Options of sampling.
        notes : list of str, optional
            Receives what cannot be followed to the letter, one sentence each.

        Raises
        ------
        ConfigError
            If a label or a value is unknown.
        """
        if how.labels is not None:
            return read_wanted(how.labels, self.conditions, notes)
        return Wanted([], [read_request(self.conditions, self.asked_for(how), notes)])

    def asking(self, how: Any) -> Callable[..., Any]:
        """Return what puts the labels that are asked for into noise, else those of the data."""
        conditions, wanted = self.conditions, self.wishes(how)
        asked = how.label is not None or how.labels is not None
        # What a generator draws of labels that are never unknown comes from the data, too.
        if not conditions.size or (conditions.whole and not asked):
            return lambda noise, *stream: noise

        def ask(noise: Any, *stream: str | int) -> Any:
            n = len(noise.latent)
            # A chain keeps the labels that it began with.
            begun = ("sample", *stream[1:2]) if stream[0] == "mh" else stream
            source = rng(how.seed, "labels", *begun)
            uniform = source.random((n, 2))
            normal = source.standard_normal((n, len(conditions.numbers)))
            block = next((name for name in stream if isinstance(name, int)), 0)
            codes = wanted.draw(uniform, normal, block * n)
            return noise._replace(labels=torch.from_numpy(codes).to(noise.labels.device))

        return ask

    def wanted(self, how: Any) -> int | None:
        """Return how many rows the table of labels has, where there is one."""
        return None if how.labels is None else len(self.wishes(how).ids)

    def told(self, how: Any) -> list[str]:
        """Say which labels cannot be followed to the letter."""
        notes: list[str] = []
        self.wishes(how, notes)
        return notes
