"""The files of an explanation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from biogan.core.files import atomic_path, write_json, write_text, write_tsv
from biogan.interpret.config import ExplainConfig
from biogan.interpret.explanation import Explanation
from biogan.interpret.page import to_html
from biogan.interpret.pairs import ColumnPairs
from biogan.sequences.io.motifs import meme_text

#: What was found in full, and the summary, which is written first and last.
ATTRIBUTIONS, MEME, SEQLETS, PAGE = (
    "attributions.npz", "motifs.meme", "seqlets.tsv", "explain.html",
)  # fmt: skip
SUMMARY = "explain.json"
#: One-hot letters and effects as TF-MoDISco reads them: arrays (n, A, L) called ``arr_0``.
MODISCO = ("modisco_sequences.npz", "modisco_attributions.npz")
#: All but the summary.
PAIRS = "pairs.tsv"
FILES = (ATTRIBUTIONS, MEME, SEQLETS, PAGE, PAIRS, *MODISCO)


def write_files(found: Explanation, folder: Path, config: ExplainConfig) -> list[str]:
    """Write the files of an explanation.

    Parameters
    ----------
    found : Explanation
        What was found.
    folder : Path
        Where to.
    config : ExplainConfig
        Which more are wanted.

    Returns
    -------
    list of str
        Their names.
    """
    records, names = found.records, [ATTRIBUTIONS, MEME, SEQLETS]
    codes = records.matrix(found.attributions.shape[1])
    with atomic_path(folder / ATTRIBUTIONS) as path, path.open("wb") as file:
        # Effects that lie in a file are written a piece at a time.
        np.savez(
            file, effects=found.effects, attributions=found.attributions, scores=found.scores,
            codes=codes, ids=np.array(records.ids, str),
            letters=np.array(records.alphabet.letters),
        )  # fmt: skip
    write_text(_meme(found, config), folder / MEME)
    _write_seqlets(found, folder / SEQLETS)
    if found.pairs is not None:
        names.append(PAIRS)
        _write_pairs(found.pairs, folder / PAIRS)
    if config.export == "modisco":
        names += MODISCO
        size = records.alphabet.size
        one_hot = np.eye(size + 1, size, dtype=np.int8)[np.minimum(codes, size)]
        for name, array in zip(MODISCO, (one_hot, found.effects), strict=True):
            with atomic_path(folder / name) as path, path.open("wb") as file:
                np.savez(file, np.swapaxes(array, 1, 2))
    names = [PAGE, *names, SUMMARY]
    write_text(to_html(folder.name, found, names[1:]), folder / PAGE)
    write_json(found.summary, folder / SUMMARY)
    return names


def _meme(found: Explanation, config: ExplainConfig) -> str:
    letters = found.records.alphabet.letters
    counts = np.bincount(found.records.codes, minlength=len(letters))[: len(letters)] + 1.0
    motifs = {row.name: (row.motif.frequencies, len(row.motif.sites)) for row in found.motifs}
    return meme_text(motifs, letters, counts, config.both_strands)


def _write_pairs(pairs: ColumnPairs, path: Path) -> None:
    """Write every pair of columns, counted from 1, those that act together most first."""
    import pandas as pd

    order = np.argsort(-pairs.corrected, kind="stable")
    table = {
        "first": pairs.first + 1, "second": pairs.second + 1, "interaction": pairs.interaction,
        "corrected": pairs.corrected, "coupling": pairs.coupling,
    }  # fmt: skip
    if pairs.paired is not None:
        table["paired"] = pairs.paired.astype(int)
    write_tsv(pd.DataFrame({name: values[order] for name, values in table.items()}), path)


def _write_seqlets(found: Explanation, path: Path) -> None:
    """Write every stretch with its motif, counted from 1, both ends included."""
    import pandas as pd

    seqlets, texts, ids = found.seqlets, found.records.strings(), found.records.ids
    rows = []
    for row in found.motifs:
        sites = row.motif.sites
        for record, start, reverse, score in zip(*(x.tolist() for x in sites), strict=True):
            low, high = max(0, start), min(len(texts[record]), start + row.motif.width)
            rows.append((ids[record], low + 1, high, "-" if reverse else "+", row.name, score,
                         texts[record][low:high]))  # fmt: skip
    named = {(record, score) for row in found.motifs
             for record, score in zip(row.motif.sites.record.tolist(),
                                      row.motif.sites.score.tolist(), strict=True)}  # fmt: skip
    for record, start, stop, score in zip(*(x.tolist() for x in seqlets), strict=True):
        if (record, score) not in named:
            rows.append((ids[record], start + 1, stop, "+", "", score, texts[record][start:stop]))
    columns = ["id", "start", "stop", "strand", "motif", "adds", "sequence"]
    write_tsv(pd.DataFrame(rows, columns=columns), path)
