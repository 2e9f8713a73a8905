"""Words as they are typed: IUPAC letters, sets in brackets, and enzymes by name."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

from biogan.core.display import excerpt
from biogan.core.errors import ConfigError
from biogan.sequences.alphabet import ALPHABETS, DNA, GAP, RNA, Alphabet

#: For each place of a word the letters that may stand there.
Pattern = tuple[str, ...]
#: Letters of a word at most.
LONGEST = 1000
_PLACE = re.compile(r"\[(\^?)([^][{}^]+)\]|\{([^][{}^]+)\}|([^][{}^])")
#: A letter that stands for any.
ANY = "."


def is_nucleotides(alphabet: Alphabet) -> bool:
    """Whether the letters are those of DNA or RNA, with gaps and the like beside them."""
    return alphabet.name in (DNA.name, RNA.name)


def letters_of(symbol: str, alphabet: Alphabet) -> str:
    """Return the letters of an alphabet that an IUPAC letter stands for, ``""`` for none.

    N of nucleotides, X of proteins and ``.`` stand for any letter but the gap. U is T in DNA, and
    T is U in RNA. U and O of proteins stand for nothing but themselves.

    Examples
    --------
    >>> letters_of("R", DNA), letters_of("t", RNA), letters_of("X", ALPHABETS["protein"])
    ('AG', 'U', 'ACDEFGHIKLMNPQRSTVWY')
    """
    symbol = symbol.upper()
    plain = ALPHABETS.get(alphabet.name, alphabet)
    every = alphabet.letters.replace(GAP, "")
    if symbol in plain.letters:
        return symbol if symbol in alphabet.letters else ""
    if symbol == ANY or set(plain.ambiguity.get(symbol, "")) >= set(plain.letters):
        return every
    if is_nucleotides(alphabet) and symbol in "TU":
        return letters_of("U" if symbol == "T" else "T", alphabet)
    if len(plain.ambiguity.get(symbol, "")) == 1:
        # U and O of proteins are read as C and K; who names one does not mean the other.
        return symbol if symbol in every else ""
    # An ambiguous letter that the data have kept stands for itself, too.
    return "".join(x for x in every if x == symbol or x in plain.ambiguity.get(symbol, ""))


def pattern(text: str, alphabet: Alphabet, whole: str | None = None, gaps: bool = False) -> Pattern:
    """Read a word.

    Parameters
    ----------
    text : str
        IUPAC letters, ``.`` for any; ``[ST]`` and ``[^P]`` or ``{P}`` for a set of letters and for
        all others.
    alphabet : Alphabet
        Its letters.
    whole : str, optional
        What the text is a part of, for messages.
    gaps : bool
        Whether ``-`` may be meant, where it is a letter; ``[^-]`` is any letter but it.

    Raises
    ------
    ConfigError
        If the text is empty, too long, or has a letter that the alphabet does not have.

    Examples
    --------
    >>> pattern("gRn", DNA)
    ('G', 'AG', 'ACGT')
    >>> [len(place) for place in pattern("N[^P][ST]", ALPHABETS["protein"])]
    [1, 19, 2]
    """
    said = excerpt(text if whole is None else whole)
    places, position = [], 0
    while position < len(text):
        found = _PLACE.match(text, position)
        if found is None:
            raise ConfigError(
                f"{said}: a bracket that is not closed, or an empty one; write [ST] for one of "
                "these letters, [^P] for any but these"
            )
        position = found.end()
        inside = found[2] or found[3] or found[4]
        sets = [
            GAP if symbol == GAP and gaps and alphabet.has_gap else letters_of(symbol, alphabet)
            for symbol in inside
        ]
        if "" in sets:
            raise ConfigError(
                f"{said}: {excerpt(inside[sets.index('')])} is no letter of {alphabet.name} "
                f"({alphabet.letters}{_codes(alphabet)})"
            )
        letters = set("".join(sets))
        if found[1] or found[3]:
            letters = set(alphabet.letters.replace(GAP, "")) - letters
            if not letters:
                raise ConfigError(f"{said}: {found[0]} leaves no letter")
        places.append("".join(sorted(letters)))
    if not 0 < len(places) <= LONGEST:
        raise ConfigError(f"{said}: a word has 1 to {LONGEST:,} letters, not {len(places):,}")
    return tuple(places)


def _codes(alphabet: Alphabet) -> str:
    plain = ALPHABETS.get(alphabet.name)
    return f" and {''.join(x for x in plain.ambiguity if letters_of(x, plain))}" if plain else ""


@lru_cache
def flank_letters(flank: str, alphabet: Alphabet) -> str:
    """Return what stands beside each sequence in letters of its alphabet.

    Raises
    ------
    ConfigError
        If it has other letters than the plain ones of the alphabet.
    """
    letters = [letters_of(symbol, alphabet) for symbol in flank]
    if any(len(letter) != 1 for letter in letters):
        raise ConfigError(
            f"--flanks {excerpt(flank)}: has letters that are none of "
            f"{ALPHABETS.get(alphabet.name, alphabet).letters.replace(GAP, '')}"
        )
    return "".join(letters)


def other_strand(places: Pattern, alphabet: Alphabet) -> Pattern:
    """Return the word that stands on the other strand where this one stands.

    Examples
    --------
    >>> other_strand(("G", "AG", "A"), DNA)
    ('T', 'CT', 'C')
    """
    plain = ALPHABETS.get(alphabet.name, alphabet)
    partner = {x: (plain if x in plain.letters else alphabet).complement_of(x)
               for x in alphabet.letters}  # fmt: skip
    return tuple("".join(sorted(partner[x] for x in place)) for place in reversed(places))


@lru_cache
def words(text: str, alphabet: Alphabet, both: bool) -> tuple[Pattern, ...]:
    """Read a word or the name of an enzyme as the words that are looked for on the strand written.

    Parameters
    ----------
    text : str
        The exact name of an enzyme, else letters, else a name in any case: ``DrdV`` is the enzyme,
        ``DRDV`` are letters (no other enzyme has a name of IUPAC letters alone). A ``+`` before
        letters asks for this strand alone.
    alphabet : Alphabet
        Its letters; only DNA and RNA have enzymes.
    both : bool
        Whether letters of DNA mean both strands. Those of RNA have one; sites of enzymes lie on
        both strands of either.

    Raises
    ------
    ConfigError
        If it is neither.

    Examples
    --------
    >>> ["".join(word) for word in words("bsai", DNA, True)]
    ['GGTCTC', 'GAGACC']
    >>> ["".join(word) for word in words("+GGA", DNA, True)]
    ['GGA']
    """
    single = text.startswith("+")
    name = text.removeprefix("+").strip()
    site = enzyme_site(name, exact=True)
    if site and not is_nucleotides(alphabet):
        # BSAI are four letters of a protein, too.
        raise ConfigError(
            f"{name}: is an enzyme, which cuts DNA, and these are {alphabet.name} letters; write "
            f"{name.upper()} for the letters"
        )
    if not site and is_nucleotides(alphabet) and not _is_word(name, alphabet):
        site = enzyme_site(name)
        if not site and (name.isalnum() or "_" in name):
            raise ConfigError(_unknown(name, alphabet))
    if site:
        if single:
            raise ConfigError(f"{text}: the sites of an enzyme lie on both strands; leave '+' out")
        found = [pattern(part, alphabet) for part in site.split("|")]
        both = True
    else:
        found = [pattern(name, alphabet)]
        both = both and alphabet.name == DNA.name and not single
    if both:
        found += [other_strand(word, alphabet) for word in found]
    return tuple(dict.fromkeys(found))


def _is_word(name: str, alphabet: Alphabet) -> bool:
    return all(letters_of(symbol, alphabet) for symbol in name if symbol not in "[]{}^")


def _unknown(name: str, alphabet: Alphabet) -> str:
    known = {x.lower(): x for x in _enzymes()}
    near = [known[x] for x in difflib.get_close_matches(name.lower(), known, 3)]
    guess = f"did you mean {' or '.join(near)}?" if near else "no enzyme has a name like this"
    odd = next(x for x in name if not letters_of(x, alphabet))
    return f"unknown enzyme {excerpt(name)}: {guess} ({odd!r} is no letter of {alphabet.name})"


@lru_cache
def _enzymes() -> dict[str, str]:
    # Loaded when a name is looked up: it takes a tenth of a second.
    from Bio.Restriction import AllEnzymes  # type: ignore[attr-defined]

    return {str(enzyme): enzyme.site for enzyme in AllEnzymes}


def enzyme_site(name: str, exact: bool = False) -> str | None:
    """Return the recognition site of a restriction enzyme (REBASE, through Biopython).

    Parameters
    ----------
    name : str
        Its name; ``EcoRI``.
    exact : bool
        Whether upper and lower case matter.

    Returns
    -------
    str or None
        IUPAC letters, alternatives with ``|`` between them; None for an unknown name.

    Examples
    --------
    >>> enzyme_site("ecori"), enzyme_site("ecori", exact=True)
    ('GAATTC', None)
    """
    known = _enzymes()
    if exact:
        return known.get(name)
    return next((site for x, site in known.items() if x.lower() == name.lower()), None)
