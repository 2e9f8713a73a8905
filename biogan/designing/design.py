"""A whole design run: search with an oracle, choose designs, and check them with another oracle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core import __version__
from biogan.core.errors import CheckpointError, ConfigError, DataError, OutputError
from biogan.core.files import claim_folder, read_json, write_json, write_text
from biogan.core.labels import RESERVED
from biogan.core.options import takes
from biogan.core.oracles import SCORE, Asked, Oracle
from biogan.core.rng import rng
from biogan.designing.calls import Call, CallTable
from biogan.designing.comparison import Scored, spread_of
from biogan.designing.config import DesignConfig
from biogan.designing.evolve import KINDS, Evolution, Proposed
from biogan.designing.objective import Objective
from biogan.designing.oracle import load_pair
from biogan.designing.page import to_html
from biogan.designing.pareto import Front, spread
from biogan.designing.proposals import ChainPrior, GeneratorPrior, Prior, likeness
from biogan.designing.screen import Holds, Screened, load_screen
from biogan.designing.start import Edited, StartPrior
from biogan.nn.sequence_heads import Grammar
from biogan.sequences.baselines import get_baseline
from biogan.sequences.constraints.constraint import Constraint, flattened
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.language import Automaton, Language
from biogan.sequences.constraints.preparation import own_rules
from biogan.sequences.constraints.uniform import Feasible
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.write import write_fasta
from biogan.sequences.similarity.edits import distance
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

#: Files of a run.
CALLS, DESIGNS, SUMMARY = "calls.tsv", "designs.fasta", "design.json"
PAGE = "design.html"
#: The sampler that is fitted to sequences where none is named.
PRIOR = "markov-3"
#: How a question is called that was asked for a second time.
AGAIN = "again"
#: How a question is called about a real record, to compare with.
OF_REAL = "real"
# Questions that are asked twice, to find an oracle that answers differently.
_TWICE = 3
# What else stands in the headers.
_OWN = ("check", "front", "round", "proposed", "parent", "edits")
# Relative difference up to which two answers are the same: sums in another order differ by less.
_SAME = 1e-5
# Real records that are scored to compare with.
_MOST_REAL, _FEWEST_REAL = 2_000, 100

#: Receives calls done, calls to do and the best score.
Watch = Callable[[int, int, float], None]


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


@dataclass(frozen=True)
class Search:
    """Everything that a search is made of.

    Attributes
    ----------
    tokenizer : Tokenizer
        How codes read as sequences.
    prior : Prior
        Draws records of the kind.
    language : Holds or None
        What all records keep, and pass where there is a screen.
    constraints : tuple of Constraint
        The same as they were asked for.
    oracle : Asked
        What is optimised.
    objective : Objective
        What is wanted of its values.
    config : DesignConfig
        Calls, batch, seed.
    told : mapping
        What else decides how the search goes, for the file of the run: a resumed run has the same.
    """

    tokenizer: Tokenizer
    prior: Prior
    language: Holds | None
    constraints: tuple[Constraint, ...]
    oracle: Asked
    objective: Objective
    config: DesignConfig
    told: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        source: Any,
        oracle: Asked,
        constraints: Iterable[Constraint] = (),
        objective: Objective = Objective(),  # noqa: B008 - it is frozen
        config: DesignConfig = DesignConfig(),  # noqa: B008
        prior: str = PRIOR,
    ) -> Search:
        """Make a search that starts from a model or from sequences.

        Parameters
        ----------
        source : SequenceGAN or SequenceSet
            A trained model, or records to which a sampler is fitted.
        oracle : Asked
            What is optimised.
        constraints : iterable of Constraint
            What all designs keep.
        objective : Objective
            What is wanted of the oracle's values.
        config : DesignConfig
            Calls, batch, seed.
        prior : str
            Name of the sampler (:func:`biogan.sequences.baselines.get_baseline`).

        Raises
        ------
        ConfigError
            If records of this kind cannot be designed, or no sequence keeps the constraints.
        """
        if config.front is not None and len(objective.maximise + objective.minimise) < 2:
            raise ConfigError(
                "--front: one value has no front; name several with --maximise and --minimise"
            )
        wanted = flattened(constraints)
        found: Prior
        told: dict[str, Any]
        if isinstance(source, SequenceSet):
            tokenizer = Tokenizer.of(source)
            end = tokenizer.end if tokenizer.kind == VARIABLE else None
            grammar = Grammar(end, tokenizer.closing, tokenizer.opening)
            words = language(wanted, tokenizer, _rules(tokenizer, grammar))
            feasible = Feasible(tokenizer, words, tokenizer.encode(source))
            found = ChainPrior(get_baseline(prior).fit(source), tokenizer, words, feasible)
            told = {"data": source.digest, "prior": prior}
        else:
            tokenizer, generator = source.tokenizer, source.networks.generator.eval()
            words = language(wanted, tokenizer, _rules(tokenizer, generator.grammar))
            found = GeneratorPrior(generator, words)
            told = {"model": source.card.data.digest, "step": source.card.training.kept_step}
        told |= {"constraints": list(map(str, wanted)), "objective": str(objective)}
        return cls(tokenizer, found, words, tuple(wanted), oracle, objective, config, told)

    def starting(self, starts: SequenceSet) -> Search:
        """Return the search that begins with given sequences, and stays near them.

        Parameters
        ----------
        starts : SequenceSet
            Sequences of the kind; ``max_edits`` of the options says how near.

        Raises
        ------
        ConfigError
            If they are no sequences of this kind.
        """
        most, varies = self.tokenizer.length, self.tokenizer.kind == VARIABLE
        odd = starts.lengths[starts.lengths > most if varies else starts.lengths != most]
        if len(odd):
            raise ConfigError(
                f"--start: a sequence of {odd[0]:,} letters; designs are of "
                f"{'at most ' * varies}{most:,}"
            )
        assert isinstance(self.language, Language | None)
        allowed = Edited(self.tokenizer.encode(starts), self.config.max_edits, self.language)
        prior = StartPrior(self.prior, allowed, self.tokenizer.end)
        told = {**self.told, "start": starts.digest}
        return replace(self, prior=prior, language=allowed, told=told)

    def screened(self, timeout: float | None = None) -> Search:
        """Return the search that refuses what matches the list of ``--screen``; itself without.

        Parameters
        ----------
        timeout : float, optional
            Seconds that a screening program may take.

        Raises
        ------
        ConfigError, DataError
            If the list cannot be read, or not be compared with such records.
        """
        text, config = self.config.screen, self.config
        if text is None:
            if config.screen_window is not None:
                raise ConfigError("--screen-window: of what? give a list with --screen")
            return replace(self, told={**self.told, "screened": None})
        alphabet = self.tokenizer.alphabet
        screen = load_screen(text, alphabet, config.screen_window, config.screen_identity, timeout)
        passes = Screened(screen, self.tokenizer, self.language)
        told = {**self.told, "screened": screen.digest}
        return replace(self, language=passes, told=told)

    @property
    def screen(self) -> dict[str, Any] | None:
        """What was screened for and how many sequences were refused; None without a screen."""
        if not isinstance(self.language, Screened):
            return None
        return {"list": self.language.screen.described, "refused": self.language.refused}

    def run(self, table: CallTable, watch: Watch = lambda done, calls, best: None) -> Evolution:
        """Ask until all calls are made; those of the table are not asked again.

        Raises
        ------
        OracleError
            If the oracle fails; the calls before it are in the table.
        CheckpointError
            If the table is of another search.
        """
        config = self.config
        search = Evolution(
            self.tokenizer, self.prior, self.language, config.seed, config.max_identity
        )
        if table.columns:
            self.objective.check(table.columns)
            self.oracle.columns = table.columns
        values = np.zeros((0, 0))
        turn = 0
        while len(search.rows) < config.calls:
            turn += 1
            asked = search.ask(min(config.chosen_batch, config.calls - len(search.rows)))
            if not len(asked.parents):
                break
            texts = self.texts(asked.candidates.rows)
            found = self._answers(table, texts, asked, turn)
            values = found if not len(values) else np.concatenate([values, found])
            scores = self.objective.scores(values, self.oracle.columns)
            # With several values those of before change, too: they count what is better than each.
            search.scores = scores[: len(search.rows)]
            search.tell(scores[len(search.rows) :])
            watch(len(search.rows), config.calls, float(search.scores.max()))
        return search

    def texts(self, rows: np.ndarray) -> list[str]:
        """Return rows of codes as the oracle is asked about them."""
        return self.tokenizer.decode(rows).ungapped().strings()

    def _answers(
        self, table: CallTable, texts: list[str], asked: Proposed, turn: int
    ) -> np.ndarray:
        """Return the values of a round, from the table or from the oracle."""
        old = [call for call in table.calls if call.round == turn and call.kind != AGAIN]
        for call, text in zip(old, texts, strict=False):
            if call.sequence != text:
                raise CheckpointError(
                    f"{table.path}: the calls are not those of this search (round {turn:,}); it "
                    "was begun with another model, another version or another machine"
                )
        new = range(len(old), len(texts))
        unknown = [*dict.fromkeys(texts[i] for i in new if texts[i] not in table.known)]
        if new:
            answers = self.oracle([*unknown]) if unknown else np.zeros((0, 0))
            if not table.columns:
                self.objective.check(self.oracle.columns)
            fresh = dict(zip(unknown, map(tuple, answers.tolist()), strict=True))
            calls = [
                Call(
                    turn, KINDS[asked.kinds[i]], int(asked.parents[i]) + 1, texts[i],
                    fresh.get(texts[i]) or table.known[texts[i]],
                )
                for i in new
            ]  # fmt: skip
            table.add(calls, self.oracle.columns)
        done = sum(call.kind == AGAIN for call in table.calls)
        again = [*enumerate(texts[:_TWICE], 1)][done:] if turn == 1 else []
        if again:
            second = self.oracle([text for _, text in again])
            rows = zip(again, map(tuple, second.tolist()), strict=True)
            calls = [Call(turn, AGAIN, number, text, row) for (number, text), row in rows]
            table.add(calls, self.oracle.columns)
        return np.array([table.known[text] for text in texts], float)


@takes(DesignConfig)
def design(
    source: Any,
    oracle: Oracle | str,
    n: int = 96,
    *,
    check: Oracle | str | None = None,
    constraints: Iterable[Constraint] = (),
    real: SequenceSet | None = None,
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
    real : SequenceSet, optional
        Real records, which designs are compared with; by default the sequences of ``source``.
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
    if real is None and isinstance(source, SequenceSet):
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
    real: SequenceSet | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    watch: Watch = lambda done, calls, best: None,
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
    if out is not None:
        search, table = opened(Path(out), search, resume, overwrite)
    evolution = search.run(table, watch)
    asked = np.array([table.known[text] for text in search.texts(evolution.rows)], float)
    numbers = _chosen(search, evolution, asked, n)
    summary = _summary(search, evolution, table, asked, numbers)
    texts = search.tokenizer.decode(evolution.rows[numbers]).strings()
    labels = _labels(search, evolution, table, numbers)
    several = len(search.objective.names(search.oracle.columns)) > 1
    if several:
        fronts = search.objective.front(asked, search.oracle.columns)
        labels = {"front": [f"{fronts[i]}" for i in numbers], **labels}
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
    if check is not None:
        labels["check"] = [f"{value:.6g}" for value in scored.check_values()]
    designs = Designs.from_strings(
        texts, [f"design_{i + 1}" for i in range(len(texts))], search.tokenizer.alphabet, labels
    )
    assert isinstance(designs, Designs)
    designs.summary, designs.front = summary, front
    if out is not None:
        write_fasta(designs, Path(out) / DESIGNS)
        write_json({**_told(search), **summary}, Path(out) / SUMMARY)
        page = to_html(
            Path(out).name, designs, real, scored, evolution.scores, _facts(search), front
        )
        write_text(page, Path(out) / PAGE)
    return designs


def _chosen(search: Search, evolution: Evolution, values: np.ndarray, n: int) -> np.ndarray:
    """Return the numbers of the designs: the best distinct ones, or some of the whole front."""
    columns, most = search.oracle.columns, search.config.front
    order = None
    if most is not None:
        front = np.flatnonzero(search.objective.front(values, columns) == 1)
        if not len(front):
            raise DataError(f"none of {len(evolution.rows):,} sequences keeps the ranges of --keep")
        wanted = search.objective.wanted(values[front], columns)
        order, n = front[spread(wanted, len(front))], most
    found = evolution.distinct(n, order=order)
    if not len(found):
        if not len(evolution.rows) and search.screen is not None:
            raise DataError(
                f"--screen: all {search.screen['refused']:,} sequences that were proposed match "
                f"{search.screen['list']}"
            )
        raise DataError(f"none of {len(evolution.rows):,} sequences is feasible by the oracle")
    return found


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
        for some in sets:
            answers = check(some)
            checked.append(search.objective.checked(answers, check.columns, names))
    signs = tuple(map(search.objective.sign, names))
    return Scored(names, signs, optimised, checked, None if check is None else check.name)


def _rules(tokenizer: Tokenizer, grammar: Grammar) -> dict[str, Automaton]:
    """Return what records of a kind keep anyway: their lengths, and the words at their ends."""
    lengths = np.zeros(tokenizer.positions + 1, bool)
    if tokenizer.kind != VARIABLE:
        lengths[-1] = True
    elif grammar.lengths:
        lengths[: len(grammar.lengths)] = np.array(grammar.lengths) > 0
    else:
        seen = np.flatnonzero(tokenizer.lengths)
        lengths[int(seen[0]) if len(seen) else grammar.shortest(tokenizer.positions) :] = True
    return own_rules(grammar, lengths, tokenizer, None)


def _facts(search: Search) -> dict[str, Any]:
    """Return what the page says about a search."""
    return {
        "oracle": search.oracle.name,
        "constraints": search.constraints,
        "screening": search.screen,
        "objective": str(search.objective) or "--maximise the oracle's value",
        "source": {k: str(v) for k, v in search.told.items() if k in ("data", "model", "prior")},
        **_options(search),
    }


def _options(search: Search) -> dict[str, Any]:
    return {**search.config.to_dict(), "batch": search.config.chosen_batch}


def _told(search: Search) -> dict[str, Any]:
    return {
        "version": __version__,
        "search": {**search.told, **_options(search), "oracle": search.oracle.name},
    }


def opened(path: Path, search: Search, resume: bool, overwrite: bool) -> tuple[Search, CallTable]:
    """Return the table of calls of a folder, empty or that of the run which goes on.

    Where no batch is asked for, a run goes on with the one that it was begun with.
    """
    found = [path / name for name in (SUMMARY, CALLS) if (path / name).exists()]
    if resume and not found:
        raise ConfigError(f"{path}: nothing to resume, no run was begun there")
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path}: is a file; name another folder")
    if path.exists() and any(path.iterdir()) and not (resume or (overwrite and found)):
        more = "--overwrite replaces it, --resume goes on" if found else "name another folder"
        raise OutputError(f"{path}: is not empty; {more}")
    claim_folder(path)
    table = CallTable(path / CALLS)
    if resume:
        old = read_json(path / SUMMARY, CheckpointError) if (path / SUMMARY).exists() else {}
        before = old.get("search", {})
        if search.config.batch is None and before.get("batch"):
            search = replace(search, config=replace(search.config, batch=before["batch"]))
        now = _told(search)["search"]
        for name in before.keys() & now.keys() - {"calls", "front", "screen"}:
            if before[name] != now[name]:
                raise ConfigError(
                    f"{path}: was begun with {name} {before[name]}, not {now[name]}; --resume "
                    "goes on with the same search"
                )
        table.read()
    else:
        for name in (CALLS, DESIGNS, PAGE):
            (path / name).unlink(missing_ok=True)
        write_json(_told(search), path / SUMMARY)
    return search, table


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
