"""The kinds of data: one line each, and how the kind of a file, a set or a card is found.

No other module asks which kind of data it has.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from biogan.core.errors import BioganError, CheckpointError, ConfigError, DataError
from biogan.core.inputs import is_pipe
from biogan.core.options import unknown_name

if TYPE_CHECKING:
    from biogan.training.modality import Modality

#: Module and class of each kind, in the order in which a file is asked for its kind: a kind that
#: takes whatever no other takes comes last.
KINDS = {
    "structures": "biogan.structures.modality:StructureModality",
    "images": "biogan.images.modality:ImageModality",
    "molecules": "biogan.molecules.modality:MoleculeModality",
    "sequences": "biogan.sequences.modality:SequenceModality",
}


def get_kind(name: str) -> type[Modality]:
    """Return the class of a kind.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    if name not in KINDS:
        raise ConfigError("--kind: " + unknown_name("kind of data", name, tuple(KINDS)))
    module, _, cls = KINDS[name].partition(":")
    found: type[Modality] = getattr(import_module(module), cls)
    return found


def all_kinds(names: tuple[str, ...] = ()) -> Iterator[type[Modality]]:
    """Yield the kinds of these names, or all of them, importing one at a time."""
    for name in names or tuple(KINDS):
        yield get_kind(name)


def kind_of_data(data: str) -> type[Modality]:
    """Return the kind that a file, a folder or a known name looks like.

    What begins a pipe is left to its reader.

    Raises
    ------
    ConfigError
        If it looks like none.
    DataError
        If there is no such file, and the name is nearly that of a known set.
    """
    known = [name for kind in all_kinds() for name in kind.known]
    if not is_pipe(data) and not Path(data).exists() and data not in known:
        near = difflib.get_close_matches(data, known, 1)
        if near:
            raise DataError(f"{data}: no such file or folder; did you mean {near[0]!r}?")
    for kind in all_kinds():
        if kind.recognises(data):
            return kind
    kinds = ", ".join(KINDS)
    raise ConfigError(f"{data}: of no known kind of data, say which with --kind: {kinds}")


def kind_of_records(records: Any, names: tuple[str, ...] = ()) -> type[Modality]:
    """Return the kind of a set of records.

    Parameters
    ----------
    records : set of records
        Training data, say.
    names : tuple of str
        Kinds that are allowed, by default all.

    Raises
    ------
    DataError
        If it is of none of them.
    """
    # Sequences first: their modules are at hand where sequences are.
    wanted = [*all_kinds(names or tuple(reversed(KINDS)))]
    for kind in wanted:
        if isinstance(records, kind.records):
            return kind
    called = [kind.records[0].__name__ for kind in wanted]
    readers = [f"biogan.{kind.reader}" for kind in wanted if kind.reader]
    sets = " or ".join(f"{'an' if name[0] in 'AEIOU' else 'a'} {name}" for name in called)
    raise DataError(
        f"fit needs {sets}, not {type(records).__name__}"
        + (": read files with " + " or ".join(readers) if readers else "")
    )


class Described(Protocol):
    """What names the kind of a model and describes its records: a model card."""

    @property
    def kind(self) -> str:
        """The kind of model."""
        ...

    @property
    def layout(self) -> dict[str, Any]:
        """What one record is."""
        ...


def kind_of_card(card: Described) -> type[Modality]:
    """Return the kind of data of a model.

    Raises
    ------
    CheckpointError
        If this version knows none such.
    """
    named = []
    # One at a time: a model of sequences needs no package that reads images.
    for kind in all_kinds(tuple(reversed(KINDS))):
        if kind.card == card.kind:
            if kind.describes(card.layout):
                return kind
            named.append(kind.name)
    if not named:
        raise CheckpointError(f"models of kind {card.kind[:40]!r} are not known here")
    found = str(card.layout.get("kind"))[:40]
    raise CheckpointError(f"layout of kind {found!r}, known are {' and '.join(named)}")


def modality_from(card: Described) -> Modality:
    """Read the modality of a model off its card.

    Raises
    ------
    CheckpointError
        If the card is damaged.
    """
    kind, layout = kind_of_card(card), card.layout
    try:
        found = kind.from_dict(layout)
        found.describe()  # a damaged value shows when it is used
        return found
    except BioganError:
        raise
    except Exception as error:
        raise CheckpointError(f"layout cannot be read ({error})") from error
