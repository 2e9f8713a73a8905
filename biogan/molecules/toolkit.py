"""RDKit and SELFIES, asked for where they are needed: parsing, canonical SMILES, tokens.

Both are of the extra ``mol``. RDKit's log is held back: what is wrong with a text is returned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from biogan.core.errors import ConfigError

# Tokens of SMILES (Schwaller et al. 2019, ACS Cent Sci 5:1572): atoms in brackets, elements of two
# letters, ring closures of two digits, and single characters.
_SMILES_TOKEN = re.compile(r"\[[^\]]+\]|Br|Cl|%\d\d|.")
_SELFIES_TOKEN = re.compile(r"\[[^\]]*\]|\.")
#: Why a text is left out.
EMPTY, SYNTAX = "empty", "no SMILES"


def need(extra: str = "mol") -> None:
    """Refuse to go on without the packages of an extra.

    Raises
    ------
    ConfigError
        With what to install.
    """
    try:
        import rdkit  # noqa: F401
        import selfies  # noqa: F401

        if extra == "mol-fcd":
            import fcd_torch  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"molecules need {error.name}: install it with pip install 'biogan[{extra}]'"
        ) from None


@cache
def chem() -> Any:
    """Return ``rdkit.Chem``.

    Raises
    ------
    ConfigError
        If RDKit is not installed.
    """
    need()
    from rdkit import Chem

    return Chem


def quiet() -> Any:
    """Return a context in which RDKit writes nothing to standard error."""
    chem()
    from rdkit.rdBase import BlockLogs

    return BlockLogs()


class Parsed(NamedTuple):
    """What became of one text.

    Attributes
    ----------
    smiles : str
        Canonical SMILES; empty where the text is no molecule.
    fault : str
        Why it is none, in a few words; empty where it is one.
    salt : bool
        Whether smaller parts were there beside the largest one.
    """

    smiles: str
    fault: str = ""
    salt: bool = False


def parsed(text: str, salts: str = "keep") -> Parsed:
    """Read one SMILES; charges, isotopes and stereo stay as they are.

    Parameters
    ----------
    text : str
        SMILES.
    salts : {"keep", "largest", "drop"}
        What becomes of molecules of several parts, such as salts: all parts are kept, the part
        with the most heavy atoms alone is (then the heaviest, then the first by its SMILES), or
        the molecule is left out.

    Examples
    --------
    >>> parsed("C1=CC=CC=C1O").smiles, parsed("CC(=O)[O-].[Na+]", "largest")
    ('Oc1ccccc1', Parsed(smiles='CC(=O)[O-]', fault='', salt=True))
    >>> parsed("C(C").fault, parsed("C(C)(C)(C)(C)C").fault
    ('no SMILES', 'Explicit valence for atom # 0 C, 5, is greater than permitted')
    """
    tools = chem()
    with quiet():
        if not text:
            return Parsed("", EMPTY)
        found = tools.MolFromSmiles(text)
        if found is None:
            return Parsed("", _fault(text))
        if not found.GetNumAtoms():
            return Parsed("", EMPTY)
        salt = "." in text
        if salt and salts != "keep":
            parts = tools.GetMolFrags(found, asMols=True)
            salt = len(parts) > 1
            if salt and salts == "drop":
                return Parsed("", "of several parts", True)
            found = max(parts, key=_size)
        return Parsed(tools.MolToSmiles(found), "", salt)


def _size(part: Any) -> tuple[int, int, str]:
    heavy = sum(atom.GetAtomicNum() for atom in part.GetAtoms())
    return part.GetNumHeavyAtoms(), heavy, chem().MolToSmiles(part)


def _fault(text: str) -> str:
    """Say what RDKit finds wrong with a text."""
    loose = chem().MolFromSmiles(text, sanitize=False)
    if loose is None:
        return SYNTAX
    problems = chem().DetectChemistryProblems(loose)
    return str(problems[0].Message()) if problems else SYNTAX


def molecules(smiles: Sequence[str]) -> list[Any]:
    """Return RDKit's molecules; None for a text that is none."""
    with quiet():
        return [chem().MolFromSmiles(text) if text else None for text in smiles]


def pattern(smarts: str, flag: str) -> Callable[[Any], bool]:
    """Return what tells whether a molecule holds a pattern.

    Raises
    ------
    ConfigError
        If it is no SMARTS.

    Examples
    --------
    >>> pattern("c1ccncc1", "--require-smarts")(molecules(["Cc1ccncc1"])[0])
    True
    """
    with quiet():
        found = chem().MolFromSmarts(smarts)
    if found is None:
        raise ConfigError(f"{flag} {smarts}: is no SMARTS")
    return lambda molecule: bool(molecule.HasSubstructMatch(found))


def split_tokens(text: str, alphabet: str) -> list[str]:
    """Split SELFIES or SMILES into their tokens.

    Examples
    --------
    >>> split_tokens("[C][=O]", "selfies"), split_tokens("ClCC[NH3+]", "smiles")
    (['[C]', '[=O]'], ['Cl', 'C', 'C', '[NH3+]'])
    """
    return (_SELFIES_TOKEN if alphabet == "selfies" else _SMILES_TOKEN).findall(text)


def single_tokens(tokens: Sequence[str], alphabet: str) -> int:
    """Return how many tokens of a vocabulary stand alone; joined ones follow.

    Examples
    --------
    >>> single_tokens(["C", "Cl", "CCl"], "smiles")
    2
    """
    return sum(len(split_tokens(token, alphabet)) == 1 for token in tokens)


def encoded(smiles: str, alphabet: str) -> str:
    """Write canonical SMILES in an alphabet; empty where it cannot be.

    Examples
    --------
    >>> encoded("Oc1ccccc1", "selfies")
    '[O][C][=C][C][=C][C][=C][Ring1][=Branch1]'
    """
    if alphabet == "smiles" or not smiles:
        return smiles
    need()
    from selfies import EncoderError, encoder

    try:
        return str(encoder(smiles))
    except EncoderError:  # beyond the valences that SELFIES knows
        return ""


def decoded(text: str, alphabet: str) -> str:
    """Read what a model wrote as SMILES; it need not be a molecule.

    Examples
    --------
    >>> decoded("[C][=C][F][F]", "selfies")
    'C=CF'
    """
    if alphabet == "smiles":
        return text
    need()
    from selfies import DecoderError, decoder

    try:
        return str(decoder(text))
    except DecoderError:
        return ""


class Coded(NamedTuple):
    """Texts as codes of tokens.

    Attributes
    ----------
    tokens : list of str
        In the order of their codes.
    codes : numpy.ndarray of uint16
        All texts one behind another.
    lengths : numpy.ndarray of int64
        Tokens of each.
    """

    tokens: list[str]
    codes: np.ndarray
    lengths: np.ndarray


def coded(smiles: Sequence[str], alphabet: str) -> Coded:
    """Write canonical SMILES as tokens, each with a code in the order of its first use."""
    table: dict[str, int] = {}
    codes: list[int] = []
    lengths = np.empty(len(smiles), np.int64)
    for i, text in enumerate(smiles):
        row = split_tokens(encoded(text, alphabet), alphabet)
        codes += [table.setdefault(token, len(table)) for token in row]
        lengths[i] = len(row)
    return Coded([*table], np.array(codes, np.uint16), lengths)


def canonical(texts: Sequence[str], salts: str = "keep") -> list[Parsed]:
    """Read many SMILES, see :func:`parsed`."""
    return [parsed(text, salts) for text in texts]


def rewritten(smiles: Sequence[str], seed: int = 0) -> list[str]:
    """Write molecules with their atoms in another order: other texts for the same molecules.

    Examples
    --------
    >>> some = rewritten(["CCCCO"], 1)
    >>> some == ["CCCCO"], parsed(some[0]).smiles
    (False, 'CCCCO')
    """
    tools = chem()
    source = np.random.default_rng(seed)
    found = []
    with quiet():
        for text in smiles:
            one = tools.MolFromSmiles(text)
            order = source.permutation(one.GetNumAtoms()).tolist()
            mixed = tools.RenumberAtoms(one, order)
            found.append(tools.MolToSmiles(mixed, canonical=False))
    return found
