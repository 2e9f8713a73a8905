"""Writing sequences: FASTA or TSV, whole sets or streams, to files (also compressed) or stdout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from biogan.core.display import visible
from biogan.core.errors import ConfigError, DataError, OutputError
from biogan.core.files import open_output, utf8
from biogan.core.inputs import split_compression
from biogan.core.labels import LABEL, LABEL_NAME
from biogan.core.options import unknown_name
from biogan.sequences.dataset import SequenceSet

_BREAK = re.compile(r"[\t\r\n]")


# Names of arrays, pictures, structures, pages and tables of other kinds.
_OTHERS = (
    ".npz", ".npy", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".webp", ".pdb", ".cif",
    ".html", ".json", ".csv", ".xlsx", ".fastq", ".fq", ".safetensors", ".pt",
)  # fmt: skip


def write_fasta(sequences: SequenceSet, path: str | Path, wrap: int = 0) -> None:
    r"""Write a set as FASTA; labels stand behind the id as ``key=value``.

    Parameters
    ----------
    sequences : SequenceSet
        What to write.
    path : str or Path
        File name (``.gz``, ``.bz2``, ``.xz``, ``.zst``: compressed) or ``-`` for standard output.
        A file appears only when it is complete and then takes the place of an older one.
    wrap : int
        Letters a line; 0 writes each sequence on one line.

    Raises
    ------
    OutputError
        If the file cannot be written, or an id or label would not read back as it is.
    DataError
        If ``sequences`` are something else.
    """
    if not isinstance(sequences, SequenceSet):
        raise DataError(f"a SequenceSet can be written, not {type(sequences).__name__}")
    write_chunks([sequences], path, wrap=wrap)


def output_format(path: str | Path) -> str:
    """Return the format that a name asks for: ``"tsv"`` or ``"fasta"``.

    Raises
    ------
    OutputError
        If the name is that of something else: a FASTA of such a name would be taken for damaged.

    Examples
    --------
    >>> output_format("new.tsv.gz"), output_format("new.fa"), output_format("-")
    ('tsv', 'fasta', 'fasta')
    """
    name = split_compression(path)[0]
    if name.endswith(_OTHERS):
        raise OutputError(
            f"{path}: sequences are written as FASTA or TSV; give a name such as new.fasta, new.tsv"
        )
    return "tsv" if name.endswith(".tsv") else "fasta"


def write_chunks(
    chunks: Iterable[SequenceSet], path: str | Path, format: str = "fasta", wrap: int = 0
) -> int:
    """Write a stream of sets with the memory of one set.

    Parameters
    ----------
    chunks : iterable of SequenceSet
        Sets with the same label columns.
    path : str or Path
        File name (``.gz``, ``.bz2``, ``.xz``, ``.zst``: compressed) or ``-`` for standard output.
    format : {"fasta", "tsv"}
        ``tsv`` has the columns ``id``, ``sequence`` and one a label.
    wrap : int
        Letters a line of FASTA; 0 writes each sequence on one line.

    Returns
    -------
    int
        Number of records written.

    Raises
    ------
    OutputError
        If the file cannot be written, or an id or label would not read back as it is.
    BrokenPipeError
        If the reader of standard output went away.
    """
    if format not in FORMATS:
        raise ConfigError("--format: " + unknown_name("value", format, tuple(FORMATS)))
    stream = iter(chunks)
    first = next(stream, None)
    written = 0
    with open_output(path) as out:
        if first is not None and format == "tsv":
            names = map(visible, first.labels)
            out.write(utf8("\t".join(["id", "sequence", *names]) + "\n"))
        for chunk in chain([] if first is None else [first], stream):
            _check_ids(chunk, written)
            out.write(utf8("".join(FORMATS[format](chunk, wrap))))
            written += len(chunk)
            if str(path) == "-":
                out.flush()  # a reader that went away is noticed at this chunk, not at the end
    return written


def _fasta(chunk: SequenceSet, wrap: int) -> Iterator[str]:
    headers: Iterable[str] = chunk.ids
    if chunk.labels:
        for column in chunk.labels:
            if not re.fullmatch(LABEL_NAME, column):
                raise OutputError(
                    f"label column {column!r}: cannot stand in a FASTA header as key=value; "
                    "rename it or write TSV"
                )
        _check_labels(chunk, _unreadable)
        headers = map(chunk.header, range(len(chunk)))
    for header, text in zip(headers, chunk.strings(), strict=True):
        if wrap:
            text = "\n".join(text[i : i + wrap] for i in range(0, len(text), wrap))
        yield f">{visible(header)}\n{text}\n"


def _tsv(chunk: SequenceSet, wrap: int) -> Iterator[str]:
    _check_labels(chunk, lambda value: _BREAK.search(value) is not None)
    for row in zip(chunk.ids, chunk.strings(), *chunk.labels.values(), strict=True):
        yield "\t".join(visible(str(cell)) for cell in row) + "\n"


FORMATS: dict[str, Callable[[SequenceSet, int], Iterator[str]]] = {"fasta": _fasta, "tsv": _tsv}


def _unreadable(value: str) -> bool:
    return (
        _BREAK.search(value) is not None
        or value != value.strip()
        or LABEL.search(" " + value) is not None
    )


def _check_ids(chunk: SequenceSet, before: int) -> None:
    """Refuse ids that a reader would cut at white space."""
    if "\n".join(chunk.ids).split() == chunk.ids:
        return
    for number, name in enumerate(chunk.ids, before + 1):
        if name.split() != [name]:
            raise OutputError(
                f"record {number}: the id {name!r} is empty or holds white space, and would not "
                "read back as it is"
            )


def _check_labels(chunk: SequenceSet, bad: Callable[[str], bool]) -> None:
    for column, values in chunk.labels.items():
        for i, value in enumerate(values):
            if bad(str(value)):
                raise OutputError(
                    f"record {chunk.ids[i]!r}: the label {column}={value!r} would not read back "
                    "as it is; take tabs, line ends and 'key=value' out of it"
                )
