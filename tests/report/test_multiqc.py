import json
import shutil
import subprocess

import pytest
from pages import NASTY, dna_report, protein_report

from biogan.report.multiqc import FILE, to_multiqc


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


def test_a_name_cannot_become_html():
    (name,) = to_multiqc(dna_report(), NASTY[0])["data"]
    assert name == "_script_alert_1_script_"


def test_multiqc_reads_it(tmp_path):
    if shutil.which("multiqc") is None:
        pytest.skip("multiqc is not installed")
    for name, report in {"a.fa": dna_report(), "b.fa": protein_report()}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE).write_text(json.dumps(to_multiqc(report, name)))
    command = ["multiqc", "--no-ai", str(tmp_path), "-o", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
    # It takes known endings off names.
    table = (tmp_path / "out" / "multiqc_data" / "multiqc_biogan_table.txt").read_text()
    assert [line.split("\t")[0] for line in table.splitlines()] == ["Sample", "a", "b"]
