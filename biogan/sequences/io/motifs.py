"""Motif files: position frequency matrices as the programs of the field write them.

MEME's text (its minimal form, and the whole output of MEME, DREME and STREME), JASPAR with its
variants, UniPROBE, TRANSFAC, HOMER and Cluster-Buster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.display import excerpt, shown
from biogan.core.errors import DataError
from biogan.core.inputs import Readable
from biogan.core.text import Source, legible

# FIMO's defaults: a tenth of a site of pseudocounts, and 20 sites where the file does not say.
_PSEUDOCOUNT = 0.1
_SITES = 20.0
#: Positions of a motif at most; those of transcription factors have 5 to 35.
WIDEST = 1000
# Of more sites no float would tell one more.
_MOST = 1e12
# MEME's own tolerance for the sum of a row of probabilities, with room for rounding.
_OFF = 0.1 + 1e-6
# Row sums that differ by less are those of one number of sites, rounded.
_EVEN = 0.02
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_LABEL = re.compile(r"([ACGTUacgtu])(?=[\s:|=\[])\s*[:|=]?\s*(.*)")
_TRANSFAC = re.compile(r"(AC|BF|CC|DE|DT|ID|NA|P0|PO|VV|XX)(\s|$)")
_READ = "MEME (text), JASPAR, UniPROBE, TRANSFAC, HOMER, Cluster-Buster"


@dataclass(frozen=True, eq=False)
class Motif:
    """A motif of nucleotides.

    Attributes
    ----------
    name : str
        As in the file.
    frequencies : numpy.ndarray, shape (width, 4)
        Of A, C, G and T (U) at each position; rows sum to 1.
    sites : float
        Sites that it was made of, above 0.
    both_strands : bool
        Whether its sites lie on either strand; those of RNA lie on one.

    Raises
    ------
    DataError
        If the matrix is none, or the number of sites is no number above 0.
    """

    name: str
    frequencies: np.ndarray
    sites: float = _SITES
    both_strands: bool = True

    def __post_init__(self) -> None:
        matrix = np.asarray(self.frequencies, float)
        name = f"motif {shown(self.name)}"
        if matrix.ndim != 2 or matrix.shape[1] != 4 or not len(matrix):
            raise DataError(f"{name}: not a matrix of width x 4 letters: {matrix.shape}")
        total = matrix.sum(1, keepdims=True)
        if not np.isfinite(total).all() or (matrix < 0).any() or (total <= 0).any():
            raise DataError(f"{name}: frequencies are at least 0, each row above 0")
        if not 0 < self.sites < np.inf:
            raise DataError(f"{name}: sites={self.sites}: a number above 0 is needed")
        object.__setattr__(self, "frequencies", matrix / total)

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.frequencies)

    def log_odds(self, background: np.ndarray) -> np.ndarray:
        """Return log2(frequency / background) with FIMO's pseudocounts, shape (width, 4)."""
        smooth = (self.sites * self.frequencies + _PSEUDOCOUNT * background) / (
            self.sites + _PSEUDOCOUNT
        )
        return np.asarray(np.log2(smooth / background))


def read_motifs(path: Readable) -> tuple[Motif, ...]:
    """Read motifs of nucleotides from a file.

    Parameters
    ----------
    path : str, Path or open file
        Plain or compressed, ``-`` for standard input. The first lines tell the format: MEME's text,
        JASPAR (four rows, with or without letters and brackets), UniPROBE, TRANSFAC, or HOMER's and
        Cluster-Buster's (a row of four numbers for each position).

    Returns
    -------
    tuple of Motif
        In the order of the file, each name once. Where the file does not say the number of sites
        (probabilities without ``nsites=``), it is 20.

    Raises
    ------
    DataError
        If it has none of these formats, is cut or damaged, holds no motif, one of another alphabet,
        one of more than 1,000 positions or two of one name. The line is named.
    FastaError
        If the file cannot be read.

    Notes
    -----
    Not with Biopython's parsers: they round MEME's probabilities to counts of ``nsites`` sites, cut
    HOMER's rows of four numbers into motifs of JASPAR, and name no line.
    """
    source = Source(path)
    lines, motifs = _Lines(source), dict[str, Motif]()
    with closing(source):
        for entry in _parser(lines):
            name = entry.name
            if name in motifs and entry.other:
                name = f"{name} {entry.other}"
            if name in motifs:
                raise lines.error(f"two motifs are called '{shown(name)}'; rename one", entry.line)
            try:
                motifs[name] = Motif(name, np.array(entry.rows), entry.sites, entry.both_strands)
            except DataError as error:
                raise lines.error(str(error), entry.line) from None
    if not motifs:
        raise lines.error("the end, and no motif before it")
    return tuple(motifs.values())


def meme_text(
    motifs: Mapping[str, tuple[np.ndarray, int]],
    letters: str,
    background: np.ndarray,
    both_strands: bool = False,
) -> str:
    """Return motifs in MEME's minimal text format.

    Parameters
    ----------
    motifs : mapping of str to (numpy.ndarray, int)
        Frequencies, shape (width, A), and number of sites of each.
    letters : str
        The A letters in the order of the columns.
    background : numpy.ndarray, shape (A,)
        Frequencies of the letters.
    both_strands : bool
        Whether sites lie on either strand.

    Examples
    --------
    >>> text = meme_text({"box": (np.eye(4)[[3, 0]], 12)}, "ACGT", np.full(4, 0.25))
    >>> print(text.splitlines()[-2])
    0.000000 0.000000 0.000000 1.000000
    """
    ordered = np.argsort(list(letters))
    alphabet = "".join(letters[i] for i in ordered)
    lines = ["MEME version 4", "", f"ALPHABET= {alphabet}", ""]
    if alphabet in ("ACGT", "ACGU"):
        lines += [f"strands: {'+ -' if both_strands else '+'}", ""]
    shares = background[ordered] / background.sum()
    each = " ".join(f"{c} {share:.5f}" for c, share in zip(alphabet, shares, strict=True))
    lines += ["Background letter frequencies", each, ""]
    size = len(alphabet)
    for name, (matrix, sites) in motifs.items():
        width = len(matrix)
        lines += [
            f"MOTIF {name}",
            f"letter-probability matrix: alength= {size} w= {width} nsites= {sites} E= 0",
            *(" ".join(f"{value:.6f}" for value in row[ordered]) for row in matrix),
            "",
        ]
    return "\n".join(lines)


class _Entry(NamedTuple):
    """A motif of a file: the line where it begins, its names, rows of A, C, G, T, and sites."""

    line: int
    name: str
    rows: list[list[float]]
    sites: float
    both_strands: bool
    other: str = ""


class _Row(NamedTuple):
    """A row of numbers, with the letter before it or ``""``."""

    line: int
    letter: str
    values: list[float]


class _Lines:
    """The lines of a file without what is blank, counted; the last one can be given back."""

    def __init__(self, source: Source) -> None:
        self.name = "standard input" if source.path == "-" else source.path
        self.stem = Path(source.path).name.partition(".")[0].strip("-") or "motif"
        self.number, self.text = 0, ""
        self._source = source
        self._waiting: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._waiting:
            self.number, self.text = self._waiting.pop()
            return self.text
        for line in self._source:
            self.number, self.text = self._source.number, legible(line, "a line", []).strip()
            if self.text:
                return self.text
        raise StopIteration

    def give_back(self, number: int, text: str) -> None:
        """Let a line come again."""
        self._waiting.append((number, text))

    def error(self, message: str, line: int | None = 0) -> DataError:
        """Return an error about a line: the one read last, another, or (None) the file."""
        where = "" if line is None else f", line {line or self.number}"
        return DataError(f"{self.name}{where}: {message}")


def _parser(lines: _Lines) -> Iterator[_Entry]:
    """Choose by the first lines; comments before them tell nothing."""
    head = next((line for line in lines if not line.startswith("#")), None)
    if head is None:
        raise lines.error("the file is empty; a file of motifs is needed", None)
    first, second = lines.number, next(lines, "")
    if second:
        lines.give_back(lines.number, second)
    lines.give_back(first, head)
    if head.startswith("MEME version") or set(head) == {"*"}:
        return _meme(lines)
    if _TRANSFAC.match(head):
        return _transfac(lines)
    if head.startswith(">") or _is_row(head) or _LABEL.match(second):
        return _blocks(lines)
    if head.startswith("<"):
        what = "an HTML or XML page; take the program's output as text (meme.txt)"
    elif head.startswith("HMMER"):
        what = "a profile of HMMER; a profile of proteins is given with --hmm"
    else:
        what = f"no file of motifs begins so; read are {_READ}"
    raise lines.error(f"{excerpt(head)}: {what}", first)


# --- MEME ---------------------------------------------------------------------------------


def _meme(lines: _Lines) -> Iterator[_Entry]:
    """Read each motif's letter-probability matrix; all else of MEME's output is passed over."""
    version, both, letters = False, True, "ACGT"
    motif: tuple[int, str, str] | None = None
    for line in lines:
        word, *rest = line.split()
        if line.startswith("MEME version"):
            version, both, letters = True, True, "ACGT"
        elif line.startswith("ALPHABET"):
            letters = _meme_alphabet(lines, line)
        elif word == "strands:":
            both = "-" in rest
        elif re.match(r"MOTIF(\s|$)", line):
            if motif:
                raise _no_matrix(lines, motif)
            if not version:
                raise lines.error("a motif, but no line 'MEME version' before it")
            names = line.split()[1:3]
            if not names:
                raise lines.error("MOTIF has no name behind it")
            other = names[1] if len(names) > 1 and not names[1].startswith("width") else ""
            motif = lines.number, names[0], other
        elif line.startswith("letter-probability matrix:"):
            if not motif:
                raise lines.error("a matrix without a line MOTIF of its own before it")
            rows, sites = _meme_matrix(lines, line)
            start, name, other = motif
            yield _Entry(start, name, rows, sites, both and letters == "ACGT", other)
            motif = None
    if motif:
        raise _no_matrix(lines, motif)
    if not version:
        raise lines.error("the end, and no line 'MEME version': not the text of MEME")


def _no_matrix(lines: _Lines, motif: tuple[int, str, str]) -> DataError:
    return lines.error(
        f"motif {shown(motif[1])} has no letter-probability matrix; is the file cut?", motif[0]
    )


def _meme_alphabet(lines: _Lines, line: str) -> str:
    """Return the letters of ``ALPHABET= ACGT`` or of a definition that ends with END ALPHABET."""
    start = lines.number
    if "=" in line.partition('"')[0]:
        letters = "".join(line.partition("=")[2].split()).upper()
    else:
        found = set()
        for definition in lines:
            if definition.startswith("END ALPHABET"):
                break
            # 'A "Adenine" CC0000 ~ T "Thymine" 00CC00': two letters; with "=" a code for several.
            plain = re.sub(r'"[^"]*"', "", definition)
            if "=" not in plain:
                found |= {part.strip()[:1] for part in plain.split("~")}
        else:
            raise lines.error("the alphabet does not end with END ALPHABET", start)
        letters = "".join(sorted(found))
    if letters not in ("ACGT", "ACGU"):
        raise lines.error(
            f"motifs of the letters {excerpt(letters)}: nucleotides are needed", start
        )
    return letters


def _meme_matrix(lines: _Lines, line: str) -> tuple[list[list[float]], float]:
    """Read the rows below a line ``letter-probability matrix:``, and its number of sites."""
    start = lines.number
    options = dict(re.findall(r"(\w+)\s*=\s*(\S*)", line))
    columns = _whole(lines, options, "alength") or 4
    if columns != 4:
        raise lines.error(f"alength= {columns}: a matrix of 4 letters (nucleotides) is needed")
    width = _whole(lines, options, "w")
    sites = _SITES
    if "nsites" in options:
        sites = _number(options["nsites"])
        if not 1 <= sites < np.inf:
            raise lines.error(
                f"nsites= {excerpt(options['nsites'])}: a number from 1 is needed; take "
                f"'nsites=' away if it is not known ({_SITES:.0f} are assumed then)"
            )
    rows: list[list[float]] = []
    for text in lines:
        if not _is_row(text) or _LABEL.match(text):
            lines.give_back(lines.number, text)
            break
        values = _values(lines, text)
        if len(values) != 4:
            raise lines.error(
                f"row {len(rows) + 1:,} of the matrix has {len(values):,} numbers, not 4"
            )
        total = sum(values)
        if abs(total - 1) > _OFF:
            raise lines.error(
                f"frequencies are at least 0 and add up to 1 in each row, not to {total:g}"
            )
        rows.append(values)
        _check_width(lines, len(rows))
    if width is not None and len(rows) != width:
        raise lines.error(f"w= {width}, but {len(rows):,} rows below it; is the file cut?", start)
    if not rows:
        raise lines.error("no row of the matrix below this line", start)
    return rows, sites


def _whole(lines: _Lines, options: dict[str, str], key: str) -> int | None:
    if key not in options:
        return None
    value = _number(options[key])
    if not 1 <= value < np.inf or value != int(value):
        raise lines.error(f"{key}= {excerpt(options[key])}: a whole number from 1 is needed")
    return int(value)


# --- rows of numbers: JASPAR, UniPROBE, HOMER, Cluster-Buster -----------------------------


def _blocks(lines: _Lines) -> Iterator[_Entry]:
    """Read matrices below a line with the name, ``>name`` or (UniPROBE) any text."""
    marked = False
    header: tuple[int, str] | None = None
    rows: list[_Row] = []
    for line in lines:
        if line.startswith("#"):
            continue
        if _is_row(line) and not line.startswith(">"):
            rows.append(_row(lines, line))
            _check_width(lines, len(rows))
            continue
        if marked and not line.startswith(">"):
            raise lines.error(f"a row of numbers is expected, not {excerpt(line, 20)}")
        marked = marked or line.startswith(">")
        if header or rows:
            yield _block(lines, header, rows)
        header, rows = (lines.number, line), []
    yield _block(lines, header, rows)


def _block(lines: _Lines, header: tuple[int, str] | None, rows: list[_Row]) -> _Entry:
    start, text = header or (rows[0].line, lines.stem)
    if not rows:
        raise lines.error(f"no matrix below {excerpt(text)}", start)
    name, consensus = _block_name(text)
    if not name:
        raise lines.error("a motif without a name", start)
    first = rows[0]
    for row in rows[1:]:
        if bool(row.letter) != bool(first.letter):
            raise lines.error("rows with and without a letter before them", row.line)
        if len(row.values) != len(first.values):
            raise lines.error(
                f"{len(row.values):,} numbers, where line {first.line} has {len(first.values):,}; "
                "is the file cut?",
                row.line,
            )
    _check_width(lines, len(first.values), start)
    letters = "".join(row.letter for row in rows)
    matrix = np.array([row.values for row in rows])
    if letters:
        if sorted(letters.replace("U", "T")) != list("ACGT"):
            raise lines.error(
                f"motif {shown(name)} has rows of {', '.join(letters)}; one of each of "
                "A, C, G, T (U) is needed",
                start,
            )
        matrix = matrix[np.argsort(list(letters))].T
    elif _by_letter(lines, matrix, start, bool(consensus)):
        matrix = matrix.T
    if consensus and len(consensus) != len(matrix):
        raise lines.error(
            f"{consensus} has {len(consensus):,} letters, but the matrix {len(matrix):,} "
            "positions; is the file cut?",
            start,
        )
    return _Entry(
        start, name, matrix.tolist(), _sites(lines, matrix, start), "U" not in letters + consensus
    )


def _block_name(header: str) -> tuple[str, str]:
    """Return the name that a line gives, and the consensus where it is HOMER's."""
    if not header.startswith(">"):
        # UniPROBE: "Protein: Cbf1    Seed k-mer: GTCACGTG    Enrichment Score: 0.49".
        return re.sub(r"^(Gene|Motif|Protein)\s*:\s*", "", header).partition("\t")[0], ""
    fields = header[1:].strip().split("\t")
    homer = len(fields) > 2 and _NUMBER.fullmatch(fields[2].strip())
    words = " ".join(fields[:2] if homer else fields).split()
    consensus = fields[0].strip().upper() if homer else ""
    return " ".join(words), consensus if re.fullmatch("[ACGTUNRYSWKMBDHV]+", consensus) else ""


def _by_letter(lines: _Lines, matrix: np.ndarray, start: int, homer: bool) -> bool:
    """Tell whether bare rows belong to the four letters (JASPAR), not to positions (HOMER)."""
    n, k = matrix.shape
    if (n == 4) != (k == 4):
        return n == 4
    if n != 4:
        raise lines.error(
            f"{n} rows of {k} numbers; JASPAR has four rows, HOMER and Cluster-Buster have rows of "
            "four numbers",
            start,
        )
    by_position, by_letter = (bool(np.ptp(s) <= _EVEN * s.mean())
                              for s in (matrix.sum(1), matrix.sum(0)))  # fmt: skip
    if homer or by_position != by_letter:
        return by_letter and not homer
    raise lines.error(
        "four rows of four numbers that can be read in two ways; write A, C, G, T before the rows",
        start,
    )


def _sites(lines: _Lines, matrix: np.ndarray, start: int) -> float:
    """Return the sites of a matrix of counts; of one of frequencies they are not known."""
    sums = matrix.sum(1)
    if not (sums > 0).all():
        raise lines.error(f"position {int(np.argmin(sums)) + 1} of the motif has no counts", start)
    return float(sums.max()) if sums.max() > 1 + _OFF else _SITES


# --- TRANSFAC -----------------------------------------------------------------------------


def _transfac(lines: _Lines) -> Iterator[_Entry]:
    """Read matrices: a line ``P0`` with the letters, numbered rows, and ``XX`` or ``//``."""
    names: dict[str, str] = {}
    rows: list[list[float]] = []
    start, letters, inside, last = 0, "", False, 0
    for line in lines:
        code, *words = line.split()
        start = start or lines.number
        if inside and code.isdecimal():
            if rows and int(code) != last + 1:
                raise lines.error(f"row {code} of the matrix behind row {last}; is the file cut?")
            last = int(code)
            rows.append(_values(lines, " ".join(words[:4])))
            if len(rows[-1]) != 4 or len(words) > 5:
                raise lines.error(f"row {code} of the matrix: 4 numbers and a letter are needed")
            _check_width(lines, len(rows))
            continue
        inside = False
        if code in ("P0", "PO"):
            letters, inside = "".join(words[:4]).upper(), True
            if rows or sorted(letters.replace("U", "T")) != list("ACGT"):
                raise lines.error(f"{excerpt(line)}: {code} with A, C, G, T once is needed")
        elif code == "//":
            if rows:
                yield _transfac_entry(lines, start, names, letters, rows)
            elif names:
                raise lines.error("a motif without rows below a line P0")
            start, names, rows = 0, {}, []
        elif code in ("AC", "ID", "NA", "DE") and words:
            names.setdefault(code, words[0])
        elif not re.fullmatch("[A-Z]{2}", code):
            raise lines.error(f"a line of TRANSFAC is expected, not {excerpt(line, 20)}")
    if inside:
        raise lines.error("the matrix does not end with XX or //; is the file cut?")
    if rows:
        yield _transfac_entry(lines, start, names, letters, rows)
    elif names:
        raise lines.error("the last motif has no rows below a line P0; is the file cut?")


def _transfac_entry(
    lines: _Lines, start: int, names: dict[str, str], letters: str, rows: list[list[float]]
) -> _Entry:
    said = [names[k] for k in ("AC", "ID", "NA", "DE") if k in names]
    if not said:
        raise lines.error("a motif without a name (AC, ID, NA or DE)", start)
    matrix = np.array(rows)[:, np.argsort(list(letters))]
    sites = _sites(lines, matrix, start)
    # The accession and one name; DE is a sentence.
    name = " ".join(dict.fromkeys(said[: 1 if said[0] == names.get("DE") else 2]))
    return _Entry(start, name, matrix.tolist(), sites, "U" not in letters)


# --- numbers ------------------------------------------------------------------------------


def _is_row(line: str) -> bool:
    labelled = _LABEL.match(line)
    body = labelled[2] if labelled else line
    return bool(re.match(r"\[|[-+.]*[0-9]|(nan|inf)\b", body, re.I))


def _row(lines: _Lines, line: str) -> _Row:
    labelled = _LABEL.match(line)
    letter, body = (labelled[1].upper(), labelled[2]) if labelled else ("", line)
    if body.startswith("[") != body.endswith("]"):
        raise lines.error("a row with one bracket; is the file cut?")
    values = _values(lines, body[1:-1] if body.startswith("[") else body)
    if not values:
        raise lines.error("a row without numbers")
    return _Row(lines.number, letter, values)


def _values(lines: _Lines, text: str) -> list[float]:
    words = text.split()
    values = [_number(word) for word in words]
    for word, value in zip(words, values, strict=True):
        if not 0 <= value <= _MOST:
            negative = value < 0
            raise lines.error(
                f"{excerpt(word, 20)}: "
                + ("a count or frequency is at least 0 (these look like scores)" if negative
                   else f"a number from 0 to {_MOST:g} is needed")
            )  # fmt: skip
    return values


def _number(word: str) -> float:
    """Return a number, NaN where the word is none."""
    return float(word) if _NUMBER.fullmatch(word) else float("nan")


def _check_width(lines: _Lines, width: int, line: int = 0) -> None:
    if width > WIDEST:
        raise lines.error(f"a motif of more than {WIDEST:,} positions", line)
