"""What a search has found beside real records, by the oracle and by a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from biogan.core.errors import plural

# Transfer below which most of the gain is not confirmed.
TRANSFERS = 0.5
# Standard deviations by which designs have to exceed the best real record to lie outside: a bounded
# oracle gives its highest value to many, and to real records perhaps a little less.
_BEYOND = 0.25


@dataclass(frozen=True)
class Transfer:
    """How much of a gain another oracle confirms.

    Attributes
    ----------
    oracle_gain, check_gain : float
        Mean of the designs minus mean of real records, in standard deviations of real records.
    transfer : float
        The second over the first; NaN where there is no gain.
    outside : bool
        Whether the designs' mean by the oracle is beyond all real records, by a quarter of a
        standard deviation, and by the check not beyond all.
    """

    oracle_gain: float
    check_gain: float
    transfer: float
    outside: bool

    @property
    def confirmed(self) -> bool:
        """Whether most of the gain is confirmed."""
        return self.transfer >= TRANSFERS and not self.outside

    @classmethod
    def of(
        cls,
        designs: np.ndarray,
        real: np.ndarray,
        checked: np.ndarray,
        real_checked: np.ndarray,
        *,
        units: tuple[float, float] | None = None,
    ) -> Transfer:
        """Compare scores of designs and of real records, by the oracle and by the check.

        Parameters
        ----------
        designs, real : numpy.ndarray, shape (n,), (m,)
            Scores by the oracle that was optimised.
        checked, real_checked : numpy.ndarray, shape (n,), (m,)
            Scores by the check; what it calls not feasible counts as the worst of all others.
        units : tuple of float, optional
            What counts as a standard deviation of real records by the oracle and by the check; by
            default that of their scores of real records. Scores of a predictor vary less than the
            labels that it has learned from, the less the worse it is, so that gains in standard
            deviations of its scores are too large.

        Examples
        --------
        >>> real = np.array([0.0, 1.0, 2.0])
        >>> found = Transfer.of(np.array([6.0]), real, np.array([2.0]), real)
        >>> found.transfer, found.outside, found.confirmed
        (0.2, True, False)
        """
        worst = np.concatenate([checked, real_checked])
        worst = worst[np.isfinite(worst)].min(initial=np.inf)
        checked = np.where(np.isfinite(checked), checked, worst)
        unit, other = units or (None, None)
        gain, confirmed = _gain(designs, real, unit), _gain(checked, real_checked, other)
        transfer = confirmed / gain if gain > 0 else float("nan")
        beyond = gain > _gain(real.max(keepdims=True), real, unit) + _BEYOND
        outside = beyond and checked.mean() <= real_checked.max()
        return cls(gain, confirmed, transfer, bool(outside))

    def summary(self) -> dict[str, Any]:
        """Return it for a file: None where there is no number."""
        return {name: value if np.isfinite(value) else None for name, value in asdict(self).items()}

    def __str__(self) -> str:
        if np.isnan(self.oracle_gain):
            return "the oracle does not tell real records apart: no gain can be told"
        if not self.oracle_gain > 0:
            return "the designs score no higher than real records by the oracle itself"
        if np.isnan(self.check_gain):
            return (
                f"by the oracle {self.oracle_gain:+.1f} standard deviations of real records; the "
                "check does not tell real records apart, so that it confirms nothing"
            )
        said = (
            f"by the oracle {self.oracle_gain:+.1f} standard deviations of real records, by the "
            f"check {self.check_gain:+.1f}: transfer {self.transfer:.2f}"
        )
        if self.confirmed:
            return said
        if self.transfer >= TRANSFERS:
            said += "; the designs are beyond all real records by the oracle, and not by the check"
        return said + ", most of the gain is not confirmed"


def _gain(designs: np.ndarray, real: np.ndarray, unit: float | None = None) -> float:
    real = real[np.isfinite(real)]
    spread = real.std(ddof=1) if len(real) > 1 else np.nan
    # A predictor that gives all real records one value tells nothing, whatever the unit.
    spread = unit if unit is not None and spread > 0 else spread
    return float((designs.mean() - real.mean()) / spread) if spread > 0 else float("nan")


@dataclass(frozen=True)
class Scored:
    """Scores of designs and of real records.

    Attributes
    ----------
    names : tuple of str
        What was optimised.
    signs : tuple of int
        -1 for each that was lowered.
    optimised : list of numpy.ndarray, shape (n, names)
        By the oracle, higher is better: of the designs and, where there are some, of real records.
    checked : list of numpy.ndarray, shape (n, names)
        The same by the check; empty without one.
    check : str or None
        Name of the check.
    units : tuple of float, or None
        What counts as a standard deviation by the oracle and by the check, see :class:`Transfer`.
    """

    names: tuple[str, ...]
    signs: tuple[int, ...]
    optimised: list[np.ndarray]
    checked: list[np.ndarray]
    check: str | None = None
    units: tuple[float, float] | None = None

    @cached_property
    def transfers(self) -> dict[str, Transfer]:
        """Transfer of each value; empty without real records or without a check."""
        if len(self.checked) < 2:
            return {}
        columns = zip(*(some.T for some in (*self.optimised, *self.checked)), strict=True)
        pairs = zip(self.names, columns, strict=True)
        return {name: Transfer.of(*of, units=self.units) for name, of in pairs}

    @property
    def infeasible(self) -> int:
        """Designs that the check calls not feasible."""
        return int((~np.isfinite(self.checked[0])).any(1).sum()) if self.checked else 0

    def lost(self) -> str:
        """Say how many designs the check calls not feasible; nothing if none."""
        designs = plural(len(self.optimised[0]), "design")
        return f"{self.infeasible:,} of {designs} not feasible by the check" * bool(self.infeasible)

    def check_values(self) -> np.ndarray:
        """Return what the check answered for the designs, of the first value, shape (n,)."""
        return self.signs[0] * self.checked[0][:, 0]

    def best_real(self) -> np.ndarray:
        """Return the numbers of the tenth of the real records that the oracle likes best.

        Of several values it is the sum of ranks that counts.
        """
        of = self.optimised[1]
        ranks = of.argsort(0, kind="stable").argsort(0, kind="stable").sum(1)
        most = max(1, len(of) // 10)
        return np.argsort(-ranks, kind="stable")[:most]

    def summary(self) -> dict[str, Any]:
        """Return parts ``real``, ``check`` and ``verdict`` of a summary, as far as there are."""
        found: dict[str, Any] = {}
        if len(self.optimised) > 1:
            found["real"] = {"n": len(self.optimised[1]), **self.spreads(self.optimised[1])}
        if self.check is None:
            return found
        found["check"] = {"oracle": self.check, "designs": self.spreads(self.checked[0])}
        if self.transfers:
            several = len(self.names) > 1
            said = [f"{k}: {one}" if several else str(one) for k, one in self.transfers.items()]
            found["check"] |= {
                "real": self.spreads(self.checked[1]),
                "transfer": {name: one.summary() for name, one in self.transfers.items()},
                "confirmed": all(one.confirmed for one in self.transfers.values()),
            }
            found["verdict"] = "; ".join([*said, *filter(None, [self.lost()])])
        if self.infeasible:
            found["check"]["infeasible"] = self.infeasible
        return found

    def spreads(self, values: np.ndarray) -> dict[str, Any]:
        """Return mean, best and standard deviation; of several values of each, in ``values``."""
        found = {
            # 0 is added so that a lowered value of 0 is no -0.
            name: {k: v if k == "sd" else sign * v + 0.0 for k, v in spread_of(own).items()}
            for name, sign, own in zip(self.names, self.signs, values.T, strict=True)
        }
        return found[self.names[0]] if len(found) == 1 else {"values": found}


def spread_of(values: Sequence[float] | np.ndarray) -> dict[str, float]:
    """Return mean, best and standard deviation of the finite ones of some values."""
    values = np.asarray(values, float)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {}
    return {"mean": float(finite.mean()), "best": float(finite.max()), "sd": float(finite.std())}
