"""Every nasty file, evaluated against itself: a report without NaN, or one line of reason."""

import csv
import json

import pytest
from helpers import shared_data

from biogan.cli import main
from biogan.core.errors import BioganError

QUICK = ["valid", "length-w1", "gc-w1", "letter-jsd", "kmer-jsd", "site-jsd", "unique", "copies",
         "cds", "stop-rate", "codon-jsd", "weight-w1", "pi-w1", "instability-w1"]  # fmt: skip


def files() -> list[str]:
    try:
        table = shared_data("nasty/EXPECTED.tsv")
    except pytest.skip.Exception:
        return []
    with table.open(encoding="utf-8") as lines:
        return [row["file"] for row in csv.DictReader(lines, delimiter="\t")]


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} in JSON")


@pytest.mark.parametrize("name", files())
def test_report_or_one_line(name, capsys):
    path = str(shared_data(f"nasty/{name}"))
    options = [word for metric in QUICK for word in ("--metric", metric)]
    try:
        main(["evaluate", path, "--reference", path, "--json", "--quiet", *options])
    except BioganError as error:
        assert str(error) and "\n" not in str(error)
        return
    data = json.loads(capsys.readouterr().out, parse_constant=refuse)
    for row in data["metrics"]:
        found = row["columns"]["generated"]
        assert found["value"] is not None or found["note"]
