"""Takes a limit and a moment; gives the counter of the window that is: how many may go by now, and what comes next.

Windows stand still: a second, minute or hour begins where the clock shows it in UTC, a day at midnight in TIME_ZONE. So
no window ever holds more than its quota, while around a boundary up to two quotas can pass within one length. A limit a
second on everything has windows of a tenth, each with its share: an even stream, where no second, wherever it begins,
holds more than a tenth above the limit.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from digest.delivery.throttling.limits import Limit, Unit

LENGTHS = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86400}
# Who is refused is promised a place in the windows to come, so far ahead; whoever is beyond asks again then.
HORIZON = 900.0
# Into how many windows a second is cut: as many as have a message to let go, and the clock can show.
CUTS = (10, 5, 2, 1)


class Counter(NamedTuple):
    """What a store needs to know to count one limit, in seconds since 1970.

    `quota` messages may go in the window from `begins` to `ends`. `step` is the time that one message takes of the
    windows to come, each about `length` long; 0 where nobody is told to come back, as the sender itself waits.
    """

    key: str
    begins: float
    ends: float
    quota: int
    length: float
    step: float


def counter(limit: Limit, sender: str, now: datetime, zone: ZoneInfo) -> Counter | None:
    """None where the limit allows any number now: its warm-up is over, and there is no other."""
    quota = limit.quota(now.astimezone(zone).date())
    if quota is None:
        return None
    key, length = f"{sender} {limit.key}", LENGTHS[limit.unit]
    if limit.unit is Unit.SECOND and not limit.domains:
        return _cut(key, quota, now)
    begins, ends = _day(now, zone) if limit.unit is Unit.DAY else _aligned(now, length)
    return Counter(key, begins, ends, quota, length, length / quota)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _cut(key: str, quota: int, now: datetime) -> Counter:
    """The shares of a second's windows are as even as can be, and together the quota."""
    cuts = next(cuts for cuts in CUTS if cuts <= quota)
    place, second = now.microsecond * cuts // 1_000_000, int(now.timestamp())
    begins, ends = (round(second + edge / cuts, 1) for edge in (place, place + 1))
    share = quota * (place + 1) // cuts - quota * place // cuts
    return Counter(key, begins, ends, share, 1 / cuts, 0.0)


def _aligned(now: datetime, length: int) -> tuple[int, int]:
    begins = int(now.timestamp()) // length * length
    return begins, begins + length


def _day(now: datetime, zone: ZoneInfo) -> tuple[int, int]:
    today = now.astimezone(zone).date()
    begins, ends = (datetime.combine(day, time(), tzinfo=zone) for day in (today, today + timedelta(days=1)))
    return int(begins.timestamp()), int(ends.timestamp())
