"""The worked examples of CONTRIBUTING.md run."""

import re
import sys
import types
from pathlib import Path

import pytest
import torch
from helpers import ROOT

from biogan import SequenceSet, evaluate
from biogan.evaluation.metric import Value
from biogan.sequences.metrics.comparison import SEQUENCE_METRICS
from biogan.training.losses import LOSSES

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
METRIC, LOSS, KIND = re.findall(r"```python\n(.*?)```", TEXT, re.S)


def executed(block, name, monkeypatch):
    module = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(block, "CONTRIBUTING.md", "exec"), module.__dict__)
    return module


@pytest.fixture(autouse=True)
def registries():
    """Forget what the examples register."""
    before = dict(SEQUENCE_METRICS), dict(LOSSES)
    yield
    for registry, old in zip((SEQUENCE_METRICS, LOSSES), before, strict=True):
        registry.clear()
        registry.update(old)


def test_a_metric_is_a_row_of_the_report(monkeypatch):
    executed(METRIC, "example_metric", monkeypatch)
    genes = SequenceSet.from_strings(["ATGAAATAA", "ATGCCCTGA"] * 30)
    others = SequenceSet.from_strings(["ATGAAATAA", "ATGCCCGGG"] * 30)
    row = evaluate(genes, others, metrics=["ends-with-stop"])["ends-with-stop"]
    assert isinstance(row.generated, Value) and 0.3 < row.generated.value < 0.7
    assert row.ceiling.value == 1.0


def test_a_loss_is_a_line_in_the_table(monkeypatch):
    executed(LOSS, "example_loss", monkeypatch)
    loss = LOSSES["least-squares"]
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0])
    assert loss.critic(real, fake).item() == pytest.approx((2.0 + 2.0) / 2)
    assert loss.generator(real, fake).item() == pytest.approx(0.5)


def test_a_kind_of_data_is_the_one_that_the_tests_train():
    assert KIND.strip() == (ROOT / "tests" / "support" / "vectors.py").read_text("utf-8").strip()


@pytest.mark.parametrize("link", re.findall(r"\]\(([\w./-]+)\)", TEXT))
def test_links_lead_somewhere(link):
    assert Path(ROOT / link).is_file()
