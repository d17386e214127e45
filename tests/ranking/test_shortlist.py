"""A pool that must leave papers out keeps every topic's best."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import table
from digest.ranking.shortlist import shortlist


def shortlisted(shares: np.ndarray, trend: np.ndarray, size: int) -> list[int]:
    count = len(trend)
    points = table([f"t{column}" for column in range(shares.shape[1])], shares, trend, np.zeros(count), np.zeros(count))
    return shortlist(list(range(1, count + 1)), shares, points, size, np.arange(count, dtype=float))


def test_a_small_topic_is_not_crowded_out_by_a_large_one() -> None:
    shares = np.zeros((500, 2))
    shares[:490, 0], shares[490:, 1] = 0.9, 0.2
    kept = shortlisted(shares, np.linspace(1, 0, 500), 40)
    assert len(kept) == 40
    assert set(range(490, 500)) <= set(kept)
    assert set(range(20)) <= set(kept)


def test_what_trends_is_kept_whatever_its_topic() -> None:
    shares = np.zeros((100, 1))
    shares[:99, 0] = 1.0
    trend = np.zeros(100)
    trend[99] = 1.0
    assert 99 in shortlisted(shares, trend, 10)


def test_of_equal_papers_the_preferred_are_kept() -> None:
    assert shortlisted(np.zeros((10, 0)), np.zeros(10), 3) == [7, 8, 9]


@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_shortlist_is_as_long_as_it_may_be_and_repeats_nothing(count: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept = shortlisted(rng.dirichlet(np.ones(4), count)[:, :3] if count else np.zeros((0, 3)), rng.random(count), size)
    assert kept == sorted(set(kept))
    assert len(kept) == min(count, size)
