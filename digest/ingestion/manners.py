"""Hosts that ask for a pause between requests: every request of the whole deployment takes its own turn.

The turns are rows, so they hold across workers and machines; the clock is the real one, as it is about real requests.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from digest import stopping
from digest.errors import SourceError
from digest.models import Host

# https://info.arxiv.org/help/api/tou.html: one request every three seconds, whatever the number of machines.
PAUSES = {"arxiv.org": timedelta(seconds=3)}
LONGEST_WAIT = timedelta(seconds=25)  # far below the time limit of the task that waits
ABSURD_WAIT = timedelta(hours=1)  # then the clock was set back: nobody queues that long


def wait_for_turn(host: str) -> None:
    """Sleep until this request may go out. Raises SourceError when the queue is too long to wait in, or Interrupted."""
    name = next((name for name in PAUSES if host == name or host.endswith(f".{name}")), None)
    if name:
        now = timezone.now()
        stopping.sleep((take_turn(name, now) - now).total_seconds())
    stopping.check()


def take_turn(name: str, now: datetime) -> datetime:
    """The moment, now or later, that belongs to the caller alone."""
    with transaction.atomic():
        host, _ = Host.objects.select_for_update().get_or_create(name=name, defaults={"next_turn_at": now})
        turn = max(now, host.next_turn_at)
        if turn - now > ABSURD_WAIT:
            turn = now
        if turn - now > LONGEST_WAIT:
            wait = int((turn - now).total_seconds())
            raise SourceError(f"the next free turn at {name} is {wait} s away", retry_after=wait)
        host.next_turn_at = turn + PAUSES[name]
        host.save(update_fields=["next_turn_at"])
    return turn
