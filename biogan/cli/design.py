"""``biogan design``: sequences of a high score by an oracle, checked by another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import load_model, say_dropped
from biogan.cli.options import (
    DATA,
    FILE,
    MODEL_OR_DATA,
    GroupedCommand,
    config_options,
    overwrite_option,
)
from biogan.core.errors import plural
from biogan.designing.config import DesignConfig
from biogan.sequences.config import ConstraintConfig

if TYPE_CHECKING:
    from biogan.designing.design import Designs
    from biogan.designing.search import Search
    from biogan.sequences.constraints.constraint import Constraint
    from biogan.sequences.dataset import SequenceSet


@click.command(cls=GroupedCommand, headings=(DesignConfig, ConstraintConfig))
@click.argument("source", type=MODEL_OR_DATA)
@click.option("--oracle", metavar="ORACLE",
              help="What is optimised: a folder of biogan oracle, labels:NAME, FILE.py:FUNCTION, "
              "MODULE:FUNCTION, cmd:PROGRAM (FASTA in, id<TAB>value out), motif:FILE or "
              "gc; of molecules rdkit:QED, guacamol:osimertinib_mpo and so on.")  # fmt: skip
@click.option("--check", metavar="ORACLE",
              help="A second oracle, asked once at the end and never optimised.  [default: of "
              "labels:NAME a linear model of records that are held out]")  # fmt: skip
@click.option("-n", "count", type=click.IntRange(1), default=96, show_default=True,
              help="Designs to write.")  # fmt: skip
@click.option("--real", type=DATA, metavar="FILE",
              help="Real records to compare with: without them no gain is known, nor what "
              "--check makes of it.  [default: SOURCE, if a FASTA]")  # fmt: skip
@click.option("--start", type=FILE, metavar="FASTA",
              help="Sequences that the search begins with.")  # fmt: skip
@click.option("--prior", metavar="SAMPLER",
              help="Sampler fitted to a FASTA as SOURCE: markov-K, positional-markov-K, pwm or "
              "uniform.  [default: markov-3]")  # fmt: skip
@click.option("--maximise", multiple=True, metavar="NAME",
              help="Value of the oracle to raise; may be repeated.")  # fmt: skip
@click.option("--minimise", multiple=True, metavar="NAME",
              help="Value of the oracle to lower; may be repeated.")  # fmt: skip
@click.option("--keep", multiple=True, metavar="NAME=LOW:HIGH",
              help="Range that a value of the oracle has to stay in; may be repeated.")  # fmt: skip
@click.option("--oracle-timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              help="Longest time for one question to an oracle.")  # fmt: skip
@click.option("-o", "--out", required=True, metavar="FOLDER",
              help="Folder for designs.fasta, calls.tsv, design.html and design.json; of molecules "
              "designs.smi and designs.tsv instead of the first.")  # fmt: skip
@click.option("--measured", type=FILE, metavar="TSV",
              help="What was measured of the last round: id, and a column for each property. For "
              "runs without --oracle, with --resume.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run in the folder.")
@overwrite_option()
@config_options(DesignConfig, "config")
@config_options(ConstraintConfig, "constraints")
def command(
    source: str,
    oracle: str | None,
    check: str | None,
    count: int,
    real: str | None,
    start: str | None,
    prior: str | None,
    maximise: tuple[str, ...],
    minimise: tuple[str, ...],
    keep: tuple[str, ...],
    oracle_timeout: float | None,
    out: str,
    measured: str | None,
    resume: bool,
    overwrite: bool,
    config: DesignConfig,
    constraints: ConstraintConfig,
) -> SequenceSet:
    """Search for sequences of a high score by an oracle.

    SOURCE is a trained model, whose sequences the search starts from and stays near, or a FASTA or
    file of molecules, to which a simple sampler is fitted. A prediction is no measurement: --check
    says how much of the gain another predictor confirms. Without --oracle it writes sequences to be
    measured, --batch of them a round, and goes on from what was measured.

    \b
    biogan design run --oracle score.py:predict --check second.py:predict -n 96 -o designs
    biogan design real.fasta --oracle 'cmd:mytool --fasta -' --avoid BsaI --gc 0.4:0.6 -o designs
    biogan design drugs --oracle guacamol:osimertinib_mpo --require-smarts c1ccncc1 -o designs
    biogan design run --batch 96 -o campaign
    biogan design run -o campaign --batch 96 --resume --measured round_1.tsv
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.oracles import Asked
    from biogan.designing.campaign import MEASURED
    from biogan.designing.design import carried_out
    from biogan.designing.objective import Kept, Objective
    from biogan.designing.oracle import load_pair
    from biogan.designing.search import PRIOR, Search
    from biogan.molecules.dataset import MoleculeSet
    from biogan.molecules.read import is_molecules, read_molecules
    from biogan.sequences.io.fasta import read_fasta, reading_like

    objective = Objective(maximise, minimise, tuple(map(Kept.parsed, keep)))
    records: Any = None
    model: Any = None
    if Path(source).is_dir():
        if prior is not None:
            raise click.UsageError(f"--prior: {source} is a model, which is the prior itself")
        model = load_model(source)
    else:
        records = (
            read_molecules(source) if is_molecules(source) else say_dropped(read_fasta(source))
        )
    others: Any = records
    if real is not None and (isinstance(records, MoleculeSet) or _of_molecules(model)):
        others = read_molecules(real)
    elif real is not None:
        alphabet = model.tokenizer.alphabet if records is None else records.alphabet
        others = say_dropped(read_fasta(real, reading_like(alphabet)))
    if config.max_edits is not None and start is None:
        raise click.UsageError("--max-edits: edits of what? give sequences with --start")

    def search_of(asked: Asked) -> Search:
        found = Search.of(
            records if model is None else model, asked, plan_of(constraints), objective, config,
            prior or PRIOR,
        )  # fmt: skip
        if start is not None:
            alphabet = reading_like(found.tokenizer.alphabet)
            found = found.starting(say_dropped(read_fasta(start, alphabet)))
        return found.screened(oracle_timeout)

    if oracle is None:
        if check is not None or real is not None:
            raise click.UsageError("--check, --real: go with --oracle; measurements need neither")
        if config.controls or config.front is not None:
            raise click.UsageError(
                "--controls, --front: go with --oracle; measurements need neither"
            )
        search = search_of(Asked(unasked, MEASURED))
        return campaign(search, out, measured, resume, overwrite)
    if measured is not None:
        raise click.UsageError("--measured: goes without --oracle")
    pair = load_pair(oracle, check, others, oracle_timeout, config.seed)
    for note in pair.notes:
        console.say(note)
    search = search_of(pair.oracle)

    def watch(done: int, calls: int, best: float) -> None:
        console.status(f"{done:,} of {calls:,} calls, best {best:.4g}")

    made = carried_out(
        search, count, check=pair.check, real=others, out=out, resume=resume, overwrite=overwrite,
        watch=watch, say=lambda title: console.say(f"control: {title}, as many calls"),
    )  # fmt: skip
    console.end_status()
    summary = made.summary
    if not summary["repeatable"]:
        console.say(
            f"--oracle {oracle}: answers differ between questions for the same sequence; the first "
            "answer counts"
        )
    for line in found_lines(made, out):
        console.say(line)
    if len(made) < count and config.front is None:
        console.say(
            f"-n {count:,}: no more of the {plural(summary['calls'], 'sequence')} differ enough "
            f"(--max-identity {config.max_identity:g}) and are feasible"
        )
    if len({*made.labels.get("score", ())}) == 1 < len(made):
        console.say(
            f"--oracle {oracle}: all designs have one score; it does not tell them apart, and "
            "their order says nothing"
        )
    if summary["out_of_range"]:
        console.say(
            f"--keep: {summary['out_of_range']:,} of {len(made):,} designs lie outside the range, "
            "as near as was found; their scores count how far"
        )
    if pair.check is None:
        console.say("no --check: nothing says whether another predictor would agree")
    elif "verdict" in summary:
        console.say(summary["verdict"])
    elif "real" not in summary:
        console.say(
            "--check: no real records to compare with, so that no gain is known: --real FILE gives "
            "them"
        )
    return made


def found_lines(made: Designs, out: str) -> Iterator[str]:
    """Say what was found, beside real records, one line each."""
    summary = made.summary
    yield f"{plural(summary['calls'], 'call')}: {plural(len(made), 'design')} in {out}"
    for what in ("designs", "real"):
        of = summary.get(what, {})
        if said := spoken(of):
            besides = f"{plural(of.get('n', 0), 'real record')}, asked for besides"
            yield f"{'designs' if what == 'designs' else besides}: {'; '.join(said)}"
    for one in summary.get("controls", {}).values():
        parts = [*spoken(one["oracle"])]
        if "check" in one:
            parts.append(f"by the check {'; '.join(spoken(one['check']))}")
        yield f"control, {one['what']}: {'; '.join(parts)}"
    if summary["screen"] is not None:
        refused = plural(summary["screen"]["refused"], "sequence")
        yield f"--screen {summary['screen']['list']}: {refused} refused before any question"
    if "front" in summary:
        front = summary["front"]
        here = f"{front['designs']:,} of {plural(len(made), 'design')}"
        yield f"{here} {'is' if len(made) == 1 else 'are'} on the front; {made.front}"


def spoken(of: dict[str, Any]) -> list[str]:
    """Say best and mean of one value, or of each of several."""
    values = of.get("values", {"": of})
    return [
        f"{name} best {one['best']:.4g}, mean {one['mean']:.4g}".strip()
        for name, one in values.items()
        if "mean" in one
    ]


def _of_molecules(model: Any) -> bool:
    """Whether a model writes tokens of molecules."""
    from biogan.sequences.alphabet import Vocabulary

    return model is not None and isinstance(model.tokenizer.alphabet, Vocabulary)


def campaign(
    search: Search, out: str, measured: str | None, resume: bool, overwrite: bool
) -> SequenceSet:
    """Write the next round of sequences to be measured."""
    from biogan.designing.campaign import next_round

    found = next_round(search, out, measured, resume, overwrite)
    if found.screen is not None:
        console.say(f"--screen {found.screen['list']}: {found.screen['refused']:,} refused")
    console.say(
        f"round {found.number:,}: {len(found.sequences):,} sequences to be measured in "
        f"{found.path}; go on with --resume --measured TSV (id, and a column for each property)"
    )
    return found.sequences


def unasked(sequences: list[str]) -> None:
    """Stand in for an oracle where a property is measured."""
    raise AssertionError("measurements come from a file")


def plan_of(constraints: ConstraintConfig) -> tuple[Constraint, ...]:
    """Return the constraints that all designs keep."""
    from biogan.sequences.constraints.plan import constraint_plan

    plan = constraint_plan(constraints)
    if plan.period > 1:
        raise click.UsageError(
            f"{' and '.join(f'{len(v):,} {k}s' for k, v in plan.each.items())}: a search has the "
            "same constraints for all designs; give one, and run once for each"
        )
    return plan.of(0)
