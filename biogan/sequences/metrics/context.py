"""What a caller may know beyond the sequences: motifs, a profile, that they are genes, features.

A profile is a hidden Markov model of a protein family, of HMMER 3 through pyhmmer.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.core.files import reading
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import genetic_code
from biogan.sequences.io.motifs import Motif, read_motifs
from biogan.sequences.io.profiles import checked_profile

if TYPE_CHECKING:
    from pyhmmer.plan7 import HMM


#: Size of the database that E-values are meant for; fixed, so that no set changes another's hits.
DATABASE = 10_000
#: Largest E-value of a hit, at ``DATABASE``.
MAX_E_VALUE = 0.01
#: Residues that HMMER compares with a profile at most.
LONGEST = 100_000
#: Records that a profile is built from at most.
MAX_ALIGNED = 10_000


class Profile:
    """A calibrated profile that scores proteins.

    Parameters
    ----------
    model : pyhmmer.plan7.HMM
        The model; see :func:`read_profile` and :func:`build_profile`.

    Attributes
    ----------
    threshold : float
        Score of a hit, in bits: an E-value of 0.01 among 10,000 records.
    """

    def __init__(self, model: HMM) -> None:
        self.model = model
        tau, rate = model.evalue_parameters.f_tau, model.evalue_parameters.f_lambda
        # The tail of the Forward score is exponential (Eddy 2008): P = exp(-rate (bits - tau)).
        self.threshold = float(tau + np.log(DATABASE / MAX_E_VALUE) / rate)

    def bits(self, proteins: SequenceSet) -> np.ndarray:
        """Score proteins against the profile.

        Parameters
        ----------
        proteins : SequenceSet
            Records without gaps.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Bit scores, from 0: a record that HMMER's filters pass over, or that scores below 0,
            has 0.

        Raises
        ------
        DataError
            If a record is longer than HMMER takes.
        """
        from pyhmmer.easel import DigitalSequenceBlock, TextSequence
        from pyhmmer.plan7 import Pipeline

        if proteins.longest > LONGEST:
            raise DataError(
                f"a record has {proteins.longest:,} residues, a profile is compared with at most "
                f"{LONGEST:,}: --length {LONGEST} leaves it out"
            )
        alphabet = self.model.alphabet
        block = DigitalSequenceBlock(alphabet)
        for i, text in enumerate(proteins.strings()):
            if text:
                block.append(TextSequence(name=str(i), sequence=text).digitize(alphabet))
        found = Pipeline(alphabet, Z=DATABASE, T=0.0).search_hmm(self.model, block)
        bits = np.zeros(len(proteins))
        for hit in found:
            bits[int(hit.name)] = max(0.0, hit.score)
        return bits


def unavailable() -> str:
    """Say what to install if pyhmmer is not there or too old; an empty string if it is there."""
    wanted = _wanted("pyhmmer")
    try:
        found = version("pyhmmer")
    except PackageNotFoundError:
        return f"needs pyhmmer: pip install '{wanted}'"
    if _numbers(found) < _numbers(wanted):
        return f"needs {wanted}, found {found}: pip install '{wanted}'"
    return ""


def _wanted(package: str) -> str:
    """Return the requirement of a package with its bound, as ``pyproject.toml`` has it."""
    try:
        lines = requires("biogan") or []
    except PackageNotFoundError:  # run from a folder, not installed
        lines = []
    asked = (line.partition(";")[0].strip() for line in lines)
    return next((line for line in asked if re.match(rf"{package}\W", line)), package)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def read_profile(path: str | Path) -> Profile:
    """Read the first profile of a file in HMMER's format.

    Raises
    ------
    ConfigError
        If pyhmmer is not installed.
    DataError
        If it holds no protein profile, is damaged or is not calibrated.
    FastaError
        If the file cannot be read.
    """
    if unavailable():
        raise ConfigError(f"--hmm {path}: {unavailable()}")
    from pyhmmer.plan7 import HMMFile

    text = checked_profile(path)
    with reading(path, "no profile in HMMER's format"), HMMFile(io.BytesIO(text)) as file:
        model = file.read()
    if model is None:
        raise DataError(f"{path}: holds no profile; hmmbuild writes one")
    if model.evalue_parameters.f_tau is None:
        raise DataError(f"{path}: has no STATS lines; hmmbuild or hmmcalibrate adds them")
    return Profile(model)


def build_profile(aligned: SequenceSet) -> Profile:
    """Build a profile from an alignment of proteins, as ``hmmbuild`` does by default.

    Parameters
    ----------
    aligned : SequenceSet
        Records of one length with gaps, the first 10,000 are used.

    Raises
    ------
    DataError
        If HMMER cannot build one, e.g. from columns of nothing but gaps.
    """
    from pyhmmer.easel import Alphabet, TextMSA, TextSequence
    from pyhmmer.errors import UnexpectedError
    from pyhmmer.plan7 import Background, Builder

    alphabet = Alphabet.amino()
    rows = [
        TextSequence(name=f"row{i}", sequence=text)
        for i, text in enumerate(aligned[:MAX_ALIGNED].strings())
    ]
    try:
        msa = TextMSA(name="training", sequences=rows).digitize(alphabet)
        model, _, _ = Builder(alphabet, seed=42).build_msa(msa, Background(alphabet))
    except (ValueError, UnexpectedError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"no profile can be built from the training data: {reason}") from None
    return Profile(model)


Features = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Extras:
    """What a caller may know beyond the sequences; by default nothing.

    Attributes
    ----------
    motifs : tuple of Motif
        Motifs of nucleotides to look for.
    hmm : Profile or None
        Profile of a protein family.
    coding : bool or None
        Whether the records are genes; by default if half of the reference are whole ones.
    code : int
        NCBI's number of the genetic code.
    features : callable or None
        Gives n strings their features, a float array of shape (n, d): an embedding to compare in.
    conditions : tuple of str
        Labels that generated records were asked for, ``NAME`` or ``NAME=KIND``; by default those
        that all sets have.
    """

    motifs: tuple[Motif, ...] = ()
    hmm: Profile | None = None
    coding: bool | None = None
    code: int = 1
    features: Features | None = None
    conditions: tuple[str, ...] = ()


def read_extras(
    motifs: str | Path | Sequence[Motif] = (),
    hmm: str | Path | Profile | None = None,
    coding: bool | None = None,
    code: int = 1,
    features: Features | None = None,
    conditions: str | Sequence[str] = (),
) -> Extras:
    """Read what is given as a file and check the rest.

    Parameters
    ----------
    motifs : str, Path or sequence of Motif
        Motifs of nucleotides to look for: :class:`biogan.sequences.io.motifs.Motif`, or a file (see
        :func:`biogan.sequences.io.motifs.read_motifs`).
    hmm : str, Path or Profile, optional
        Profile hidden Markov model of a protein family: a file in HMMER's format, or one that was
        read.
    coding : bool, optional
        Whether the records are genes, read from their first letter; by default if at least half of
        the reference records are whole ones.
    code : int
        NCBI's number of the genetic code.
    features : callable, optional
        Gives n strings their features, an array of shape (n, d): distances of distributions are
        then taken in these instead of k-mer frequencies.
    conditions : str or sequence of str
        Labels that generated records were asked for, ``NAME`` or ``NAME=class``, ``NAME=multi``,
        ``NAME=number``; one text may hold several, with commas between them. By default those that
        all sets have.

    Raises
    ------
    DataError, FastaError
        If a file cannot be read.
    ConfigError
        If there is no such genetic code, or pyhmmer is not installed.
    """
    return Extras(
        read_motifs(motifs) if isinstance(motifs, str | Path) else tuple(motifs),
        read_profile(hmm) if isinstance(hmm, str | Path) else hmm,
        coding,
        genetic_code(code).number,
        features,
        tuple(name.strip() for name in conditions.split(",") if name.strip())
        if isinstance(conditions, str)
        else tuple(conditions),
    )
