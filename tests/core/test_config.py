"""Options: ranges, types, dictionaries."""

import math
import pickle
from typing import get_args

import numpy as np
import pytest

from biogan.core.errors import BioganError, ConfigError, FastaError, Interrupted
from biogan.core.options import flag, seconds
from biogan.nn import sequence_heads
from biogan.nn.config import Architecture, Head
from biogan.nn.sequence_nets import CRITICS, GENERATORS
from biogan.sequences.config import ReadingConfig, SequenceGANConfig
from biogan.training import losses
from biogan.training.config import LossName, PresetName
from biogan.training.presets import SETTINGS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": -1}, "--lr -1: must be at least 0"),
        ({"lr": math.nan}, "--lr nan: a finite number is needed"),
        ({"steps": math.inf}, "--steps inf: a finite number is needed"),
        ({"width": 3.5}, "--width 3.5: a whole number is needed"),
        ({"width": "wide"}, "--width 'wide': a number is needed"),
        ({"width": True}, "--width True: a number is needed"),
        ({"kernel": None}, "--kernel: a value is needed"),
        ({"attention": "no"}, "--attention 'no': True or False is needed"),
        ({"loss": "wgan"}, "--loss: unknown value 'wgan': did you mean 'wgan-gp'?"),
        ({"beta1": 1.5}, "--beta1 1.5: must be between 0 and"),
        ({"kernel": 4}, "must be odd"),
        ({"max_time": "-3m"}, "--max-time '-3m'"),
        ({"architecture": "dcgan", "dilation": 4}, "--dilation"),
        ({"widht": 3}, "unknown option 'widht': did you mean 'width'?"),
    ],
)
def test_what_is_wrong_is_named_with_its_flag(options, message):
    with pytest.raises(ConfigError) as caught:
        SequenceGANConfig.from_dict(options)
    assert message in str(caught.value) and caught.value.exit_code == 2


def test_numbers_of_any_kind_become_the_declared_type():
    config = SequenceGANConfig(
        width=np.int64(16), lr=np.float32(0.5), gp=1, seed=2**60 + 1, depth=3.0
    )
    assert [type(x) for x in (config.width, config.lr, config.gp, config.depth)] == [
        int, float, float, int
    ]  # fmt: skip
    assert config.seed == 2**60 + 1
    assert SequenceGANConfig(attention=np.bool_(True)).attention is True
    with pytest.raises(ConfigError, match="--width .*: a number is needed"):
        SequenceGANConfig(width=np.bool_(True))


def test_a_dictionary_is_the_configuration():
    config = SequenceGANConfig(loss="hinge", gp=10, max_time="5m")
    assert SequenceGANConfig.from_dict(config.to_dict()) == config
    assert config.replace(gp=2).gp == 2 and config.gp == 10


def test_differences_name_flags_and_leave_out_the_budget():
    one = SequenceGANConfig(lr=0.1, steps=5)
    other = SequenceGANConfig(lr=0.2, steps=9, device="cpu")
    assert one.differences(other) == ["--lr was 0.1, now 0.2"]


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), (30, 30), (None, None)]
)
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("options", [{"stride": 3}, {"length": 3, "window": 3}])
def test_reading_options_that_exclude_each_other(options):
    with pytest.raises(ConfigError, match="--"):
        ReadingConfig(**options)


def test_flags():
    assert flag("batch_size") == "--batch-size"


def test_the_names_are_those_of_the_registries():
    assert get_args(LossName) == tuple(losses.LOSSES)
    assert get_args(Head) == tuple(sequence_heads.HEADS)
    assert set(get_args(Architecture)) == set(GENERATORS) == set(CRITICS)
    assert set(get_args(PresetName)) == set(SETTINGS)


def kinds(base=BioganError):
    """Yield every class of error."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__))
def test_errors_travel_between_processes(kind):
    given = {
        FastaError: ("no '>' found", "a.fa", 3, "r1"),
        Interrupted: ("SIGTERM: saved", 143),
    }.get(kind, ("what was found",))
    error = kind(*given)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.exit_code) == (kind, str(error), error.exit_code)
    assert vars(copy) == vars(error)
