"""arXiv's days of rest, and the day whose feeds have a paper."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.sources import arxiv_calendar
from digest.sources.arxiv_calendar import EASTERN, feed_day, rests


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-06-29", False),  # Monday: Sunday evening's
        ("2026-07-03", False),  # Friday: Thursday evening's, though Friday itself is a holiday
        ("2026-07-04", True),  # Saturday
        ("2026-07-05", True),
        ("2026-07-06", True),  # Monday: nothing was announced on the Sunday after the holiday
        ("2026-11-26", False),  # Thanksgiving: Wednesday evening's
        ("2026-11-27", True),
        ("2026-12-30", True),
        ("2026-12-31", False),
        ("2027-01-01", True),
        ("2025-07-07", True),
        ("2023-06-15", True),
    ],
)
def test_feeds_rest_after_evenings_without_an_announcement(day, expected):
    assert rests(date.fromisoformat(day)) is expected


@pytest.mark.parametrize(
    ("year", "evenings"),
    [
        (2024, "01-01 01-15 06-19 07-04 09-02 11-28 12-25 12-30 12-31"),
        (2027, "01-03 01-18 06-20 07-05 09-06 11-25 12-26"),
    ],
)
def test_years_without_a_list_follow_the_rule(year, evenings):
    """Of 2027 Juneteenth and Christmas are on a Saturday, so kept on Friday, and cost the Sunday after."""
    expected = {date.fromisoformat(f"{year}-{day}") for day in evenings.split()}
    assert expected <= arxiv_calendar.deferred(year)
    assert date(year, 3, 17) not in arxiv_calendar.deferred(year)


def test_the_rule_finds_nearly_all_that_was_listed():
    for year, listed in arxiv_calendar.LISTED.items():
        assert set(arxiv_calendar.usual(year)) >= {date.fromisoformat(f"{year}-{day}") for day in listed} - {
            date(2023, 6, 14)  # for once
        }


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        ("2026-06-23 13:59", "2026-06-24"),  # Tuesday, before the deadline
        ("2026-06-23 14:00", "2026-06-25"),
        ("2026-06-26 10:00", "2026-06-29"),  # Friday morning: Sunday evening
        ("2026-06-26 15:00", "2026-06-30"),  # Friday afternoon: Monday evening
        ("2026-06-28 09:00", "2026-06-30"),
        ("2026-07-03 09:00", "2026-07-07"),  # a holiday on a Friday
        ("2026-11-26 09:00", "2026-11-30"),  # Thanksgiving: with Friday's, on Sunday evening
    ],
)
def test_a_paper_is_in_the_feeds_of_the_day_after_its_announcement(submitted, expected):
    moment = datetime.fromisoformat(submitted).replace(tzinfo=EASTERN)
    assert feed_day(moment.astimezone(UTC)) == date.fromisoformat(expected)
    assert not rests(feed_day(moment))


def test_recorded_days_know_no_announcement_on_a_day_of_rest(shared_data):
    """A year of arXiv's papers by the day they first appeared: next to none on days of rest."""
    path = shared_data / "eval/arxiv.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        papers = Counter(date.fromisoformat(json.loads(line)["first_day"]) for line in lines)
    days = [min(papers) + timedelta(days=number) for number in range((max(papers) - min(papers)).days + 1)]
    at_rest = sum(papers[day] for day in days if rests(day))
    assert at_rest < 0.005 * papers.total()
    assert sum(rests(day) for day in days) > 100
