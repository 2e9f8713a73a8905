"""A search: what proposes, what is asked, and the table of calls that it is resumed from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from biogan.core import __version__
from biogan.core.errors import CheckpointError, ConfigError, DataError
from biogan.core.files import check_folder, claim_folder, read_json, write_json
from biogan.core.oracles import Asked
from biogan.designing.calls import Call, CallTable
from biogan.designing.config import DesignConfig
from biogan.designing.evolve import KINDS, Evolution, Proposed
from biogan.designing.molecules import Readable, TokenSampler, asked_about
from biogan.designing.objective import Objective
from biogan.designing.pareto import spread
from biogan.designing.proposals import ChainPrior, CodePrior, GeneratorPrior, Prior
from biogan.designing.screen import Holds, Screened, load_screen
from biogan.designing.start import Edited, StartPrior
from biogan.molecules.dataset import MoleculeSet
from biogan.nn.latent_nets import LatentGenerator
from biogan.nn.sequence_heads import Grammar
from biogan.sequences.alphabet import Vocabulary
from biogan.sequences.baselines import get_baseline
from biogan.sequences.constraints.constraint import Constraint, flattened
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.language import Automaton, Language
from biogan.sequences.constraints.preparation import own_rules
from biogan.sequences.constraints.uniform import Feasible
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.tokenizer import VARIABLE, Tokenizer
from biogan.sequences.tokens import TokenModality

#: Files of a run.
CALLS, DESIGNS, SUMMARY = "calls.tsv", "designs.fasta", "design.json"
PAGE = "design.html"
#: Folder of the tables of calls of controls.
CONTROLS = "controls"
#: The sampler that is fitted to sequences where none is named.
PRIOR = "markov-3"
#: How a question is called that was asked for a second time.
AGAIN = "again"
#: How a question is called about a real record, to compare with.
OF_REAL = "real"
# Questions that are asked twice, to find an oracle that answers differently.
_TWICE = 3
#: Receives calls done, calls to do and the best score.
Watch = Callable[[int, int, float], None]


class Proposer(Protocol):
    """What is asked for candidates and told their scores, such as :class:`Evolution`.

    Attributes
    ----------
    rows, scores : numpy.ndarray
        Every candidate that was scored, in order, and its score; higher is better.
    """

    rows: np.ndarray
    scores: np.ndarray

    def ask(self, n: int) -> Proposed:
        """Return at most ``n`` candidates that were never scored; none ends the search."""
        ...

    def tell(self, scores: np.ndarray) -> None:
        """Receive the score of each candidate that was asked for last."""
        ...


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
        source : SequenceGAN, MoleculeGAN, SequenceSet or MoleculeSet
            A trained model, or records to which a sampler is fitted; of molecules in SELFIES.
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
        if isinstance(source, MoleculeSet):
            source = source.tokens("selfies", joined=False)
            source = source[np.flatnonzero(source.lengths)]
        if isinstance(source, SequenceSet):
            tokenizer = Tokenizer.of(source)
            end = tokenizer.end if tokenizer.kind == VARIABLE else None
            grammar = Grammar(end, tokenizer.closing, tokenizer.opening)
            words = language(wanted, tokenizer, _rules(tokenizer, grammar))
            feasible = Feasible(tokenizer, words, tokenizer.encode(source))
            found = ChainPrior(get_baseline(prior).fit(source), tokenizer, words, feasible)
            told = {"data": source.digest, "prior": prior}
        else:
            generator = source.networks.generator.eval()
            if not isinstance(source.modality, TokenModality):
                raise ConfigError(
                    f"a model of {source.kinds_learned[0]}: only sequences and molecules can be "
                    "designed"
                )
            tokenizer = source.tokenizer
            words = language(wanted, tokenizer, _rules(tokenizer, generator.grammar))
            if isinstance(generator, LatentGenerator):
                tokens = isinstance(tokenizer.alphabet, Vocabulary)
                found = CodePrior(TokenSampler(source) if tokens else source, tokenizer, words)
            else:
                found = GeneratorPrior(generator, words)
            told = {"model": source.card.data.digest, "step": source.card.training.kept_step}
        told |= {"constraints": list(map(str, wanted)), "objective": str(objective)}
        held: Holds | None = words
        if config.require_smarts is not None or tokenizer.alphabet.name == "smiles":
            held = Readable(config.require_smarts, tokenizer, words)
        asked = asked_about(tokenizer.alphabet, oracle)
        return cls(tokenizer, found, held, tuple(wanted), asked, objective, config, told)

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
        if self.config.require_smarts is not None:
            raise ConfigError("--start: cannot be combined with --require-smarts")
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

    @property
    def options(self) -> dict[str, Any]:
        """The options of the run, for its files."""
        return {**self.config.to_dict(), "batch": self.config.chosen_batch}

    @property
    def facts(self) -> dict[str, Any]:
        """What the file of the run begins with: what a resumed run has to share."""
        found = {**self.told, **self.options, "oracle": self.oracle.name}
        return {"version": __version__, "search": found}

    @property
    def source(self) -> str:
        """What its prior is, for messages: the model, or a sampler of this name."""
        return "the model" if "model" in self.told else str(self.told["prior"])

    def evolution(self) -> Evolution:
        """Return what proposes candidates, before any was scored."""
        config = self.config
        return Evolution(
            self.tokenizer, self.prior, self.language, config.seed, config.max_identity
        )

    def run(
        self, table: CallTable, search: Proposer, watch: Watch = lambda done, calls, best: None
    ) -> None:
        """Ask until all calls are made; those of the table are not asked again.

        Parameters
        ----------
        table : CallTable
            Answers so far.
        search : Proposer
            What proposes candidates, such as :meth:`evolution`; it holds them all then.
        watch : callable
            Receives calls done, calls to do and the best score.

        Raises
        ------
        OracleError
            If the oracle fails; the calls before it are in the table.
        CheckpointError
            If the table is of another search.
        """
        config = self.config
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

    def chosen(self, found: Proposer, values: np.ndarray, n: int) -> np.ndarray:
        """Return the numbers of the designs: the best distinct ones, or some of the whole front.

        Parameters
        ----------
        found : Proposer
            What was scored.
        values : numpy.ndarray, shape (calls, columns)
            The oracle's values of it.
        n : int
            Designs at most.

        Raises
        ------
        DataError
            If there is none.
        """
        evolution = self.evolution()
        evolution.rows, evolution.scores = found.rows, found.scores
        columns, most = self.oracle.columns, self.config.front
        order = None
        if most is not None:
            front = np.flatnonzero(self.objective.front(values, columns) == 1)
            if not len(front):
                raise DataError(f"none of {len(found.rows):,} sequences keeps the ranges of --keep")
            wanted = self.objective.wanted(values[front], columns)
            order, n = front[spread(wanted, len(front))], most
        numbers = evolution.distinct(n, order=order)
        if not len(numbers):
            if not len(evolution.rows) and self.screen is not None:
                raise DataError(
                    f"--screen: all {self.screen['refused']:,} sequences that were proposed match "
                    f"{self.screen['list']}"
                )
            raise DataError(f"none of {len(evolution.rows):,} sequences is feasible by the oracle")
        return numbers

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


def opened(path: Path, search: Search, resume: bool, overwrite: bool) -> tuple[Search, CallTable]:
    """Return the table of calls of a folder, empty or that of the run which goes on.

    Where no batch is asked for, a run goes on with the one that it was begun with.
    """
    found = [path / name for name in (SUMMARY, CALLS) if (path / name).exists()]
    if resume and not found:
        raise ConfigError(f"{path}: nothing to resume, no run was begun there")
    if not resume:
        check_folder(path, bool(found), overwrite, resumable=True)
    claim_folder(path)
    table = CallTable(path / CALLS)
    if resume:
        old = read_json(path / SUMMARY, CheckpointError) if (path / SUMMARY).exists() else {}
        before = old.get("search", {})
        if search.config.batch is None and before.get("batch"):
            search = replace(search, config=replace(search.config, batch=before["batch"]))
        now = search.facts["search"]
        for name in before.keys() & now.keys() - {"calls", "front", "screen", "controls"}:
            if before[name] != now[name]:
                raise ConfigError(
                    f"{path}: was begun with {name} {before[name]}, not {now[name]}; --resume "
                    "goes on with the same search"
                )
        table.read()
    else:
        for name in (CALLS, DESIGNS, PAGE):
            (path / name).unlink(missing_ok=True)
        shutil.rmtree(path / CONTROLS, ignore_errors=True)
        write_json(search.facts, path / SUMMARY)
    return search, table
