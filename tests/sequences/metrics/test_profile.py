import gzip
import io
import tomllib
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from comparing import compare
from helpers import ROOT

from biogan.core.errors import ConfigError, DataError, FastaError
from biogan.sequences.alphabet import PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.metrics import context
from biogan.sequences.metrics.context import DATABASE, MAX_E_VALUE, build_profile, read_profile

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ALIGNED = PROTEIN.with_letters("-")


def family(n: int, seed: int, length: int = 60) -> SequenceSet:
    """One ancestor of 60 residues, 30 % of each record mutated; a gap in every tenth column."""
    ancestor = np.random.default_rng(0).integers(0, 20, length)
    rng = np.random.default_rng(seed)
    mutated = rng.random((n, length)) < 0.3
    matrix = np.where(mutated, rng.integers(0, 20, (n, length)), ancestor).astype(np.uint8)
    matrix[rng.random((n, length)) < 0.05] = ALIGNED.letters.index("-")
    return SequenceSet.from_matrix(ALIGNED, matrix)


@pytest.fixture(scope="module")
def built():
    return build_profile(family(100, 1))


def shuffled_residues(sequences: SequenceSet) -> SequenceSet:
    rng = np.random.default_rng(3)
    texts = ["".join(rng.permutation(list(t))) for t in sequences.ungapped().strings()]
    return SequenceSet.from_strings(texts, alphabet="protein")


def test_family_members_hit_and_shuffled_ones_do_not(built):
    fresh = family(50, 2)
    bits = built.bits(fresh.ungapped())
    assert (bits >= built.threshold).all()
    assert 60 < np.median(bits) < 140
    assert (built.bits(shuffled_residues(fresh)) < built.threshold).all()


def test_a_score_does_not_depend_on_the_number_of_records(built):
    fresh = family(30, 2).ungapped()
    assert built.bits(fresh)[:2] == pytest.approx(built.bits(fresh[:2]))
    empty = SequenceSet.from_strings(["", fresh[0]], alphabet="protein")
    assert built.bits(empty)[0] == 0


def test_a_record_that_hmmer_does_not_take_is_said(built):
    with pytest.raises(DataError, match="100,001 residues, .* --length 100000 leaves it out"):
        built.bits(SequenceSet.from_strings(["A" * 100_001], alphabet="protein"))


def test_threshold_is_the_e_value_that_hmmer_reports(built):
    from pyhmmer.easel import DigitalSequenceBlock, TextSequence
    from pyhmmer.plan7 import Pipeline

    half = [t[:n] for n, t in zip(range(5, 60), family(55, 4).ungapped().strings(), strict=True)]
    alphabet = built.model.alphabet
    block = DigitalSequenceBlock(
        alphabet,
        [TextSequence(name=str(i), sequence=t).digitize(alphabet) for i, t in enumerate(half)],
    )
    found = list(Pipeline(alphabet, Z=DATABASE, T=0.0).search_hmm(built.model, block))
    said = [hit.evalue <= MAX_E_VALUE for hit in found]
    assert said == [hit.score >= built.threshold for hit in found]
    assert {True, False} == set(said)


def test_metrics_of_the_family():
    train, real, fresh = family(100, 1), family(60, 2), family(60, 5)
    near = compare("hmm-score-w1", fresh, real, train)
    assert near.value < 8 and near.low == 0
    far = compare("hmm-score-w1", shuffled_residues(fresh), real, train)
    assert far.value > 50
    assert compare("hmm-hits", fresh, real, train).value == 1
    assert compare("hmm-hits", shuffled_residues(fresh), real, train).value == 0


def test_a_profile_of_a_file(built, tmp_path):
    path = tmp_path / "family.hmm"
    with path.open("wb") as file:
        built.model.write(file)
    plain, other = (family(60, seed).ungapped() for seed in (2, 5))
    assert read_profile(path).threshold == pytest.approx(built.threshold, abs=0.05)
    without = evaluate(plain, other, floors=[])
    assert "hmm-hits" not in without
    assert any("or give one with --hmm" in note for note in without.notes)
    report = evaluate(plain, other, metrics=["hmm-hits"], floors=["uniform"], hmm=path)
    assert report["hmm-hits"].generated.value == 1
    assert report["hmm-hits"].columns["uniform"].value == 0


@pytest.fixture(scope="module")
def text(built) -> str:
    out = io.BytesIO()
    built.model.write(out)
    return out.getvalue().decode()


def test_the_text_that_is_checked_is_the_profile(built, text, tmp_path):
    plain = family(20, 2).ungapped()
    for number, data in enumerate([text.encode(), gzip.compress(text.encode())]):
        path = tmp_path / f"{number}.hmm"
        path.write_bytes(data.replace(b"\n", b"\r\n") if number == 0 else data)
        assert read_profile(path).bits(plain) == pytest.approx(built.bits(plain), abs=0.05)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda lines: [], "x.hmm: no profile in HMMER's format .*, found nothing"),
        (lambda lines: ["no profile"], "line 1: .* begins with 'HMMER3/', found 'no profile'"),
        (lambda lines: ["HMMER2.0"], "hmmconvert"),
        (lambda lines: lines[:2], "line 2: .* the file ends before the probabilities"),
        (lambda lines: lines[:30], "line 30: .* ends in the middle of the profile"),
        (lambda lines: [x for x in lines if not x.startswith("LENG")], "LENG is 0"),
        (lambda lines: [x for x in lines if not x.startswith("NAME")], "NAME is missing"),
        (lambda lines: [x.replace("LENG  6", "LENG  7") for x in lines], "position 6. is missing"),
        (lambda lines: [x.replace("amino", "DNA") for x in lines], "not a profile of proteins"),
        (lambda lines: [x.replace("MAP   yes", "MAP   no") for x in lines], None),
        (
            lambda lines: [x.replace("0.77255", "nan") for x in lines],
            "7 numbers are needed, found 'nan'",
        ),
        (lambda lines: [x for x in lines if "VITERBI" not in x], "three lines STATS"),
        (lambda lines: [x for x in lines if "STATS" not in x], "has no STATS lines"),
    ],
)
def test_what_is_no_profile_is_refused_in_one_line(change, what, text, tmp_path):
    """HMMER's own parser ends the process where such lines are damaged."""
    path = tmp_path / "x.hmm"
    path.write_text("".join(f"{line}\n" for line in change(text.splitlines())))
    if what is None:
        read_profile(path)
        return
    with pytest.raises(DataError, match=what) as caught:
        read_profile(path)
    assert "\n" not in str(caught.value) and "x.hmm" in str(caught.value)


def test_a_profile_that_is_not_there_or_is_binary(built, tmp_path):
    with pytest.raises(FastaError, match="absent.hmm: cannot be read: No such file or directory$"):
        read_profile(tmp_path / "absent.hmm")
    with (tmp_path / "x.h3m").open("wb") as file:
        built.model.write(file, binary=True)
    with pytest.raises(FastaError, match="x.h3m, line 1: NUL bytes"):
        read_profile(tmp_path / "x.h3m")


def test_without_pyhmmer_the_command_that_installs_it_is_given(monkeypatch):
    """The command works from a clone, too: biogan lies on no index."""

    def absent(name):
        raise PackageNotFoundError(name)

    (wanted,) = (r for r in EXTRAS["protein"] if r.startswith("pyhmmer"))
    monkeypatch.setattr(context, "requires", lambda name: [f"{wanted}; extra == 'protein'"])
    monkeypatch.setattr(context, "version", absent)
    found = compare("hmm-hits", family(20, 2), family(20, 3))
    assert found.note == f"needs pyhmmer: pip install '{wanted}'"
    with pytest.raises(ConfigError, match="--hmm x.hmm: needs pyhmmer: pip install 'pyhmmer>="):
        read_profile("x.hmm")
    monkeypatch.setattr(context, "version", lambda name: "0.9.1")
    assert context.unavailable() == f"needs {wanted}, found 0.9.1: pip install '{wanted}'"
    monkeypatch.setattr(context, "version", lambda name: "1.0")
    assert context.unavailable() == ""
    monkeypatch.setattr(context, "requires", absent)
    monkeypatch.setattr(context, "version", absent)
    assert context.unavailable() == "needs pyhmmer: pip install 'pyhmmer'"


def test_an_alignment_without_columns_gives_no_value():
    gaps = SequenceSet.from_strings(["-" * 20] * 20, alphabet=ALIGNED)
    for name in ("hmm-hits", "hmm-score-w1"):
        found = compare(name, gaps, gaps)
        assert found.value is None
        assert found.note.startswith("no profile can be built from the training data: ")
