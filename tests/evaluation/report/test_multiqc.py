import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from pages import NASTY, dna_report, protein_report

from biogan.evaluation.report.report import FILE, GENERAL, to_general, to_multiqc


def test_one_row_of_numbers_with_a_header_for_each():
    table = to_multiqc(dna_report(), "my new.fa")
    assert list(table["data"]) == ["my_new.fa"]
    values = table["data"]["my_new.fa"]
    assert values.keys() == table["headers"].keys()
    assert values["copies"] == pytest.approx(0.1)
    assert values["copies-held-out"] == 0.0
    assert table["headers"]["auroc"]["max"] == 1.0
    assert "length-w1" not in values
    json.dumps(table, allow_nan=False)


def test_general_statistics_have_the_documented_structure():
    """A list of one dict a column, so that the order is kept, and one row of plain numbers."""
    report = dna_report()
    table = to_general(report, "my new.fa")
    assert table["plot_type"] == "generalstats"
    assert table["id"] != to_multiqc(report, "my new.fa")["id"]
    assert table["pconfig"] == table["headers"]
    names = [name for column in table["pconfig"] for name in column]
    assert names == ["auroc", "near-copies", "kmer-jsd", "unique"]
    assert [len(column) for column in table["pconfig"]] == [1] * 4
    known = {"title", "description", "format", "scale", "min", "max", "namespace"}
    for column in table["pconfig"]:
        (header,) = column.values()
        assert {"title", "scale", "namespace"} <= header.keys() <= known
    # The same values as in the table, under the same name.
    (values,) = table["data"].values()
    assert list(table["data"]) == ["my_new.fa"]
    assert values == {name: report[name].generated.value for name in names}
    assert values["near-copies"] == pytest.approx(0.1)
    json.dumps(table, allow_nan=False)


def test_general_statistics_have_the_columns_that_were_read():
    report = dna_report()
    some = replace(report, rows=[report["unique"], report["copies"], report["auroc"]])
    table = to_general(some, "x")
    assert [list(column) for column in table["pconfig"]] == [["auroc"], ["unique"]]
    assert list(table["data"]["x"]) == ["auroc", "unique"]
    assert to_general(replace(report, rows=[report["copies"]]), "x") is None


def test_a_name_cannot_become_html():
    for table in (to_multiqc, to_general):
        (name,) = table(dna_report(), NASTY[0])["data"]
        assert name == "_script_alert_1_script_"


def test_multiqc_reads_it(tmp_path):
    if shutil.which("multiqc") is None:
        pytest.skip("multiqc is not installed")
    for name, report in {"a.fa": dna_report(), "b.fa": protein_report()}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE).write_text(json.dumps(to_multiqc(report, name)))
        (tmp_path / name / GENERAL).write_text(json.dumps(to_general(report, name)))
    command = ["multiqc", "--no-ai", str(tmp_path), "-o", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
    # It takes known endings off names.
    table = (tmp_path / "out" / "multiqc_data" / "multiqc_biogan_table.txt").read_text()
    assert [line.split("\t")[0] for line in table.splitlines()] == ["Sample", "a", "b"]
    general = (tmp_path / "out" / "multiqc_data" / "multiqc_general_stats.txt").read_text()
    assert len(general.splitlines()) == 3 and "auroc" in general.splitlines()[0]
