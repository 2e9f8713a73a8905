"""What is explained: sets of records side by side, and a judge or an oracle that scores them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from biogan.core.errors import ConfigError, DataError, plural
from biogan.core.oracles import Asked, Oracle
from biogan.core.rng import rng
from biogan.evaluation.metric import Value
from biogan.evaluation.two_sample import CrossValidation, cross_validation
from biogan.interpret.attribution import JudgeScorer, OracleScorer, Scorer
from biogan.interpret.config import ExplainConfig
from biogan.interpret.contrast import Contrast, shuffles
from biogan.interpret.judge import Judge
from biogan.interpret.pairs import chosen_columns
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.discriminability import MAX_SITE_CELLS

#: Receives lines to be said.
Tell = Callable[[str], None]
#: Receives what is being done, how much of it is done, and all of it.
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Subject:
    """Three sets side by side, and what scores them.

    Attributes
    ----------
    sets : list of SequenceSet
        Records, their shuffles, and others (for a judge).
    scorer : Scorer
        Scores rows of all sets, one behind another.
    groups : numpy.ndarray, shape (n + others,)
        Near copies have one number, in records and others.
    said : str
        What is explained, in words.
    facts : dict
        What the summary says of it.
    judge, folds : Judge and numpy.ndarray, shape (rows,), or None
        Of a contrast: what judges, and the fold of each row.
    pairs : Scorer or None
        Of a contrast: the judge of pairs of columns.
    """

    sets: list[SequenceSet]
    scorer: Scorer
    groups: np.ndarray
    said: str
    facts: dict[str, Any]
    judge: Judge | None = None
    folds: np.ndarray | None = None
    pairs: Scorer | None = None


def judged(both: Contrast, config: ExplainConfig, tell: Tell, watch: Watch) -> Subject:
    """Fit the judge of a contrast, and that of its pairs of columns where they are asked for.

    Parameters
    ----------
    both : Contrast
        The two sets.
    config : ExplainConfig
        Which records, strands and columns.
    tell, watch : callable
        Receive lines to be said, and how far the work is.

    Raises
    ------
    ConfigError, DataError
        If the records do not suit the options, or cannot be put into folds.
    """
    validation = _folds(both, config.seed)
    a, b = len(both.records), len(both.others)
    joined = SequenceSet.concatenate([both.records, both.others])
    if both.left_out:
        tell(
            f"{plural(both.left_out, 'record')} of both sets left out between blocks of "
            "overlapping ones, which the judge must not learn by heart"
        )
    if config.circular and not joined.is_fixed_length:
        raise ConfigError("--circular: records of one length are needed")
    codes = joined.matrix()
    judge = Judge.fit(
        codes, joined.alphabet, validation, config.seed,
        lambda done, total: watch("judge", done, total), config.both_strands, config.circular,
    )  # fmt: skip
    tell(
        f"the judge tells {a:,} records from {b:,} {both.against} with an AUROC of "
        f"{judge.auroc:.3f} ({judge.low:.3f}-{judge.high:.3f})"
    )
    chosen, other = _chosen(a, config), a + _chosen(b, config)
    some, others = joined.take(chosen), joined.take(other)
    folds = np.concatenate([validation.folds[chosen]] * 2 + [validation.folds[other]])
    facts: dict[str, Any] = {
        "against": both.against, "n_records": a, "n_others": b,
        "auroc": judge.auroc, "auroc_low": judge.low, "auroc_high": judge.high,
        "slope": judge.slope, "intercept": judge.intercept,
    }  # fmt: skip
    pairs = None
    if config.pairs is not None:
        if not joined.is_fixed_length:
            raise ConfigError("--pairs: the others have to be as long as the records")
        columns, by_pairs = _pair_judge(codes, joined.alphabet, validation, config, tell)
        facts["pairs_auroc"] = by_pairs.auroc
        pairs = _OfColumns(JudgeScorer(by_pairs, folds), columns)
        if by_pairs.auroc < config.least_auroc:
            tell(f"pairs: nothing to explain: the AUROC is below {config.least_auroc:g}")
            pairs = None
    return Subject(
        [some, shuffles(some, seed=config.seed + 1), others], JudgeScorer(judge, folds),
        np.concatenate([both.groups[chosen], both.groups[other]]), both.against, facts, judge,
        folds, pairs,
    )  # fmt: skip


@dataclass(frozen=True)
class _OfColumns:
    """Scores some columns of each record."""

    scorer: Scorer
    columns: np.ndarray

    def __call__(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return self.scorer(codes[:, self.columns], rows)


def _pair_judge(
    codes: np.ndarray,
    alphabet: Alphabet,
    validation: CrossValidation,
    config: ExplainConfig,
    tell: Tell,
) -> tuple[np.ndarray, Judge]:
    """Return the columns whose pairs are asked for, and fit the judge that is asked."""
    assert config.pairs is not None
    columns = chosen_columns(config.pairs, codes.shape[1])
    most = MAX_SITE_CELLS // alphabet.size
    if len(columns) > most:
        raise ConfigError(
            f"--pairs {config.pairs}: has {len(columns):,} columns; choose up to {most:,}"
        )
    judge = Judge.fit_pairs(codes[:, columns], alphabet, validation)
    tell(
        f"by single columns and pairs of columns alone they are told apart with an AUROC of "
        f"{judge.auroc:.3f} ({judge.low:.3f}-{judge.high:.3f})"
    )
    return columns, judge


def _folds(both: Contrast, seed: int) -> CrossValidation:
    found = cross_validation(
        len(both.records), len(both.others), both.groups, seed, "record", "cluster of near copies"
    )
    if isinstance(found, Value):
        raise DataError(f"--records: {found.note}")
    return found


def asked_of(
    records: SequenceSet, oracle: Oracle, value: str | None, config: ExplainConfig
) -> Subject:
    """Make an oracle what is explained.

    Parameters
    ----------
    records : SequenceSet
        What it is asked about.
    oracle : Oracle
        What is asked.
    value : str, optional
        Which of its values.
    config : ExplainConfig
        How many records.
    """
    asked = oracle if isinstance(oracle, Asked) else Asked(oracle, "the oracle")
    some = records.take(_chosen(len(records), config))
    return Subject(
        [some, shuffles(some, seed=config.seed + 1)],
        OracleScorer(asked, records.alphabet, value), np.arange(len(some)),
        f"the value of {asked.name}", {"n_records": len(records)},
    )  # fmt: skip


def _chosen(n: int, config: ExplainConfig) -> np.ndarray:
    return np.sort(rng(config.seed, "explained").permutation(n)[: config.most])
