"""Takes ticks and ids from the queue; calls one service each. What is due is decided by rows, so any may run twice."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from digest import editions, housekeeping, ingestion
from digest.delivery import ledger
from digest.delivery.sending import send_due
from digest.models import Source
from subscriptions.tasks import send_pending_confirmations

logger = logging.getLogger(__name__)

MAX_CHUNKS_A_TICK = 50
# A task that no worker took before the next tick is worthless: that tick enqueues another.
EXPIRES = 55  # seconds
# A chunk ends by itself before Celery ends it, with time for the message on the wire to be answered.
WRAP_UP = 60  # seconds
# In the cache: when a worker last took a tick, in seconds since 1970. Health checks read it.
HEARTBEAT = "paperboy:last-tick"
DAY = 24 * 3600  # seconds


@shared_task
def tick() -> None:
    """Every minute: publish, rescue, plan, have mail sent, visit sources, tidy up. A step that fails stops no other."""
    now = timezone.now()
    for step in (
        _note_heartbeat,
        editions.run_schedule,
        ledger.rescue,
        ledger.plan,
        _enqueue_sending,
        _sweep,
        _visit_sources,
        _tidy,
    ):
        _guarded(step, now)


@shared_task
def refresh_source(source_id: int) -> None:
    """Visit one source, due or not: an editor asked for it."""
    source = Source.objects.filter(pk=source_id).first()
    if source is not None:
        ingestion.refresh(source, timezone.now())


@shared_task
def refresh_due(source_ids: Sequence[int]) -> None:
    """Visit the first of these sources, if it is still due; the others are the next task's.

    A short task lets mail pass between two visits, and a worker stop.
    """
    first, *rest = source_ids
    ingestion.refresh_if_due(first, timezone.now())
    if rest:
        refresh_due.apply_async((rest,), expires=EXPIRES)


@shared_task
def send_chunk() -> None:
    """Send up to DELIVERY_CHUNK of the digests that are due."""
    report = send_due(timezone.now(), settings.DELIVERY_CHUNK, seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT - WRAP_UP)
    logger.info("Sending: %s", report)


def _guarded(step: Callable[[datetime], object], now: datetime) -> None:
    try:
        step(now)
    except Exception:
        logger.exception("%s failed; the next tick tries again", step.__name__)


def _note_heartbeat(now: datetime) -> None:
    cache.set(HEARTBEAT, now.timestamp(), timeout=None)


def _visit_sources(now: datetime) -> None:
    """One task a host at a time: its sources wait for one another's turns, and must not hold every worker meanwhile."""
    hosts: defaultdict[str | None, list[int]] = defaultdict(list)
    for source_id, url in Source.objects.due(now).values_list("pk", "url"):
        hosts[urlsplit(url).hostname].append(source_id)
    for source_ids in hosts.values():
        refresh_due.apply_async((source_ids,), expires=EXPIRES)


def _enqueue_sending(now: datetime) -> None:
    chunks = math.ceil(ledger.waiting(now) / settings.DELIVERY_CHUNK)
    for _ in range(min(chunks, MAX_CHUNKS_A_TICK)):
        send_chunk.apply_async(expires=EXPIRES)


def _sweep(now: datetime) -> None:
    send_pending_confirmations.apply_async(expires=EXPIRES)


def _tidy(now: datetime) -> None:
    """Once a day; more often would do no harm."""
    if cache.add("paperboy:tidied", True, DAY):
        housekeeping.tidy(now)
