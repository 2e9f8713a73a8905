"""A set of molecules: canonical SMILES, ids and labels, and their tokens for a network."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from biogan.core.errors import DataError
from biogan.core.rng import rng
from biogan.molecules.byte_pairs import join_pairs, learn_pairs
from biogan.molecules.drawings import grid
from biogan.molecules.properties import PROPERTIES
from biogan.molecules.toolkit import Coded, canonical, decoded, molecules, single_tokens
from biogan.molecules.workers import CHUNK, FEW, chunks, run
from biogan.sequences.alphabet import MOST_TOKENS, UNKNOWN, Alphabet, Vocabulary
from biogan.sequences.dataset import SequenceSet

if TYPE_CHECKING:
    import pandas as pd

# Molecules of a drawing in a notebook.
_DRAWN = 12
# Molecules from which frequent neighbours among tokens are learned, at least.
PAIRS_FROM = 30_000


@dataclass(frozen=True, eq=False)
class MoleculeSet:
    """Molecules, each as its canonical SMILES. Treat a set as immutable.

    Attributes
    ----------
    smiles : sequence of str
        Canonical SMILES of RDKit. Where ``valid`` is false, the text as it was written.
    ids : sequence of str
        One name a molecule.
    valid : numpy.ndarray, shape (n,), bool
        Whether a text is a molecule. Sets that were read for training hold molecules alone.
    labels : mapping of str to numpy.ndarray
        Columns of labels, texts.
    source : str
        Where they come from, for messages and reports.
    notes : tuple of str
        What was done on reading, one sentence each.

    Raises
    ------
    DataError
        If the parts do not have the same number of records.

    Examples
    --------
    >>> some = MoleculeSet.from_smiles(["OCC", "c1ccccc1"], ["ethanol", "benzene"])
    >>> len(some), some.smiles, some[1:].ids
    (2, ['CCO', 'c1ccccc1'], ['benzene'])
    """

    smiles: Sequence[str]
    ids: Sequence[str]
    valid: np.ndarray
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    source: str = "molecules"
    notes: tuple[str, ...] = ()
    _tokens: dict[tuple[str, bool], SequenceSet] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        parts = {"ids": len(self.ids), "marks": len(self.valid)}
        parts |= {name: len(column) for name, column in self.labels.items()}
        for what, n in parts.items():
            if n != len(self.smiles):
                raise DataError(f"{self.source}: {len(self.smiles):,} molecules but {n:,} {what}")

    @classmethod
    def from_smiles(
        cls,
        smiles: Sequence[str],
        ids: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[object]] | None = None,
        source: str = "molecules",
    ) -> Self:
        """Make a set of SMILES, canonical or not; what is no molecule is marked, not left out.

        Parameters
        ----------
        smiles : sequence of str
            One text a molecule.
        ids : sequence of str, optional
            ``mol_1`` ... by default.
        labels : mapping of str to sequence, optional
            Columns of labels.
        source : str
            For messages.

        Raises
        ------
        DataError
            If there is one string alone, or something that is no string among them.
        ConfigError
            If RDKit is not installed.

        Examples
        --------
        >>> MoleculeSet.from_smiles(["C(C", "CO"]).valid.tolist()
        [False, True]
        """
        if isinstance(smiles, str):
            raise DataError("one string, where a list of SMILES is needed")
        texts = list(smiles)
        for i, text in enumerate(texts, 1):
            if not isinstance(text, str):
                raise DataError(f"molecule {i:,} is of type {type(text).__name__}, not a string")
        found = [
            one for part in run(CANONICAL, chunks(texts), many=len(texts) > FEW) for one in part
        ]
        valid = np.array([bool(one.smiles) for one in found], bool)
        names = [f"mol_{i + 1}" for i in range(len(texts))] if ids is None else [*map(str, ids)]
        columns = {
            name: np.array([str(v) for v in column], object)
            for name, column in (labels or {}).items()
        }
        written = [one.smiles or text for one, text in zip(found, texts, strict=True)]
        return cls(written, names, valid, columns, source)

    def __len__(self) -> int:
        return len(self.smiles)

    def __iter__(self) -> Iterator[str]:
        return iter(self.smiles)

    def __getitem__(self, rows: slice | np.ndarray) -> Self:
        """Return some of the molecules, by a slice, numbers or a mask."""
        numbers = np.arange(len(self))[rows]
        if numbers.ndim == 0:
            raise DataError("a set is asked for a slice, numbers or a mask; one text is in .smiles")
        return replace(
            self,
            smiles=[self.smiles[i] for i in numbers.tolist()],
            ids=[self.ids[i] for i in numbers.tolist()],
            valid=self.valid[numbers],
            labels={name: column[numbers] for name, column in self.labels.items()},
            _tokens={name: some.take(numbers) for name, some in self._tokens.items()},
        )

    def __repr__(self) -> str:
        bad = int((~self.valid).sum())
        return f"MoleculeSet({len(self):,} molecules{f', {bad:,} no valid ones' if bad else ''})"

    @classmethod
    def concatenate(cls, sets: Sequence[Self]) -> Self:
        """Join sets, at least one, in order, with the labels that all of them have."""
        common = [name for name in sets[0].labels if all(name in s.labels for s in sets)]
        return replace(
            sets[0],
            smiles=[text for s in sets for text in s.smiles],
            ids=[name for s in sets for name in s.ids],
            valid=np.concatenate([s.valid for s in sets]),
            labels={name: np.concatenate([s.labels[name] for s in sets]) for name in common},
            _tokens={},
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the SMILES in their order, not of names."""
        found = hashlib.sha256()
        for part in chunks(self.smiles):
            found.update(("\n".join(part) + "\n").encode("utf-8", "surrogateescape"))
        return found.hexdigest()

    def column(self, name: str) -> np.ndarray:
        """Return labels of a name; those of a property that RDKit computes, where there are none.

        Raises
        ------
        DataError
            If there are no such labels.

        Examples
        --------
        >>> MoleculeSet.from_smiles(["CCO"]).column("weight").tolist()
        ['46.07']
        """
        if name not in self.labels and name in PROPERTIES:
            texts = run(
                "biogan.molecules.properties:property_texts", chunks(self.smiles), name,
                many=len(self) > FEW,
            )  # fmt: skip
            labels = dict(self.labels)
            labels[name] = np.array([text for part in texts for text in part], object)
            object.__setattr__(self, "labels", labels)
        if name not in self.labels:
            raise DataError(f"{self.source}: no labels {name!r}")
        return self.labels[name]

    def tokens(self, alphabet: str, joined: bool = True) -> SequenceSet:
        """Write the molecules in tokens of a vocabulary found from them.

        Parameters
        ----------
        alphabet : {"selfies", "smiles"}
            What the tokens are of.
        joined : bool
            Whether frequent neighbours are one token (:mod:`biogan.molecules.byte_pairs`), as a
            network reads them. Chains count single tokens.

        Returns
        -------
        SequenceSet
            One record a molecule, empty where it cannot be written so, or has a token that is too
            rare for the vocabulary. It has the labels of the set. The tokens are sorted, so that
            their order does not depend on that of the molecules.

        Examples
        --------
        >>> found = MoleculeSet.from_smiles(["CCO"]).tokens("selfies")
        >>> found.alphabet.tokens, found.lengths.tolist()
        (('[C]', '[O]'), [3])
        """
        key = alphabet, joined
        if key not in self._tokens:
            self._tokens[key] = _vocabulary(self.smiles, self.valid, self.ids, alphabet, joined)
        found = self._tokens[key]
        found.labels = dict(self.labels)
        return found

    def with_tokens(self, alphabet: str, tokens: SequenceSet) -> Self:
        """Return the set with joined tokens that were kept in a file."""
        return replace(self, _tokens={(alphabet, True): tokens})

    def kept_tokens(self) -> list[SequenceSet]:
        """Return what :meth:`tokens` was asked for before."""
        return [*self._tokens.values()]

    def labelled(self, labels: Mapping[str, np.ndarray]) -> Self:
        """Return the set with these labels."""
        return replace(self, labels=dict(labels))

    def in_vocabulary(self, vocabulary: Vocabulary) -> SequenceSet:
        """Write the molecules in the tokens of a model.

        Raises
        ------
        DataError
            If a molecule has other tokens.
        """
        alone = single_tokens(vocabulary.tokens, vocabulary.name)
        parts = [_renamed(part, vocabulary, alone) for part in _coded(self.smiles, vocabulary.name)]
        flat, offsets = _chained(parts)
        lengths = np.diff(offsets)
        other = np.flatnonzero(flat == UNKNOWN)
        if len(other) or (lengths == 0).any():
            outside = np.unique(np.searchsorted(offsets, other, "right") - 1)
            outside = np.union1d(outside, np.flatnonzero(lengths == 0))
            raise DataError(
                f"molecule {self.ids[int(outside[0])]!r} cannot be written in the "
                f"{vocabulary.size} tokens of the model ({len(outside):,} such molecules)"
            )
        return SequenceSet(vocabulary, flat, offsets, self.ids, dict(self.labels))

    def to_rdkit(self) -> list[Any]:
        """Return RDKit's molecules; None where a text is no molecule."""
        return molecules(self.smiles)

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame with the columns ``id``, ``smiles``, ``valid`` and one a label."""
        import pandas as pd

        return pd.DataFrame(
            {"id": self.ids, "smiles": self.smiles, "valid": self.valid, **self.labels}
        )

    def _repr_html_(self) -> str:
        """Draw the first molecules, for a notebook."""
        return (
            str(grid(self.smiles[:_DRAWN], self.ids[:_DRAWN])) + f"<p>{len(self):,} molecules</p>"
        )


CANONICAL = f"{canonical.__module__}:{canonical.__name__}"


def _coded(smiles: Sequence[str], alphabet: str) -> Iterator[Coded]:
    yield from run(
        "biogan.molecules.toolkit:coded", chunks(smiles), alphabet, many=len(smiles) > FEW
    )


def _vocabulary(
    smiles: Sequence[str], valid: np.ndarray, ids: Sequence[str], alphabet: str, joined: bool
) -> SequenceSet:
    """Find the tokens, and write molecules in them."""
    texts = [text if ok else "" for text, ok in zip(smiles, valid.tolist(), strict=True)]
    parts = [*_coded(texts, alphabet)]
    counts: Counter[str] = Counter()
    for part in parts:
        found = np.bincount(part.codes, minlength=len(part.tokens))
        counts.update(dict(zip(part.tokens, found.tolist(), strict=True)))
    common = sorted(counts, key=lambda token: (-counts[token], token))[:MOST_TOKENS]
    if not common:
        raise DataError(f"no molecule can be written in {alphabet}")
    tokens = sorted(common)
    vocabulary = Vocabulary.of(alphabet, tokens)
    known = [_without_rare(*_renamed(part, vocabulary, len(tokens))) for part in parts]
    if joined:
        order = rng(0, "byte pairs").permutation(len(known)).tolist()
        some = _chained([known[i] for i in order[: -(-PAIRS_FROM // CHUNK)]])
        pairs = learn_pairs(*some, tokens, MOST_TOKENS - len(tokens))
        vocabulary = Vocabulary.of(alphabet, tokens + pairs)
        known = [join_pairs(*part, vocabulary.tokens, len(tokens)) for part in known]
    return SequenceSet(vocabulary, *_chained(known), ids)


#: Codes of texts one behind another, and where each starts, and the end.
_Texts = tuple[np.ndarray, np.ndarray]


def _renamed(part: Coded, vocabulary: Vocabulary, alone: int) -> _Texts:
    """Write texts in the codes of a vocabulary, of whose tokens so many stand alone."""
    place = {token: i for i, token in enumerate(vocabulary.tokens[:alone])}
    table = np.array([place.get(token, UNKNOWN) for token in part.tokens] or [0], np.uint8)
    offsets = np.concatenate([[0], np.cumsum(part.lengths)])
    return join_pairs(table[part.codes], offsets, vocabulary.tokens, alone)


def _without_rare(codes: np.ndarray, offsets: np.ndarray) -> _Texts:
    """Empty the texts that hold a token which is not in the vocabulary."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    kept = ~np.isin(owner, owner[codes == UNKNOWN])
    lengths = np.bincount(owner[kept], minlength=len(offsets) - 1)
    return codes[kept], np.concatenate([[0], np.cumsum(lengths)])


def _chained(parts: Sequence[_Texts]) -> _Texts:
    """Write parts one behind another."""
    codes = np.concatenate([np.zeros(0, np.uint8), *(codes for codes, _ in parts)])
    lengths = np.concatenate([np.zeros(0, int), *(np.diff(offsets) for _, offsets in parts)])
    return codes.astype(np.uint8), np.concatenate([[0], np.cumsum(lengths)])


def smiles_of(texts: Sequence[str], alphabet: Alphabet) -> list[str]:
    """Return what letters that stand for tokens write, as SMILES; it need not be a molecule."""
    assert isinstance(alphabet, Vocabulary)
    return [decoded(text, alphabet.name) for text in alphabet.spell(texts)]
