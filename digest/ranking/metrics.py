"""Takes scores and what was relevant; gives measures of the order, each the mean over all orders of equal scores.

Ties are averaged in closed form, after McSherry and Najork, "Computing information retrieval performance measures
efficiently in the presence of tied scores" (ECIR 2008): no figure depends on the order in which papers came, and a
ranker that tells nothing gets what chance would get. Higher scores are better everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def hit_at(scores: ArrayLike, target: int, k: int) -> float:
    """The probability, in [0, 1], that the paper at position `target` of the scores is among the first k."""
    before, tied = _place(scores, target)
    return min(1.0, max(0, k - before) / tied)


def reciprocal_rank(scores: ArrayLike, target: int) -> float:
    """The expected 1 / rank, in (0, 1], of the paper at position `target` of the scores."""
    before, tied = _place(scores, target)
    return float(np.mean(1 / np.arange(before + 1, before + tied + 1)))


def precision_at(scores: ArrayLike, relevant: ArrayLike, k: int) -> float:
    """The expected share, in [0, 1], of relevant papers among the first k; of all papers where they are fewer."""
    score, gain = _arrays(scores, relevant)
    k = min(k, len(score))
    found = sum(gains.mean() * max(0, min(k, before + len(gains)) - before) for before, gains in _groups(score, gain))
    return float(found / k)


def average_precision(scores: ArrayLike, relevant: ArrayLike) -> float:
    """The mean, over the relevant papers, of the precision down to each, in [0, 1]; there must be at least one.

    At the j-th place of n tied papers, r of them relevant, with R relevant ones before: a relevant paper stands there
    with probability r / n, and then R + 1 + (j - 1) (r - 1) / (n - 1) are relevant down to it.
    """
    score, gain = _arrays(scores, relevant)
    total = above = 0.0
    for before, gains in _groups(score, gain):
        n, r = len(gains), float(gains.sum())
        others = np.arange(n)
        down_to_it = above + 1 + others * (r - 1) / max(1, n - 1)
        total += float(np.sum(r / n * down_to_it / (before + 1 + others)))
        above += r
    return total / above


def area_under_curve(scores: ArrayLike, relevant: ArrayLike) -> float:
    """The probability that a relevant paper is above an irrelevant one (a tie counts half), in [0, 1]; needs both."""
    score, gain = _arrays(scores, relevant)
    wins = above = 0.0
    for _, gains in _groups(score, gain):
        hits = float(gains.sum())
        misses = len(gains) - hits
        wins += misses * (above + hits / 2)
        above += hits
    return wins / (above * (len(gain) - above))


def ndcg_at(scores: ArrayLike, grades: ArrayLike, k: int) -> float:
    """Discounted cumulated gain of the first k over the best possible, in [0, 1]; some grade must be above 0.

    Gains are the grades themselves, discounts 1 / log2(rank + 1): Järvelin and Kekäläinen (ACM TOIS 20(4), 2002).
    """
    score, gain = _arrays(scores, grades)
    discounts = np.where(np.arange(len(gain)) < k, 1 / np.log2(np.arange(len(gain)) + 2), 0.0)
    found = sum(gains.mean() * discounts[before : before + len(gains)].sum() for before, gains in _groups(score, gain))
    return float(found / (np.sort(gain)[::-1] @ discounts))


def _arrays(scores: ArrayLike, gains: ArrayLike) -> tuple[Numbers, Numbers]:
    score, gain = np.asarray(scores, dtype=np.float64), np.asarray(gains, dtype=np.float64)
    if score.shape != gain.shape or score.ndim != 1 or not len(score):
        raise ValueError(f"Scores {score.shape} and answers {gain.shape} must be two lists of one length")
    if np.isnan(score).any():
        raise ValueError("A score is not a number")
    return score, gain


def _groups(score: Numbers, gain: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Best score first: how many papers stand before a group of equal scores, and the gains within it."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    yield from zip((int(start) for start in starts), np.split(gain[order], starts[1:]), strict=True)


def _place(scores: ArrayLike, target: int) -> tuple[int, int]:
    """How many are scored higher than the target, and how many the same (itself included)."""
    score, _ = _arrays(scores, scores)
    return int(np.sum(score > score[target])), int(np.sum(score == score[target]))
