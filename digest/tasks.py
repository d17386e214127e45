"""Takes ticks and ids from the queue; calls one service each. What is due is decided by rows, so any may run twice."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from digest import editions, events, housekeeping, ingestion, interests, learning, search, stopping
from digest.delivery import alerts, host_alerts, ledger, recovery, source_alerts
from digest.delivery.sending import TIME_IS_UP, send_due
from digest.delivery.transports.providers import keeps_idempotency
from digest.errors import NoTurn
from digest.ingestion import manners
from subscriptions.tasks import handle_signups

logger = logging.getLogger(__name__)

# Sending tasks a tick: each works for SENDING_SECONDS and has another one follow it, so this limits how many workers
# send side by side, not how much they send.
MAX_SENDING_TASKS = 50
# A task that no worker took before the next tick is worthless: that tick enqueues another.
EXPIRES = 55  # seconds
# Long enough to cost nothing, short enough for a worker that serves every queue to see to urgent mail in between.
SENDING_SECONDS = 45
PLANNING_SECONDS = 200
INDEXING_SECONDS = 45
# A task that works off events ends by itself before Celery ends it.
WRAP_UP = 60  # seconds
# In the cache: when a worker last took a tick, in seconds since 1970. Health checks read it.
HEARTBEAT = "paperboy:last-tick"
TIDIED = "paperboy:tidied"
INTERESTS_RENEWED = "paperboy:interests-renewed"
FITS_DECIDED = "paperboy:fits-decided"
HOUR, DAY = 3600, 24 * 3600  # seconds
# In the cache: that a task is on its way which will see every event stored until it starts, and for how long at most.
EVENTS_ENQUEUED = "paperboy:events-enqueued"
# In the cache: that someone is reading the mailbox.
MAILBOX_TAKEN = "paperboy:mailbox-taken"


@shared_task
def tick() -> None:
    """Each minute: publish, settle, alert; have mail sent, events handled, sources visited. One failing stops none."""
    now = timezone.now()
    for step in (
        _note_heartbeat,
        editions.run_schedule,
        _rescue,
        recovery.recover,
        alerts.tell,
        host_alerts.tell,
        source_alerts.tell,
        _enqueue_planning,
        _enqueue_events,
        _enqueue_indexing,
        _enqueue_interests,
        _enqueue_fit,
        _enqueue_mailbox,
        _enqueue_signups,
        visit_sources,
        _tidy,
    ):
        _guarded(step, now)


@shared_task
def refresh_due(source_ids: Sequence[int]) -> None:
    """Visit the first of these sources, if it is still due; the others are the next task's.

    A short task lets mail pass between two visits, and a worker stop. All are at one host: where one gets no turn, the
    others would not either, and stay due until a tick finds that they would.
    """
    first, *rest = source_ids
    try:
        ingestion.refresh_if_due(first, timezone.now())
    except NoTurn as error:
        logger.info("No visit now: %s", error)
    else:
        if rest:
            refresh_due.apply_async((rest,), expires=EXPIRES)


@shared_task
def plan_deliveries() -> None:
    """Queue a row for every due reader; then have what is due sent, also where planning failed."""
    deadline = time.monotonic() + PLANNING_SECONDS
    try:
        planned = ledger.plan(timezone.now(), lambda: not stopping.asked() and time.monotonic() < deadline)
        logger.info("Planned: %s", planned)
    finally:
        _enqueue_sending(timezone.now())


@shared_task
def send_digests() -> None:
    """Send what is due until there is no more, or time is up: then another task goes on, and others get their turn."""
    report = send_due(timezone.now(), seconds=SENDING_SECONDS)
    logger.info("Sending: %s", report)
    if report.stopped == TIME_IS_UP:
        send_digests.apply_async(expires=EXPIRES)


@shared_task
def handle_events() -> None:
    """Work off what providers reported, until nothing waits or time is up."""
    # First of all: whatever is stored from now on asks for another task.
    cache.delete(EVENTS_ENQUEUED)
    until = time.monotonic() + settings.CELERY_TASK_SOFT_TIME_LIMIT - WRAP_UP
    done = events.handle(timezone.now(), goes_on=lambda: time.monotonic() < until and not stopping.asked())
    logger.info("Handled %s events", done)


@shared_task
def index_papers() -> None:
    """Let searches find what was stored, until nothing waits or time is up; another one meanwhile finds nothing."""
    until = time.monotonic() + INDEXING_SECONDS
    done = search.catch_up(goes_on=lambda: time.monotonic() < until and not stopping.asked())
    logger.info("Indexed %s papers", done)


@shared_task
def renew_interests() -> None:
    """Let interests have the papers they waited for, and profiles be of the model in use."""
    until = time.monotonic() + INDEXING_SECONDS

    def goes_on() -> bool:
        return time.monotonic() < until and not stopping.asked()

    matched = interests.match_waiting(timezone.now(), goes_on)
    renewed = interests.renew_old(timezone.now(), goes_on)
    logger.info("Interests: %s papers came, %s readers' profiles made anew", matched, renewed)
    if time.monotonic() >= until:
        renew_interests.apply_async(expires=HOUR)


@shared_task
def fit_model(kind: str) -> None:
    """Begin to fit a model: a process of its own goes on with it, and no worker waits."""
    learning.start(kind)


@shared_task
def read_mailbox() -> None:
    """Take the bounces and requests that came to the mailbox of BOUNCE_IMAP_URL."""
    if settings.BOUNCE_IMAP_URL and cache.add(MAILBOX_TAKEN, True, settings.CELERY_TASK_TIME_LIMIT):
        try:
            taken = events.read_mailbox(settings.BOUNCE_IMAP_URL, timezone.now(), goes_on=lambda: not stopping.asked())
        finally:
            cache.delete(MAILBOX_TAKEN)
        logger.info("Mailbox: %s", dict(taken))
        if taken[events.Taken.REPORTED]:
            enqueue_events()


def enqueue_events() -> None:
    """Have stored events worked off within seconds; without queue or cache the next tick does.

    However many ask at once, one task is enqueued: it looks only after it has taken the mark away.
    """
    try:
        if cache.add(EVENTS_ENQUEUED, True, EXPIRES):
            handle_events.apply_async(expires=EXPIRES)
    except Exception:
        logger.exception("The queue cannot be reached; the next tick works the events off")


def visit_sources(now: datetime) -> None:
    """One task a host at a time: its sources wait for one another's turns, and must not hold every worker meanwhile."""
    for source_ids in manners.ready(now):
        refresh_due.apply_async((source_ids,), expires=EXPIRES)


def _guarded(step: Callable[[datetime], object], now: datetime) -> None:
    try:
        step(now)
    except Exception:
        logger.exception("%s failed; the next tick tries again", step.__name__)


def _note_heartbeat(now: datetime) -> None:
    cache.set(HEARTBEAT, now.timestamp(), timeout=None)


def _rescue(now: datetime) -> None:
    ledger.rescue(now, keeps_idempotency() if settings.DELIVERY_TRANSPORT == "anymail" else None)


def _enqueue_planning(now: datetime) -> None:
    plan_deliveries.apply_async(expires=EXPIRES)


def _enqueue_sending(now: datetime) -> None:
    waiting = ledger.waiting(now, MAX_SENDING_TASKS * settings.DELIVERY_CHUNK)
    for _ in range(math.ceil(waiting / settings.DELIVERY_CHUNK)):
        send_digests.apply_async(expires=EXPIRES)


def _enqueue_events(now: datetime) -> None:
    if events.are_waiting():
        handle_events.apply_async(expires=EXPIRES)


def _enqueue_indexing(now: datetime) -> None:
    if search.waits():
        index_papers.apply_async(expires=EXPIRES)


def _enqueue_interests(now: datetime) -> None:
    """Once an hour: who waits for a paper has waited for longer."""
    if interests.waits() and cache.add(INTERESTS_RENEWED, True, HOUR):
        renew_interests.apply_async(expires=HOUR)


def _enqueue_fit(now: datetime) -> None:
    """Once an hour, one model at most: a fit is over by then, and one that failed is tried again."""
    if cache.add(FITS_DECIDED, True, HOUR) and (kinds := learning.due(now)):
        fit_model.apply_async((kinds[0],), expires=EXPIRES)


def _enqueue_mailbox(now: datetime) -> None:
    if settings.BOUNCE_IMAP_URL:
        read_mailbox.apply_async(expires=EXPIRES)


def _enqueue_signups(now: datetime) -> None:
    handle_signups.apply_async(expires=EXPIRES)


def _tidy(now: datetime) -> None:
    """Once a day; more often would do no harm. A day that failed is made up for at the next tick."""
    if not cache.get(TIDIED):
        housekeeping.tidy(now)
        cache.set(TIDIED, True, DAY)
