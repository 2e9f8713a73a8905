"""Metrics: small functions of a comparison, each with its direction, range and interval.

Every metric of ``docs/metrics.md`` is a function of this module too, with underscores in its name:
it takes lists of strings, Biopython records or sets and returns a
:class:`~biogan.metrics.base.Value`. See :func:`biogan.metrics.single.measure` for its options.

Examples
--------
>>> from biogan.metrics import gc_w1
>>> gc_w1(["AACC", "GGCC"], ["AAAA", "AACC"]).value
0.5
"""

from importlib.util import find_spec
from typing import Any


def __getattr__(name: str) -> Any:
    """Make the function of a metric when it is first asked for."""
    # A module that is not loaded yet is asked for here first, and loaded if nothing is found.
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is None:
        from biogan.metrics.single import functions

        found = functions()
        if name in found:
            return found[name]
    raise AttributeError(f"module 'biogan.metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the metrics."""
    from biogan.metrics.single import functions

    return sorted([*globals(), *functions()])
