"""What trends: more for more votes, less for more days, always between 0 and 1."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import Counter, counter, trends
from digest.ranking.trend import trend

DAY = date(2026, 7, 14)
VOTES = st.integers(0, 10**7)
AGES = st.floats(-2, 4000)


def on(*values: int) -> list[tuple[date, int]]:
    """Snapshots of successive days."""
    return [(DAY + timedelta(days=day), value) for day, value in enumerate(values)]


def test_a_paper_without_signals_does_not_trend() -> None:
    assert trend({}, 0) == 0


def test_the_median_new_paper_of_a_community_stands_in_the_middle() -> None:
    assert trend({"upvotes": on(6)}, 0) == pytest.approx(0.477, abs=1e-3)


def test_a_trend_halves_with_every_half_life() -> None:
    assert trend({"upvotes": on(30)}, 4) == pytest.approx(trend({"upvotes": on(30)}, 0) / 2)
    assert trend({"upvotes": on(30)}, 14, half_life_days=14) == pytest.approx(trend({"upvotes": on(30)}, 0) / 2)


def test_a_date_in_the_future_counts_as_today() -> None:
    assert trend({"upvotes": on(30)}, -3) == trend({"upvotes": on(30)}, 0)


def test_a_paper_that_is_gaining_votes_trends_more_than_one_that_has_them() -> None:
    assert trend({"upvotes": on(10, 40)}, 1) > trend({"upvotes": on(40, 40)}, 1) == trend({"upvotes": on(40)}, 1)


def test_growth_is_per_day_and_of_the_last_days_only() -> None:
    assert counter(on(0, 100, 110, 120, 130)) == Counter(130, 10)


def test_snapshots_may_come_in_any_order_and_a_counter_may_fall() -> None:
    assert counter(on(5, 9)[::-1]) == Counter(9, 4)
    assert counter(on(9, 5)) == Counter(5, 0)
    assert counter([]) == Counter(0, 0)


def test_an_unknown_counter_is_ignored() -> None:
    assert trend({"downloads": on(1000)}, 0) == 0


@given(votes=VOTES, comments=VOTES, stars=VOTES, gain=VOTES, age=AGES)
def test_a_trend_lies_between_nought_and_one(votes: int, comments: int, stars: int, gain: int, age: float) -> None:
    assert 0 <= trends([[votes, comments, stars]], [[gain, 0, 0]], [age])[0] <= 1


@given(votes=VOTES, more=VOTES, age=AGES, kind=st.sampled_from(["upvotes", "comments", "stars"]))
def test_more_votes_never_make_less_of_a_trend(votes: int, more: int, age: float, kind: str) -> None:
    assert trend({kind: on(votes)}, age) <= trend({kind: on(votes + more)}, age)


@given(votes=VOTES, age=AGES, more=st.floats(0, 1000))
def test_more_days_never_make_more_of_a_trend(votes: int, age: float, more: float) -> None:
    assert trend({"upvotes": on(votes)}, age) >= trend({"upvotes": on(votes)}, age + more)


@given(st.lists(st.tuples(VOTES, VOTES, VOTES, AGES), min_size=1, max_size=8))
def test_many_papers_at_once_trend_as_each_alone(papers: list[tuple[int, int, int, float]]) -> None:
    together = trends([paper[:3] for paper in papers], [[0, 0, 0]] * len(papers), [paper[3] for paper in papers])
    kinds = ("upvotes", "comments", "stars")
    alone = [
        trend({kind: on(value) for kind, value in zip(kinds, paper[:3], strict=True)}, paper[3]) for paper in papers
    ]
    assert together.tolist() == pytest.approx(alone)
