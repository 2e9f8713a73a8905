"""Sequences in whatever form they come: strings, Biopython records or a set, as one kind of set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from biogan.alphabet import ALPHABETS, Alphabet
from biogan.config import ReadingConfig
from biogan.datasets.sequences import SequenceSet
from biogan.errors import AlphabetError, DataError, FastaError
from biogan.io.cleaning import clean_records
from biogan.io.records import Record
from biogan.metrics.order import random_order

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

#: Whose alphabet further inputs are read with, for messages.
REFERENCE = "the reference"
Sequences = SequenceSet | Sequence[str] | Sequence["SeqRecord"]


def as_set(
    sequences: Sequences, name: str, alphabet: Alphabet | None = None, whose: str = REFERENCE
) -> SequenceSet:
    """Take sequences in any form, over the alphabet of the reference.

    Strings and Biopython records are cleaned like those of a file, with the default policies of
    ``docs/input.md``; the ``report`` of the set says what was found and done.

    Parameters
    ----------
    sequences : SequenceSet, list of str or list of Bio.SeqRecord.SeqRecord
        Records.
    name : str
        What an error calls them.
    alphabet : Alphabet, optional
        Alphabet to bring them to; found from the letters by default.
    whose : str
        Whose alphabet that is, for errors.

    Raises
    ------
    DataError
        If there is no record, or something is no sequence.
    AlphabetError
        If a letter is not in the alphabet, or no record of strings is left after cleaning.

    Examples
    --------
    >>> as_set(["acgt", "ACNT"], "reference").strings()
    ['ACGT']
    """
    if not isinstance(sequences, SequenceSet):
        sequences = _cleaned(sequences, name, alphabet, whose)
    if not len(sequences):
        raise DataError(f"the {name} set has no records: nothing to evaluate")
    if alphabet is None or sequences.alphabet.letters == alphabet.letters:
        return sequences
    try:
        converted = SequenceSet.from_strings(
            sequences.strings(), sequences.ids, alphabet, sequences.labels
        )
    except AlphabetError as error:
        raise AlphabetError(f"the {name} set does not fit {whose}: {error}") from None
    converted.weights, converted.report = sequences.weights, sequences.report
    return converted


def reading_like(alphabet: Alphabet, config: ReadingConfig | None = None) -> ReadingConfig:
    """Return the options that read a further input with the alphabet of the reference.

    Labels of the table of the reference are not looked for in the other inputs.
    """
    config = config or ReadingConfig()
    known = alphabet.name in ALPHABETS
    return config.replace(
        alphabet=alphabet.name if known else f"custom:{alphabet.letters}",
        gaps="letter" if alphabet.has_gap else config.gaps,
        labels=None,
    )


def shuffled(sequences: SequenceSet, seed: int, part: str = "") -> SequenceSet:
    """Put records into a random order that depends on their letters, not on the file's order.

    ``part`` is that of :func:`biogan.metrics.order.random_order`.
    """
    keys = [text.encode() for text in sequences.strings()]
    return sequences.take(random_order(keys, seed, part))


def _cleaned(
    sequences: Sequence[str] | Sequence[SeqRecord],
    name: str,
    alphabet: Alphabet | None,
    whose: str,
) -> SequenceSet:
    if isinstance(sequences, str | bytes):
        raise DataError(
            f"the {name} set is one string: give a list of sequences, or read a file with "
            "biogan.read_fasta"
        )
    records = [_record(item, i, name) for i, item in enumerate(sequences, 1)]
    if not records:
        raise DataError(f"the {name} set has no records: nothing to evaluate")
    config = None if alphabet is None else reading_like(alphabet)
    try:
        return clean_records(records, config, name, whose="" if alphabet is None else whose)
    except FastaError as error:
        fits = "cannot be read" if alphabet is None else f"does not fit {whose}"
        raise AlphabetError(f"the {name} set {fits}: {error}") from None


def _record(item: object, number: int, name: str) -> Record:
    if isinstance(item, str):
        return Record(f"seq_{number}", "", item, number)
    text, record_id = getattr(item, "seq", None), getattr(item, "id", None)
    if text is None or record_id is None:
        raise DataError(
            f"record {number} of the {name} set is of type {type(item).__name__}: give strings, "
            "Biopython records or a SequenceSet"
        )
    described = str(getattr(item, "description", ""))
    return Record(str(record_id), described.removeprefix(str(record_id)), str(text), number)
