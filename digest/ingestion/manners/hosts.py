"""A gate's name in; whose turn it is there out. One row a gate holds for all workers and machines.

A failure of the host's own keeps others away: for seconds at first, from the third in a row on for a minute, then twice
as long after each, up to an hour; and never less than it asked for. The first request after a pause is a trial: others
wait for its answer, which ends the pauses or prolongs them.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone

from digest.errors import HostError
from digest.models import Host
from digest.models.host import CLOCKS_DIFFER, FAILURES_TO_PAUSE
from digest.sources import text

logger = logging.getLogger(__name__)
# After one failure and after two: less than a worker waits for its turn.
HICCUP = timedelta(seconds=4)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ASKED = timedelta(days=7)
# Of a pause, so that several deployments do not come back at the same moment.
JITTER = 0.2


class Turn(NamedTuple):
    """The caller's own, for one request."""

    gate: str
    holder: UUID


class Wait(NamedTuple):
    """Nobody may ask before `until`, which is `left` from now; `is_held` by a request that may well end earlier.

    `reason` is why it is paused.
    """

    until: datetime
    left: timedelta
    is_held: bool
    reason: str


def clock() -> datetime:
    """The database's, which all machines share. (Within one machine SQLite's would be the same.)"""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def take(name: str, lease: timedelta, read_clock: Callable[[], datetime] = clock) -> Turn | Wait:
    """A turn that lapses after `lease` where its worker is killed, or what there is to wait for.

    The clock is read when the row is ours: it may have been waited for.
    """
    with transaction.atomic(durable=True):
        # A new row's moments are by this machine's clock; where that is ahead they are taken for a clock set back.
        host, _ = Host.objects.select_for_update().get_or_create(name=name, defaults={"next_turn_at": timezone.now()})
        now = read_clock()
        _set_back(host, now)
        if host.next_turn_at > now:
            return Wait(host.next_turn_at, host.next_turn_at - now, host.holder is not None, host.reason)
        host.holder, host.next_turn_at, host.touched_at = uuid4(), now + lease, now
        host.save()
        return Turn(name, host.holder)


def answered(turn: Turn, now: datetime, pause: timedelta) -> bool:
    """The host works, whatever it said. True where it had been paused."""
    with transaction.atomic(durable=True):
        host = _held(turn)
        if host is None:
            return False
        had_failed = host.failures
        host.failures, host.reason, host.failing_since = 0, "", None
        _end(host, now, pause)
    if had_failed >= FAILURES_TO_PAUSE:
        logger.warning("%s works again", turn.gate)
    return had_failed >= FAILURES_TO_PAUSE


def failed(turn: Turn, now: datetime, pause: timedelta, error: HostError) -> None:
    """The host is at fault: everybody leaves it alone for a while."""
    with transaction.atomic(durable=True):
        host = _held(turn)
        if host is None:
            return
        host.failures += 1
        host.reason, host.failing_since = text.line(str(error), 300), host.failing_since or now
        _end(host, now, max(pause, back_off(host.failures, error.retry_after)))
    if host.failures == FAILURES_TO_PAUSE:
        until = host.next_turn_at.isoformat(timespec="seconds")
        logger.error("%s is paused until %s: %s", turn.gate, until, host.reason)


def give_back(turn: Turn, now: datetime, pause: timedelta) -> None:
    """Nothing was learned of the host; all the same it may have been asked."""
    with transaction.atomic(durable=True):
        if host := _held(turn):
            _end(host, now, pause)


def back_off(failures: int, asked: int | None) -> timedelta:
    """What the host asked for, in seconds, is a lower bound."""
    doubled: int = 2 ** min(max(0, failures - FAILURES_TO_PAUSE), 20)
    own = HICCUP * failures if failures < FAILURES_TO_PAUSE else min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
    least = max(own * (1 - JITTER), min(timedelta(seconds=asked or 0), LONGEST_ASKED))
    return least + own * random.uniform(0, 2 * JITTER)  # noqa: S311  # nothing secret


def end_pause(name: str, now: datetime) -> bool:
    """The next request is a trial. False where nothing was paused."""
    paused = Host.objects.filter(name=name, failures__gt=0, holder=None)
    return bool(paused.update(next_turn_at=now, touched_at=now))


def _held(turn: Turn) -> Host | None:
    """None where the turn lapsed and another took it."""
    return Host.objects.select_for_update().filter(name=turn.gate, holder=turn.holder).first()


def _end(host: Host, now: datetime, pause: timedelta) -> None:
    host.holder, host.next_turn_at, host.touched_at = None, now + pause, now
    host.save()


def _set_back(host: Host, now: datetime) -> None:
    """What was left to wait when the row was written is left to wait from now on."""
    if host.touched_at > now + CLOCKS_DIFFER:
        host.next_turn_at, host.touched_at = host.next_turn_at - (host.touched_at - now), now
        host.save()
