"""Takes ticks and ids from the queue; calls one service each. What is due is decided by rows, so any may run twice."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from digest import editions, ingestion
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


@shared_task
def tick() -> None:
    """Every minute: publish, rescue, plan, have mail sent, visit sources. A step that fails stops no other.

    Sources come last: their visits wait for one another's turns, and no mail should queue behind them.
    """
    now = timezone.now()
    for step in (
        _note_heartbeat,
        editions.run_schedule,
        ledger.rescue,
        ledger.plan,
        _enqueue_sending,
        _sweep,
        _visit_sources,
    ):
        _guarded(step, now)


@shared_task
def refresh_source(source_id: int) -> None:
    """Visit one source, unless another worker just did."""
    source = Source.objects.filter(pk=source_id).first()
    if source is not None:
        ingestion.refresh(source, timezone.now())


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
    for source_id in Source.objects.due(now).values_list("pk", flat=True):
        refresh_source.apply_async((source_id,), expires=EXPIRES)


def _enqueue_sending(now: datetime) -> None:
    chunks = math.ceil(ledger.waiting(now) / settings.DELIVERY_CHUNK)
    for _ in range(min(chunks, MAX_CHUNKS_A_TICK)):
        send_chunk.apply_async(expires=EXPIRES)


def _sweep(now: datetime) -> None:
    send_pending_confirmations.apply_async(expires=EXPIRES)
