"""For how long a host asks us to wait, in every way it may say so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.sources.patience import asks_for_patience, pause_asked

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)
TOMORROW = "Wed, 01 Jul 2026 14:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "9" * 400}, 999_999_999),
        ({"retry-after": "Tue, 30 Jun 2026 14:10:00 GMT"}, 600),
        ({"retry-after": "Tuesday, 30-Jun-26 14:10:00 GMT"}, 600),
        ({"retry-after": "Tue Jun 30 14:10:00 2026"}, 600),
        ({"retry-after": "Tue, 30 Jun 2026 13:00:00 GMT"}, 0),
        ({"retry-after": "Wed, 01 Jul 2026 14:10:00 GMT", "date": TOMORROW}, 600),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Tue, 99 Jun 2026 14:10:00 GMT"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 30}, None),
        ({"x-ratelimit-remaining": "0"}, None),
    ],
)
def test_a_pause_is_read_in_seconds(headers, seconds):
    assert pause_asked(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "pause", "is_hosts"),
    [
        (400, None, False), (401, None, False), (403, None, False), (403, 60, True), (404, 60, False),
        (410, None, False), (408, None, True), (425, None, True), (429, None, True),
        (500, None, True), (503, 60, True), (599, None, True),
    ],
)  # fmt: skip
def test_busy_and_broken_is_the_host_gone_and_forbidden_the_address(status, pause, is_hosts):
    assert asks_for_patience(status, pause) is is_hosts
