"""Refined sampling: exact distributions for a known ratio, repeatable records, clear refusals."""

import json

import numpy as np
import pytest

from biogan import SequenceGAN, SequenceSet
from biogan.cli import main
from biogan.core.errors import CheckpointError, ConfigError, DataError
from biogan.core.rng import rng
from biogan.models.refinement import Candidates, in_blocks, metropolis_hastings, rejection
from biogan.models.sampling import joined
from biogan.sequences.alphabet import DNA
from biogan.sequences.modality import SequenceModality
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.modality import Chunk

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 6, "seed": 1}
ONE = SequenceModality(Tokenizer(DNA, 1, "fixed"))
BLOCK = ONE.block
# A generator that writes A C G T alike, and data that hold them as 8 : 4 : 3 : 1.
DATA = np.array([8, 4, 3, 1]) / 16
RATIO = DATA / 0.25
NOUGHT = np.zeros((BLOCK, 1), np.uint8)


def propose(*stream):
    rows = rng(5, *stream).integers(0, 4, (BLOCK, 1)).astype(np.uint8)
    return Candidates(rows, np.log(RATIO[rows[:, 0]]), np.zeros(BLOCK, bool))


def shares(chunk):
    return np.bincount(chunk.records.codes, minlength=4) / len(chunk.records)


def drawn(refine):
    chunks = [*in_blocks(refine, ONE, 0, 20_000, "x")]
    numbers = (sum(numbers) for numbers in list(zip(*chunks, strict=True))[1:4])
    return Chunk(joined(chunks), *numbers)


def reads(n=120, low=20, high=20):
    random = rng(0, "reads")
    lengths = random.integers(low, high + 1, n)
    return SequenceSet.from_strings(["".join(random.choice(list("ACGT"), k)) for k in lengths])


@pytest.fixture(scope="module")
def gan():
    return SequenceGAN(**SMALL).fit(reads())


@pytest.fixture
def folder(gan, tmp_path):
    gan.save(tmp_path / "run")
    return tmp_path / "run"


def test_rejection_draws_the_data_where_the_ratio_is_known():
    found = drawn(rejection(propose, 1, RATIO.max(), BLOCK))
    assert shares(found) == pytest.approx(DATA, abs=4 * 0.5 / 20_000**0.5)
    # E r / M = 1 / 2 of the candidates are taken.
    assert found.accepted / found.proposed == pytest.approx(0.5, abs=0.02)


def test_rejection_with_a_cap_keeps_all_above_it_alike():
    """min(r, 1) = 1, 1, 3/4, 1/4, so that the shares are a third, a third, a quarter, a twelfth."""
    found = drawn(rejection(propose, 1, 1.0, BLOCK))
    assert shares(found) == pytest.approx(np.array([4, 4, 3, 1]) / 12, abs=0.015)
    assert found.accepted / found.proposed == pytest.approx(0.75, abs=0.02)


def test_chains_draw_the_data_where_the_ratio_is_known():
    found = drawn(metropolis_hastings(propose, 1, 20, BLOCK))
    assert shares(found) == pytest.approx(DATA, abs=4 * 0.5 / 20_000**0.5)
    assert found.proposed == 20 * 20_000
    # At rest a move from i to j has rate DATA_i / 4 * min(1, RATIO_j / RATIO_i).
    rate = (DATA[:, None] / 4 * np.minimum(1, RATIO / RATIO[:, None])).sum()
    assert found.accepted / found.proposed == pytest.approx(rate, abs=0.01)


def test_only_the_wanted_records_of_a_block_count_as_drawn_again():
    def again(*stream):
        return propose(*stream)._replace(again=np.arange(BLOCK) < 10)

    assert metropolis_hastings(again, 1, 2, BLOCK)(0, 5, 30).again == 3 * 5
    assert metropolis_hastings(again, 1, 2, BLOCK)(0, 20, 30).again == 0


def test_one_step_of_a_chain_by_hand():
    """From A C G T alike, one proposal: flow into a letter minus flow out of it."""
    found = drawn(metropolis_hastings(propose, 1, 1, BLOCK))
    move = np.minimum(1, RATIO / RATIO[:, None]) / 16
    expected = 0.25 + move.sum(0) - move.sum(1)
    assert shares(found) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("method", ["rejection", "mh"])
def test_the_same_records_whatever_is_asked_for(gan, method):
    many = gan.sample(700, seed=3, refine=method, effort=3)
    few = gan.sample(10, seed=3, refine=method, effort=3)
    assert few.strings() == many[:10].strings() and few.ids == many.ids[:10]
    assert few.ids[:2] == [f"gan3_{method}_1", f"gan3_{method}_2"]
    parts = [c.records for c in gan.stream(700, 3, start=500, refine=method, effort=3)]
    assert [s for p in parts for s in p.strings()] == many.strings()[500:]
    assert [i for p in parts for i in p.ids] == many.ids[500:]
    assert gan.sample(10, seed=4, refine=method).strings() != few.strings()


def test_a_chain_that_never_moves_is_the_plain_record(gan):
    plain = gan.sample(300, seed=3).strings()
    chains = gan.sample(300, seed=3, refine="mh", effort=1).strings()
    same = np.mean([a == b for a, b in zip(plain, chains, strict=True)])
    (chunk,) = gan.stream(300, 3, refine="mh", effort=1)
    assert same == pytest.approx(1 - chunk.accepted / chunk.proposed, abs=0.01)


def test_the_judge_travels_with_the_model(gan, folder):
    loaded = SequenceGAN.load(folder)
    assert loaded.calibrated_critic.calibration == gan.calibrated_critic.calibration
    for method in ("rejection", "mh"):
        assert loaded.sample(30, refine=method).strings() == gan.sample(30, refine=method).strings()
    (folder / "judge.safetensors").unlink()
    loaded = SequenceGAN.load(folder)
    with pytest.raises(CheckpointError, match=r"judge.safetensors is missing"):
        loaded.sample(1, refine="mh")


def test_sequences_of_many_lengths_are_judged_as_they_are_read():
    gan = SequenceGAN(**SMALL).fit(reads(low=5, high=30))
    new = gan.sample(50, refine="rejection")
    assert len(new) == 50 and new.lengths.min() >= 5


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"refine": "mhh"}, "--refine: unknown value 'mhh': did you mean 'mh'"),
        ({"refin": "mh"}, "unknown option 'refin': did you mean 'refine'"),
        ({"refine": "mh", "effort": 0}, "--effort 0: must be at least 1"),
        ({"effort": 5}, "--effort 5: nothing is refined, add --refine rejection or --refine mh"),
        ({"refine": "mh", "temperature": 0.5}, "the critic was calibrated at 1, take one of the"),
    ],
)
def test_bad_requests(gan, request_, message):
    with pytest.raises(ConfigError, match=message):
        gan.sample(1, **request_)


@pytest.mark.parametrize("option", [{"judge_steps": 0}, {"validation": 0.0}])
def test_a_model_without_a_judge_says_how_to_get_one(option):
    gan = SequenceGAN(**SMALL | option).fit(reads())
    assert "judge" not in gan.card
    with pytest.raises(ConfigError, match="no calibrated critic; .*--judge-steps above 0"):
        gan.sample(1, refine="mh")


def test_a_generator_far_from_the_data_does_not_loop_for_ever():
    def hopeless(*stream):
        return Candidates(NOUGHT, np.full(BLOCK, -20.0), np.zeros(BLOCK, bool))

    with pytest.raises(DataError, match=r"0 of 5,120 candidates kept, fewer than 1 in 500: take"):
        rejection(hopeless, 1, 10.0, BLOCK)(0, 0, 1)


def test_the_command_reports_what_was_accepted(folder, capsys):
    main(["sample", str(folder), "-n", "20", "--refine", "mh", "--effort", "4"])
    out, err = capsys.readouterr()
    assert out.count(">gan0_mh_") == 20
    assert "of 80 candidates accepted" in err and "AUROC is" in err


def test_shards_of_a_refined_stream_are_the_whole(folder, capsys):
    written = []
    for part in ("1/2", "2/2", "1/1"):
        main(["sample", str(folder), "-n", "20", "--refine", "rejection", "--shard", part])
        written.append(capsys.readouterr().out)
    assert written[0] + written[1] == written[2] and written[2].count(">") == 20


def test_the_card_holds_the_calibration(folder):
    card = json.loads((folder / "config.json").read_text())
    assert set(card["judge"]) == {
        "slope", "intercept", "max_ratio", "auroc", "low", "high", "real", "generated"
    }  # fmt: skip


def test_a_judge_that_tells_all_is_given_as_much_patience_as_any():
    """No ratio reaches 1, M is 0.01, and half of the candidates are kept."""

    def sure(*stream):
        return Candidates(NOUGHT, np.full(BLOCK, np.log(0.005)), np.zeros(BLOCK, bool))

    found = rejection(sure, 1, 0.01, BLOCK)(0, 0, 500)
    assert len(found.rows) == 500 and found.accepted / found.proposed == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("method", ["rejection", "mh"])
def test_an_empty_shard_is_empty(folder, method, capsys):
    main(["sample", str(folder), "-n", "2", "--shard", "1/4", "--refine", method])
    out, err = capsys.readouterr()
    assert out == "" and "accepted" not in err
