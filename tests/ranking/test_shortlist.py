"""A pool that must leave papers out keeps every topic's best."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import table
from digest.ranking.shortlist import KEPT, shortlist


def shortlisted(relevance: np.ndarray, trend: np.ndarray, size: int) -> list[int]:
    count = len(trend)
    slugs = [f"t{column}" for column in range(relevance.shape[1])]
    points = table(slugs, relevance, trend, np.zeros(count), np.zeros(count))
    return shortlist(list(range(1, count + 1)), points, size, np.arange(count, dtype=float))


def test_a_small_topic_is_not_crowded_out_by_a_large_one() -> None:
    relevance = np.zeros((500, 2))
    relevance[:490, 0], relevance[490:, 1] = 0.9, 0.3
    kept = shortlisted(relevance, np.linspace(1, 0, 500), 100)
    assert len(kept) == 100
    assert set(range(490, 500)) <= set(kept)
    assert set(range(20)) <= set(kept)


def test_what_trends_is_kept_whatever_its_topic() -> None:
    relevance = np.zeros((100, 1))
    relevance[:99, 0] = 1.0
    trend = np.zeros(100)
    trend[99] = 1.0
    assert 99 in shortlisted(relevance, trend, 10)


def test_a_new_topic_costs_no_other_topic_what_its_readers_would_get() -> None:
    rng = np.random.default_rng(5)
    relevance, trend = rng.uniform(0, 1, (600, 12)), rng.random(600)
    before = set(shortlisted(relevance[:, :1], trend, 160))
    best = np.argsort(-(0.5 * relevance[:, 0] + 0.4 * trend))[:30]
    assert set(best.tolist()) <= before & set(shortlisted(relevance, trend, 160))


def test_of_equal_papers_the_preferred_are_kept() -> None:
    assert shortlisted(np.zeros((50, 0)), np.zeros(50), 3) == [47, 48, 49]


@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_shortlist_is_as_long_as_it_may_be_and_repeats_nothing(count: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept = shortlisted(rng.dirichlet(np.ones(4), count)[:, :3] if count else np.zeros((0, 3)), rng.random(count), size)
    assert kept == sorted(set(kept))
    assert min(count, size) <= len(kept) <= min(count, max(size, 4 * KEPT))
