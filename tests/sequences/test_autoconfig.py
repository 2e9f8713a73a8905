"""Open options are chosen from the data, said aloud, and never over a given value."""

import re
from typing import get_args

import numpy as np
import pytest

from biogan.core.errors import ConfigError
from biogan.nn.config import Architecture
from biogan.nn.sequence_heads import Shape
from biogan.nn.sequence_nets import build
from biogan.sequences.alphabet import DNA
from biogan.sequences.autoconfig import SIZES_OF, SUITED, resolve
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.store import store_fasta
from biogan.sequences.tokenizer import ALIGNED, FIXED, VARIABLE, Tokenizer


def test_nothing_is_left_open_and_every_choice_is_said():
    config, reasons = resolve(SequenceGANConfig(loss="wgan-gp"), Tokenizer(DNA, 100, FIXED))
    assert (config.dilation, config.critic_steps) == (4, 3)
    assert (config.gp, config.r1, config.r2) == (1, 0, 0)
    assert (config.architecture, config.width, config.depth, config.units) == ("hybrid", 32, 2, 256)
    assert config.max_time == "10m" and config.word == 1
    assert reasons == [
        "architecture hybrid for fixed sequences",
        "width 32, depth 2, units 256",
        "kmer_matching 1 beside the critic",
        "max_time 10m, as neither --steps nor --max-time was given",
        "dilation 4 for 100 positions",
        "critic_steps 3, gp 1, penalty_every 1 for the loss wgan-gp",
    ]


def test_a_single_block_is_not_said_to_be_dilated():
    for kind in (ALIGNED, VARIABLE):
        config, reasons = resolve(SequenceGANConfig(), Tokenizer(DNA, 100, kind))
        assert (config.depth, config.dilation) == (1, 1)
        assert not [reason for reason in reasons if "dilation" in reason]


def test_what_was_given_stays():
    given = SequenceGANConfig(
        loss="relativistic", critic_steps=2, gp=0, r1=0.5, r2=0, penalty_every=2, steps=5,
        architecture="resnet", width=8, depth=3, word=1, dilation=2,
        kmer_matching=0.5, reverse_complement=False, rotate=False, shift=0,
            repeats="once",
    )  # fmt: skip
    assert resolve(given, Tokenizer(DNA, 20, FIXED)) == (given, [])


def test_loss_and_networks_follow_the_layout():
    for kind in (FIXED, VARIABLE, ALIGNED):
        config, _ = resolve(SequenceGANConfig(), Tokenizer(DNA, 20, kind))
        assert (config.loss, config.architecture) == SUITED[kind][:2]


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("dense", {"depth": 2}, "--depth 2: --architecture dense is sized by --units alone"),
        ("dense", {"attention": True}, "--attention: --architecture dense is sized by"),
        ("dense", {"dilation": 4}, "--dilation 4: --architecture dense"),
        ("resnet", {"units": 9}, "--units 9: .* is sized by --width and --depth alone"),
    ],
)
def test_a_size_that_a_family_lacks_is_refused(family, options, message):
    config = SequenceGANConfig(architecture=family, **options)
    with pytest.raises(ConfigError, match=message):
        resolve(config, Tokenizer(DNA, 20, FIXED))


def test_a_family_takes_the_sizes_it_has():
    for family in get_args(Architecture):
        config, _ = resolve(SequenceGANConfig(architecture=family), Tokenizer(DNA, 20, FIXED))
        open_still = {k for k in ("width", "depth", "units") if getattr(config, k) is None}
        assert open_still == {"width", "depth", "units"} - set(SIZES_OF[family])
        build(config, Shape(4, 20))


def test_resolving_twice_changes_nothing():
    once, _ = resolve(SequenceGANConfig(), Tokenizer(DNA, 64, FIXED))
    assert once.dilation == 1 and resolve(once, Tokenizer(DNA, 64, FIXED)) == (once, [])


def test_genes_are_said_to_be_read_in_codons():
    genes = SequenceSet.from_strings(["ATGAAATAA", "ATGAAACCCTAG"])
    config, reasons = resolve(SequenceGANConfig(), Tokenizer.of(genes))
    assert config.word == 3 and config.kmer_matching == 1
    assert "word 3, as the records are open reading frames" in reasons


def test_both_strands_are_read_where_they_are_alike():
    codes = np.random.default_rng(0).integers(0, 4, (600, 30), np.uint8)
    some = SequenceSet.from_matrix(DNA, codes)
    config, reasons = resolve(SequenceGANConfig(), Tokenizer.of(some), some)
    assert config.reverse_complement is True
    assert any(
        reason.startswith("reverse_complement, as the strands cannot be told apart (p ")
        for reason in reasons
    )
    for given in (SequenceGANConfig(reverse_complement=False), SequenceGANConfig()):
        one_way = SequenceSet.from_strings(["TATAAT" + text for text in some.strings()])
        config, reasons = resolve(given, Tokenizer.of(one_way), one_way)
        assert config.reverse_complement is False and "reverse" not in " ".join(reasons)


def test_records_whose_letters_stand_anywhere_are_windows():
    codes = np.random.default_rng(0).integers(0, 4, (2_000, 30), np.uint8)
    some = SequenceSet.from_matrix(DNA, codes)
    config, reasons = resolve(SequenceGANConfig(), Tokenizer.of(some), some)
    assert config.shift == 7 and config.rotate is False
    told = "shift 7 (records are windows at any place), as letters have 0.000"
    assert any(reason.startswith(told) for reason in reasons)
    placed = SequenceSet.from_strings(["TATAAT" + text for text in some.strings()])
    varied = SequenceSet.from_strings([*some.strings(), "ACGT"])
    for given, data in [
        (SequenceGANConfig(shift=0), some),
        (SequenceGANConfig(rotate=True), some),
        (SequenceGANConfig(architecture="dcgan"), some),
        (SequenceGANConfig(), placed),
        (SequenceGANConfig(), varied),
    ]:
        config, reasons = resolve(given, Tokenizer.of(data), data)
        assert config.shift == 0 and "shift" not in " ".join(reasons)


def test_repeats_of_an_alignment_are_read_once():
    aligned = SequenceSet.from_strings(
        ["AC-T", "ACGT", "AC-T", "A--T", "ACGT"], alphabet=DNA.with_letters("-")
    )
    config, reasons = resolve(SequenceGANConfig(), Tokenizer.of(aligned), aligned)
    assert config.repeats == "once"
    assert "repeats once, as 2 records of the alignment repeat others" in reasons
    loose = SequenceSet.from_strings(["ACTT", "ACGT", "ACTT"])
    for given, data in [
        (SequenceGANConfig(repeats="all"), aligned),
        (SequenceGANConfig(), aligned.unique()),
        (SequenceGANConfig(), loose),
    ]:
        config, reasons = resolve(given, Tokenizer.of(data), data)
        assert config.repeats == "all" and "repeat" not in " ".join(reasons)


def test_repeats_on_disk_are_not_looked_for(tmp_path):
    (tmp_path / "a.fa").write_text(">a\nAC-T\n>b\nAC-T\n>c\nACGT\n")
    store = store_fasta(tmp_path / "a.fa", tmp_path / "sequences")
    config, _ = resolve(SequenceGANConfig(), Tokenizer.of(store), store)
    assert config.repeats == "all"
    with pytest.raises(ConfigError, match="^--repeats once: records on disk are not compared"):
        resolve(SequenceGANConfig(repeats="once"), Tokenizer.of(store), store)


@pytest.mark.parametrize("kind", [ALIGNED, VARIABLE])
@pytest.mark.parametrize(
    ("option", "said"), [({"rotate": True}, "--rotate"), ({"shift": 5}, "--shift 5")]
)
def test_what_has_places_or_ends_is_no_circle_and_no_window(kind, option, said):
    with pytest.raises(ConfigError, match=f"^{said}: needs records of one length"):
        resolve(SequenceGANConfig(**option), Tokenizer(DNA, 20, kind))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shift": 20}, "records have 20 letters, at most 19"),
        ({"rotate": True}, "--rotate makes circles of the records"),
        ({"architecture": "dcgan"}, "dcgan writes no windows"),
    ],
)
def test_shifts_that_leave_no_window_are_refused(options, said):
    with pytest.raises(ConfigError, match=f"^--shift [0-9]+: .*{said}"):
        resolve(SequenceGANConfig(**{"shift": 5} | options), Tokenizer(DNA, 20, FIXED))


def test_codons_have_one_strand():
    genes = SequenceSet.from_strings(["ATGAAATAA", "ATGAAACCCTAG"])
    given = SequenceGANConfig(reverse_complement=True)
    with pytest.raises(ConfigError, match="words of 3 letters .* give --word 1 too"):
        resolve(given, Tokenizer.of(genes))
    assert resolve(given.replace(word=1), Tokenizer.of(genes, 1))[0].reverse_complement


def test_groups_need_batches_that_are_made_of_them():
    def chosen(**options):
        given = SequenceGANConfig(minibatch_std=True, **options)
        return resolve(given, Tokenizer(DNA, 20, FIXED))[0].minibatch_std

    assert chosen() and chosen(batch_size=16, devices=2)
    for options in ({"batch_size": 20}, {"batch_size": 8, "devices": 2}):
        with pytest.raises(ConfigError, match="--minibatch-std: compares records by 8, --batch-si"):
            chosen(**options)


def test_words_have_a_frame_whatever_their_letters_say():
    codes = np.random.default_rng(0).integers(0, 4, (2_000, 30), np.uint8)
    some = SequenceSet.from_matrix(DNA, codes)
    letters, words = (resolve(SequenceGANConfig(), Tokenizer.of(some, w), some)[0] for w in (1, 3))
    assert letters.shift and letters.reverse_complement
    assert words.shift == 0 and words.reverse_complement is False
    with pytest.raises(ConfigError, match="^--rotate: words of 3 letters .* give --word 1 too"):
        resolve(SequenceGANConfig(rotate=True), Tokenizer.of(some, 3), some)


def test_circles_are_told_how_far_the_words_across_their_seam_are():
    texts = ["".join(row) for row in np.random.default_rng(0).choice([*"ACGT"], (2_000, 30))]
    said = []
    for some in (texts, ["TATA" + text + "GGCC" for text in texts]):
        data = SequenceSet.from_strings(some)
        config, reasons = resolve(SequenceGANConfig(rotate=True), Tokenizer.of(data), data)
        (line,) = [reason for reason in reasons if "seam" in reason]
        assert (
            config.rotate and config.shift == 0 and line.startswith("rotate as asked for: the 4-")
        )
        said.append([float(word) for word in re.findall(r"[01]\.[0-9]{4}", line)])
    (across, inside), (across_placed, inside_placed) = said
    assert abs(across - inside) < 0.01
    assert across_placed > 0.5 > 5 * inside_placed
