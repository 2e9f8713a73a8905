"""Calibrated logits: known ratios, classes that fall apart, a critic that cannot tell."""

import numpy as np
import pytest

from biogan.core.errors import NonFiniteError
from biogan.models.refinement import Calibration
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.modality import SequenceModality
from biogan.sequences.tokenizer import Tokenizer


def test_two_normals_have_a_known_line():
    """N(1, 1) against N(-1, 1): the log ratio is 2 x, the AUROC Phi(sqrt 2) = 0.921."""
    random = np.random.default_rng(0)
    found = Calibration.fit(random.normal(1, 1, 20_000), random.normal(-1, 1, 40_000))
    assert found.slope == pytest.approx(2, rel=0.05)
    assert found.intercept == pytest.approx(0, abs=0.05)
    assert found.auroc == pytest.approx(0.9214, abs=0.005)
    assert found.low < found.auroc < found.high
    assert (found.real, found.generated) == (20_000, 40_000)


def test_scale_and_shift_of_the_critic_do_not_matter():
    random = np.random.default_rng(1)
    real, fake = random.normal(1, 1, 300), random.normal(0, 1, 500)
    plain, moved = Calibration.fit(real, fake), Calibration.fit(100 * real - 7, 100 * fake - 7)
    assert np.allclose(plain.log_ratio(real), moved.log_ratio(100 * real - 7), atol=1e-4)
    assert moved.max_ratio == pytest.approx(plain.max_ratio, rel=1e-3)


def test_the_largest_ratio_is_that_of_the_best_generated_record():
    found = Calibration.fit(np.array([0.0, 1, 2, 3] * 20), np.array([-1.0, 0, 1, 2] * 20))
    assert found.max_ratio == pytest.approx(np.exp(found.slope * 2 + found.intercept))
    assert found.log_ratio(np.array([1.0]))[0] == pytest.approx(0, abs=1e-3 + found.slope / 2)


def test_one_outlier_does_not_leave_the_numbers():
    rng = np.random.default_rng(0)
    real, generated = rng.normal(2, 1, 500), rng.normal(0, 1, 500)
    generated[0] = 1e6
    found = Calibration.fit(real.astype(np.float32), generated.astype(np.float32))
    assert np.isfinite(found.max_ratio)
    steep = Calibration.fit(np.r_[real + 1000, np.full(9, -1000)], np.r_[generated[1:], 1e3])
    assert 0 < steep.max_ratio <= np.exp(50.0)


def test_classes_that_fall_apart_have_a_finite_line():
    found = Calibration.fit(np.array([5.0, 6, 7]), np.array([-5.0, -6, -7]))
    assert found.auroc == 1 and 0 < found.slope < 10


@pytest.mark.parametrize("real", [np.array([0.0, 1, 2]), np.array([-3.0, -4, -5])])
def test_a_critic_that_cannot_tell_changes_nothing(real):
    found = Calibration.fit(real, np.array([0.0, 1, 2]))
    assert (found.slope, found.intercept, found.max_ratio) == pytest.approx((0, 0, 1), abs=1e-6)
    assert found.log_ratio(np.array([-9.0, 9.0])) == pytest.approx([0, 0], abs=1e-5)


def test_a_logit_that_is_no_number_is_one_line():
    with pytest.raises(NonFiniteError, match="--judge-steps 0") as caught:
        Calibration.fit(np.array([np.nan]), np.array([1.0]))
    assert "\n" not in str(caught.value)


def test_it_is_kept_as_it_is():
    found = Calibration(1.5, -0.5, 7.0, 0.7, 0.6, 0.8, 10, 20)
    assert Calibration.read("judge", found.to_dict()) == found


def test_overlapping_validation_records_widen_the_interval():
    random = np.random.default_rng(5)
    real, generated = random.normal(0.5, 1, 100), random.normal(0, 1, 4000)
    once = Calibration.fit(real, generated)
    four = Calibration.fit(np.repeat(real, 4), generated, np.repeat(np.arange(100), 4))
    naive = Calibration.fit(np.repeat(real, 4), generated)
    widths = [found.high - found.low for found in (once, four, naive)]
    assert widths[1] == pytest.approx(widths[0], rel=0.02)
    assert widths[2] < 0.6 * widths[0]


def test_clusters_of_a_calibration_are_strands_and_stretches():
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), 660))
    genome = SequenceSet.from_strings([letters], ["chr"])
    modality = SequenceModality(Tokenizer.of(genome, None))
    one = SequenceGANConfig(reverse_complement=False)
    apart, over = (cut_windows(genome, 30, stride)[0] for stride in (30, 10))
    assert modality.calibration_clusters(apart, one) is None
    assert len(set(modality.calibration_clusters(over, one).tolist())) < 20
    both = modality.calibration_clusters(apart, SequenceGANConfig(reverse_complement=True))
    assert np.bincount(both).tolist() == [2] * 22
