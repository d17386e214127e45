"""Limits as operators type them: read strictly, every mistake named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.core import checks
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.throttling.limits import Limit, Unit, WarmUp, configured, read_destinations, read_sending
from digest.delivery.throttling.limits import read_warm_up as warm_up
from digest.delivery.throttling.windows import counter

DAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, 0, 0, 250_000, tzinfo=UTC)


def names(domain: str) -> list[str]:
    return [limit.name(DAY) for limit in configured().to(domain)]


def test_without_settings_there_are_no_limits():
    assert not configured()
    assert configured().to("gmail.com") == ()


def test_a_message_is_under_the_limits_of_all_and_those_of_its_domain(settings):
    settings.SENDING_LIMITS = "5000/day, 100/second"
    settings.DESTINATION_LIMITS = "gmail.com googlemail.com: 20/second 2000/hour; *: 50/second"
    both = ["100/second", "5000/day"]
    gmail = ["20/second to gmail.com, googlemail.com", "2000/hour to gmail.com, googlemail.com"]
    assert names("gmail.com") == names("googlemail.com") == both + gmail
    assert names("example.org") == [*both, "50/second to example.org"]


def test_domains_of_a_group_share_a_count_and_those_under_the_star_do_not(settings):
    settings.DESTINATION_LIMITS = "gmail.com googlemail.com: 20/second; *: 50/second"
    keys = {name: configured().to(name)[0].key for name in ("gmail.com", "googlemail.com", "a.example", "b.example")}
    assert keys["gmail.com"] == keys["googlemail.com"]
    assert len(set(keys.values())) == 3


def test_domains_are_read_as_addresses_are_stored(settings):
    settings.DESTINATION_LIMITS = "Gmail.COM, bücher.example: 1/second;"
    assert set(configured().destinations) == {"gmail.com", "xn--bcher-kva.example"}


def test_another_number_goes_on_counting_where_the_old_one_was():
    assert Limit(20, Unit.DAY).key == Limit(30, Unit.DAY).key
    assert Limit(20, Unit.DAY).key != Limit(20, Unit.HOUR).key


def test_a_warm_up_limits_each_day_and_then_no_more():
    plan = warm_up("2026-11-25: 500 1000, 2000")
    assert plan == WarmUp(DAY, (500, 1000, 2000))
    assert [plan.on(DAY + timedelta(days=day)) for day in range(-2, 5)] == [500, 500, 500, 1000, 2000, None, None]
    assert [plan.number(DAY + timedelta(days=day)) for day in (-1, 0, 2, 3)] == [0, 1, 3, 4]
    assert plan.last == DAY + timedelta(days=2)


def test_of_a_warm_up_and_a_daily_limit_the_smaller_one_holds(settings):
    settings.SENDING_LIMITS, settings.WARM_UP = "1200/day", "2026-11-25: 500 1000 2000"
    (limit,) = configured().sending
    quotas = [limit.quota(DAY + timedelta(days=day)) for day in range(5)]
    assert quotas == [500, 1000, 1200, 1200, 1200]
    assert limit.name(DAY) == "500/day while the address warms up"
    assert limit.name(DAY + timedelta(days=2)) == "1200/day"


def test_after_the_warm_up_alone_nothing_is_counted():
    (limit,) = read_sending("", warm_up("2026-11-25: 500"))
    assert counter(limit, "example.org", NOON, ZoneInfo("UTC")) is not None
    assert counter(limit, "example.org", NOON + timedelta(days=1), ZoneInfo("UTC")) is None


# Windows


@pytest.mark.parametrize(
    ("zone", "begins", "hours"), [("UTC", 0, 24), ("Europe/Berlin", -1, 24), ("America/New_York", 5, 24)]
)
def test_a_day_begins_at_midnight_in_the_time_zone(zone, begins, hours):
    each = counter(Limit(10, Unit.DAY), "example.org", NOON, ZoneInfo(zone))
    assert each.begins == (datetime(2026, 11, 25, tzinfo=UTC) + timedelta(hours=begins)).timestamp()
    assert each.ends == each.begins + hours * 3600


def test_the_day_the_clocks_go_back_has_25_hours():
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    each = counter(Limit(10, Unit.DAY), "example.org", now, ZoneInfo("Europe/Berlin"))
    assert each.ends - each.begins == 25 * 3600


@given(st.integers(1, 5000))
def test_a_second_of_everything_is_cut_into_even_windows_that_are_the_whole_together(count):
    limit, zone = Limit(count, Unit.SECOND), ZoneInfo("UTC")
    second = NOON.replace(microsecond=0)
    moments = [second + timedelta(microseconds=9_999 + 10_000 * n) for n in range(100)]
    windows = list(dict.fromkeys(counter(limit, "s", moment, zone) for moment in moments))
    shares = [each.quota for each in windows]
    assert sum(shares) == count
    assert min(shares) >= 1
    assert max(shares) - min(shares) <= 1
    assert len(windows) == max(cuts for cuts in (1, 2, 5, 10) if cuts <= count)
    assert (windows[0].begins, windows[-1].ends) == (second.timestamp(), second.timestamp() + 1)
    assert all(before.ends == after.begins for before, after in pairwise(windows))


def test_a_second_of_one_destination_is_one_window():
    each = counter(Limit(20, Unit.SECOND, ("gmail.com",)), "s", NOON, ZoneInfo("UTC"))
    assert (each.quota, each.ends) == (20, each.begins + 1)


# Mistakes


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("SENDING_LIMITS", "100", "'100' is not a rate"),
        ("SENDING_LIMITS", "100/week", "'100/week' is not a rate"),
        ("SENDING_LIMITS", "-5/day", "'-5/day' is not a rate"),
        ("SENDING_LIMITS", "٣/day", "is not a rate"),
        ("SENDING_LIMITS", "0/day", "'0/day' would never let anything go"),
        ("SENDING_LIMITS", "5/day 6/day", "two rates a day"),
        ("SENDING_LIMITS", ",", "a rate is missing"),
        ("DESTINATION_LIMITS", "gmail.com 20/second", "is not domains, a colon and rates"),
        ("DESTINATION_LIMITS", ": 20/second", "is not domains, a colon and rates"),
        ("DESTINATION_LIMITS", "gmail.com:", "a rate is missing"),
        ("DESTINATION_LIMITS", "gmail..com: 1/second", "'gmail..com' is not a domain"),
        ("DESTINATION_LIMITS", "gmail.com: 1/second; GMAIL.com: 2/second", "gmail.com is named twice"),
        ("DESTINATION_LIMITS", "gmail.com *: 1/second", "needs a group of its own"),
        ("WARM_UP", "500 1000", "does not begin with a day"),
        ("WARM_UP", "2026-02-30: 500", "does not begin with a day"),
        ("WARM_UP", "2026-11-25:", "gives no numbers"),
        ("WARM_UP", "2026-11-25: 500 lots", "'lots' is not a number"),
        ("WARM_UP", "2026-11-25: 0 500", "'0' is not a number"),
    ],
)
def test_every_mistake_is_named_by_the_system_check(settings, setting, value, said):
    setattr(settings, setting, value)
    (error,) = [message for message in checks.run_checks() if message.id == "digest.E003"]
    assert error.level == checks.ERROR
    assert error.msg.startswith(f"{setting}: ")
    assert said in error.msg
    assert error.hint


def test_a_cap_of_connections_below_nothing_is_reported(settings):
    settings.SENDING_CONNECTIONS = -1
    assert "SENDING_CONNECTIONS is -1." in [message.msg for message in checks.run_checks()]


@given(st.text(alphabet="0123456789/ ,;:*-.secondayhourmi", max_size=40))
def test_whatever_is_typed_is_read_or_refused_with_words(text):
    for read in (read_sending, read_destinations, warm_up):
        try:
            read(text)
        except ValueError as error:
            assert str(error)  # noqa: PT017
