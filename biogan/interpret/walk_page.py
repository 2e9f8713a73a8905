"""The folder of a walk: sequences, a table, a page and a summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from biogan.core import __version__
from biogan.core.files import check_folder, claim_folder, write_json, write_text, write_tsv
from biogan.evaluation.report.html import STATUSES, render
from biogan.evaluation.report.plots.canvas import BLUE, ORANGE, drawing, legend
from biogan.evaluation.report.results import BETWEEN, FLOOR, REAL, UNREAD
from biogan.evaluation.report.spec import Panel, Section
from biogan.evaluation.report.text import number
from biogan.interpret.latent import Direction, Walks
from biogan.sequences.io.write import write_fasta

#: Files of a walk.
FASTA, TABLE, MOVES, PAGE, SUMMARY = (
    "walk.fasta", "walk.tsv", "directions.tsv", "walk.html", "walk.json",
)  # fmt: skip
#: Edits of a good walk, as a multiple of those of the shortest path.
DETOUR = 1.5
# Walks that are shown letter by letter, and letters of each.
_SHOWN, _LETTERS = 4, 120

_WALKS = Section(
    "Walks",
    "",
    "Mean over the walks at each step; the band holds half of them. The shortest path exchanges "
    "the letters in which both ends differ, one by one: its middle is a mixture that no model "
    "wrote.",
    "A realism that sinks in the middle as deep as that of the shortest path; many edits at one "
    "step and none at others, as between stored records.",
)


def claimed(out: str | Path, overwrite: bool) -> Path:
    """Make the folder of a walk, before time is spent on one.

    Raises
    ------
    OutputError
        If something else is there, or a walk that is not to be replaced.
    """
    folder = Path(out)
    check_folder(folder, (folder / SUMMARY).exists(), overwrite)
    claim_folder(folder)
    return folder


def write_walk(
    found: Walks, moves: Sequence[Direction], folder: Path, facts: dict[str, str]
) -> list[str]:
    """Write the folder of a walk.

    Parameters
    ----------
    found : Walks
        The walks.
    moves : sequence of Direction
        Directions of the latent space.
    folder : Path
        The folder, see :func:`claimed`.
    facts : dict of str to str
        What the page says of the run.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    names = [PAGE, FASTA, TABLE, MOVES, SUMMARY]
    write_fasta(found.records, folder / FASTA)
    write_tsv(_table(found), folder / TABLE)
    letters = found.records.alphabet.letters
    write_tsv(
        pd.DataFrame(
            [(d.name, d.edits, d.realism, *_value(d), *d.shares) for d in moves],
            columns=["direction", "edits", "realism", *_value_head(moves), *letters],
        ),
        folder / MOVES,
    )
    write_json(_summary(found, moves), folder / SUMMARY)
    write_text(_page(found, moves, folder.name, names[1:], facts), folder / PAGE)
    return names


def _table(found: Walks) -> pd.DataFrame:
    n = found.pairs * found.steps
    first = np.zeros((found.pairs, 1), int)
    name = "log_ratio" if found.calibrated else "critic"
    table: dict[str, Any] = {
        "pair": np.repeat(np.arange(found.pairs) + 1, found.steps),
        "step": np.tile(np.arange(found.steps) + 1, found.pairs),
        "id": found.records.ids,
        name: found.realism.ravel(),
        "edits": np.hstack([first, found.edits]).ravel(),
        f"shortest_{name}": found.mixed_realism.ravel(),
        "shortest_edits": np.hstack([first, found.mixed_edits]).ravel(),
    }
    if found.values is not None:
        table["value"] = found.values.ravel()
    if found.asked is not None:
        table["asked"] = [*found.asked] * found.pairs
    assert len(found.records) == n
    return pd.DataFrame(table)


def _summary(found: Walks, moves: Sequence[Direction]) -> dict[str, Any]:
    middle = slice(1, -1) if found.steps > 2 else slice(None)
    return {
        "version": __version__,
        "pairs": found.pairs,
        "steps": found.steps,
        "asked": found.asked,
        "calibrated": found.calibrated,
        "realism": {
            "ends": float(found.realism[:, [0, -1]].mean()),
            "between": float(found.realism[:, middle].mean()),
            "shortest_between": float(found.mixed_realism[:, middle].mean()),
        },
        "edits": {
            "walk": float(found.edits.sum(1).mean()),
            "shortest": float(found.mixed_edits.sum(1).mean()),
            "detour": found.detour,
        },
        "follows": found.follows,
        "directions": [
            {"name": d.name, "edits": d.edits, "realism": d.realism, "value": d.value}
            for d in moves
        ],
    }  # fmt: skip


def _value(move: Direction) -> list[float]:
    return [] if move.value is None else [move.value]


def _value_head(moves: Sequence[Direction]) -> list[str]:
    return ["value"] if moves and moves[0].value is not None else []


def _verdict(found: Walks, moves: Sequence[Direction]) -> list[dict[str, Any]]:
    facts = _summary(found, moves)
    real, edits = facts["realism"], facts["edits"]
    unit = "log ratio, nats" if found.calibrated else "the critic's logit"
    better = real["between"] >= real["shortest_between"]
    lines = [
        {
            "subject": "Realism", "status": STATUSES[REAL if better else FLOOR],
            "consequence": "between the ends records look more real than mixtures of them" if better
            else "between the ends records look no more real than mixtures of them",
            "evidence": f"{number(real['between'])} between the ends ({unit}), "
            f"{number(real['ends'])} at them, {number(real['shortest_between'])} on the shortest "
            "path",
        },
        {
            "subject": "Edits", "status": STATUSES[REAL if edits["detour"] <= DETOUR else BETWEEN],
            "consequence": "the way is nearly as short as it can be" if edits["detour"] <= DETOUR
            else "the way has detours",
            "evidence": f"{number(edits['walk'])} changed letters a walk, "
            f"{number(edits['detour'])} times those of the shortest path",
        },
    ]  # fmt: skip
    if found.asked is not None:
        follows = found.follows
        known = follows is not None
        lines.append({
            "subject": "Label",
            "status": STATUSES[UNREAD if follows is None else REAL if follows >= 0.9 else BETWEEN],
            "consequence": "the value follows the label" if known and follows is not None
            and follows >= 0.9 else "no oracle says whether the value follows the label"
            if not known else "the value follows the label in part",
            "evidence": f"from {found.asked[0]} to {found.asked[-1]}"
            + (f"; Spearman {number(follows)}" if follows is not None else "; --oracle tells"),
        })  # fmt: skip
    return lines


def _page(
    found: Walks, moves: Sequence[Direction], name: str, files: Sequence[str], facts: dict[str, str]
) -> str:
    unit = "log ratio, nats" if found.calibrated else "critic's logit"
    drawn = [
        _curve("realism", unit, found.realism, found.mixed_realism),
        _curve("edits", "edits", found.edits, found.mixed_edits),
    ]
    if found.values is not None:
        drawn.append(_curve("value", "oracle", found.values, None))
    letters = found.records.alphabet.letters
    return render(
        "walk.html",
        version=__version__,
        kind="latent walk",
        title=name,
        lead=f"{found.pairs:,} walks of {found.steps:,} steps",
        verdict=_verdict(found, moves),
        drawn=drawn,
        text=_WALKS,
        walks=[_letters(found, k) for k in range(min(_SHOWN, found.pairs))],
        shown="Letters that differ from the step before are marked; behind them the realism."
        + (f" The first {_LETTERS:,} letters." if found.records.longest > _LETTERS else ""),
        directions={
            "head": ["direction", "edits", "realism", *_value_head(moves), *letters],
            "rows": [
                [d.name, number(d.edits), f"{d.realism:+.3g}", *(f"{v:+.3g}" for v in _value(d)),
                 *(f"{100 * share:+.1f} %" for share in d.shares)]
                for d in moves
            ],
        },
        none="Directions are those of models with a latent vector.",
        facts=[*facts.items()],
        files=files,
    )  # fmt: skip


def _curve(name: str, unit: str, values: np.ndarray, other: np.ndarray | None) -> Panel:
    steps = np.arange(values.shape[1]) + 1 + (name == "edits")
    with drawing(f"walk-{name}", f"{name} at each step") as d:
        sets = [("walk", values, BLUE)]
        if other is not None:
            sets.append(("shortest path", other, ORANGE))
        for label, some, colour in sets:
            low, high = np.quantile(some, [0.25, 0.75], axis=0)
            d.axes.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
            d.axes.plot(steps, some.mean(0), color=colour, label=label)
        d.axes.set(xlabel="step", ylabel=unit)
        legend(d.axes)
    return Panel(name.capitalize(), "", d.svg)


def _letters(found: Walks, pair: int) -> Markup:
    """Write the steps of a walk below one another."""
    rows = []
    before = ""
    for k in range(found.steps):
        i = pair * found.steps + k
        text = found.records[i][:_LETTERS]
        marked = Markup("").join(
            Markup("<b>{}</b>").format(c)
            if k and (j >= len(before) or before[j] != c)
            else escape(c)
            for j, c in enumerate(text)
        )
        asked = "" if found.asked is None else f"  {found.asked[k]}"
        rows.append(Markup("{}  {}{}").format(marked, f"{found.realism[pair, k]:+.2f}", asked))
        before = text
    return Markup("\n").join(rows)
