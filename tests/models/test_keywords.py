"""Constructors show their options: to help(), to inspect and to static tools alike."""

import dataclasses
import importlib.util
import inspect
from typing import get_type_hints

import pytest
from helpers import ROOT

from biogan import ImageGAN, SequenceGAN
from biogan.images.config import ImageSamplingConfig
from biogan.models import keywords
from biogan.sequences.config import SequenceGANConfig, SequenceSamplingConfig
from biogan.training.config import ImageGANConfig

SHOWN = (
    (SequenceGAN, SequenceGANConfig),
    (ImageGAN, ImageGANConfig),
    (SequenceGAN.sample, SequenceSamplingConfig),
    (ImageGAN.sample, ImageSamplingConfig),
)


def script():
    spec = importlib.util.spec_from_file_location("written", ROOT / "scripts" / "write_keywords.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("function", "config"), SHOWN)
def test_a_signature_has_every_option_with_type_and_default(function, config):
    parameters, hints = inspect.signature(function).parameters, get_type_hints(config)
    assert not [p for p in parameters.values() if p.kind is p.VAR_KEYWORD]
    for field in dataclasses.fields(config):
        shown = parameters[field.name]
        assert shown.default == field.default
        if field.name != "seed" or shown.kind is shown.KEYWORD_ONLY:
            assert shown.annotation == hints[field.name]


def test_help_explains_the_options():
    for function in (SequenceGAN.__init__, SequenceGAN.sample):
        assert "Other Parameters\n----------------\n" in inspect.getdoc(function)
    told = inspect.getdoc(SequenceGAN.__init__)
    assert "batch_size : int | None\n    Records in a batch.\n    Default: 64." in told


def test_the_typed_dictionaries_are_those_of_the_configurations():
    module = script()
    assert {name for name, *_ in module.TABLE} == {
        name for name in vars(keywords) if name.endswith("Options")
    }
    for name, config, without in module.TABLE:
        hints = get_type_hints(config)
        wanted = {f.name: hints[f.name] for f in dataclasses.fields(config)}
        for known in without:
            wanted.pop(known)
        assert get_type_hints(getattr(keywords, name)) == wanted
    assert module.TARGET.read_text("utf-8") == module.written(), (
        "run python scripts/write_keywords.py"
    )
