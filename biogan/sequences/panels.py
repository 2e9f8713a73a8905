"""Drawings of the reports of sequences, by group of metrics, and the closest pairs aligned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from biogan.core.rng import rng
from biogan.evaluation.distances import entropy
from biogan.evaluation.report.plots import curves, logos, scatter
from biogan.evaluation.report.results import TARGET, nearest_table
from biogan.evaluation.report.spec import Panel
from biogan.sequences.genetic_code import CODONS, codon_counts, genetic_code
from biogan.sequences.kmers import kmer_names, kmer_table
from biogan.sequences.label_panels import label_panels
from biogan.sequences.metrics import proteins
from biogan.sequences.metrics.comparison import Comparison
from biogan.sequences.metrics.composition import gc_content
from biogan.sequences.metrics.motifs import motif_table
from biogan.sequences.metrics.positions import (
    column_pairs,
    joint_counts,
    letter_counts,
    one_hot,
    pair_covariance,
    some_columns,
)
from biogan.sequences.metrics.proteins import chance_of_frame
from biogan.sequences.metrics.spectrum import furthest_distance, group_pairs, mutual_information
from biogan.sequences.similarity.pairs import nearest

if TYPE_CHECKING:
    import pandas as pd

    from biogan.evaluation.report.results import Results
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.metrics.comparison import Sample


# Records of a set whose pairs of letters are counted: 100 distances of 200 letters take a moment.
_RECORDS = 2000
# Curves over fewer distances than this show nothing.
_DISTANCES = 4
# Motifs in a drawing: those that differ most.
_MOTIFS = 30
_TELLING = 0.05
# Alignments of records of different lengths that a search may cost, and records at least.
_MOST_ALIGNMENTS, _FEWEST = 500_000, 50
# Records of a set that a cloud of points shows.
_POINTS = 1000
# k-mers of a record that principal components are computed on, at most.
_MOST_KMERS = 500


def decay(results: Results, new: Sequence[str]) -> list[Panel]:
    """Draw the mutual information of two letters by their distance."""
    held = results.named_samples(TARGET, "held-out", *new, floor=results.first_floor)
    sets = {k: s.first(_RECORDS) for k, s in held.items()}
    real = sets[TARGET].plain
    furthest = furthest_distance(real)
    if real.alphabet.complement is None or furthest < _DISTANCES:
        return []
    counts = {k: group_pairs(s, furthest).sum(0) for k, s in sets.items()}
    found = {k: mutual_information(c) for k, c in counts.items()}
    # The standard deviation of a curve without information, where it has most pairs.
    noise = min(
        np.sqrt(18) / (2 * np.log(2) * max(1, c.sum((1, 2)).max())) for c in counts.values()
    )
    svg = curves.profile("decay", found, "distance in letters", "bits", log=noise)
    return [Panel("Mutual information", "of two letters at a distance, log scale", svg)]


def genes(results: Results, new: Sequence[str]) -> list[Panel]:
    """Draw the share of valid coding sequences and the usage of codons."""
    code = genetic_code(results.extras.code)
    drawn = []
    if "cds" in results:
        row = results["cds"]
        names = [*new, "held-out", *(k for k in row.floors if k not in new)]
        values = {k: row.columns[k] for k in names if row.columns[k].value is not None}
        codons, chance = chance_of_frame(code, results.samples["target"].plain)
        line = f"no stop in {codons} random codons: {chance:.2g}"
        svg = curves.bars("cds", values, "valid coding sequences", chance, line)
        caption = f"({64 - int(code.inner_stops.sum())}/64)^{codons} by chance; black: intervals"
        drawn.append(Panel("Valid coding sequences", caption, svg))
    if "codon-jsd" in results:
        sets = results.named_samples(TARGET, *new, "held-out")
        usage = {k: s.values(codon_counts).sum(0) for k, s in sets.items()}
        order = sorted(range(64), key=lambda i: (code.letters[i] == "*", code.letters[i], i))
        labels = [f"{CODONS[i]} {code.letters[i]}" for i in order]
        shares = {k: (c / max(1, c.sum()))[order] for k, c in usage.items()}
        svg = curves.shares("codons", shares, labels, "codon", wide=True)
        drawn.append(Panel("Codons", "in frame, by amino acid; * ends a gene", svg, wide=True))
    return drawn


def motifs(results: Results, new: Sequence[str]) -> list[Panel]:
    """Draw the share of records with each motif, real beside generated."""
    target, source = results.samples["target"], results.samples["source"]
    sets = results.named_samples("held-out", *new)
    tables = {
        k: motif_table(Comparison(s, target, source, extras=results.extras))
        for k, s in sets.items()
    }  # fmt: skip
    own = [tables[k] for k in new]
    told = [i for i, row in enumerate(own[0]) if row["q"] is not None]
    if not told:
        return []

    def most(key: str, i: int) -> float:
        return max(abs(_number(table[i][key])) for table in own)

    told.sort(key=lambda i: -most("log2_ratio", i))
    chosen = told[:_MOTIFS]
    telling = [min(_number(table[i]["q"]) for table in own) < _TELLING for i in chosen]
    names = [f"{own[0][i]['motif']}{' *' if star else ''}"
             for i, star in zip(chosen, telling, strict=True)]  # fmt: skip
    shares = {TARGET: np.array([_number(own[0][i]["real"]) for i in chosen])} | {
        k: np.array([_number(table[i]["generated"]) for i in chosen]) for k, table in tables.items()
    }
    some = (
        ""
        if len(chosen) == len(told)
        else f"the {len(chosen):,} of {len(told):,} that differ most; "
    )
    caption = f"{some}* differs, q < {_TELLING} (Fisher, Benjamini-Hochberg)"
    svg = curves.dumbbells("motifs", shares, names, "records with a site")
    return [Panel("Records with each motif", caption, svg, wide=True)]


def _number(value: Any) -> float:
    return float(value)


@dataclass(frozen=True)
class Pair:
    """A generated record beside its nearest training record.

    Attributes
    ----------
    generated, real : str
        Their ids.
    identity : float
        Their identity, 0 to 1.
    top, bottom : str
        The generated and the real row of the alignment; ``-`` is a gap.
    """

    generated: str
    real: str
    identity: float
    top: str
    bottom: str


def neighbours(results: Results, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest training record of the records of a sample.

    Where lengths differ and there are many records, those known to have a near copy are asked
    first and the others in the random order of the sample, as many as time allows.

    Returns
    -------
    i, j : numpy.ndarray, shape (queries,), int64
        Indices into the sample and into the source.
    identity : numpy.ndarray, shape (queries,), float
    """
    asked = queries(results, name)
    sequences, source = results.samples[name].sequences, results.samples["source"].sequences
    i, j, identity = nearest(sequences[asked], source)
    return asked[i], j, identity


def queries(results: Results, name: str) -> np.ndarray:
    """Return the records of a sample that :func:`neighbours` asks for."""
    sample, source = results.samples[name], results.samples["source"]
    most = max(_FEWEST, _MOST_ALIGNMENTS // len(source))
    if _one_length(sample, source) or len(sample) <= most:
        return np.arange(len(sample))
    assert results.identity is not None
    near = sample.near_copies(source, results.identity)
    return np.argsort(~near, kind="stable")[:most]


def closest_pairs(results: Results, n: int = 20) -> list[Pair]:
    """Return the ``n`` most alike pairs of a generated and a training record, aligned."""
    new, source = (results.samples[k].sequences for k in ("generated", "source"))
    i, j, identity = neighbours(results, "generated")
    best = np.lexsort((i, -identity))[:n]
    by_position = _one_length(results.samples["generated"], results.samples["source"])
    found = []
    for a, b, share in zip(i[best].tolist(), j[best].tolist(), identity[best], strict=True):
        rows = aligned(new[a], source[b], by_position)
        found.append(Pair(new.ids[a], source.ids[b], float(share), *rows))
    return found


def nearest_records(results: Results) -> pd.DataFrame:
    """Return the nearest training record of each generated record asked for, most alike first."""
    i, j, identity = neighbours(results, "generated")
    new, source = (results.samples[k].sequences.ids for k in ("generated", "source"))
    ids = [new[k] for k in i], [source[k] for k in j]
    return nearest_table(*ids, np.lexsort((i, -identity)), identity=identity.round(6))


def _one_length(a: Sample, b: Sample) -> bool:
    lengths = {
        int(x) for s in (a, b) for x in (s.sequences.lengths.min(), s.sequences.lengths.max())
    }
    return len(lengths) == 1


def aligned(new: str, real: str, by_position: bool) -> tuple[str, str]:
    """Align two sequences: letter under letter, or by edit distance."""
    if by_position or not new or not real:
        return new, real
    import edlib

    nice = edlib.getNiceAlignment(edlib.align(new, real, task="path"), new, real)
    return nice["query_aligned"], nice["target_aligned"]


def _novelty(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = {name: name for name in new} | (
        {"held-out": "fresh"} if "fresh" in results.samples else {}
    )
    found = {key: neighbours(results, name)[2] for key, name in sets.items()}
    assert results.identity is not None
    asked = min(len(values) for values in found.values())
    caption = f"identity to the nearest training record, {asked:,} records a set"
    svg = curves.exceedance("nearest", found, "identity to the nearest", results.identity)
    return [Panel("Nearest neighbours", caption, svg)]


def _protein(results: Results, new: Sequence[str]) -> list[Panel]:
    properties = {
        "pi-w1": ("Isoelectric point", "pH", proteins.isoelectric_point),
        "charge-w1": ("Charge", "net charge at pH 7", proteins.charge),
        "gravy-w1": ("Hydropathy", "GRAVY", proteins.gravy),
    }
    sets = {k: s.plain for k, s in results.named_samples(TARGET, *new, "held-out").items()}
    return [
        Panel(title, "of each record",
              curves.overlay(name, {k: compute(s) for k, s in sets.items()}, label))
        for name, (title, label, compute) in properties.items()
        if name in results
    ]  # fmt: skip


def _composition(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = {k: s.plain for k, s in results.named_samples(TARGET, *new, "held-out").items()}
    drawn = []
    if sets[TARGET].alphabet.complement is not None:
        gc = {k: gc_content(s) for k, s in sets.items()}
        caption = "share of G and C in each record"
        drawn.append(Panel("GC content", caption, curves.overlay("gc", gc, "GC content", True)))
    lengths = {k: s.lengths.astype(float) for k, s in sets.items()}
    if len({x for values in lengths.values() for x in set(values)}) > 1:
        svg = curves.overlay("length", lengths, "length in letters")
        drawn.append(Panel("Lengths", "gaps not counted", svg))
    letters = sets[TARGET].alphabet.letters
    shares = {k: np.bincount(s.codes, minlength=len(letters)) / max(len(s.codes), 1)
              for k, s in sets.items()}  # fmt: skip
    drawn.append(
        Panel(
            "Letters", "share of each letter", curves.shares("letters", shares, letters, "letter")
        )
    )
    return drawn


def _kmers(results: Results, new: Sequence[str]) -> list[Panel]:
    note = results["kmer-jsd"].generated.note if "kmer-jsd" in results else ""
    if not note.startswith("k="):
        return []
    k = int(note[2:].partition(";")[0])
    sets = results.named_samples(TARGET, *new, "held-out")
    shares = {key: _share(s.group_kmers(k).sum(0)) for key, s in sets.items()}
    real = shares.pop(TARGET)
    top = max(float(v.max()) for v in (real, *shares.values()))
    names = kmer_names(sets[TARGET].plain.alphabet.letters, k)
    return [
        Panel(
            key,
            f"{k}-mers: the ceiling" if key == "held-out" else f"{k}-mers",
            scatter.spectrum(f"kmers-{i}", real, other, names, key, top),
        )
        for i, (key, other) in enumerate(shares.items())
    ] + decay(results, new)


def _positions(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = results.named_samples(TARGET, *new, "held-out")
    if not _aligned(sets):
        return []
    alphabet = sets[TARGET].sequences.alphabet
    shares = {k: letter_counts(s.matrix, alphabet.size) / len(s) for k, s in sets.items()}
    pair = {k: shares[k] for k in (TARGET, *new)}
    drawn = [Panel("", "", svg, wide=True) for svg in logos.logos("logo", pair, alphabet.letters)]
    bits = {k: entropy(v) for k, v in shares.items()}
    svg = curves.profile("entropy", bits, "position", "entropy in bits", wide=True)
    drawn.append(Panel("Entropy", "of each column; low where a letter is kept", svg, wide=True))
    if "pair-pearson" in results and sets[TARGET].matrix.shape[1] > 1:
        drawn += _pair_panels(results, sets)
    return drawn


def _pair_panels(results: Results, sets: dict[str, Sample]) -> list[Panel]:
    size = sets[TARGET].sequences.alphabet.size
    length = sets[TARGET].matrix.shape[1]
    # The columns that the metric reads.
    columns = some_columns(length, size, rng(results.seed, "columns"))
    mask = column_pairs(len(columns), size)
    flat = {
        k: pair_covariance(joint_counts(s.matrix[:, columns], size), len(s))[mask]
        for k, s in sets.items()
    }
    real = flat.pop(TARGET)
    top = 1.05 * max(float(np.abs(v).max()) for v in (real, *flat.values()))
    return [
        Panel(
            f"Pairs, {key}", f"{len(real):,} pairs of letters",
            scatter.correlations(
                f"pairs-{i}", real, other, key, results["pair-pearson"].columns[key].value or 0.0,
                results["pair-slope"].columns[key].value or 0.0 if "pair-slope" in results else 0.0,
                top,
            ),
        )
        for i, (key, other) in enumerate(flat.items())
    ]  # fmt: skip


def _discriminability(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = results.named_samples(TARGET, "held-out", *new, floor=results.first_floor)
    few = {k: s.sequences[:_POINTS] for k, s in sets.items()}
    by_column = _aligned(sets)
    what = "letters by position" if by_column else "k-mer shares"
    tables = {k: _features(s, by_column) for k, s in few.items()}
    svg = scatter.principal_components(tables)
    caption = f"of {what}, up to {_POINTS:,} records a set"
    return [] if svg is None else [Panel("Principal components", caption, svg)]


def _features(sequences: SequenceSet, by_column: bool) -> np.ndarray:
    if by_column:
        return one_hot(sequences.matrix(), sequences.alphabet.size)
    plain = sequences.ungapped()
    k = max(1, int(np.log(_MOST_KMERS) / np.log(max(2, plain.alphabet.size))))
    table = kmer_table(plain, k)
    return np.asarray(table / np.maximum(table.sum(1, keepdims=True), 1))


def _diversity(results: Results, new: Sequence[str]) -> list[Panel]:
    sets = results.named_samples(TARGET, *new, "held-out")
    by_position = _aligned(sets)
    found = {k: s.pair_identities(by_position) for k, s in sets.items() if len(s) > 1}
    if len(found) < len(sets):
        return []
    svg = curves.overlay("identity", found, "identity of two records", True)
    return [Panel("Random pairs", "how alike two records of a set are", svg)]


def _aligned(sets: dict[str, Sample]) -> bool:
    """Whether a position means the same in all of these sets."""
    all_sets = [s.sequences for s in sets.values()]
    return all(s.is_fixed_length for s in all_sets) and (
        len({int(s.lengths[0]) for s in all_sets}) == 1
    )


def _share(counts: np.ndarray) -> np.ndarray:
    return np.asarray(counts / max(counts.sum(), 1))


#: Drawings by group of metrics.
PANELS: dict[str, Callable[[Results, Sequence[str]], list[Panel]]] = {
    "novelty": _novelty,
    "discriminability": _discriminability,
    "k-mers": _kmers,
    "positions": _positions,
    "composition": _composition,
    "protein": _protein,
    "genes": genes,
    "motifs": motifs,
    "diversity": _diversity,
    "conditions": label_panels,
}
