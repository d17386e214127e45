"""Hugging Face's lists: of a day, a week, a month; in pages of which only a full one has a next."""

import json
from datetime import UTC, date, datetime

from digest.sources import ADAPTERS
from tests.sources.replies import reply

DAILY = ADAPTERS["huggingface_daily"]
WEEK = "https://huggingface.co/api/daily_papers?week=2026-W10&limit=3"
NOW = datetime(2026, 3, 9, tzinfo=UTC)


def read(url, papers):
    body = json.dumps(json.loads(reply("huggingface_daily")) * papers).encode()
    return DAILY.parse(body, url=url)


def test_a_full_page_of_a_week_leads_to_the_next_one():
    feed = read(WEEK, 3)
    assert feed.next_url == f"{WEEK}&p=1"
    assert DAILY.further_urls(WEEK, feed, NOW) == (f"{WEEK}&p=1",)
    assert read(feed.next_url, 3).next_url == f"{WEEK}&p=2"
    assert DAILY.further_urls(WEEK, read(WEEK, 2), NOW) == ()


def test_fifty_are_a_full_page_where_the_address_says_nothing():
    month = "https://huggingface.co/api/daily_papers?month=2026-03"
    assert read(month, 49).next_url == ""
    assert read(month, 50).next_url == f"{month}&p=1"


def test_a_window_is_a_list_a_day_from_wherever_the_source_is():
    base = "https://mirror.example/api/daily_papers"
    urls = [request.url for request in DAILY.window(f"{base}?week=2026-W10&p=3", date(2026, 2, 28), date(2026, 3, 1))]
    assert urls == [f"{base}?date=2026-02-28&limit=100", f"{base}?date=2026-03-01&limit=100"]


def test_a_window_that_ends_before_it_begins_is_empty():
    assert DAILY.window(DAILY.example, date(2026, 3, 2), date(2026, 3, 1)) == ()
