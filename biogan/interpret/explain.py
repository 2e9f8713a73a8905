"""A whole explanation: judge or oracle, attributions, motifs, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core import __version__
from biogan.core.errors import CheckpointError, ConfigError, DataError, plural
from biogan.core.files import check_folder, claim_folder, read_json, write_json
from biogan.core.options import takes
from biogan.core.oracles import Oracle
from biogan.interpret.attribution import (
    gradient_effects,
    integrated_gradients,
    mutagenesis,
    own_letters,
    part_file,
)
from biogan.interpret.config import ExplainConfig
from biogan.interpret.contrast import contrast
from biogan.interpret.deletion import deletion_test
from biogan.interpret.explanation import Explanation, MotifRow
from biogan.interpret.files import FILES, SUMMARY, write_files
from biogan.interpret.matching import FEW, Match, matches
from biogan.interpret.motifs import (
    FEWEST,
    Explained,
    FoundMotif,
    Sites,
    discovered,
    distinct,
    placed,
    spacings,
    with_sites,
)
from biogan.interpret.pairs import (
    ColumnPairs,
    chosen_columns,
    interactions,
    read_structure,
    said_of,
)
from biogan.interpret.seqlets import Seqlets, found_seqlets, score_threshold
from biogan.interpret.subject import Subject, Tell, Watch, asked_of, judged
from biogan.sequences.alphabet import DNA, RNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.motifs import Motif, read_motifs
from biogan.sequences.strands import check_two_strands

#: Effects of a run that is not finished.
PART = "effects.part"
# Letters up to which every single change is scored where no method is asked for.
_LONGEST_ISM = 500
# False discovery rate of the stretches that motifs are looked for in, as a multiple.
_LENIENT = 2
# Chance, over all motifs, that sites add more in records than in the others by accident.
_CHANCE = 0.01


@takes(ExplainConfig)
def explain(
    records: SequenceSet,
    against: str | SequenceSet | None = None,
    *,
    oracle: Oracle | None = None,
    value: str | None = None,
    model: Any = None,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    tell: Tell = lambda line: None,
    watch: Watch = lambda what, done, total: None,
    **options: Any,
) -> Explanation:
    """Explain what tells records from others, or what an oracle sees in them.

    Parameters
    ----------
    records : SequenceSet
        What is explained.
    against : str or SequenceSet, optional
        What they are held against, see :func:`biogan.interpret.contrast.contrast`.
    oracle : Oracle, optional
        Explain its value instead: a function from a list of sequences to a number each.
    value : str, optional
        Which value of the oracle, where it has several.
    model : SequenceGAN, optional
        The model of ``against="generated"``.
    out : str or Path, optional
        Folder for the files.
    resume : bool
        Go on with the run in that folder.
    overwrite : bool
        Replace it.
    tell, watch : callable
        Receive lines to be said, and how far the work is.

    Returns
    -------
    Explanation

    Raises
    ------
    ConfigError, DataError
        If the records or options do not suit.
    OutputError, CheckpointError
        If the folder cannot be used.
    OracleError
        If the oracle fails.

    Examples
    --------
    >>> from biogan import SequenceSet
    >>> chance = np.random.default_rng(0)
    >>> texts = ["".join(chance.choice([*"ACGT"], 20)) for _ in range(120)]
    >>> reads = SequenceSet.from_strings([t[:8] + "TTGACA" + t[14:] for t in texts])
    >>> found = explain(reads, oracle=lambda texts: [float("TTGACA" in t) for t in texts])
    >>> found.motifs[0].motif.consensus("ACGT")
    'TTGACA'
    """
    config = ExplainConfig.from_dict(options)
    if not len(records):
        raise DataError("--records: there are no records")
    if (against is None) == (oracle is None):
        raise ConfigError(
            "explain what? give either --against (generated, dinucleotide, markov-3, NAME=VALUE "
            "or a FASTA) or --oracle"
        )
    if config.both_strands:
        check_two_strands(records.alphabet)
    if config.structure is not None and config.pairs is None:
        raise ConfigError("--structure: goes with --pairs, whose columns it is compared with")
    if config.pairs is not None and not records.is_fixed_length:
        raise ConfigError("--pairs: records of one length are needed, such as an alignment")
    known = read_motifs(config.motifs) if config.motifs is not None else ()
    if known and records.alphabet.letters not in (DNA.letters, RNA.letters):
        raise ConfigError("--motifs: motifs are of nucleotides, these records are not")
    if 0 < len(known) < FEW:
        tell(
            f"--motifs: {plural(len(known), 'known motif')}: below {FEW} the chance of a match "
            "depends much on which they are"
        )
    told: dict[str, Any] = {
        "version": __version__,
        "records": records.digest,
        "against": against.digest if isinstance(against, SequenceSet) else against,
        "oracle": None if oracle is None else getattr(oracle, "name", "a function"),
        "options": config.to_dict(),
    }
    # What is wrong with the sets is said before a folder is made.
    both = None
    if against is not None:
        both = contrast(records, against, model, config.label, config.seed)
    folder = None if out is None else opened(Path(out), told, resume, overwrite)
    if both is not None:
        subject = judged(both, config, tell, watch)
    else:
        assert oracle is not None
        subject = asked_of(records, oracle, value, config)
    return _explained(subject, config, known, folder, told, tell, watch)


def _explained(
    subject: Subject,
    config: ExplainConfig,
    known: Sequence[Motif],
    folder: Path | None,
    told: dict[str, Any],
    tell: Tell,
    watch: Watch,
) -> Explanation:
    records, judge = subject.sets[0], subject.judge
    alphabet, n = records.alphabet, len(records)
    together = SequenceSet.concatenate(subject.sets)
    length = together.longest if judge is None else judge.length
    codes = together.matrix(length)
    summary = {**told, **subject.facts, "n": n, "method": None, "verdict": "", "motifs": []}
    if judge is not None and judge.auroc < config.least_auroc:
        summary["verdict"] = (
            f"nothing to explain: the AUROC of {judge.auroc:.3f} is below {config.least_auroc:g}"
        )
        tell(summary["verdict"])
        nothing = np.zeros((0, length, alphabet.size), np.float32)
        empty = np.zeros(0, np.int64)
        found = Explanation(
            records[:0], np.zeros(0), nothing, nothing[..., 0],
            Seqlets(empty, empty, empty, np.zeros(0)), [], [], None, None, summary,
        )  # fmt: skip
        return _kept(found, folder, config)
    method = config.method or ("ism" if judge is None or length <= _LONGEST_ISM else "gradient")
    if judge is None and method != "ism":
        raise ConfigError(f"--method {method}: an oracle has no gradients; ism needs none")
    summary["method"] = method
    effects = _effects(subject, codes, method, folder, summary, watch)
    effects_of = [slice(n), slice(n, 2 * n), slice(2 * n, None)]
    own = np.concatenate(
        [own_letters(effects[i : i + 256], codes[i : i + 256]) for i in range(0, len(codes), 256)]
    )
    scores = subject.scorer(codes[:n], np.arange(n))
    parts = [Explained(codes[part], effects[part]) for part in effects_of]
    # More are looked at than are kept: each motif has a threshold of its own below.
    candidates, rule = found_seqlets(own[:n], own[n : 2 * n], min(_LENIENT * config.fdr, 0.5))
    partner = alphabet.encode(alphabet.complement or "") if config.both_strands else None
    motifs = [] if alphabet.has_gap else discovered(parts[0], candidates, partner, config.seed)
    every = rule._replace(threshold=-np.inf)
    stretches = [every.cut(own[part]) for part in effects_of]
    level = score_threshold(stretches[0].score, stretches[1].score, 1.0, config.fdr)
    seqlets = candidates.take(candidates.score >= level)
    rows, dropped = _rows(subject, motifs, parts, stretches, config.fdr, partner)
    rows = [
        replace(
            row,
            name=f"motif_{i}",
            # RNA has one strand.
            known=_known(row.motif, known, strands=alphabet.letters == DNA.letters),
        )
        for i, row in enumerate(rows, 1)
    ]
    near = spacings([row.motif for row in rows], n)
    pairs = _pairs(subject, codes[:n], config, tell, watch)
    deletion = deletion_test(subject.scorer, codes[:n], own[:n], alphabet, config.seed)
    summary |= {
        "fdr": config.fdr, "seqlets": len(seqlets), "not_confirmed": dropped,
        "score": {"mean": float(scores.mean()), "sd": float(scores.std())},
        "penalty": rule.penalty,
        "threshold": level if np.isfinite(level) else None,
        "motifs": [_facts(row, alphabet.letters) for row in rows],
        "spacings": [
            {"first": rows[s.first].name, "second": rows[s.second].name, "pairs": s.pairs,
             "gaps": {str(g): k for g, k in s.gaps.items()}, "usual": [*s.usual],
             "frequent": [*s.frequent], "p": s.p}
            for s in near
        ],
        "pairs": None if pairs is None else {
            "columns": len(np.union1d(pairs.first, pairs.second)), "records": pairs.records,
            "precision": pairs.precision(pairs.corrected),
            "precision_coupling": pairs.precision(pairs.coupling),
        },
        "deletion": None if deletion is None else deletion._asdict(),
    }  # fmt: skip
    summary["verdict"] = _verdict(rows, seqlets)
    tell(summary["verdict"])
    if alphabet.has_gap:
        tell("aligned records: motifs are not looked for, --pairs tells which columns go together")
    found = Explanation(
        records, scores, effects[:n], own[:n], seqlets, rows, near, deletion, pairs, summary
    )
    return _kept(found, folder, config)


def _pairs(
    subject: Subject,
    codes: np.ndarray,
    config: ExplainConfig,
    tell: Tell,
    watch: Watch,
) -> ColumnPairs | None:
    """Change pairs of columns together, where that is asked for."""
    scorer = subject.scorer if subject.judge is None else subject.pairs
    if config.pairs is None or scorer is None:
        return None
    alphabet, length = subject.sets[0].alphabet, codes.shape[1]
    columns = chosen_columns(config.pairs, length)
    structure = None
    if config.structure is not None:
        structure = read_structure(config.structure, length)
    found = interactions(
        scorer, codes, alphabet, columns, structure, config.seed,
        lambda done, total: watch("pairs", done, total),
    )  # fmt: skip
    tell(said_of(found))
    return found


def _verdict(rows: Sequence[MotifRow], seqlets: Seqlets) -> str:
    if not rows:
        return f"no motif: {len(seqlets):,} stretches add more to the score than shuffled ones"
    sites = sum(len(row.motif.sites) for row in rows)
    return f"{plural(len(rows), 'motif')} with {sites:,} sites that add to the score"


def _effects(
    subject: Subject,
    codes: np.ndarray,
    method: str,
    folder: Path | None,
    summary: dict[str, Any],
    watch: Watch,
) -> np.ndarray:
    """Return the effects of the letters of all sets, shape (n of all, L, A)."""
    alphabet = subject.sets[0].alphabet
    shape = (*codes.shape, alphabet.size)
    out = None if folder is None else part_file(folder / PART, shape)

    def tell(done: int, total: int) -> None:
        watch(f"{method}", done, total)

    judge, folds = subject.judge, subject.folds
    if method == "ism" or judge is None or folds is None:
        return mutagenesis(subject.scorer, codes, alphabet, out, tell)
    if method == "gradient":
        return gradient_effects(judge, codes, folds, out, tell)
    found = integrated_gradients(judge, codes, folds, out, tell)
    summary["completeness_error"] = found.error
    return found.effects


def _rows(
    subject: Subject,
    motifs: Sequence[FoundMotif],
    parts: Sequence[Explained],
    stretches: Sequence[Seqlets],
    fdr: float,
    partner: np.ndarray | None,
) -> tuple[list[MotifRow], int]:
    """Look for all sites; keep motifs whose sites add more in records than in the others.

    Returns the motifs and how many were left out.
    """
    n = len(parts[0].codes)
    rows, dropped = [], 0
    for motif in motifs:
        real, null, *other = (
            placed(motif, some, cut, partner) for some, cut in zip(parts, stretches, strict=False)
        )
        threshold = score_threshold(real.score, null.score, 1.0, fdr)
        sites = real.take(real.score >= threshold)
        if len(sites) < FEWEST:
            dropped += 1
            continue
        motif = with_sites(motif, parts[0], sites, partner)
        share = len(np.unique(motif.sites.record)) / n
        if subject.judge is None:
            rows.append(MotifRow("", motif, share, None, None))
            continue
        (rest,) = other
        rest = rest.take(rest.score >= threshold)
        m = len(parts[2].codes)
        p = _chance(subject.groups, motif.sites, rest, n, m) * len(motifs)
        if p < _CHANCE:
            rows.append(MotifRow("", motif, share, len(np.unique(rest.record)) / m, min(1.0, p)))
        else:
            dropped += 1
    rows.sort(key=lambda row: -len(row.motif.sites))
    return [rows[i] for i in distinct([row.motif for row in rows], partner)], dropped


def _chance(groups: np.ndarray, sites: Sites, others: Sites, n: int, m: int) -> float:
    """Return the chance that sites add so much more in n records than in m others, by ranks."""
    from scipy.stats import mannwhitneyu

    adds = [np.bincount(s.record, s.score, k) for s, k in ((sites, n), (others, m))]
    # Near copies are one piece of evidence.
    numbers = np.unique(groups, return_inverse=True)[1]
    means = []
    for some, values in ((slice(n), adds[0]), (slice(n, None), adds[1])):
        count = np.bincount(numbers[some])
        total = np.bincount(numbers[some], values)
        means.append(total[count > 0] / count[count > 0])
    return float(mannwhitneyu(means[0], means[1], alternative="greater").pvalue)


def _known(motif: FoundMotif, known: Sequence[Motif], strands: bool) -> list[Match]:
    """Return the known motifs that a motif is like, the best first."""
    if not known:
        return []
    return sorted(matches(motif.frequencies, known, strands), key=lambda match: match.p)[:5]


def _facts(row: MotifRow, letters: str) -> dict[str, Any]:
    motif = row.motif
    starts = motif.sites.start
    values, counts = np.unique(starts, return_counts=True)
    return {
        "name": row.name, "consensus": motif.consensus(letters), "width": motif.width,
        "sites": len(motif.sites), "share": row.share, "share_others": row.others, "p": row.p,
        "adds": float(motif.sites.score.mean()),
        "starts": {str(int(v) + 1): int(c) for v, c in zip(values, counts, strict=True)},
        "reverse": float(motif.sites.reverse.mean()),
        "matches": [
            {"name": m.name, "p": m.p, "e": m.e, "offset": m.offset, "reverse": m.reverse}
            for m in row.known
        ],
    }  # fmt: skip


def _kept(found: Explanation, folder: Path | None, config: ExplainConfig) -> Explanation:
    """Write the files; what was being found goes away at last."""
    if folder is None:
        return found
    files = write_files(found, folder, config)
    (folder / PART).unlink(missing_ok=True)
    return replace(found, files=tuple(files))


def opened(path: Path, told: dict[str, Any], resume: bool, overwrite: bool) -> Path:
    """Make the folder of a run, or go on with the one that is there.

    Parameters
    ----------
    path : Path
        The folder.
    told : dict
        What the run is about, which that of the folder has to be, too.
    resume, overwrite : bool
        Go on with it, or replace it.

    Raises
    ------
    OutputError, ConfigError, CheckpointError
        If the folder holds something else.
    """
    own = (path / SUMMARY).exists()
    if not (resume and path.is_dir()):
        check_folder(path, own, overwrite, resumable=True)
    if resume:
        if not own:
            raise ConfigError(f"{path}: nothing to resume, no explanation was begun there")
        before = read_json(path / SUMMARY, CheckpointError)
        for name, value in told.items():
            if before.get(name) != value:
                raise ConfigError(
                    f"{path}: was begun with another {name}; --resume goes on with the same run"
                )
        return path
    claim_folder(path)
    for name in (PART, *FILES):
        (path / name).unlink(missing_ok=True)
    write_json(told, path / SUMMARY)
    return path
