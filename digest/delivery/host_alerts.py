"""Takes hosts of sources that have been paused for a while, and those that work again; tells the operators, once each.

What fails because its host is paused is told of with the host: see `source_alerts`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from digest.delivery import pauses, telling
from digest.ingestion import manners
from digest.models import Host

logger = logging.getLogger(__name__)
# Hosts pause and go on all day long: only one that stays paused for so long is news.
PATIENCE = timedelta(hours=1)
PAUSED = "paused"
SHOWN = 20


def tell(now: datetime) -> int:
    """Tell of hosts that are paused, and of those that work again; gives how many were told of."""
    paused = list(Host.objects.paused(now).order_by("failing_since", "name"))
    told = list(Host.objects.exclude(told="").order_by("name"))
    sources = manners.sources_behind() if paused or told else {}
    _forget([host for host in told if host.name not in sources])
    return _tell_of_pauses([host for host in paused if host.name in sources], sources, now) + _tell_of_recovery(
        [host for host in told if host.name in sources], now
    )


def _tell_of_pauses(paused: Sequence[Host], sources: Mapping[str, int], now: datetime) -> int:
    """As soon as one has lasted, all that are paused by now are in the same mail."""
    untold = [host for host in paused if not host.told]
    if not any(_has_lasted(host, now) for host in untold) or telling.lately(now):
        return 0
    claimed = [host for host in untold if telling.claim(host, now)]
    for host in claimed:
        logger.error("%s is paused: %s", host, host.reason)
    if not claimed:
        return 0
    subject = telling.subject([host.name for host in claimed], "is paused", "are paused")
    return telling.settle(Host, {host.pk: PAUSED for host in claimed}, subject, _paused(claimed, sources), now)


def _tell_of_recovery(told: Sequence[Host], now: datetime) -> int:
    """Once all that were told of work again; or after a while, of those that do. Any answer shows that one works."""
    still = [host for host in told if host.failures]
    if still and telling.lately(now):
        return 0
    claimed = [host for host in told if not host.failures and telling.claim(host, now)]
    for host in claimed:
        logger.warning("%s works again", host)
    if not claimed:
        return 0
    subject = telling.subject([host.name for host in claimed], "works again", "work again")
    return telling.settle(Host, {host.pk: "" for host in claimed}, subject, _recovered(claimed, still), now)


def _forget(hosts: Sequence[Host]) -> None:
    """Those that no source needs any more are nobody's trouble."""
    Host.objects.filter(pk__in=[host.pk for host in hosts]).update(told="", told_at=None)


def _has_lasted(host: Host, now: datetime) -> bool:
    return host.failing_since is not None and host.failing_since <= now - PATIENCE


# The words


def _paused(hosts: Sequence[Host], sources: Mapping[str, int]) -> str:
    lines = ["\n".join(_lines(host, sources[host.name])) for host in hosts[:SHOWN]]
    if len(hosts) > SHOWN:
        lines.append(f"And {len(hosts) - SHOWN} more hosts.")
    if len(hosts) > 1 and len(hosts) == len(sources):
        lines.insert(0, "No host of a source works: this machine's network or DNS may be down.")
    return "\n\n".join((*lines, _ending()))


def _lines(host: Host, sources: int) -> list[str]:
    times = f"{host.failures} failure{'' if host.failures == 1 else 's'} in a row"
    waits = f"{sources} source{' waits' if sources == 1 else 's wait'} for it."
    return [
        f"{host.name}: paused since {pauses.moment(host.failing_since)} ({times}).",
        f"What was said: {host.reason}",
        f"{waits} It is tried again by itself, next at {pauses.moment(host.next_turn_at)}.",
    ]


def _recovered(hosts: Sequence[Host], still: Sequence[Host]) -> str:
    lines = [f"{host.name} works again. What failed there is visited now." for host in hosts[:SHOWN]]
    if len(hosts) > SHOWN:
        lines.append(f"And {len(hosts) - SHOWN} more hosts.")
    if still:
        lines.append(f"Still paused: {', '.join(host.name for host in still[:SHOWN])}.")
    return "\n\n".join((*lines, _ending()))


def _ending() -> str:
    return f"See what is paused, or try it now:\n{settings.SITE_URL}{reverse('admin:index')}\n"
