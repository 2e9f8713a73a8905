"""Profiles in HMMER's text, checked line by line before HMMER's parser sees them.

That parser is written in C and ends the whole process where a file is damaged in certain places.
What it is given here is written anew from fields that were checked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from biogan.core.display import excerpt
from biogan.core.errors import DataError
from biogan.core.text import Source

LETTERS = "A C D E F G H I K L M N P Q R S T V W Y".split()
#: Positions of a profile at most; those of protein families have some hundred.
MOST_POSITIONS = 100_000
# A negative logarithm of a probability, '*' for none.
_LOG = re.compile(r"[0-9]{1,4}\.[0-9]{1,10}|\*")
_COUNT = re.compile(r"[0-9]{1,10}")
_PAIR = r"-?[0-9]{1,9}\.[0-9]+ +-?[0-9]{1,9}\.[0-9]+"
# Columns behind the probabilities of a position, by the version of the format.
_ANNOTATIONS = {"f": 5, "e": 4, "d": 3, "c": 3, "b": 3, "a": 3}
# What each line of the head holds behind its name; others are passed over.
_HEAD = {
    "NAME": re.compile(r"[!-~]{1,1000}"),
    "LENG": _COUNT,
    "MAXL": _COUNT,
    "ALPH": re.compile(r"[A-Za-z]+"),
    **dict.fromkeys(("RF", "MM", "CONS", "CS", "MAP"), re.compile("yes|no", re.I)),
    "NSEQ": _COUNT,
    "EFFN": re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?"),
    "CKSUM": _COUNT,
    **dict.fromkeys(("GA", "TC", "NC"), re.compile(f"{_PAIR};?")),
    "STATS": re.compile(
        r"LOCAL +(MSV|VITERBI|FORWARD) +-?[0-9]{1,9}\.[0-9]+ +-?[0-9]{1,9}\.[0-9]+"
    ),
}


def checked_profile(path: str | Path) -> bytes:
    """Read the first profile of a file and write it anew.

    Parameters
    ----------
    path : str or Path
        Text of HMMER 3, plain or compressed, ``-`` for standard input.

    Returns
    -------
    bytes
        Text of HMMER 3 that its parser reads.

    Raises
    ------
    DataError
        If it is no profile of proteins in this format, or is damaged; it names the line.
    FastaError
        If the file cannot be read, or is no text.
    """
    source = Source(str(path), [])
    with closing(source):
        try:
            return ("\n".join(_lines(source)) + "\n").encode()
        except _Wrong as wrong:
            where = f"{path}, line {source.number:,}" if source.number else str(path)
            raise DataError(
                f"{where}: no profile in HMMER's format (hmmbuild writes one): {wrong}"
            ) from None


class _Wrong(Exception):  # noqa: N818 - becomes an error with the line
    """What is wrong with a line."""


def _lines(source: Source) -> Iterator[str]:
    first = next((line for line in source if not line.isspace()), "")
    version = re.match(r"HMMER3/([a-f])\b", first)
    if version is None:
        found = "nothing" if not first else excerpt(first.rstrip("\n"))
        hint = "; hmmconvert turns an older format into this one" if first[:5] == "HMMER" else ""
        raise _Wrong(f"it begins with 'HMMER3/', found {found}{hint}")
    yield f"HMMER3/{version[1]}"
    head, lines = _head(source)
    yield from lines
    positions = int(head.get("LENG", "0"))
    if not 0 < positions <= MOST_POSITIONS:
        raise _Wrong(f"LENG is {positions:,}, 1 to {MOST_POSITIONS:,} are read")
    if "NAME" not in head:
        raise _Wrong("NAME is missing")
    if head.get("ALPH", "").lower() != "amino":
        raise _Wrong("not a profile of proteins (ALPH amino)")
    if len([line for line in lines if line.startswith("STATS")]) not in (0, 3):
        raise _Wrong("three lines STATS LOCAL are needed: MSV, VITERBI and FORWARD")
    yield "HMM  " + "  ".join(LETTERS)
    next(source, "")
    yield "  m->m  m->i  m->d  i->m  i->i  d->m  d->d"
    fields = _fields(source)
    if fields[:1] == ["COMPO"]:
        yield "  COMPO  " + _logs(fields[1:], 20)
        fields = _fields(source)
    yield "  " + _logs(fields, 20)
    yield "  " + _logs(_fields(source), 7)
    behind = _ANNOTATIONS[version[1]]
    mapped = head.get("MAP", "no").lower() == "yes"
    for number in range(1, positions + 1):
        fields = _fields(source)
        if fields[:1] != [str(number)]:
            raise _Wrong(f"position {number} is missing")
        notes = fields[21:]
        wrong = len(notes) != behind or any(not re.fullmatch("[!-~]", note) for note in notes[1:])
        if wrong or not re.fullmatch(r"[0-9]{1,9}" if mapped else r"[0-9]{1,9}|-", notes[0]):
            raise _Wrong(f"position {number} has other annotations than {behind}")
        yield f"  {number}  {_logs(fields[1:21], 20)}  {' '.join(notes)}"
        yield "  " + _logs(_fields(source), 20)
        yield "  " + _logs(_fields(source), 7)
    if _fields(source) != ["//"]:
        raise _Wrong(f"'//' is missing behind position {positions}")
    yield "//"


def _head(source: Source) -> tuple[dict[str, str], list[str]]:
    """Read up to the names of the letters; return the values by name, and the lines."""
    head: dict[str, str] = {}
    lines: list[str] = []
    for line in source:
        name, _, value = line.rstrip().partition(" ")
        value = value.strip()
        if name == "HMM":
            if value.split() != LETTERS:
                raise _Wrong("the letters are not those of proteins")
            return head, lines
        pattern = _HEAD.get(name)
        if pattern is None:
            continue
        if not pattern.fullmatch(value):
            raise _Wrong(f"{name} is {excerpt(value)}")
        key = name + value.split()[1] if name == "STATS" else name
        if key in head:
            raise _Wrong(f"{name} stands there twice")
        head[key] = value
        lines.append(f"{name:<5} {value}")
    raise _Wrong("the file ends before the probabilities")


def _fields(source: Source) -> list[str]:
    line = next(source, None)
    if line is None:
        raise _Wrong("the file ends in the middle of the profile")
    return line.split()


def _logs(fields: list[str], count: int) -> str:
    if len(fields) != count or not all(map(_LOG.fullmatch, fields)):
        odd = next((f for f in fields if not _LOG.fullmatch(f)), f"{len(fields):,} fields")
        raise _Wrong(f"{count} numbers are needed, found {excerpt(odd)}")
    return "  ".join(fields)
