"""Takes examples and a way to fit; gives what a prediction is worth on the newest fortnight, which it did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from digest.ranking.metrics import area_under_curve, average_precision
from digest.ranking.prediction import Prediction
from digest.ranking.record import SETTLED, Example, Listing

FORTNIGHT = timedelta(days=14)
# Better than chance, which is .5, by more than a fortnight's accident; and so many of its papers listed.
LEAST_AUC = 0.6
LEAST_LISTED = 20
BANDS = (0.0, 0.05, 0.1, 0.2, 0.4, 1.0)  # of probabilities told
Fit = Callable[[Sequence[Example], Sequence[Listing]], Prediction | None]
Quality = dict[str, Any]


def measured(fit: Fit, examples: Sequence[Example], listings: Sequence[Listing]) -> Quality:
    """AUC and average precision of a fit on what was there before the fortnight; `told` is its calibration: for each
    band of probabilities how many papers, the mean told, the share that was listed. Empty where nothing can be said.
    """
    cut = max(example.day for example in examples) - FORTNIGHT
    before = [each for each in examples if each.day <= cut - SETTLED]
    after = [each for each in examples if each.day > cut]
    listed = np.array([each.listed for each in after], dtype=bool)
    if listed.sum() < LEAST_LISTED or listed.all():
        return {}
    model = fit(before, [each for each in listings if each.day <= cut])
    if model is None:
        return {}
    told = model.probabilities(after)
    return {
        "auc": round(area_under_curve(told, listed), 3),
        "ap": round(average_precision(told, listed), 3),
        "papers": len(after),
        "listed": int(listed.sum()),
        "told": [_band(told, listed, *band) for band in pairwise(BANDS)],
    }


def is_good(quality: Mapping[str, Any]) -> bool:
    """Whether a prediction of this quality may be used."""
    return float(quality.get("auc", 0)) >= LEAST_AUC


def _band(told: Any, listed: Any, low: float, high: float) -> list[float | int | None]:
    within = (told >= low) & ((told < high) | (high == BANDS[-1]))
    count = int(within.sum())
    means = [round(float(each[within].mean()), 3) if count else None for each in (told, listed)]
    return [low, high, count, *means]
