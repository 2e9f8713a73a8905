"""The explorer: generated sequences on one page, to be filtered, sorted, aligned and taken along.

The page is one HTML file with its own script. It makes no request, which its content security
policy enforces too. Everything that comes from records reaches it as JSON and is shown as text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from biogan.core import __version__
from biogan.core.errors import plural
from biogan.evaluation.report.html import render
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.composition import gc_content
from biogan.sequences.similarity.pairs import Pairs, nearest

#: Records that a page holds at most: a browser has to keep them all.
MOST = 20_000
# Digits of a score and of a share.
_SCORE, _SHARE = 3, 4


def explorer_page(
    name: str,
    records: SequenceSet,
    scores: Sequence[float] | np.ndarray,
    known: SequenceSet | None = None,
) -> str:
    """Write the page.

    Parameters
    ----------
    name : str
        Heading.
    records : SequenceSet
        Generated sequences, with the labels that they were asked for.
    scores : sequence of float
        Score of each, higher first.
    known : SequenceSet, optional
        Real records, of which each sequence is shown beside the nearest.
    """
    near = nearest(records, known) if known is not None and len(known) else None
    columns = _columns(records, np.asarray(scores, float), near)
    alphabet = records.alphabet
    data: dict[str, Any] = {
        "columns": columns,
        "ids": list(records.ids),
        "sequences": records.strings(),
        "ambiguity": {letter: letters for letter, letters in alphabet.ambiguity.items()},
        "gap": "-" if alphabet.has_gap else "",
    }
    if known is not None and near is not None:
        used, places = np.unique(near[1], return_inverse=True)
        data["nearest"] = {
            "of": places.tolist(),
            "ids": [known.ids[i] for i in used],
            "sequences": [known[int(i) : int(i) + 1].strings()[0] for i in used],
        }
    beside = "" if known is None else f", beside the nearest of {len(known):,} real ones"
    return render(
        "explore.html",
        version=__version__,
        kind="explorer",
        title=name,
        lead=f"{plural(len(records), 'generated sequence')}{beside}",
        data=_safe_json(data),
        columns=columns,
    )


def _columns(records: SequenceSet, scores: np.ndarray, near: Pairs | None) -> list[dict[str, Any]]:
    """Return what can be filtered and sorted by, each with its values."""
    found: list[dict[str, Any]] = [
        {"key": "score", "title": "score", "number": True,
         "help": "logit of the critic; higher looks more real to it",
         "values": np.round(scores, _SCORE).tolist()},
        {"key": "length", "title": "length", "number": True, "help": "letters without gaps",
         "values": records.ungapped().lengths.tolist()},
    ]  # fmt: skip
    if records.alphabet.complement is not None:
        found.append({"key": "gc", "title": "GC", "number": True, "help": "share of G and C",
                      "values": np.round(gc_content(records), _SHARE).tolist()})  # fmt: skip
    if near is not None:
        found.append({"key": "identity", "title": "identity", "number": True,
                      "help": "share of letters like those of the nearest real record",
                      "values": np.round(near[2], _SHARE).tolist()})  # fmt: skip
    for label, values in records.labels.items():
        texts = [str(value) for value in values]
        found.append({"key": f"label-{label}", "title": label, "number": False,
                      "help": f"label {label}", "values": texts,
                      "choices": sorted(set(texts))[:200]})  # fmt: skip
    return found


def _safe_json(data: Any) -> str:
    r"""Return JSON that can stand inside an element of a page.

    Examples
    --------
    >>> _safe_json(["</script>"])
    '["\\u003c/script\\u003e"]'
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
