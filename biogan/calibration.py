"""From a critic's logit to a density ratio: logistic calibration on records kept for validation.

A critic's logit is no log odds: Wasserstein and relativistic critics have no fixed scale, and a
classifier that saw its records before is too sure of them. A line through the logits of records
that it never saw, fitted by logistic regression with both classes weighing the same, makes
``slope * logit + intercept`` an estimate of log p_data(x) / p_generator(x) (Platt 1999; Turner et
al. 2019, section 3.1, for GANs).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from biogan.errors import NonFiniteError
from biogan.metrics.intervals import auroc

# Inverse of the ridge penalty on the standardised logit: keeps the slope finite where the classes
# fall apart, and is nothing beside a hundred records.
_STRENGTH = 10.0
# One outlier's log ratio may be too large for a float; nobody waits for one record in e^50.
_HIGHEST = 50.0


@dataclass(frozen=True)
class Calibration:
    """A line from logits to log density ratios, and how well the logits tell real from generated.

    Attributes
    ----------
    slope, intercept : float
        log p_data / p_generator is about ``slope * logit + intercept``; the slope is 0 or more,
        0 where the critic cannot tell.
    max_ratio : float
        Largest density ratio among the generated records of the fit (Azadi et al. 2019's M), at
        most e^50.
    auroc, low, high : float
        Area under the ROC curve of the logit, real above generated, with its 95 % interval.
    real, generated : int
        Records of the fit.

    Examples
    --------
    >>> Calibration(2.0, -1.0, 9.0, 0.7, 0.6, 0.8, 100, 100).log_ratio(np.array([0.5, 1.0]))
    array([0., 1.])
    """

    slope: float
    intercept: float
    max_ratio: float
    auroc: float
    low: float
    high: float
    real: int
    generated: int

    @classmethod
    def fit(cls, real: np.ndarray, generated: np.ndarray) -> Calibration:
        """Fit the line.

        Parameters
        ----------
        real, generated : numpy.ndarray, shape (m,) and (n,)
            Logits of records that the critic was not trained on.

        Raises
        ------
        NonFiniteError
            If a logit is no number.
        """
        from sklearn.linear_model import LogisticRegression

        both = np.concatenate([real, generated]).astype(np.float64)
        if not np.isfinite(both).all():
            raise NonFiniteError(
                "the critic's logits are no numbers, so that sample --refine has no judge; the "
                "generator is kept. Try --judge-steps 0"
            )
        centre, spread = both.mean(), max(both.std(), 1e-12)
        labels = np.repeat([1, 0], [len(real), len(generated)])
        model = LogisticRegression(C=_STRENGTH, class_weight="balanced")
        model.fit(((both - centre) / spread)[:, None], labels)
        slope = float(model.coef_[0, 0] / spread)
        intercept = float(model.intercept_[0] - slope * centre)
        if slope <= 0:
            slope, intercept = 0.0, 0.0
        top = float(np.exp(min(slope * float(generated.max()) + intercept, _HIGHEST)))
        area, low, high = auroc(real, generated)
        return cls(slope, intercept, top, area, low, high, len(real), len(generated))

    def log_ratio(self, logits: np.ndarray) -> np.ndarray:
        """Return log p_data / p_generator of each logit, same shape."""
        return self.slope * logits + self.intercept

    def to_dict(self) -> dict[str, Any]:
        """Return what ``config.json`` keeps."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Calibration:
        """Rebuild a calibration written by :meth:`to_dict`."""
        return cls(**data)
