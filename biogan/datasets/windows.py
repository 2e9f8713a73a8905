"""Cutting long records into windows of one length."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet


def cut_windows(
    sequences: SequenceSet, window: int, stride: int | None = None
) -> tuple[SequenceSet, int]:
    """Cut every record into windows.

    Parameters
    ----------
    sequences : SequenceSet
        Records; those shorter than a window give none.
    window : int
        Letters in a window, at least 1.
    stride : int, optional
        Letters from the start of one window to the start of the next, ``window`` by default.

    Returns
    -------
    windows : SequenceSet
        Windows in order, named ``id:start-end`` (from 1, both ends inside); labels and weights are
        those of the record.
    left_over : int
        Letters behind the last window of each record, and of records without a window.

    Examples
    --------
    >>> windows, left_over = cut_windows(SequenceSet.from_strings(["ACGTACG"], ["chr"]), 3)
    >>> windows.strings(), windows.ids, left_over
    (['ACG', 'TAC'], ['chr:1-3', 'chr:4-6'], 1)
    """
    step = window if stride is None else stride
    lengths = sequences.lengths
    per_record = np.maximum((lengths - window) // step + 1, 0)
    record = np.repeat(np.arange(len(sequences)), per_record)
    inside = np.arange(len(record)) - np.repeat(np.cumsum(per_record) - per_record, per_record)
    starts = inside * step
    if len(record):
        views = np.lib.stride_tricks.sliding_window_view(sequences.codes, window)
        codes = views[sequences.offsets[record] + starts].reshape(-1)
    else:
        codes = np.empty(0, np.uint8)
    covered = np.where(per_record > 0, (per_record - 1) * step + window, 0)
    return (
        SequenceSet(
            sequences.alphabet,
            codes,
            np.arange(len(record) + 1) * window,
            [
                f"{sequences.ids[i]}:{start + 1}-{start + window}"
                for i, start in zip(record.tolist(), starts.tolist(), strict=True)
            ],
            {name: values[record] for name, values in sequences.labels.items()},
            sequences.weights[record],
            sequences.report,
        ),
        int((lengths - covered).sum()),
    )
