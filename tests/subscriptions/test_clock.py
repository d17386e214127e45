from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.clock import known_zones, next_slot, rhythm
from subscriptions.services import Preferences


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("preferences", "after", "slot"),
    [
        (Preferences(), "2026-07-14T06:59", "2026-07-14T07:00"),
        (Preferences(), "2026-07-14T07:00", "2026-07-15T07:00"),  # strictly after
        (Preferences(time_zone="Asia/Tokyo"), "2026-07-14T12:00", "2026-07-14T22:00"),
        (Preferences(time_zone="America/Los_Angeles"), "2026-07-14T12:00", "2026-07-14T14:00"),
        (Preferences(time_zone="Asia/Kathmandu"), "2026-07-14T12:00", "2026-07-15T01:15"),
        (Preferences(time_zone="Pacific/Kiritimati", delivery_hour=0), "2026-07-14T09:00", "2026-07-14T10:00"),
        (Preferences(frequency="weekdays"), "2026-07-17T08:00", "2026-07-20T07:00"),  # Friday to Monday
        (Preferences(frequency="weekdays", time_zone="Asia/Tokyo"), "2026-07-17T00:00", "2026-07-19T22:00"),
        (Preferences(frequency="weekly", delivery_weekday=6), "2026-07-14T08:00", "2026-07-19T07:00"),
        (Preferences(frequency="weekly", delivery_weekday=1), "2026-07-14T07:00", "2026-07-21T07:00"),
        (Preferences(time_zone="Atlantis/Capital"), "2026-07-14T06:00", "2026-07-14T07:00"),
    ],
)
def test_the_next_slot_is_at_the_readers_hour(preferences: Preferences, after: str, slot: str) -> None:
    assert next_slot(preferences, at(after)) == at(slot)


def test_an_hour_the_clocks_skip_is_served_when_they_have_sprung_forward() -> None:
    # 29 March 2026, Berlin: 2:00 becomes 3:00 at 01:00 UTC.
    preferences = Preferences(time_zone="Europe/Berlin", delivery_hour=2)
    assert next_slot(preferences, at("2026-03-28T12:00")) == at("2026-03-29T01:00")
    assert next_slot(preferences, at("2026-03-29T01:00")) == at("2026-03-30T00:00")


def test_an_hour_that_comes_twice_is_served_once() -> None:
    # 25 October 2026, Berlin: 3:00 becomes 2:00 at 01:00 UTC.
    preferences = Preferences(time_zone="Europe/Berlin", delivery_hour=2)
    assert next_slot(preferences, at("2026-10-24T12:00")) == at("2026-10-25T00:00")
    assert next_slot(preferences, at("2026-10-25T00:00")) == at("2026-10-26T01:00")


def test_the_local_hour_stays_when_the_clocks_change() -> None:
    preferences = Preferences(time_zone="America/New_York")
    assert next_slot(preferences, at("2026-03-07T13:00")) == at("2026-03-08T11:00")
    assert next_slot(preferences, at("2026-03-06T13:00")) == at("2026-03-07T12:00")


@given(
    after=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(sorted(known_zones())),
    hour=st.integers(0, 23),
    frequency=st.sampled_from(["daily", "weekdays", "weekly"]),
    weekday=st.integers(0, 6),
)
def test_a_slot_is_later_and_soon_enough(after: datetime, zone: str, hour: int, frequency: str, weekday: int) -> None:
    preferences = Preferences((), frequency, hour, weekday, zone)
    slot = next_slot(preferences, after)
    longest = {"daily": 2, "weekdays": 4, "weekly": 8}[frequency]
    assert after < slot <= after + timedelta(days=longest)
    assert slot.tzinfo is UTC


def test_the_rhythm_is_said_in_words() -> None:
    assert rhythm(Preferences()) == "every day at 7:00 (UTC)"
    assert rhythm(Preferences(frequency="weekdays", delivery_hour=0)) == "from Monday to Friday at 0:00 (UTC)"
    weekly = Preferences(frequency="weekly", delivery_weekday=2, time_zone="America/New_York")
    assert rhythm(weekly) == "every Wednesday at 7:00 (America/New York)"
