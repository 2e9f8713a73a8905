"""Labels of records as rows of bytes: what a conditional model learns and is asked for.

:class:`Conditions` are the labels of a model, and how often their combinations stand in the
training data. A row of bytes holds all labels of a record: small, exact, and of one layout in
memory, in the noise of a generator and in the model card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Annotated, Any, Self

import msgspec
import numpy as np

from biogan.core.conditions import parse_condition
from biogan.core.display import excerpt
from biogan.core.errors import CheckpointError, ConfigError
from biogan.core.files import check_fields
from biogan.core.label_codes import (
    Condition,
    condition_of,
    rank_bytes,
    ranks_of,
    read_condition,
    reflected,
)
from biogan.core.options import unknown_name

#: Rows of the joint distribution that a model keeps.
MOST_ROWS = 2000

Columns = Mapping[str, Sequence[Any] | np.ndarray]

_JOINT = {
    "rows": Annotated[list[str], msgspec.Meta(max_length=MOST_ROWS)],
    "counts": list[Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]],
}


@dataclass(frozen=True)
class Conditions:
    """The labels that a model has learned, and how often they occur together.

    Attributes
    ----------
    parts : tuple of Condition
        In the order of their names.
    rows : tuple of bytes
        Distinct rows of labels of the training data, of large sets evenly spaced ones.
    counts : tuple of int
        Records with each row.
    whole : bool
        Whether every record has every label, in training, too: there is no unknown label.

    Examples
    --------
    >>> found = Conditions.of({"class": ["a", "b"] * 20}, ("class",), np.ones(40))
    >>> len(found), found["class"].values, found.size, found.counts
    (1, ('a', 'b'), 1, (20, 20))
    """

    parts: tuple[Condition, ...] = ()
    rows: tuple[bytes, ...] = ()
    counts: tuple[int, ...] = ()
    whole: bool = False

    @classmethod
    def of(
        cls,
        columns: Columns,
        asked: Sequence[str],
        weights: np.ndarray,
        notes: list[str] | None = None,
    ) -> Self:
        """Read the conditions off the labels of training records.

        Parameters
        ----------
        columns : mapping of str to sequence
            Labels by name, one value a record.
        asked : sequence of str
            ``NAME`` or ``NAME=KIND``.
        weights : numpy.ndarray, shape (n,)
            Records that each one stands for.
        notes : list of str, optional
            Receives what was done, one sentence each.

        Raises
        ------
        ConfigError
            If a label is not there, has no value, or does not suit its kind.
        """
        said = [] if notes is None else notes
        parts: dict[str, Condition] = {}
        for text in asked:
            name, kind = parse_condition(text)
            if name in parts:
                raise ConfigError(f"--condition {name}: given twice")
            if name not in columns:
                hint = unknown_name("label", name, tuple(columns)) if len(columns) else (
                    "the records have no labels: key=value in the headers, or --labels TABLE.tsv"
                )  # fmt: skip
                raise ConfigError(f"--condition {name}: {hint}")
            parts[name] = condition_of(name, kind, columns[name], weights, said)
        ordered = tuple(parts[name] for name in sorted(parts))
        if not ordered:
            return cls()
        codes = np.concatenate([part.codes(columns[part.name]) for part in ordered], 1)
        rows, where = np.unique(codes, axis=0, return_inverse=True)
        counts = np.bincount(where.ravel(), np.maximum(1, np.rint(weights))).astype(np.int64)
        if len(rows) > MOST_ROWS:
            # Rows are sorted: evenly spaced ones have the shares of all.
            behind = np.cumsum(counts)
            at = (np.arange(MOST_ROWS) + 0.5) * behind[-1] / MOST_ROWS
            chosen, counts = np.unique(np.searchsorted(behind, at), return_counts=True)
            rows = rows[chosen]
        return cls(ordered, tuple(row.tobytes() for row in rows), tuple(counts.tolist()))

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[Condition]:
        return iter(self.parts)

    def __getitem__(self, name: str) -> Condition:
        """Return a condition by its name.

        Raises
        ------
        ConfigError
            If the model has none of this name.
        """
        for part in self.parts:
            if part.name == name:
                return part
        if not self.parts:
            raise ConfigError(
                f"label {excerpt(name)}: this model has learned no labels: train it with "
                "--condition"
            )
        raise ConfigError(unknown_name("label", name, tuple(part.name for part in self.parts)))

    @property
    def size(self) -> int:
        """Bytes of a row; 0 where there is nothing to learn."""
        return sum(part.size for part in self.parts)

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where the bytes of each condition stand in a row."""
        ends = np.cumsum([0, *(part.size for part in self.parts)]).tolist()
        return {part.name: slice(a, b)
                for part, a, b in zip(self.parts, ends[:-1], ends[1:], strict=True)}  # fmt: skip

    @cached_property
    def joint(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the training data, shape (m, size), and their shares, shape (m,)."""
        rows = np.frombuffer(b"".join(self.rows), np.uint8).reshape(len(self.rows), self.size)
        counts = np.array(self.counts, float)
        return rows, counts / counts.sum()

    @property
    def numbers(self) -> list[Condition]:
        """The conditions that are numbers."""
        return [part for part in self.parts if part.kind == "number"]

    def codes(self, columns: Columns, n: int) -> np.ndarray:
        """Turn labels of ``n`` records into rows, shape (n, size); unknown where there is none."""
        parts = [part.codes(columns.get(part.name, [""] * n)) for part in self.parts]
        return np.concatenate(parts, 1) if parts else np.empty((n, 0), np.uint8)

    def texts(self, codes: np.ndarray) -> dict[str, list[str]]:
        """Turn rows, shape (n, size), into labels by name."""
        return {part.name: part.texts(codes[:, self.places[part.name]]) for part in self.parts}

    def moved(self, codes: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Move the ranks of all numbers at random (vicinal estimation).

        Parameters
        ----------
        codes : numpy.ndarray, shape (n, size)
            Rows of bytes.
        normal : numpy.ndarray, shape (n, numbers)
            From N(0, 1).

        Returns
        -------
        numpy.ndarray, shape (n, size)
            A copy; what is unknown stays so.
        """
        out = codes.copy()
        for part, by in zip(self.numbers, normal.T, strict=True):
            place = self.places[part.name]
            known = ~part.is_unknown(out[:, place])
            ranks = ranks_of(out[known, place]) + part.spread * by[known]
            out[known, place] = rank_bytes(reflected(ranks))
        return out

    @property
    def unknown(self) -> np.ndarray:
        """The row of a record without any label, shape (size,)."""
        return np.frombuffer(b"".join(part.unknown for part in self.parts), np.uint8)

    def groups(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """Return which records have each class, each label, or each eighth of a number's ranks.

        Returns
        -------
        dict of str to numpy.ndarray, shape (n,), bool
            By a name for messages, in the order of the conditions and their classes.
        """
        found: dict[str, np.ndarray] = {}
        for part in self.parts:
            some = codes[:, self.places[part.name]]
            if part.kind == "number":
                eighth = np.minimum((ranks_of(some) * 8).astype(int), 7)
                known = ~part.is_unknown(some)
                found |= {f"{part.name} {i + 1}/8": known & (eighth == i) for i in range(8)}
            elif not part.constant:
                for i, value in enumerate(part.values):
                    has = some[:, i] == 1 if part.kind == "multi" else some[:, 0] == i
                    found[f"{part.name} {value}"] = has
        return found

    def describe(self) -> str:
        """Say in a few words what was learned."""
        return ", ".join(part.describe() for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return what the model card keeps."""
        joint = {"rows": [row.hex() for row in self.rows], "counts": list(self.counts)}
        whole = {"whole": True} if self.whole else {}
        return {"parts": [asdict(part) for part in self.parts], "joint": joint, **whole}

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read conditions of a model card.

        Raises
        ------
        CheckpointError
            If they are damaged.
        """
        check_fields("layout", {"conditions": data}, {"conditions": dict[str, Any]})
        check_fields("conditions", data, {"parts": list[dict[str, Any]], "joint": dict[str, Any]})
        whole = {"whole": False, **data}
        check_fields("conditions", whole, {"whole": bool})
        parts = tuple(read_condition(part) for part in data["parts"])
        names = [part.name for part in parts]
        if len(set(names)) != len(names) or names != sorted(names):
            raise CheckpointError("'parts' of conditions have the same name twice, or no order")
        joint = check_fields("joint", data["joint"], _JOINT)
        try:
            rows = tuple(bytes.fromhex(row) for row in joint["rows"])
        except ValueError as error:
            raise CheckpointError("'rows' of joint are no hexadecimal numbers") from error
        found = cls(parts, rows, tuple(joint["counts"]), whole["whole"])
        if not rows or len(rows) != len(found.counts) or any(len(r) != found.size for r in rows):
            raise CheckpointError("'rows' of joint are not rows of these conditions")
        for part in parts:
            _check_rows(part, found.joint[0][:, found.places[part.name]])
        return found


def taken(shares: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return which of some things numbers from U(0, 1) take, by the shares of the things.

    Examples
    --------
    >>> taken(np.array([0.5, 0.0, 0.5]), np.array([0.0, 0.5, 1.0])).tolist()
    [0, 2, 2]
    """
    steps = np.cumsum(shares)
    last = int(np.flatnonzero(shares)[-1])
    found = np.searchsorted(steps, uniform * steps[-1], "right")
    return np.asarray(np.minimum(found, last))


def _check_rows(part: Condition, codes: np.ndarray) -> None:
    """Refuse rows of a card with a class that there is not."""
    if part.kind == "number" or not part.size:
        return
    most = len(part.values) if part.kind == "class" else 1
    if ((codes > most).any(1) & ~part.is_unknown(codes)).any():
        raise CheckpointError(f"'rows' of joint have values that {excerpt(part.name)} has not")
