"""Rounds of measurements: sequences to be made, what was measured of them, and the next ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import ConfigError, DataError, plural
from biogan.core.files import reading
from biogan.designing.calls import Call
from biogan.designing.evolve import KINDS
from biogan.designing.search import Search, opened
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.write import write_fasta

#: Sequences of a round, by default: a plate.
PLATE = 96
#: What stands for an oracle where a property is measured.
MEASURED = "measurements"


class Round(NamedTuple):
    """The sequences of a round.

    Attributes
    ----------
    number : int
        From 1.
    sequences : SequenceSet
        To be made and measured.
    path : Path
        Where they were written.
    screen : dict or None
        What they were screened for, and how many sequences were refused.
    """

    number: int
    sequences: SequenceSet
    path: Path
    screen: dict[str, Any] | None = None


def next_round(
    search: Search,
    out: str | Path,
    measured: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> Round:
    """Write the sequences of the next round of a campaign.

    Everything follows from the search and from what was measured: the same measurements give the
    same sequences.

    Parameters
    ----------
    search : Search
        Model or chain, constraints; its oracle is not asked.
    out : str or Path
        Folder of the campaign: ``round_1.fasta`` and so on, and ``calls.tsv`` with all
        measurements.
    measured : str or Path, optional
        Measurements of the last round, see :func:`read_measured`. Sequences that were not measured
        count as never made.
    resume, overwrite : bool
        Go on with the campaign in that folder, or replace it.

    Raises
    ------
    ConfigError
        If measurements are missing, or there is nothing to go on with.
    DataError
        If the measurements are not those of the last round.
    """
    path = Path(out)
    if measured is not None and not resume:
        raise ConfigError(f"--measured {measured}: goes with --resume, which goes on with {out}")
    if not resume and search.config.batch is None:
        search = replace(search, config=replace(search.config, batch=PLATE))
    search, table = opened(path, search, resume, overwrite)
    if resume and measured is None:
        raise ConfigError(f"--resume {out}: give what was measured with --measured ROUND.tsv")
    config = search.config
    evolution = search.evolution()
    values = np.zeros((0, 0))
    turn = 0
    while True:
        turn += 1
        asked = evolution.ask(config.chosen_batch)
        texts = search.tokenizer.decode(asked.candidates.rows).ungapped().strings()
        ids = [f"r{turn}_{i + 1}" for i in range(len(texts))]
        if turn not in {call.round for call in table.calls}:
            if measured is None:
                break
            columns, found = read_measured(measured, ids, turn)
            if table.columns and columns != table.columns:
                raise DataError(
                    f"{measured}: measures {', '.join(columns)}, the rounds before "
                    f"{', '.join(table.columns)}"
                )
            search.objective.check(columns)
            calls = [
                Call(turn, KINDS[asked.kinds[i]], 0, texts[i], tuple(found[name]))
                for i, name in enumerate(ids)
                if name in found
            ]
            table.add(calls, columns)
            measured = None
        known = {call.sequence: call.values for call in table.calls if call.round == turn}
        there = np.array([text in known for text in texts])
        new = np.array([known[text] for text in texts if text in known], float)
        values = new if not len(values) else np.concatenate([values, new])
        # Those of before change, too, where there are several properties.
        scores = search.objective.scores(values, table.columns)
        evolution.scores = scores[: len(values) - len(new)]
        told = np.full(len(texts), np.nan)
        told[there] = scores[len(values) - len(new) :]
        evolution.tell(told)
    if measured is not None or not len(texts):
        raise ConfigError(f"{out}: no new sequence of this kind can be found")
    labels = {"round": [str(turn)] * len(texts), "proposed": [KINDS[k] for k in asked.kinds]}
    sequences = SequenceSet.from_strings(
        search.tokenizer.decode(asked.candidates.rows).strings(), ids, search.tokenizer.alphabet,
        labels,
    )  # fmt: skip
    target = path / f"round_{turn}.fasta"
    write_fasta(sequences, target)
    return Round(turn, sequences, target, search.screen)


def read_measured(
    path: str | Path, ids: Sequence[str], turn: int
) -> tuple[tuple[str, ...], dict[str, list[float]]]:
    """Read a table of measurements: ``id``, and a column for each property.

    Parameters
    ----------
    path : str or Path
        TSV with a header; several lines of one id are averaged, empty cells leave a record out.
    ids : sequence of str
        The records of the round.
    turn : int
        Its number, for messages.

    Returns
    -------
    columns : tuple of str
        Names of the properties.
    values : dict of str to list of float
        What was measured of each record.

    Raises
    ------
    DataError
        If a line is none of the round, or holds no numbers, or nothing was measured.
    """
    with reading(path, "no table of measurements"):
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    head = lines[0].rstrip().split("\t") if lines else []
    if len(head) < 2 or head[0].lower() != "id":
        raise DataError(f"{path}, line 1: a header is needed, id<TAB>NAME for each property")
    if len({*head[1:]} - {""}) < len(head) - 1:
        raise DataError(f"{path}, line 1: a property without a name, or two of one name")
    found: dict[str, list[list[float]]] = defaultdict(list)
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        name, *cells = line.split("\t")
        if name not in ids:
            raise DataError(
                f"{path}, line {number:,}: {shown(name)} is none of the "
                f"{plural(len(ids), 'sequence')} of round {turn:,}; was this file given before?"
            )
        if not any(cell.strip() for cell in cells):
            continue
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            values = []
        if len(values) != len(head) - 1 or not np.isfinite(values).all():
            raise DataError(
                f"{path}, line {number:,}: {shown(line, 60)} is not id and "
                f"{plural(len(head) - 1, 'number')}"
            )
        found[name].append(values)
    if not found:
        raise DataError(f"{path}: nothing was measured")
    return tuple(head[1:]), {name: np.mean(all_of, 0).tolist() for name, all_of in found.items()}
