"""Finding out what letters mean: DNA, RNA or protein; soft-masking or A2M; aligned or not."""

from __future__ import annotations

import string

import numpy as np

from biogan.alphabet import DNA, GAP, PROTEIN, RNA, Alphabet
from biogan.io.input_report import plural
from biogan.io.letters import Letters

LOWER = string.ascii_lowercase.encode()
DOT = b"."
# Letters of proteins that are no IUPAC code of a nucleotide. X is left out: it masks DNA, too.
PROTEIN_ONLY = b"EFILPQZJO"
NUCLEOTIDES = b"ACGTUN"
# A record looks like protein if more than this share of its letters are protein letters (natural
# proteins have a third), a file if at least this share of its records do. A typo is neither.
RECORD_SHARE = 0.05
FILE_SHARE = 0.1
# A share of records of the other kind worth telling.
MIXED_SHARE = 0.01


def find_alphabet(letters: Letters) -> tuple[Alphabet, str]:
    """Find the alphabet of upper-case letters without white space and digits.

    A file is protein if at least a tenth of its records look like protein, or if fewer than half
    of all letters are A, C, G, T, U or N. Nucleotides are RNA if there is U and no T.

    Parameters
    ----------
    letters : Letters
        All records.

    Returns
    -------
    alphabet : Alphabet
        DNA, RNA or PROTEIN.
    reason : str
        Why, in words.

    Examples
    --------
    >>> find_alphabet(Letters.from_texts(["GAUUACA", "ACGU"]))[1]
    'U and no T'
    """
    residues = letters.lengths - letters.per_record(letters.positions(GAP.encode()))
    total = letters.count(string.ascii_uppercase.encode())
    share = letters.count(NUCLEOTIDES) / total if total else 1.0
    hits = letters.per_record(letters.positions(PROTEIN_ONLY))
    proteins, records = int((hits > RECORD_SHARE * residues).sum()), int((residues > 0).sum())
    found = " ".join(letters.seen(PROTEIN_ONLY).decode())
    if records and proteins >= FILE_SHARE * records:
        reason = f"protein letters ({found})"
        if records - proteins >= MIXED_SHARE * records:
            reason += (
                f" in {proteins:,} of {plural(records, 'record')}; the other "
                f"{records - proteins:,} could be nucleotides (--alphabet decides)"
            )
        return PROTEIN, reason
    if share < 0.5:
        return PROTEIN, f"only {share:.0%} of the letters are A, C, G, T, U or N"
    mixed = (
        f"; {plural(proteins, 'record')} of {records:,} look like protein (--alphabet decides)"
        if proteins
        else ""
    )
    if not letters.count(b"U"):
        return DNA, ("nucleotides, T and no U" if letters.count(b"T") else "nucleotides") + mixed
    if not letters.count(b"T"):
        return RNA, "U and no T" + mixed
    return DNA, "nucleotides, both T and U (--alphabet rna turns T into U instead)" + mixed


def is_a2m(letters: Letters) -> bool:
    """Tell whether lower case means an A2M insert rather than soft-masking.

    So it is where a file has both ``.`` and lower case, and taking them out leaves every record
    with the same number of columns.

    Examples
    --------
    >>> is_a2m(Letters.from_texts(["..ACa-T", "ggAC.GT"]))
    True
    """
    if not (letters.count(DOT) and letters.count(LOWER)):
        return False
    return is_aligned(letters.without(LOWER + DOT))


def is_aligned(letters: Letters) -> bool:
    """Tell whether all records that are not empty have one length."""
    return len(np.unique(letters.lengths[letters.lengths > 0])) == 1
