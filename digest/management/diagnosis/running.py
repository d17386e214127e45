"""What runs: queue, workers, ticks; and what comes of it: editions, visits, sending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from celery import current_app
from django.conf import settings
from django.core.cache import cache

from digest.delivery import pauses
from digest.management.diagnosis.findings import Finding, fine, first_line, note, wrong
from digest.models import Edition, Host
from digest.tasks import HEARTBEAT
from digest.views.health import HEARTBEAT_TOLERANCE_SECONDS, broker_trouble

# Workers that are busy answer late.
WORKERS_ANSWER_SECONDS = 3


def broker(now: datetime) -> Iterator[Finding]:
    if trouble := broker_trouble():
        yield wrong(f"The queue does not answer: {trouble}", "Start Redis, or correct CELERY_BROKER_URL.")
    else:
        yield fine("The queue answers.")


def workers(now: datetime) -> Iterator[Finding]:
    """Whether somebody serves each queue."""
    if broker_trouble():
        return  # nobody could be asked; the queue's own finding says so
    try:
        served = current_app.control.inspect(timeout=WORKERS_ANSWER_SECONDS).active_queues() or {}
    except Exception as error:  # every transport raises its own
        yield note(f"Workers cannot be asked: {first_line(error)}", "Look into their logs.")
        return
    unserved = set(settings.QUEUES) - {queue["name"] for queues in served.values() for queue in queues}
    if not served:
        yield wrong("No worker answers.", "Start one (docker compose up -d, or docs/operations.md), and see its log.")
    elif unserved:
        names = ", ".join(sorted(unserved))
        yield wrong(f"No worker takes from: {names}.", f"Start one with --queues {names.replace(' ', '')}.")
    else:
        yield fine(f"Every queue is worked off, by: {', '.join(sorted(served))}.")


def heartbeat(now: datetime) -> Iterator[Finding]:
    """Beat enqueues ticks, and a worker takes them: a recent one shows that both live."""
    remedy = (
        "Start beat and a worker (make run, or docker compose up -d), and look into their logs. "
        f"A tick comes every {settings.TICK_SECONDS:.0f} s."
    )
    try:
        ticked = cache.get(HEARTBEAT)
    except Exception as error:  # every cache raises its own
        yield wrong(f"The cache does not answer: {error}", "Run manage.py createcachetable, or correct CACHE_URL.")
        return
    if ticked is None:
        yield wrong("No worker has ever taken a tick.", remedy)
    elif (age := now.timestamp() - ticked) > HEARTBEAT_TOLERANCE_SECONDS + settings.TICK_SECONDS:
        yield wrong(f"The last tick was taken {age / 60:.0f} minutes ago.", remedy)
    elif age < -HEARTBEAT_TOLERANCE_SECONDS:
        text = f"The last tick was taken {-age / 60:.0f} minutes from now."
        yield wrong(text, "The clocks of the machines differ: run a time service (NTP) on each.")
    else:
        yield fine(f"A worker took a tick {max(0, age):.0f} s ago.")


def editions(now: datetime) -> Iterator[Finding]:
    newest = Edition.objects.published().order_by("-published_at").first()
    if newest is None or newest.published_at is None:
        yield note("No edition was published yet.", "manage.py refresh_sources, then build_edition.")
    elif (days := (now - newest.published_at).days) > 3:
        yield wrong(f"The newest edition is {days} days old.", "See what the sources' last visits say in the admin.")
    else:
        yield fine(f"The last to go out was the {newest}.")


def sending(now: datetime) -> Iterator[Finding]:
    """What all workers leave alone for now, and why."""
    found = pauses.current()
    for pause in found:
        said = f" ({' '.join(pause.words.split())[:200]})" if pause.words else ""
        yield wrong(f"{pause.what}: paused since {pause.since}. {pause.why}{said}", pause.remedy)
    if not found:
        yield fine("Nothing is paused.")


def sources(now: datetime) -> Iterator[Finding]:
    """Hosts that no source is visited at for now."""
    found = list(Host.objects.paused(now))
    for host in found:
        since = f"{host.failing_since or host.touched_at:%Y-%m-%d %H:%M} UTC"
        text = f"{host} has not been visited since {since}: {host.reason}"
        yield wrong(text, "It is tried again by itself; docs/operations.md says what its words mean.")
    if not found:
        yield fine("No source's host is paused.")
