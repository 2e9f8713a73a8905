"""Alphabets: the fixed order of letters that a model is trained on and saved with.

Code ``i`` is the ``i``-th letter of :attr:`Alphabet.letters`. Two codes lie outside the letters:
:attr:`Alphabet.end` (= number of letters) ends a sequence of variable length and is never a letter
of the data, and :data:`UNKNOWN` (255) marks a letter that the alphabet does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from biogan.core.errors import AlphabetError, AlphabetNameError

UNKNOWN = 255
GAP = "-"


@dataclass(frozen=True)
class Alphabet:
    """An immutable, ordered set of upper-case letters.

    Parameters
    ----------
    name : str
        ``"dna"``, ``"rna"``, ``"protein"`` or a name of your own.
    letters : str
        The letters in code order: distinct printable ASCII without ``>`` and white space.
    ambiguity : dict of str to str
        For each ambiguity code the letters that it stands for (``{"R": "AG"}``).
    complement : str, optional
        The letters' complements in the same order, where a reverse complement makes sense.

    Raises
    ------
    AlphabetError
        If a letter is repeated or cannot stand in a FASTA file.

    Examples
    --------
    >>> DNA.encode("GATTACA").tolist()
    [2, 0, 3, 3, 0, 1, 0]
    >>> DNA.decode(DNA.encode("gatc"))
    'GATC'
    """

    name: str
    letters: str
    ambiguity: dict[str, str] = field(default_factory=dict, hash=False)
    complement: str | None = None
    _codes: bytes = field(init=False, repr=False, compare=False)
    _bytes: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.letters:
            raise AlphabetError(f"alphabet {self.name!r} has no letters")
        if len(set(self.letters)) != len(self.letters):
            raise AlphabetError(f"alphabet {self.name!r} repeats a letter: {self.letters!r}")
        bad = [c for c in self.letters if not ("!" <= c <= "~") or c == ">" or c.islower()]
        if bad:
            raise AlphabetError(
                f"alphabet {self.name!r}: {bad[0]!r} cannot be a letter "
                "(upper-case printable ASCII without '>')"
            )
        if len(self.letters) > 64:
            raise AlphabetError(
                f"alphabet {self.name!r} has {len(self.letters):,} letters, at most 64"
            )
        # Tables for bytes.translate: several times faster than numpy indexing, and no int64 copy.
        codes = bytearray([UNKNOWN] * 256)
        for code, letter in enumerate(self.letters):
            codes[ord(letter)] = codes[ord(letter.lower())] = code
        object.__setattr__(self, "_codes", bytes(codes))
        object.__setattr__(self, "_bytes", self.letters.encode().ljust(256, b"?"))

    @property
    def size(self) -> int:
        """Number of letters (the end symbol is not one)."""
        return len(self.letters)

    @property
    def end(self) -> int:
        """Code of the end symbol of sequences of variable length."""
        return len(self.letters)

    @property
    def symbols(self) -> Sequence[str]:
        """What the letters stand for, in code order: themselves, here."""
        return self.letters

    @property
    def noun(self) -> str:
        """What the letters are called in messages."""
        return "letters"

    @property
    def described(self) -> str:
        """The letters, for messages and reports."""
        return self.letters

    @property
    def has_gap(self) -> bool:
        """Whether the gap ``-`` is a letter, as in an alignment."""
        return GAP in self.letters

    def with_letters(self, extra: Iterable[str]) -> Alphabet:
        """Return this alphabet with further letters behind its own.

        An alphabet with a complement keeps it as long as the complement of each letter is one of
        its letters too (``R`` needs ``Y``).

        Examples
        --------
        >>> DNA.with_letters("-").letters
        'ACGT-'
        >>> DNA.with_letters("RY").complement
        'TGCAYR'
        """
        new = "".join(c for c in dict.fromkeys(extra) if c not in self.letters)
        if not new:
            return self
        complement = self.complement
        if complement is not None:
            partners = "".join(map(self.complement_of, new))
            complement = complement + partners if set(partners) == set(new) else None
        ambiguity = {k: v for k, v in self.ambiguity.items() if k not in new}
        return Alphabet(self.name, self.letters + new, ambiguity, complement)

    def complement_of(self, letter: str) -> str:
        """Return the complement of a letter or ambiguity code; any other letter is its own.

        Examples
        --------
        >>> DNA.complement_of("A"), DNA.complement_of("R"), DNA.complement_of("-")
        ('T', 'Y', '-')
        """
        pairs = dict(zip(self.letters, self.complement or "", strict=False))
        if letter in pairs:
            return pairs[letter]
        wanted = {pairs.get(c, c) for c in self.ambiguity.get(letter, "")}
        return next((k for k, v in self.ambiguity.items() if set(v) == wanted), letter)

    def encode(self, text: str | bytes) -> np.ndarray:
        """Turn letters into codes; lower case counts as upper case.

        Parameters
        ----------
        text : str or bytes
            Letters.

        Returns
        -------
        numpy.ndarray, shape (len(text),), uint8
            Codes; :data:`UNKNOWN` where the alphabet has no such letter.
        """
        raw = text.encode("latin-1", "replace") if isinstance(text, str) else text
        return np.frombuffer(bytearray(raw.translate(self._codes)), np.uint8)

    def encode_many(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Encode many strings at once into one flat array.

        Returns
        -------
        codes : numpy.ndarray, shape (total,), uint8
        offsets : numpy.ndarray, shape (n + 1,), int64
            String ``i`` is ``codes[offsets[i]:offsets[i + 1]]``.
        """
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(t) for t in texts], out=offsets[1:])
        return self.encode("".join(texts)), offsets

    def decode(self, codes: np.ndarray) -> str:
        """Turn codes back into letters; codes outside the alphabet become ``?``."""
        return np.asarray(codes, np.uint8).tobytes().translate(self._bytes).decode("ascii")

    def decode_many(self, codes: np.ndarray, offsets: np.ndarray) -> list[str]:
        """Decode a flat array with offsets into strings (the inverse of :meth:`encode_many`)."""
        text = self.decode(codes)
        bounds = offsets.tolist()
        return [text[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]

    def to_dict(self) -> dict[str, object]:
        """Return what ``config.json`` keeps: name, letters, ambiguity codes, complement."""
        return {
            "name": self.name,
            "letters": self.letters,
            "ambiguity": dict(self.ambiguity),
            "complement": self.complement,
        }

    @classmethod
    def from_dict(cls, data: dict) -> Alphabet:
        """Rebuild an alphabet written by :meth:`to_dict`."""
        if "tokens" in data:
            return Vocabulary.of(data["name"], data["tokens"])
        return cls(data["name"], data["letters"], dict(data["ambiguity"]), data["complement"])


# One character for each token: printable, none with a meaning in a file of sequences.
_STAND_INS = "".join(
    chr(i) for i in (*range(33, 127), *range(161, 256)) if chr(i) not in "-.*>?;@\xad"
)
#: Tokens that a vocabulary has at most.
MOST_TOKENS = len(_STAND_INS)


@dataclass(frozen=True)
class Vocabulary(Alphabet):
    """An alphabet whose letters stand for tokens of several characters, as those of SELFIES.

    Inside, a token is one letter, so that whatever reads letters reads tokens; :meth:`spell` and
    :meth:`read` translate. Build one with :meth:`of`.

    Parameters
    ----------
    tokens : tuple of str
        What each letter stands for, in code order.

    Examples
    --------
    >>> some = Vocabulary.of("selfies", ["[C]", "[=O]"])
    >>> letters = some.read([["[C]", "[=O]"], ["[C]"]])
    >>> some.encode(letters[0]).tolist(), some.spell(letters)
    ([0, 1], ['[C][=O]', '[C]'])
    """

    tokens: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.tokens:
            raise AlphabetError(f"vocabulary {self.name!r} has no tokens")
        if len(set(self.tokens)) != len(self.tokens) or "" in self.tokens:
            raise AlphabetError(f"vocabulary {self.name!r} repeats a token, or has an empty one")
        codes = bytearray([UNKNOWN] * 256)
        for code, letter in enumerate(self.letters):
            codes[ord(letter)] = code
        object.__setattr__(self, "_codes", bytes(codes))
        object.__setattr__(self, "_bytes", self.letters.encode("latin-1").ljust(256, b"?"))

    @classmethod
    def of(cls, name: str, tokens: Iterable[str]) -> Vocabulary:
        """Make a vocabulary of tokens in code order.

        Raises
        ------
        AlphabetError
            If there are none or too many, or one is there twice.
        """
        found = tuple(map(str, tokens))
        if len(found) > MOST_TOKENS:
            raise AlphabetError(
                f"vocabulary {name!r} has {len(found):,} tokens, at most {MOST_TOKENS}"
            )
        return cls(str(name), _STAND_INS[: len(found)], tokens=found)

    @property
    def symbols(self) -> Sequence[str]:
        """The tokens, in code order."""
        return self.tokens

    @property
    def noun(self) -> str:
        """What the letters are called in messages."""
        return "tokens"

    @property
    def described(self) -> str:
        """The tokens, or the first of many and how many there are."""
        some = " ".join(self.tokens[:12])
        return some if len(self.tokens) <= 12 else f"{some} ... ({len(self.tokens):,})"

    @property
    def has_gap(self) -> bool:
        """No token is a gap."""
        return False

    def decode(self, codes: np.ndarray) -> str:
        """Turn codes into letters, which stand for tokens."""
        return np.asarray(codes, np.uint8).tobytes().translate(self._bytes).decode("latin-1")

    def spell(self, texts: Iterable[str]) -> list[str]:
        """Write the tokens of letters out."""
        table = {ord(letter): t for letter, t in zip(self.letters, self.tokens, strict=True)}
        return [text.translate(table) for text in texts]

    def read(self, rows: Iterable[Iterable[str]]) -> list[str]:
        """Turn lists of tokens into letters; a token that is none of them becomes ``?``."""
        table = dict(zip(self.tokens, self.letters, strict=True))
        return ["".join(table.get(token, "?") for token in row) for row in rows]

    def to_dict(self) -> dict[str, object]:
        """Return what ``config.json`` keeps, the tokens too."""
        return {**super().to_dict(), "tokens": list(self.tokens)}


_NUCLEOTIDE_CODES = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"

DNA = Alphabet("dna", "ACGT", _NUCLEOTIDE_CODES, "TGCA")
RNA = Alphabet(
    "rna", "ACGU", {k: v.replace("T", "U") for k, v in _NUCLEOTIDE_CODES.items()}, "UGCA"
)
PROTEIN = Alphabet(
    "protein",
    _AMINO_ACIDS,
    # U (selenocysteine) and O (pyrrolysine) are read as the residues they are coded beside.
    {"B": "DN", "Z": "EQ", "J": "IL", "X": _AMINO_ACIDS, "U": "C", "O": "K"},
)
ALPHABETS: dict[str, Alphabet] = {a.name: a for a in (DNA, RNA, PROTEIN)}


def get_alphabet(name: str | Alphabet) -> Alphabet:
    """Look an alphabet up by name, or make a custom one from its letters.

    Parameters
    ----------
    name : str or Alphabet
        ``"dna"``, ``"rna"``, ``"protein"``, or ``"custom:LETTERS"`` for an alphabet of your own.

    Raises
    ------
    AlphabetNameError
        If the name is none of these, or the letters make no alphabet.

    Examples
    --------
    >>> get_alphabet("custom:HPX").size
    3
    """
    if isinstance(name, Alphabet):
        return name
    if name.startswith("custom:"):
        try:
            return Alphabet("custom", name.removeprefix("custom:").upper())
        except AlphabetError as error:
            raise AlphabetNameError(str(error)) from None
    try:
        return ALPHABETS[name.lower()]
    except KeyError:
        known = ", ".join(ALPHABETS)
        raise AlphabetNameError(
            f"unknown alphabet {name!r}: choose one of {known}, or custom:LETTERS"
        ) from None
