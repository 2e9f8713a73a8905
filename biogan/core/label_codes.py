"""One label of records as bytes: a class, several classes at once, or a number.

A number is learned by its rank among the training data, from 0 to 1 (Ding et al. 2021, "CcGAN",
learn the value): one width of the kernel then suits dense and sparse parts of the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np

from biogan.core.conditions import (
    MOST_CLASSES,
    ConditionKind,
    kind_of,
    members,
    numbers,
)
from biogan.core.display import excerpt
from biogan.core.errors import CheckpointError, ConfigError, few, plural
from biogan.core.files import Count, check_fields
from biogan.core.options import unknown_name

#: Classes of fewer records are learned together, under the name :data:`OTHER`.
FEWEST = 20
OTHER = "other"
#: Values at evenly spaced ranks that stand for the distribution of a number.
QUANTILES = 257
# A rank takes three bytes; the largest number says that there is none.
_PLACES = np.array([1 << 16, 1 << 8, 1])
_UNKNOWN_RANK = (1 << 24) - 1
#: The largest rank, as a whole number.
TOP_RANK = _UNKNOWN_RANK - 1
# Standard deviation of a rank, of U(0, 1).
_SPREAD = 0.29


@dataclass(frozen=True)
class Condition:
    """One label that a model has learned.

    Attributes
    ----------
    name : str
        Name of the label.
    kind : {"class", "multi", "number"}
        What it is.
    records : int
        Training records that have it.
    missing : int
        Training records that do not.
    values : tuple of str
        Classes in alphabetical order; empty for a number.
    counts : tuple of int
        Training records of each class.
    quantiles : tuple of float
        Values of a number at evenly spaced ranks from 0 to 1; empty for classes.

    Examples
    --------
    >>> kind = Condition("class", "class", 4, 0, ("a", "b"), (3, 1))
    >>> kind.codes(["b", "a", ""]).tolist(), kind.texts(np.array([[1], [2]], np.uint8))
    ([[1], [0], [2]], ['b', ''])
    """

    name: str
    kind: ConditionKind
    records: int
    missing: int
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    quantiles: tuple[float, ...] = ()

    @property
    def constant(self) -> bool:
        """Whether all records have the one value that there is: nothing to learn."""
        return self.kind == "class" and len(self.values) == 1 and not self.missing

    @property
    def size(self) -> int:
        """Bytes of a row."""
        return 3 if self.kind == "number" else len(self.values) if self.kind == "multi" else \
            int(not self.constant)  # fmt: skip

    @property
    def spread(self) -> float:
        """Standard deviation by which a rank is moved at random, by Silverman's rule."""
        return 1.06 * _SPREAD * max(self.records, 1) ** -0.2

    @property
    def low(self) -> float:
        """Smallest value of a number."""
        return self.quantiles[0]

    @property
    def high(self) -> float:
        """Largest value of a number."""
        return self.quantiles[-1]

    @property
    def unknown(self) -> bytes:
        """Bytes of a record without this label."""
        if self.kind == "number":
            return b"\xff\xff\xff"
        return bytes([2] * self.size if self.kind == "multi" else [len(self.values)] * self.size)

    def is_unknown(self, codes: np.ndarray) -> np.ndarray:
        """Tell which rows of bytes have no label, shape (n,)."""
        if not self.size:
            return np.zeros(len(codes), bool)
        return np.asarray((codes == np.frombuffer(self.unknown, np.uint8)).all(1))

    def codes(self, column: Sequence[Any] | np.ndarray) -> np.ndarray:
        """Turn labels into bytes, shape (n, size); a class that was not learned is ``other``.

        Raises
        ------
        ConfigError
            If a value is no number, or a class that this model has no place for.
        """
        texts = [str(value).strip() for value in column]
        out = np.tile(np.frombuffer(self.unknown, np.uint8), (len(texts), 1))
        if self.kind == "number":
            found = numbers(texts)
            for i in np.flatnonzero(np.isnan(found)).tolist():
                if texts[i]:
                    raise ConfigError(
                        f"label {self.name}: {excerpt(texts[i])} is no number; without a value "
                        "the cell is empty"
                    )
            known = np.flatnonzero(~np.isnan(found))
            out[known] = rank_bytes(self.ranks(found[known]))
            return out
        place = {value: i for i, value in enumerate(self.values)}
        for i, text in enumerate(texts):
            if not text or not self.size:
                continue
            if self.kind == "class":
                out[i] = self._place(place, text)
            else:
                out[i] = 0
                out[i, [self._place(place, part) for part in members(text)]] = 1
        return out

    def _place(self, place: Mapping[str, int], text: str) -> int:
        found = place.get(text, place.get(OTHER))
        if found is None:
            raise ConfigError(f"label {self.name}: " + unknown_name("value", text, self.values))
        return found

    def texts(self, codes: np.ndarray) -> list[str]:
        """Turn bytes into labels, ``""`` where there is none."""
        unknown = self.is_unknown(codes)
        if self.kind == "number":
            found = [f"{x:.5g}" for x in self.at(ranks_of(codes)).tolist()]
        elif self.kind == "multi":
            found = [";".join(v for v, on in zip(self.values, row, strict=True) if on == 1)
                     for row in codes.tolist()]  # fmt: skip
        elif self.constant:
            found = [self.values[0]] * len(codes)
        else:
            found = [self.values[min(i, len(self.values) - 1)] for i in codes[:, 0].tolist()]
        return ["" if none else text for text, none in zip(found, unknown, strict=True)]

    def ranks(self, values: np.ndarray) -> np.ndarray:
        """Ranks of numbers among the training data, 0 to 1; the middle one where many are equal.

        Examples
        --------
        >>> number = Condition("x", "number", 5, 0, quantiles=(0.0, 0.0, 0.0, 1.0, 3.0))
        >>> number.ranks(np.array([-1, 0, 1, 2, 9.0])).tolist()
        [0.25, 0.25, 0.75, 0.875, 1.0]
        """
        edges = np.array(self.quantiles)
        values = np.clip(values, edges[0], edges[-1])
        first, last = (np.searchsorted(edges, values, side) for side in ("left", "right"))
        below, above = edges[np.maximum(first - 1, 0)], edges[np.minimum(first, len(edges) - 1)]
        gap = np.where(above > below, above - below, 1.0)
        between = first - 1 + (values - below) / gap
        places = np.where(last > first, (first + last - 1) / 2, between)
        return np.asarray(places / (len(edges) - 1))

    def at(self, ranks: np.ndarray) -> np.ndarray:
        """Values at some ranks; the inverse of :meth:`ranks`."""
        edges = np.array(self.quantiles)
        return np.interp(ranks * (len(edges) - 1), np.arange(len(edges)), edges)

    def describe(self) -> str:
        """Say in a few words what the label is.

        Examples
        --------
        >>> Condition("x", "class", 9, 1, ("a", "b"), (5, 4)).describe()
        'x (2 classes: a 5, b 4; 1 record without)'
        """
        without = f"; {plural(self.missing, 'record')} without" if self.missing else ""
        if self.kind == "number":
            return f"{self.name} (numbers from {self.low:.4g} to {self.high:.4g}{without})"
        one, many = ("class", "classes") if self.kind == "class" else ("label", "labels")
        of = [f"{value} {n:,}" for value, n in zip(self.values, self.counts, strict=True)]
        what = f"{len(of):,} {one if len(of) == 1 else many}"
        several = ", several at once" if self.kind == "multi" else ""
        return f"{self.name} ({what}{several}: {few(of, 8)}{without})"


def rank_bytes(ranks: np.ndarray) -> np.ndarray:
    """Write ranks from 0 to 1 as three bytes each, shape (n, 3)."""
    whole = np.rint(np.clip(ranks, 0, 1) * TOP_RANK).astype(np.int64)
    return (whole[:, None] // _PLACES % 256).astype(np.uint8)


def ranks_of(codes: np.ndarray) -> np.ndarray:
    """Read ranks, shape (n,), from bytes, shape (n, 3); more than 1 where there is none.

    Examples
    --------
    >>> ranks_of(rank_bytes(np.array([0.0, 0.5, 1.0]))).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.asarray(codes.astype(np.int64) @ _PLACES / TOP_RANK)


def reflected(ranks: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Fold ranks back into a range, as a mirror at both ends does.

    Examples
    --------
    >>> reflected(np.array([-0.25, 0.5, 1.25])).tolist()
    [0.25, 0.5, 0.75]
    """
    if high <= low:
        return np.full_like(ranks, low)
    place = np.mod((ranks - low) / (high - low), 2.0)
    return np.asarray(low + (high - low) * np.where(place > 1, 2 - place, place))


def condition_of(
    name: str,
    kind: ConditionKind | None,
    column: Sequence[Any] | np.ndarray,
    weights: np.ndarray,
    notes: list[str],
) -> Condition:
    """Read one condition off its column.

    Parameters
    ----------
    name : str
        Name of the label.
    kind : str, optional
        Its kind, where it is insisted on.
    column : sequence
        One value a record.
    weights : numpy.ndarray, shape (n,)
        Records that each one stands for.
    notes : list of str
        Receives what was done, one sentence each.

    Raises
    ------
    ConfigError
        If it has no value, or does not suit its kind.
    """
    texts = [str(value).strip() for value in column]
    times = np.maximum(1, np.rint(weights)).astype(np.int64)
    known = np.array([bool(text) for text in texts])
    have, missing = int(times[known].sum()), int(times[~known].sum())
    if not have:
        raise ConfigError(f"--condition {name}: no record has a value")
    kind = kind or kind_of(texts)
    if kind == "number":
        found = numbers(texts)
        wrong = [text for text, x in zip(texts, found, strict=True) if text and np.isnan(x)]
        if wrong:
            raise ConfigError(
                f"--condition {name}=number: {excerpt(wrong[0])} is no number "
                f"({plural(len(wrong), 'such record')}); without a value the cell is empty"
            )
        values = np.repeat(found[known], times[known])
        if values.min() == values.max():
            raise ConfigError(
                f"--condition {name}=number: all values are {values[0]:g}, nothing to learn"
            )
        edges = np.quantile(values, np.linspace(0, 1, QUANTILES))
        return Condition(name, kind, have, missing, quantiles=tuple(edges.tolist()))
    counts: dict[str, int] = {}
    for text, n in zip(texts, times.tolist(), strict=True):
        for value in members(text) if kind == "multi" else [text] * bool(text):
            counts[value] = counts.get(value, 0) + n
    kept = _frequent(counts, len(texts), missing)
    rest = {value: n for value, n in counts.items() if value not in kept}
    if rest:
        if not kept:
            raise ConfigError(
                f"--condition {name}: {len(counts):,} values, none in {FEWEST} records or more: "
                "nothing to learn by; are they names, or numbers with words among them "
                f"({name}=number)?"
            )
        kept[OTHER] = kept.get(OTHER, 0) + sum(rest.values())
        notes.append(
            f"label {name}: {plural(len(rest), 'value')} of fewer than {FEWEST} records, or beyond "
            f"the {MOST_CLASSES} most frequent, learned together as {OTHER!r}: {few(sorted(rest))}"
        )
    names = tuple(sorted(kept))
    return Condition(name, kind, have, missing, names, tuple(kept[value] for value in names))


def _frequent(counts: Mapping[str, int], n: int, missing: int) -> dict[str, int]:
    """Return the classes that are learned by themselves."""
    if len(counts) == 1 and not missing:
        return dict(counts)
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {value: count for value, count in often[:MOST_CLASSES] if count >= FEWEST}


_CARD = {
    "name": str,
    "kind": ConditionKind,
    "records": Count,
    "missing": Count,
    "values": Annotated[list[str], msgspec.Meta(max_length=MOST_CLASSES + 1)],
    "counts": list[Count],
    "quantiles": list[float],
}


def read_condition(part: Mapping[str, Any]) -> Condition:
    """Read a condition of a model card.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    found = check_fields("condition", part, _CARD)
    for key in ("values", "counts", "quantiles"):
        found[key] = tuple(found[key])
    condition = Condition(**found)
    edges = np.array(condition.quantiles)
    if condition.kind == "number":
        good = len(edges) > 1 and (np.diff(edges) >= 0).all() and edges[0] < edges[-1]
        if not good:
            raise CheckpointError("'quantiles' of condition do not increase")
    elif not condition.values or len({*condition.values}) != len(condition.counts):
        raise CheckpointError("'values' of condition do not have one count each")
    return condition
