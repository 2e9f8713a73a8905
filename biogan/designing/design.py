"""A whole design run: search with an oracle, choose designs, and check them with another oracle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.files import write_json, write_text
from biogan.core.labels import RESERVED
from biogan.core.options import takes
from biogan.core.oracles import SCORE, Asked, Oracle
from biogan.core.rng import rng
from biogan.designing.calls import Call, CallTable
from biogan.designing.comparison import Scored, spread_of
from biogan.designing.config import DesignConfig
from biogan.designing.controls import Control
from biogan.designing.controls import controls as run_controls
from biogan.designing.evolve import KINDS, Evolution
from biogan.designing.molecules import (
    asked_about,
    distinct,
    in_tokens,
    write_designs,
)
from biogan.designing.objective import Objective
from biogan.designing.oracle import load_pair
from biogan.designing.page import to_html
from biogan.designing.pareto import Front
from biogan.designing.predictor import Predictor
from biogan.designing.proposals import likeness
from biogan.designing.search import (
    AGAIN,
    DESIGNS,
    OF_REAL,
    PAGE,
    PRIOR,
    SUMMARY,
    Search,
    Watch,
    opened,
)
from biogan.molecules.dataset import MoleculeSet
from biogan.sequences.alphabet import Vocabulary
from biogan.sequences.constraints.constraint import Constraint
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.write import write_fasta
from biogan.sequences.similarity.edits import distance
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

# What else stands in the headers.
_OWN = ("check", "front", "round", "proposed", "parent", "edits")
# Relative difference up to which two answers are the same: sums in another order differ by less.
_SAME = 1e-5
# Real records that are scored to compare with.
_MOST_REAL, _FEWEST_REAL = 2_000, 100


class Designs(SequenceSet):
    """Designed sequences, the best first, with scores as labels.

    Attributes
    ----------
    summary : dict
        What ``design.json`` holds: how the search went, and what the check says.
    front : Front or None
        Of several values, what no sequence of the search beats.
    """

    summary: dict[str, Any]
    front: Front | None = None


@takes(DesignConfig)
def design(
    source: Any,
    oracle: Oracle | str,
    n: int = 96,
    *,
    check: Oracle | str | None = None,
    constraints: Iterable[Constraint] = (),
    real: SequenceSet | MoleculeSet | None = None,
    start: SequenceSet | None = None,
    prior: str = PRIOR,
    objective: Objective = Objective(),  # noqa: B008 - it is frozen
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **options: Any,
) -> Designs:
    """Search for sequences of a high score by an oracle.

    Parameters
    ----------
    source : SequenceGAN or SequenceSet
        A trained model, whose sequences the search starts from and stays near, or sequences, to
        which a Markov chain is fitted.
    oracle : Oracle or str
        What is optimised: a function from a list of sequences to a number each, or a name that
        :func:`~biogan.designing.oracle.load_pair` takes, such as ``labels:NAME``.
    n : int
        Designs at most.
    check : Oracle or str, optional
        Another oracle, which is asked once, at the end, and never optimised. ``labels:NAME`` holds
        out its own.
    constraints : iterable of Constraint
        What all designs keep.
    real : SequenceSet or MoleculeSet, optional
        Real records, which designs are compared with; by default the records of ``source``.
    start : SequenceSet, optional
        Sequences that the search begins with, and that designs stay within ``max_edits`` of.
    prior : str
        Name of the sampler that is fitted to sequences as the source.
    objective : Objective
        Which values of the oracle are raised, lowered or kept in a range.
    out, resume, overwrite
        Folder of the run, see :func:`carried_out`.

    Returns
    -------
    Designs
        The best first; their ``summary`` says how the search went and what the check found.

    Raises
    ------
    OracleError
        If an oracle fails.
    ConfigError, DataError, OutputError, CheckpointError
        If the source, an option or the folder does not suit.

    Examples
    --------
    >>> from biogan import MaxRun, SequenceSet
    >>> reads = SequenceSet.from_strings(["ACGTACGTAC", "ACGTTCGTAA", "TCGTTCGATT"] * 8)
    >>> found = design(reads, lambda texts: [t.count("G") for t in texts], 2, calls=200,
    ...                constraints=[MaxRun(2)])
    >>> found.labels["score"][0], found.summary["calls"]
    ('7', 200)
    """
    if real is None and isinstance(source, SequenceSet | MoleculeSet):
        real = source
    config = DesignConfig.from_dict(options)
    pair = load_pair(oracle, check, real, seed=config.seed)
    search = Search.of(source, pair.oracle, constraints, objective, config, prior)
    if start is not None:
        search = search.starting(start)
    elif config.max_edits is not None:
        raise ConfigError("--max-edits: edits of what? give sequences with --start")
    search = search.screened()
    return carried_out(
        search, n, check=pair.check, real=real, out=out, resume=resume, overwrite=overwrite
    )


def carried_out(
    search: Search,
    n: int = 96,
    *,
    check: Asked | None = None,
    real: SequenceSet | MoleculeSet | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    watch: Watch = lambda done, calls, best: None,
    say: Callable[[str], None] = lambda text: None,
) -> Designs:
    """Search, choose designs, and say what a second oracle makes of them.

    Parameters
    ----------
    search : Search
        Model or chain, constraints, oracle.
    n : int
        Designs at most.
    check : Asked, optional
        An oracle that is asked once, at the end, and never optimised.
    real : SequenceSet, optional
        Real records, which designs are compared with.
    out : str or Path, optional
        Folder of the run.
    resume : bool
        Go on with the run in that folder.
    overwrite : bool
        Replace it.
    watch : callable
        Receives calls done, calls to do, and the best score.
    say : callable
        Receives which control is run.

    Raises
    ------
    OracleError
        If an oracle fails; what was asked until then is in the folder.
    OutputError, CheckpointError
        If the folder is in use, or of another search.
    DataError
        If no sequence is feasible.
    """
    table = CallTable(None)
    check = check and asked_about(search.tokenizer.alphabet, check)
    if isinstance(real, MoleculeSet):
        real = in_tokens(real, search.tokenizer.alphabet)
    if out is not None:
        search, table = opened(Path(out), search, resume, overwrite)
    evolution = search.evolution()
    search.run(table, evolution, watch)
    asked = np.array([table.known[text] for text in search.texts(evolution.rows)], float)
    numbers = search.chosen(evolution, asked, n)
    if isinstance(search.tokenizer.alphabet, Vocabulary):
        numbers = numbers[distinct(search.tokenizer.decode(evolution.rows[numbers]))]
    summary = _summary(search, evolution, table, asked, numbers)
    texts = search.tokenizer.decode(evolution.rows[numbers]).strings()
    labels = _labels(search, evolution, table, numbers)
    several = len(search.objective.names(search.oracle.columns)) > 1
    if several:
        fronts = search.objective.front(asked, search.oracle.columns)
        labels = {"front": [f"{fronts[i]}" for i in numbers], **labels}
    records = real
    if real is not None:
        # Not more questions than the search itself has asked.
        most = min(_MOST_REAL, max(_FEWEST_REAL, search.config.calls))
        picked = rng(search.config.seed, "real").permutation(len(real))[:most]
        real = real.take(np.sort(picked)).ungapped()
    plain = [text.replace("-", "") for text in texts]
    scored = _scored(search, table, plain, [] if real is None else real.strings(), check)
    summary |= scored.summary()
    front = _front(search, asked, scored) if several else None
    if front is not None:
        # Scores are ranks among all calls then: their course and their mean say nothing.
        summary = {k: v for k, v in summary.items() if k not in ("best_after", "top10")}
        summary["designs"] = {"n": len(numbers), **scored.spreads(scored.optimised[0])}
        summary["front"] = {**front.summary(), "designs": int((fronts[numbers] == 1).sum())}
    controls: list[Control] = []
    if search.config.controls:
        folder = None if out is None else Path(out)
        for one in run_controls(search, n, records, folder, say):
            controls.append(one if check is None else replace(one, checked=_checked(
                search, check, one.texts, scored.names)))  # fmt: skip
        summary["controls"] = {one.name: one.summary(scored) for one in controls}
    if check is not None:
        labels["check"] = [f"{value:.6g}" for value in scored.check_values()]
    designs = Designs.from_strings(
        texts, [f"design_{i + 1}" for i in range(len(texts))], search.tokenizer.alphabet, labels
    )
    assert isinstance(designs, Designs)
    designs.summary, designs.front = summary, front
    if out is not None:
        write_json({**search.facts, **summary}, Path(out) / SUMMARY)
        if isinstance(designs.alphabet, Vocabulary):
            write_designs(designs, Path(out))
        else:
            write_fasta(designs, Path(out) / DESIGNS)
        page = to_html(
            Path(out).name, designs, real, scored, evolution.scores, _facts(search), front,
            controls,
        )  # fmt: skip
        write_text(page, Path(out) / PAGE)
    return designs


def _front(search: Search, values: np.ndarray, scored: Scored) -> Front:
    """Return the front of all calls, beside that of real records."""
    objective, columns = search.objective, search.oracle.columns
    front = objective.front(values, columns)
    kept = front > 0 if (front > 0).any() else np.isfinite(values).all(1)
    real = scored.optimised[1] if len(scored.optimised) > 1 else np.zeros((0, len(scored.names)))
    real = real[np.isfinite(real).all(1)]
    return Front(scored.names, scored.signs, objective.wanted(values[kept], columns), real)


def _scored(
    search: Search, table: CallTable, texts: list[str], others: list[str], check: Asked | None
) -> Scored:
    """Score designs and real records by the oracle and by the check.

    Answers of the oracle for real records are kept in the table as well.
    """
    names = search.objective.names(search.oracle.columns)
    unknown = [*dict.fromkeys(text for text in others if text not in table.known)]
    if unknown:
        values = search.oracle(unknown)
        rows = zip(unknown, map(tuple, values.tolist()), strict=True)
        table.add([Call(0, OF_REAL, 0, *row) for row in rows], search.oracle.columns)
    sets = [some for some in (texts, others) if some]
    optimised = [
        search.objective.wanted(
            np.array([table.known[text] for text in some], float), search.oracle.columns
        )
        for some in sets
    ]
    checked = []
    if check is not None:
        checked = [_checked(search, check, some, names) for some in sets]
    signs = tuple(map(search.objective.sign, names))
    if check is None:
        return Scored(names, signs, optimised, checked)
    return Scored(names, signs, optimised, checked, check.name, _units(search.oracle, check))


def _units(oracle: Asked, check: Asked) -> tuple[float, float] | None:
    """Return the spread of the labels that oracle and check have learned from, if both have."""
    if not (isinstance(oracle.oracle, Predictor) and isinstance(check.oracle, Predictor)):
        return None
    spreads = oracle.oracle.spread, check.oracle.spread
    return None if spreads[0] is None or spreads[1] is None else (spreads[0], spreads[1])


def _checked(search: Search, check: Asked, texts: list[str], names: Sequence[str]) -> np.ndarray:
    """Ask the check about sequences; return what was optimised, to be raised."""
    answers = check(texts)
    return search.objective.checked(answers, check.columns, names)


def _facts(search: Search) -> dict[str, Any]:
    """Return what the page says about a search."""
    return {
        "oracle": search.oracle.name,
        "constraints": search.constraints,
        "screening": search.screen,
        "objective": str(search.objective) or "--maximise the oracle's value",
        "source": {k: str(v) for k, v in search.told.items() if k in ("data", "model", "prior")},
        **search.options,
    }


def _summary(
    search: Search, evolution: Evolution, table: CallTable, asked: np.ndarray, numbers: np.ndarray
) -> dict[str, Any]:
    """Say how the search went."""
    twice = [call for call in table.calls if call.kind == AGAIN]
    columns = search.oracle.columns
    rows = evolution.rows[numbers]
    end = search.tokenizer.end
    pairs = [likeness(rows[i + 1 :], rows[i], end) for i in range(len(rows) - 1)]
    return {
        "calls": len(evolution.rows),
        "columns": list(search.oracle.columns),
        "designs": {"n": len(numbers), **spread_of(evolution.scores[numbers])},
        "out_of_range": int((search.objective.outside(asked, columns)[numbers] > 0).sum()),
        "pair_identity": float(np.concatenate(pairs).mean()) if pairs else None,
        **_course(evolution.scores),
        "screen": search.screen,
        "proposals": dict(zip(KINDS, evolution.shares.round(3).tolist(), strict=True)),
        "repeatable": all(
            np.allclose(table.known[call.sequence], call.values, _SAME, _SAME) for call in twice
        ),
    }


def _course(scores: np.ndarray) -> dict[str, Any]:
    """Say how the best score rose with the calls."""
    best, top = np.maximum.accumulate(scores), scores[np.isfinite(scores)]
    marks = sorted({min(len(best), m) for m in (100, 300, 1000, 3000, 10000, 30000, len(best))})
    return {
        "best_after": {f"{m}": float(best[m - 1]) for m in marks if np.isfinite(best[m - 1])},
        "top10": float(np.sort(top)[::-1][:10].mean()),
    }


def label_name(name: str) -> str:
    """Return a column of an oracle as a key that a FASTA header can hold, and none of our own.

    Examples
    --------
    >>> label_name("a b"), label_name("2x"), label_name("check"), label_name("gc")
    ('a_b', '_2x', 'oracle_check', 'gc')
    """
    key = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    key = key if re.match("[A-Za-z_]", key) else f"_{key}"
    return f"oracle_{key}" if key in (*_OWN, *RESERVED) else key


def _labels(
    search: Search, evolution: Evolution, table: CallTable, numbers: np.ndarray
) -> dict[str, list[str]]:
    """Return what stands in the headers: values, round, kind of proposal, parent, its edits."""
    calls = [call for call in table.calls if call.kind not in (AGAIN, OF_REAL)]
    labels: dict[str, list[str]] = {}
    columns = search.oracle.columns
    for k, name in enumerate(columns):
        key = SCORE if len(columns) == 1 else label_name(name)
        labels[key] = [f"{calls[i].values[k]:.6g}" for i in numbers]
    labels["round"] = [f"{calls[i].round}" for i in numbers]
    labels["proposed"] = [calls[i].kind for i in numbers]
    labels["parent"] = [f"{calls[i].parent}" if calls[i].parent else "" for i in numbers]
    labels["edits"] = [
        f"{_edits(search.tokenizer, evolution.rows[[i, calls[i].parent - 1]])}"
        if calls[i].parent
        else ""
        for i in numbers
    ]
    return labels


def _edits(tokenizer: Tokenizer, rows: np.ndarray) -> int:
    """Count the letters in which two rows differ; where lengths vary, by the edit distance."""
    if tokenizer.kind == VARIABLE:
        text, before = tokenizer.decode(rows).strings()
        return distance(text, before)
    one, other = tokenizer.letters(rows)
    return int((one != other).sum())
