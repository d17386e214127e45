"""A source is stale when it is silent for far longer than its habit, which its own runs tell."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.ingestion import habits, refresh
from digest.models import Outcome, Source
from tests.factories import NOW, SourceFactory, SourceRunFactory
from tests.sources.loopback import running
from tests.sources.test_adapters import atom, atom_entry

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def with_news(source: Source, *days_ago: int, **facts: object) -> None:
    for days in days_ago:
        SourceRunFactory(source=source, started_at=NOW - days * DAY, **facts)


def daily(**facts: object) -> Source:
    """News every day until nine days ago, of a kind that knows no days of rest."""
    source: Source = SourceFactory(kind="feed", **facts)
    with_news(source, *range(9, 40))
    return source


def test_a_silence_far_longer_than_usual_is_told_in_days():
    assert habits.silence(daily(), NOW) == "nothing new for 9 days; usually every day"
    assert habits.silence(daily(), NOW - 6 * DAY) == ""


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        ((30, 37, 44, 51, 58), "nothing new for 30 days; usually every week"),
        ((21, 28, 35, 42, 49, 56), ""),  # three weeks, of a source that brings something each week
        ((20, 23, 26, 29, 32), "nothing new for 20 days; usually every 3 days"),
        ((10, 11, 30, 31, 32, 33), ""),  # it was silent for as long before
        ((20, 21, 22, 23), ""),  # too little to know it by
        ((), ""),
    ],
)
def test_the_habit_is_learned_from_the_days_with_news(days_ago, expected):
    source = SourceFactory(kind="feed")
    with_news(source, *days_ago)
    assert habits.silence(source, NOW) == expected


def test_days_of_rest_do_not_count():
    """Working days alone: nothing from Thursday 24 December to Monday 4 January is no surprise for arXiv."""
    source = SourceFactory(kind="arxiv_atom")
    thursday = NOW.replace(month=12, day=24, hour=15)
    for days in range(40):
        moment = thursday - days * DAY
        if moment.weekday() < 5:
            SourceRunFactory(source=source, started_at=moment)
    assert habits.silence(source, thursday + 6 * DAY) == ""
    assert habits.silence(source, thursday + 18 * DAY) == "nothing new for 18 days; usually every day"


def test_runs_without_news_and_runs_of_others_teach_nothing():
    source = SourceFactory(kind="feed")
    with_news(source, *range(9, 40), new=0, known=3)
    with_news(SourceFactory(), *range(9, 40))
    assert habits.silence(source, NOW) == ""
    with_news(source, *range(9, 40), new=0, known=3, listed=3)
    assert habits.silence(source, NOW).startswith("nothing new for 9 days")


def test_a_quiet_visit_after_long_silence_is_stale_and_one_with_news_ends_it(settings):
    settings.FETCH_ALLOW_PRIVATE, settings.FETCH_PAUSE_SECONDS = ["127.0.0.1"], 0
    with running() as loopback:
        source = daily(url=f"{loopback.url}/feed")
        loopback.serve("/feed", b"<rss version='2.0'><channel><title>x</title></channel></rss>")
        run = refresh(source, NOW)
        assert (run.outcome, run.message) == (
            Outcome.STALE,
            "nothing new for 9 days; usually every day\nan empty list",
        )
        loopback.serve("/feed", atom(atom_entry()))
        assert refresh(source, NOW + DAY).outcome == Outcome.FRESH
        assert refresh(source, NOW + 2 * DAY).outcome == Outcome.QUIET
