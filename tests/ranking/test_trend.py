"""What trends: growth that is news, against papers of the same age and field."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import Growth, growth, trends

DAY = date(2026, 7, 14)
VOTES = st.integers(0, 10**7)
AGES = st.floats(-2, 4000)
NOBODY = [0, 0, 0]


def votes(*values: int, born: date = DAY, today: date | None = None, kind: str = "upvotes", half: float = 2) -> Growth:
    """Snapshots of successive days, the first on DAY."""
    days = [DAY + timedelta(days=number) for number in range(len(values))]
    return growth(kind, list(zip(days, values, strict=True)), born, today or days[-1], half)


def trend(recent: float, whole: float | None = None, *, age: float = 0, among: int = 0) -> float:
    """Of a paper with these votes, beside `among` papers of its age and field that have 30 each."""
    others = [[30, 0, 0]] * among
    counts = np.array([[recent, 0, 0], *others])
    totals = np.array([[recent if whole is None else whole, 0, 0], *others])
    return float(trends(totals, counts, [age] * (among + 1), ["cs.CL"] * (among + 1))[0])


def test_a_paper_without_signals_does_not_trend() -> None:
    assert trend(0) == 0
    assert growth("upvotes", [], DAY, DAY) == Growth(0, 0)


def test_votes_of_a_new_paper_are_growth_from_nought_and_halve_with_every_half_life() -> None:
    assert votes(8) == Growth(8, 8)
    assert votes(8, today=DAY + timedelta(days=2)) == Growth(8, 4)
    assert votes(8, today=DAY + timedelta(days=2), half=4).recent == pytest.approx(8 * 2**-0.5)


def test_each_step_fades_by_itself() -> None:
    assert votes(8, 12) == Growth(12, 8 * 2**-0.5 + 4)


def test_what_was_there_before_we_looked_is_as_old_as_the_paper() -> None:
    assert votes(8, born=DAY - timedelta(days=4)) == Growth(8, 2)


def test_a_replaced_or_relisted_old_paper_brings_no_news_until_it_grows_again() -> None:
    long_ago = DAY - timedelta(days=200)
    assert votes(300, born=long_ago) == Growth(0, 0)
    assert votes(300, born=DAY + timedelta(days=190), today=DAY + timedelta(days=190)).recent < 1e-9
    assert votes(300, 310, born=long_ago) == Growth(10, 10)


def test_stars_that_a_repository_had_before_are_no_news() -> None:
    assert votes(20_000, kind="stars") == Growth(0, 0)
    assert votes(20_000, 20_050, kind="stars") == Growth(50, 50)


def test_snapshots_may_come_in_any_order_and_a_counter_may_fall() -> None:
    assert growth("upvotes", [(DAY + timedelta(days=1), 9), (DAY, 5)], DAY, DAY + timedelta(days=1)).whole == 9
    assert votes(9, 5) == Growth(9, 9 * 2**-0.5)


def test_a_clock_that_jumped_back_makes_nothing_of_the_future() -> None:
    assert votes(8, today=DAY - timedelta(days=3)) == Growth(8, 8)


def test_eight_and_fifty_nine_votes_differ_clearly_and_hundreds_still_do() -> None:
    few, many, most = trend(8), trend(59), trend(300)
    assert (few, many, most) == pytest.approx((0.23, 0.51, 0.75), abs=0.01)
    assert many > 2 * few


def test_a_paper_is_held_against_those_of_its_age_and_field() -> None:
    assert trend(30, among=40) < trend(30)
    whole, fields = [[30, 0, 0]] * 60, ["cs.CL"] * 30 + ["math.AG"] * 30
    whole[30:59] = [[2, 0, 0]] * 29
    busy, quiet = trends(whole, whole, [0] * 60, fields)[[0, 59]]
    assert quiet > busy
    young, old = trends(whole, whole, [0] * 30 + [9] * 30, ["cs.CL"] * 60)[[0, 59]]
    assert old > young


def test_one_peer_alone_says_little() -> None:
    assert trend(30, among=1) == pytest.approx(trend(30), abs=0.04)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf"), -5.0])
def test_what_is_no_count_is_none(odd: float) -> None:
    counts, plain = [[odd, 1, 0]], [[0, 1, 0]]
    assert trends(counts, counts, [odd], [""]) == pytest.approx(trends(plain, plain, [0], [""]))


@given(counts=st.lists(st.tuples(VOTES, VOTES, VOTES, AGES, st.sampled_from("abc")), min_size=1, max_size=8))
def test_a_trend_lies_between_nought_and_one(counts: list[tuple[int, int, int, float, str]]) -> None:
    whole = [paper[:3] for paper in counts]
    found = trends(whole, whole, [paper[3] for paper in counts], [paper[4] for paper in counts])
    assert np.all((found >= 0) & (found <= 1))


@given(paper=st.tuples(VOTES, VOTES, VOTES), more=st.tuples(VOTES, VOTES, VOTES), others=st.lists(VOTES, max_size=5))
def test_more_votes_never_make_less_of_a_trend(
    paper: tuple[int, ...], more: tuple[int, ...], others: list[int]
) -> None:
    rest = [[each, 0, 0] for each in others]
    ages, fields = [0] * (len(rest) + 1), ["x"] * (len(rest) + 1)
    grown = [one + other for one, other in zip(paper, more, strict=True)]
    before, after = (trends([own, *rest], [own, *rest], ages, fields)[0] for own in (list(paper), grown))
    assert after >= before - 1e-12
