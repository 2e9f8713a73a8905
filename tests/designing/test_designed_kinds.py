"""Designs of every kind of records: lengths that vary, genes, alignments, circles."""

import numpy as np
import pytest
from click.testing import CliRunner

from biogan import DNA, PROTEIN, Avoid, SequenceGAN, SequenceSet, design
from biogan.cli.design import command
from biogan.core.errors import ConfigError
from biogan.core.rng import rng
from biogan.designing.proposals import ended, likeness, shifted
from biogan.sequences.constraints.coding import OpenReadingFrame, Translation
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.uniform import Feasible
from biogan.sequences.io.write import write_fasta
from biogan.sequences.tokenizer import Tokenizer

SMALL = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 2,
         "judge_steps": 0, "seed": 1}  # fmt: skip


def drawn(letters, low, high, n=150, seed=0):
    draws = rng(seed, "drawn")
    return ["".join(draws.choice([*letters], draws.integers(low, high + 1))) for _ in range(n)]


def genes(low=5, high=11):
    draws = rng(3, "genes")
    codons = ["GCT", "AAA", "CTG", "GGC", "GAA", "TCA"]
    texts = ["ATG" + "".join(draws.choice(codons, k)) + "TAA"
             for k in draws.integers(low, high + 1, 200)]  # fmt: skip
    return SequenceSet.from_strings(texts)


def count_g(texts):
    return [text.count("G") for text in texts]


KINDS = {
    "varying lengths": (lambda: SequenceSet.from_strings(drawn("ACGT", 10, 24)), {}),
    "peptides": (lambda: SequenceSet.from_strings(
        drawn("ACDEFGHIKLMNPQRSTVWY", 8, 19), alphabet=PROTEIN), {}),
    "genes": (genes, {}),
    "an alignment": (lambda: SequenceSet.from_strings(
        drawn("ACGT-", 20, 20), alphabet=DNA.with_letters("-")), {}),
    "circles": (lambda: SequenceSet.from_strings(drawn("ACGT", 20, 20)), {"rotate": True}),
}  # fmt: skip


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_designed_and_keeps_what_it_is(kind, trained):
    make, options = KINDS[kind]
    data = make()
    source = SequenceGAN(**SMALL, **options).fit(data) if trained else data
    constraints = [] if kind == "peptides" else [Avoid("GGGG")]
    asked = []

    def oracle(texts):
        asked.extend(texts)
        return count_g(texts)

    found = design(source, oracle, 8, calls=150, constraints=constraints, real=data)
    assert "-" not in "".join(asked) and len(found) == 8
    assert float(found.labels["score"][0]) > max(count_g([t.replace("-", "") for t in data]))
    low, high = data.lengths.min(), data.lengths.max()
    assert ((found.lengths >= low) & (found.lengths <= high)).all()
    if kind != "peptides":
        assert not any(constraints[0].violations(t, found.alphabet) for t in found)
    if kind == "genes":
        assert all(OpenReadingFrame().violations(text) == [] for text in found)
        assert all(text.startswith("ATG") and text.endswith("TAA") for text in found)
    if kind == "varying lengths":
        # Both deletions and insertions are among the edits.
        assert len({*found.lengths}) > 1 or found.lengths[0] == high


def test_a_protein_is_kept_and_its_codons_are_chosen(tmp_path):
    data = genes(8, 8)
    write_fasta(data, tmp_path / "genes.fasta")
    (tmp_path / "protein.fasta").write_text(">p\nMKLAAGSSK*\n")
    script = tmp_path / "score.py"
    script.write_text("def g(texts):\n    return [t.count('G') for t in texts]\n")
    words = ["--oracle", f"{script}:g", "--calls", "120", "-n", "4",
             "--translate", f"{tmp_path}/protein.fasta", "-o"]  # fmt: skip
    CliRunner().invoke(
        command, [f"{tmp_path}/genes.fasta", *words, f"{tmp_path}/out"], catch_exceptions=False
    )
    lines = (tmp_path / "out" / "designs.fasta").read_text().splitlines()
    texts = [line for line in lines if line[0] != ">"]
    protein = Translation("MKLAAGSSK*")
    assert len(texts) == 4 and all(protein.violations(text) == [] for text in texts)
    # The best there is; the genes that it learned from end on TAA, so it does, too.
    assert texts[0] == "ATGAAGCTGGCGGCGGGGTCGTCGAAGTAA" or texts[0].count("G") == 13
    (tmp_path / "protein.fasta").write_text(">p\nMKLAAGSSK*\n>q\nMKLAAGSAK*\n")
    done = CliRunner().invoke(command, [f"{tmp_path}/genes.fasta", *words, f"{tmp_path}/two"])
    assert done.exit_code == 2 and "2 proteins: a search has the same constraints" in done.output


@pytest.mark.parametrize("texts", [["ACGT", "AAGT", "CCGT"] * 9, ["AC", "ACG", "A", "ACGT"] * 9])
def test_feasible_draws_are_uniform(texts):
    """Every sequence of a length comes as often as every other one that keeps the constraint."""
    tokenizer = Tokenizer.of(SequenceSet.from_strings(texts))
    words = language([Avoid("AC")], tokenizer)
    rows = Feasible(tokenizer, words).draw(8_000, 1)
    assert words.holds(rows).all()
    found = tokenizer.decode(rows)
    for length in {*found.lengths.tolist()}:
        own = [text for text in found.strings() if len(text) == length]
        kept, counts = np.unique(own, return_counts=True)
        # AC and, on the other strand, GT.
        every = [w for w in np.ndindex(*[4] * length)
                 if (0, 1) not in [*zip(w, w[1:], strict=False)]
                 and (2, 3) not in [*zip(w, w[1:], strict=False)]]  # fmt: skip
        assert len(kept) == len(every)
        expected = len(own) / len(every)
        assert ((counts - expected) ** 2 / expected).sum() < 2 * len(every) + 10
        assert abs(len(own) / len(found) - 1 / len({len(t) for t in texts})) < 0.03


def test_letters_of_a_position_are_those_of_the_records():
    data = SequenceSet.from_strings(["AAAA"] * 90 + ["CCCC"] * 10)
    tokenizer = Tokenizer.of(data)
    words = language([Avoid("CC")], tokenizer)
    rows = Feasible(tokenizer, words, tokenizer.encode(data)).draw(2000, 0)
    assert 0.885 < (rows == 0).mean() < 0.91


def test_indels_where_lengths_vary():
    rows = np.tile(np.array([0, 1, 2, 3, 4, 4], np.uint8), (600, 1))
    found = ended(shifted(rows, 4, rng(0, "shift")), 4)
    lengths = (found < 4).sum(1)
    assert {*lengths.tolist()} == {3, 4, 5}
    assert (found[:, 1:][found[:, :-1] == 4] == 4).all()
    assert likeness(found[:1], found[0], 4).tolist() == [1.0]
    assert likeness(rows[:1], np.array([0, 1, 4, 4, 4, 4]), 4).tolist() == [0.5]


def test_models_of_other_kinds_are_refused():
    from biogan import ImageGAN, ImageSet

    pixels = rng(0, "pixels").integers(0, 255, (40, 16, 16)).astype(np.uint8)
    gan = ImageGAN(width=4, latent=4, batch_size=8, steps=1).fit(ImageSet.from_pixels(pixels))
    with pytest.raises(ConfigError, match="a model of images: only sequences and molecules can be"):
        design(gan, count_g, calls=20)
