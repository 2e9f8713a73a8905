"""Records that are to be left out: others take their places, all else stays."""

import itertools

import numpy as np
import pytest

from biogan import SequenceGAN, SequenceSet
from biogan.cli import main, run
from biogan.core.errors import AlphabetError, DataError
from biogan.core.rng import rng
from biogan.models.sampling import Drawn, redrawing
from biogan.sequences.alphabet import DNA

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 4, "seed": 1}


def reads(n, length, seed=0, letters="ACGT", alphabet="dna"):
    random = rng(seed, "reads")
    texts = ["".join(random.choice(list(letters), length)) for _ in range(n)]
    return SequenceSet.from_strings(texts, alphabet=alphabet)


def rotated(texts):
    return ["".join({"A": "T", "C": "G", "G": "C", "T": "A"}[x] for x in t[::-1]) for t in texts]


@pytest.fixture(scope="module")
def gan():
    return SequenceGAN(**SMALL).fit(reads(100, 4))


@pytest.mark.parametrize("options", [{}, {"refine": "mh"}, {"device_noise": True}])
def test_nothing_of_the_file_is_written_and_all_else_stays(gan, options):
    plain = gan.sample(700, 3, **options).strings()
    known = plain[:20]
    new = gan.sample(700, 3, exclude=known, **options).strings()
    avoided = {*known, *rotated(known)}
    assert not avoided & set(new)
    same = [a == b for a, b in zip(plain, new, strict=True) if a not in avoided]
    if not options.get("refine"):
        assert all(same)
    assert len(new) == 700 and set(new) <= set(gan.sample(20_000, 5).strings())
    chunks = list(gan.stream(700, 3, exclude=known, **options))
    again = sum(chunk.again for chunk in chunks)
    if options.get("refine"):
        assert again > 0
    else:
        assert again == sum(text in avoided for text in plain)


def test_shards_and_numbers_do_not_change_a_record(gan):
    known = gan.sample(30, 3).strings()
    whole = gan.sample(700, 3, exclude=known).strings()
    assert gan.sample(530, 3, exclude=known).strings() == whole[:530]
    part = [c.records.strings() for c in gan.stream(600, 3, start=400, exclude=known)]
    assert sum(part, []) == whole[400:600]


def test_gaps_do_not_hide_a_record():
    gan = SequenceGAN(**SMALL).fit(reads(100, 4, letters="ACGT-", alphabet=DNA.with_letters("-")))
    known = [text.replace("-", "") for text in gan.sample(10, 1).strings()]
    new = gan.sample(200, 1, exclude=known)
    assert not set(known) & set(new.ungapped().strings())


def test_a_model_that_writes_nothing_else_is_an_error(gan):
    every = ["".join(x) for x in itertools.product("ACGT", repeat=4)]
    with pytest.raises(DataError, match="--exclude: 512 of 512 records still stand in the file"):
        gan.sample(3, exclude=every)


def test_other_letters_are_an_error(gan):
    with pytest.raises(AlphabetError, match="the excluded set does not fit the model"):
        gan.sample(3, exclude=["MKVL"])


def test_nothing_to_leave_out(gan):
    for none in ([], gan.sample(1)[:0]):
        assert gan.sample(30, 3, exclude=none).strings() == gan.sample(30, 3).strings()


def test_records_are_read_as_those_that_the_model_learned_from(tmp_path, capsys):
    text = "".join("ACGT"[k] for k in rng(0, "genome").integers(0, 4, 400))
    (tmp_path / "genome.fa").write_text(f">g\n{text}\n")
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    read = ["--window", "4", "--validation", "0", "--reverse-complement"]
    main(["train", str(tmp_path / "genome.fa"), "-o", str(tmp_path / "run"), *flags, *read])
    out = ["-o", str(tmp_path / "new.fa"), "--overwrite"]
    argv = ["sample", str(tmp_path / "run"), "-n", "400", *out]
    argv.append("--overwrite")
    main([*argv, "--exclude", str(tmp_path / "genome.fa")])
    windows = {text[i : i + 4] for i in range(0, 400, 4)}
    new = (tmp_path / "new.fa").read_text().splitlines()[1::2]
    assert not windows & set(new) and len(new) == 400
    # An alignment is one of the same records, and a file of others says so.
    (tmp_path / "gaps.fa").write_text(f">a\n{new[0][:2]}--{new[0][2:]}\n>b\nAAAAAAAA\n")
    main([*argv, "--overwrite", "--exclude", str(tmp_path / "gaps.fa")])
    assert new[0] not in (tmp_path / "new.fa").read_text().splitlines()[1::2]
    capsys.readouterr()
    (tmp_path / "short.fa").write_text(">a\nACG\n>b\nACG\n")
    assert run([*argv, "--exclude", str(tmp_path / "short.fa")]) == 1
    told = capsys.readouterr().err
    assert "short.fa" in told


def test_records_of_other_lengths_leave_nothing_out_and_it_is_said(gan, tmp_path, capsys):
    gan.save(tmp_path / "run")
    (tmp_path / "long.fa").write_text(">a\nACGTA\n>b\nACGTT\n")
    main(["sample", str(tmp_path / "run"), "-n", "5", "--exclude", str(tmp_path / "long.fa")])
    assert (
        "long.fa: leaves nothing out, its 2 records have other lengths" in capsys.readouterr().err
    )


def test_the_command(gan, tmp_path, capsys):
    gan.save(tmp_path / "run")
    known = sorted(set(gan.sample(20, 0).strings()))
    (tmp_path / "train.fa").write_text("".join(f">{i}\n{t.lower()}\n" for i, t in enumerate(known)))
    argv = ["sample", str(tmp_path / "run"), "-n", "50", "--exclude", str(tmp_path / "train.fa")]
    assert main([*argv, "-o", str(tmp_path / "new.fa")]) == 50
    assert " sequences stood in " in capsys.readouterr().err
    texts = (tmp_path / "new.fa").read_text().splitlines()[1::2]
    assert not {*known, *rotated(known)} & set(texts)
    assert run([*argv, "-o", str(tmp_path / "train.fa")]) == 1
    assert "would overwrite" in capsys.readouterr().err
    assert run([*argv[:-1], "nowhere.fa"]) == 1
    assert "nowhere.fa" in capsys.readouterr().err


def test_where_nothing_is_left_two_blocks_tell(gan):
    """Blocks of constrained records may take minutes: twenty of them would be an hour."""
    every = ["".join(letters) for letters in itertools.product("ACGT", repeat=4)]
    with pytest.raises(DataError, match="after 2 draws of each: the model writes hardly anything"):
        gan.sample(5, 3, exclude=every)


@pytest.mark.parametrize("alike", [True, False])
def test_what_fails_more_often_is_not_written_less_often(alike):
    """Numbers from 0 to 9 fail with a chance that grows with them; 9 is redrawn as 9."""

    def draw(*stream):
        values = rng(0, *stream).integers(0, 10, 512)
        fails = rng(1, *stream).random(512) < values / 20
        return Drawn(np.stack([values, fails], 1), np.zeros(512, bool), None)

    again = redrawing(
        draw,
        lambda rows: rows[:, 1] > 0,
        50,
        "",
        False,
        (lambda rows: rows[:, 0]) if alike else None,
    )
    first = np.concatenate([draw("x", i).rows for i in range(8)])
    rows = np.concatenate([again("x", i).rows for i in range(8)])
    assert not rows[:, 1].any()
    shift = rows[:, 0].mean() - first[:, 0].mean()
    assert abs(shift) < 0.2 if alike else shift < -0.5
    assert not alike or (rows[first[:, 1] == 0] == first[first[:, 1] == 0]).all()
