"""What limits sending is on the front desk, with how much of it is used; without limits nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from digest.admin import limits
from digest.delivery import throttling
from tests.services import free_port

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def shown(now: datetime = NOON) -> dict[str, list[tuple[str, str]]]:
    panel = limits.panel(now)
    assert panel
    return {group.what: [(line.rate, line.used) for line in group.lines] for group in panel.groups}


def test_each_limit_says_how_much_of_it_is_used(settings: LazySettings) -> None:
    settings.SENDING_LIMITS, settings.SENDING_CONNECTIONS = "100/second 2000/hour 5000/day", 20
    settings.DESTINATION_LIMITS = "gmail.com googlemail.com: 3/minute; *: 50/second"
    throttling.take(["gmail.com"] * 4 + ["a.example"] * 5, NOON)
    throttling.connections(7, uuid4(), NOON)
    assert shown() == {
        "All mail": [
            ("100 a second", ""),
            ("2,000 an hour", "8 used, 1,992 left"),
            ("5,000 a day", "8 used, 4,992 left"),
        ],
        "gmail.com, googlemail.com": [("3 a minute", "used up until 12:01")],
        "Each other domain, by itself": [("50 a second", "")],
        "Connections": [("20 at a time", "7 in use")],
    }
    assert shown(NOON + timedelta(minutes=1))["gmail.com, googlemail.com"] == [("3 a minute", "0 used, 3 left")]


@pytest.mark.parametrize(
    ("days", "words", "today"),
    [
        (-1, "The warm-up begins on 25 November 2026. Until then its first day’s number holds.", "500 a day"),
        (0, "Day 1 of 3 of the warm-up: it allows 500 messages today, 1,000 tomorrow.", "500 a day"),
        (1, "Day 2 of 3 of the warm-up: it allows 1,000 messages today, 2,000 tomorrow.", "1,000 a day"),
        (2, "Day 3 of 3 of the warm-up: it allows 2,000 messages today, its last day.", "1,500 a day"),
        (3, "The warm-up is over: 27 November 2026 was its last day.", "1,500 a day"),
    ],
)
def test_the_warm_up_says_what_day_it_is(settings: LazySettings, days: int, words: str, today: str) -> None:
    settings.WARM_UP, settings.SENDING_LIMITS = "2026-11-25: 500 1000 2000", "1500/day"
    settings.TIME_ZONE = "Pacific/Auckland"  # where the day begins eleven hours before NOON
    panel = limits.panel(datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(days=days))
    assert panel
    assert (panel.warm_up, panel.groups[0].lines[0].rate) == (words, today)


def test_a_warm_up_that_is_over_leaves_no_limit(settings: LazySettings) -> None:
    settings.WARM_UP = "2026-11-25: 500"
    panel = limits.panel(NOON)
    assert panel
    assert (panel.warm_up, panel.groups) == ("The warm-up is over: 25 November 2026 was its last day.", [])


def test_while_redis_does_not_answer_that_is_said_and_the_limits_stand(settings: LazySettings) -> None:
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.SENDING_LIMITS, settings.SENDING_CONNECTIONS = "5000/day", 20
    panel = limits.panel(NOON)
    assert panel
    assert "refused" in panel.trouble
    assert shown() == {"All mail": [("5,000 a day", "")], "Connections": [("20 at a time", "")]}


def test_the_front_desk_shows_limits_only_where_there_are_any(editor: Client, settings: LazySettings) -> None:
    assert "Limits on sending" not in editor.get("/admin/").content.decode()
    with CaptureQueriesContext(connection) as without:
        editor.get("/admin/")
    settings.SENDING_LIMITS, settings.SENDING_CONNECTIONS, settings.WARM_UP = "2/day 1/second", 5, "2035-01-01: 50"
    throttling.take(["a.example"], timezone.now())
    with CaptureQueriesContext(connection) as with_limits:
        page = editor.get("/admin/").content.decode()
    for part in ("Limits on sending", "All mail", "2 a day", "1 used, 1 left", "0 in use", "begins on 1 January 2035"):
        assert part in page
    assert len(with_limits) == len(without) + 2
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", "", "irrelevant", is_staff=True))
    assert "Limits on sending" not in clerk.get("/admin/").content.decode()
