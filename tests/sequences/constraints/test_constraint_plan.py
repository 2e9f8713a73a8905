"""From options to constraints: several values, files, one constraint a record."""

import pytest

from biogan.core.errors import BioganError
from biogan.sequences.config import ConstraintConfig
from biogan.sequences.constraints.plan import constraint_plan


def strings(**options):
    return [str(one) for one in constraint_plan(ConstraintConfig(**options)).always]


def test_every_option_is_a_constraint_that_is_written_as_typed(tmp_path):
    motifs = tmp_path / "bad.jaspar"
    motifs.write_text(">M1 box\n9 0\n0 0\n0 0\n0 9\n>M2\n0 9\n0 0\n9 0\n0 0\n")
    assert strings(
        template="NNTATA",
        fix="1-2=AC,6=T",
        avoid=["BsaI", "GGNCC"],
        avoid_motifs=f"{motifs}:85%",
        require="TA@2:5, CC@:4",
        gc="0.4:0.6,30:70@1-4,20%:80%/3,:0.9",
        max_run=5,
        orf=True,
        genetic_code=11,
        flanks="GG,",
    ) == [
        "--template NNTATA",
        "--fix 1-2=AC",
        "--fix 6=T",
        "--avoid BsaI",
        "--avoid GGNCC",
        f"--avoid-motifs {motifs}:0.85 (M1 box)",
        f"--avoid-motifs {motifs}:0.85 (M2)",
        "--require TA@2:5",
        "--require CC@:4",
        "--gc 0.4:0.6",
        "--gc 0.3:0.7@1-4",
        "--gc 0.2:0.8/3",
        "--gc 0:0.9",
        "--max-run 5",
        "--orf --genetic-code 11",
    ]
    assert not ConstraintConfig().constrained and ConstraintConfig(max_run=1).constrained


def test_record_i_takes_template_i_and_protein_i(tmp_path):
    templates, proteins = tmp_path / "t.fasta", tmp_path / "p.fasta"
    templates.write_text(">one\nNN-\nNAA\n>two\nACNNNN\n")
    proteins.write_text(">p\nMK\n>q\nLL*\n>r\nAA\n")
    plan = constraint_plan(
        ConstraintConfig(template_from=str(templates), translate=str(proteins), max_run=2)
    )
    assert plan.period == 6
    assert plan.labels(4) == {"template": "one", "protein": "q"}
    assert [str(one) for one in plan.of(4)] == [
        "--max-run 2",
        f"--template-from {templates} (one)",
        f"--translate {proteins} (q)",
    ]
    assert plan.of(4) == plan.of(10)
    assert plan.of(0, {"template": "two", "protein": "?"})[1:] == (
        plan.of(1)[1],
        plan.of(0)[2],
    )
    assert constraint_plan(ConstraintConfig()).period == 1


def test_templates_of_one_id_are_told_apart(tmp_path):
    """The header of a record says which of them it keeps."""
    path = tmp_path / "t.fasta"
    path.write_text(">a\nAN\n>a\nCN\n>a#2\nGN\n>a\nTN\n")
    plan = constraint_plan(ConstraintConfig(template_from=str(path)))
    named = [plan.labels(i) for i in range(4)]
    assert [one["template"] for one in named] == ["a", "a#2", "a#2#2", "a#3"]
    for i, text in enumerate(["AT", "CT", "GT", "TT"]):
        (template,) = plan.of(0, named[i])
        assert not template.violations(text)


@pytest.mark.parametrize("options, said", [
    ({"flanks": "GGCTAC", "max_run": 3}, "--flanks GGCTAC: write LEFT,RIGHT"),
    ({"flanks": "A,C"}, "--flanks A,C: nothing is looked for across the junctions"),
    ({"genetic_code": 4}, "--genetic-code 4: nothing is read in codons"),
    ({"genetic_code": 8, "orf": True}, "genetic code 8: NCBI has"),
    ({"avoid": "BsaI,,EcoRI"}, "--avoid 'BsaI,,EcoRI': a value is missing"),
    ({"avoid_motifs": "bad.meme"}, "--avoid-motifs 'bad.meme': write FILE:SHARE"),
    ({"avoid_motifs": "bad.meme:0.8"}, "bad.meme: cannot be read"),
    ({"max_run": 0}, "--max-run 0: must be at least 1"),
])  # fmt: skip
def test_what_cannot_be_read_is_one_line(options, said):
    with pytest.raises(BioganError) as caught:
        constraint_plan(ConstraintConfig(**options))
    assert said in str(caught.value)


def test_a_template_without_letters_names_its_line(tmp_path):
    path = tmp_path / "t.fasta"
    path.write_text(">one\nNN\n>two\n")
    with pytest.raises(BioganError, match="line 3: record two has no letters"):
        constraint_plan(ConstraintConfig(template_from=str(path)))


def test_dna_in_the_place_of_a_protein_is_refused(tmp_path):
    path = tmp_path / "genes.fasta"
    path.write_text(">gene\n" + "ATGAAACCCGGGTTTAAATAG\n")
    with pytest.raises(BioganError, match="these letters are those of DNA"):
        constraint_plan(ConstraintConfig(translate=str(path)))


def test_a_share_of_the_best_score_above_1_is_no_percent_without_a_sign(tmp_path):
    motifs = tmp_path / "bad.jaspar"
    motifs.write_text(">M1\n9 0\n0 0\n0 0\n0 9\n")
    with pytest.raises(BioganError, match=r":1\.5 .*a share of the best score"):
        strings(avoid_motifs=f"{motifs}:1.5")
    assert strings(avoid_motifs=f"{motifs}:85") == [f"--avoid-motifs {motifs}:0.85 (M1)"]
