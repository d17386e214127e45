"""Sources and hosts in, what operators were told of each out: claimed before the mail leaves, noted after.

A worker that dies in between leaves a claim, which lapses, and the next tick tells. So nothing is lost; at worst it is
told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from digest.delivery import operators
from digest.models import Host, Source

# When the network is down, sources fail one after the other, and work again one after the other: what happens within
# this time of the last mail is told together, in the next.
TOGETHER = timedelta(hours=1)
# A worker that claimed rows and is not heard of for so long is dead.
CLAIM = timedelta(minutes=10)


def lately(now: datetime) -> bool:
    """Whether there was a mail about a source or a host within TOGETHER."""
    newest = [model._default_manager.aggregate(at=Max("told_at"))["at"] for model in (Source, Host)]
    return any(at is not None and at > now - TOGETHER for at in newest)


def claim(row: Source | Host, now: datetime) -> bool:
    """Committed before anything leaves, so that of several ticks one tells."""
    free = Q(telling_at=None) | Q(telling_at__lt=now - CLAIM)
    rows = type(row)._default_manager.filter(free, pk=row.pk, told=row.told)
    with transaction.atomic(durable=True):
        return bool(rows.update(telling_at=now))


def settle(model: type[Source | Host], what: dict[int, str], subject: str, text: str, now: datetime) -> int:
    """Send; then note what was told of each row, or that nothing was. Gives how many were told of."""
    mine = model._default_manager.filter(pk__in=what, telling_at=now)
    if settings.ALERT_ADDRESSES and not operators.reach(subject, text):
        mine.update(telling_at=None)
        return 0
    for told in set(what.values()):
        of_them = [pk for pk, value in what.items() if value == told]
        mine.filter(pk__in=of_them).update(told=told, told_at=now, telling_at=None)
    return len(what)


def subject(names: Sequence[str], does: str, do: str) -> str:
    return f"{names[0]} and {len(names) - 1} more {do}" if len(names) > 1 else f"{names[0]} {does}"
