"""The measures, against values computed by hand and against the mean over all orders of equal scores."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.ranking import metrics

FALLING = [5, 4, 3, 2, 1]
Measure = Callable[[list[float], list[float]], float]
MEASURES: list[Measure] = [
    metrics.average_precision,
    metrics.area_under_curve,
    lambda scores, relevant: metrics.precision_at(scores, relevant, 3),
    lambda scores, relevant: metrics.ndcg_at(scores, relevant, 3),
    lambda scores, relevant: metrics.hit_at(scores, relevant.index(1), 3),
    lambda scores, relevant: metrics.reciprocal_rank(scores, relevant.index(1)),
]


def test_the_rank_of_a_target_decides_hit_and_reciprocal_rank() -> None:
    assert [metrics.hit_at(FALLING, place, 2) for place in range(5)] == [1, 1, 0, 0, 0]
    assert [metrics.reciprocal_rank(FALLING, place) for place in (0, 1, 4)] == [1, 1 / 2, 1 / 5]


def test_a_tied_target_gets_the_mean_of_the_ranks_it_may_have() -> None:
    scores = [9, 5, 5, 5, 1]
    assert metrics.hit_at(scores, 2, 2) == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank(scores, 2) == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)


def test_precision_counts_the_first_k() -> None:
    assert metrics.precision_at(FALLING, [1, 0, 1, 1, 0], 2) == 1 / 2
    assert metrics.precision_at(FALLING, [1, 0, 1, 1, 0], 4) == 3 / 4
    # Two of three tied papers, one relevant, fit beside the first.
    assert metrics.precision_at([9, 5, 5, 5, 1], [1, 0, 1, 0, 0], 3) == pytest.approx((1 + 2 / 3) / 3)


def test_precision_of_a_short_list_is_that_of_all_of_it() -> None:
    assert metrics.precision_at([2, 1], [1, 0], 15) == 1 / 2


def test_average_precision_is_the_mean_precision_down_to_each_relevant_paper() -> None:
    assert metrics.average_precision(FALLING, [1, 0, 1, 0, 1]) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    # One relevant paper tied with one that is not: first or second, at even odds.
    assert metrics.average_precision([1, 1], [1, 0]) == pytest.approx((1 + 1 / 2) / 2)


def test_the_area_counts_pairs_in_the_right_order_and_half_of_ties() -> None:
    assert metrics.area_under_curve([4, 3, 2, 1], [1, 0, 1, 0]) == 3 / 4
    assert metrics.area_under_curve([4, 2, 2, 1], [1, 0, 1, 0]) == pytest.approx(3.5 / 4)
    assert metrics.area_under_curve([0] * 7, [1, 0, 0, 1, 0, 0, 0]) == 1 / 2


def test_ndcg_discounts_by_rank_and_honours_grades() -> None:
    best = 3 + 1 / log2(3)
    assert metrics.ndcg_at([3, 2, 1], [1, 3, 0], 10) == pytest.approx((1 + 3 / log2(3)) / best)
    assert metrics.ndcg_at([3, 2, 1], [3, 1, 0], 10) == pytest.approx(1)
    assert metrics.ndcg_at([3, 2, 1], [0, 0, 1], 2) == 0
    assert metrics.ndcg_at([7, 7, 1], [1, 0, 0], 10) == pytest.approx((1 + 1 / log2(3)) / 2)


@pytest.mark.parametrize("measure", MEASURES)
@settings(deadline=None, max_examples=20)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=3))
def test_every_measure_is_its_mean_over_all_orders_of_equal_scores(
    measure: Measure, rows: list[tuple[int, bool]]
) -> None:
    scores, relevant = ([float(value) for value in column] for column in zip(*rows, (1, True), (1, False), strict=True))
    # A hair's breadth, less than any difference of scores, makes each order strict.
    orders = (np.array(order) * 1e-6 for order in permutations(range(len(scores))))
    values = [measure(list(scores - breadth), relevant) for breadth in orders]
    assert measure(scores, relevant) == pytest.approx(np.mean(values))


def test_scores_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        metrics.average_precision([1, 2], [1])
    with pytest.raises(ValueError, match="not a number"):
        metrics.average_precision([1, float("nan")], [1, 0])
