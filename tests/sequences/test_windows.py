"""Windows of long records."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biogan.sequences.dataset import SequenceSet, cut_windows


def test_labels_and_weights_are_those_of_the_record() -> None:
    s = SequenceSet.from_strings(["ACGTA", "G", "GGCC"], list("abc"), labels={"k": list("xyz")})
    s.weights = np.array([1.0, 2.0, 3.0])
    windows, left_over = cut_windows(s, 2)
    assert windows.strings() == ["AC", "GT", "GG", "CC"]
    assert windows.ids == ["a:1-2", "a:3-4", "c:1-2", "c:3-4"]
    assert windows.labels["k"].tolist() == ["x", "x", "z", "z"]
    assert windows.weights.tolist() == [1.0, 1.0, 3.0, 3.0]
    assert left_over == 2  # the last A of the first record, the whole second


@pytest.mark.parametrize("texts", [[], ["AC", ""]])
def test_no_window_fits(texts: list[str]) -> None:
    windows, left_over = cut_windows(SequenceSet.from_strings(texts), 3)
    assert len(windows) == 0 and left_over == sum(map(len, texts))


@given(st.lists(st.text("ACGT", max_size=15), max_size=5), st.integers(1, 6), st.integers(1, 8))
def test_windows_equal_slices(texts: list[str], window: int, stride: int) -> None:
    windows, _ = cut_windows(SequenceSet.from_strings(texts), window, stride)
    assert windows.strings() == [
        text[i : i + window] for text in texts for i in range(0, len(text) - window + 1, stride)
    ]
