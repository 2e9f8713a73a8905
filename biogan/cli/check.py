"""``biogan check``: which sequences violate constraints, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.options import FILE, GroupedCommand, config_options, overwrite_option
from biogan.sequences.config import ConstraintConfig

if TYPE_CHECKING:
    import pandas as pd


@click.command(cls=GroupedCommand, headings=(ConstraintConfig,))
@click.argument("fasta", type=FILE)
@click.option("--alphabet", default=None,
              help="dna, rna, protein or custom:LETTERS (found from the data).")  # fmt: skip
@click.option("-o", "--out", default="-", help="TSV file; standard output without.")
@overwrite_option()
@config_options(ConstraintConfig, "constraints")
def command(
    fasta: str, alphabet: str | None, out: str, overwrite: bool, constraints: ConstraintConfig
) -> pd.DataFrame:
    """Look for violations of constraints in the sequences of FASTA, from any source.

    Prints a table with a row for each: record, constraint, first and last letter (from 1, gaps
    counted) and what stands there. The exit code is 1 if there are any.

    \b
    biogan check new.fasta --avoid BsaI,EcoRI --gc 0.4:0.6 --max-run 5
    biogan check new.fasta --template-from parts.fasta -o violations.tsv
    """  # noqa: D301 - click's mark for lines that are not to be joined
    if not constraints.constrained:
        raise click.UsageError("nothing to check: give a constraint, such as --avoid BsaI")
    from collections import Counter

    import pandas as pd

    from biogan.core.errors import QualityError, percentage, plural
    from biogan.core.files import check_output, write_tsv
    from biogan.core.inputs import check_once
    from biogan.sequences.alphabet import ALPHABETS, GAP
    from biogan.sequences.constraints.plan import constraint_plan
    from biogan.sequences.io.fasta import read_fasta

    read = [fasta, *filter(None, [constraints.template_from, constraints.translate])]
    check_once(*read)
    check_output(out, read, overwrite)
    plan = constraint_plan(constraints)
    # Every letter stays where it is.
    records = read_fasta(
        fasta, alphabet=alphabet, ambiguous="keep", gaps="letter", stop="keep", foreign="error",
        case="upper",
    )  # fmt: skip
    if records.report is not None:
        for line in records.report.lines():
            console.say(line)
    texts = records.strings()
    plain = ALPHABETS.get(records.alphabet.name, records.alphabet)
    others = sorted(set("".join(texts)) - set(plain.letters))
    letters = plain.with_letters(others)
    if set(others) - {GAP, "*"}:
        console.say(
            "ambiguous letters are checked as what they are, not as what they may stand for"
        )
    rows, wrong, counts = [], 0, Counter[str]()
    for i, text in enumerate(texts):
        labels = {name: values[i] for name, values in records.labels.items()}
        found = [
            (str(constraint), *violation)
            for constraint in plan.of(i, labels)
            for violation in constraint.violations(text, letters)
        ]
        rows += [(records.ids[i], *row) for row in found]
        wrong += bool(found)
        counts.update([*dict.fromkeys(row[0] for row in found)])
    table = pd.DataFrame(rows, columns=["id", "constraint", "start", "stop", "found"])
    write_tsv(table, out)
    if wrong:
        each = ", ".join(f"{name}: {n:,}" for name, n in counts.most_common(10))
        raise QualityError(
            f"{wrong:,} of {plural(len(records), 'record')} ({percentage(wrong / len(records), 1)})"
            f" violate a constraint ({each})"
        )
    number = len(plan.of(0))
    console.say(f"{plural(len(records), 'record')}: no violation of {plural(number, 'constraint')}")
    return table
