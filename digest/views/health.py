"""`/healthz`: whether this process lives; `/readyz`: whether the installation does its work. Both say little."""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from digest.tasks import HEARTBEAT
from digest.views.collected import COLLECT, has_static_files

logger = logging.getLogger(__name__)

# Three ticks: one may be missed while a worker restarts.
HEARTBEAT_TOLERANCE_SECONDS = 3 * 60
# Whoever asks for /readyz while it is away holds a thread for so long.
BROKER_ANSWERS_SECONDS = 2


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 "ok", or 503 and the reason: what a restart of this process would mend, so that nobody else is asked."""
    if has_static_files():
        return HttpResponse("ok\n", content_type="text/plain")
    logger.error("Static files are not collected, so that pages answer 500. %s", COLLECT)
    return HttpResponse("unwell: static files are not collected\n", status=503, content_type="text/plain")


@never_cache
def readiness(request: HttpRequest) -> HttpResponse:
    """A line for each part, "ok" or what is missing; 503 if anything is. The log says why."""
    found = {name: trouble() for name, trouble in PARTS.items()}
    lines = [f"{name}: {words or 'ok'}\n" for name, words in found.items()]
    return HttpResponse(lines, status=503 if any(found.values()) else 200, content_type="text/plain")


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("The database does not answer")
        return "does not answer"
    return ""


def _broker() -> str:
    if trouble := broker_trouble():
        logger.error("The queue does not answer: %s", trouble)
    return "does not answer" if trouble else ""


def _static_files() -> str:
    return "" if has_static_files() else "are not collected"


def _ticks() -> str:
    """Beat enqueues them, and a worker takes them."""
    try:
        ticked = cache.get(HEARTBEAT)
    except Exception:  # every cache raises its own
        logger.exception("The cache does not answer")
        return "cannot be told"
    if ticked is None:
        return "none was taken yet"
    age = timezone.now().timestamp() - ticked
    return f"none for {age:.0f} s" if age > HEARTBEAT_TOLERANCE_SECONDS + settings.TICK_SECONDS else ""


PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "queue": _broker,
    "static files": _static_files,
    "ticks": _ticks,
}


def broker_trouble() -> str:
    """What the queue's server says instead of answering; empty if it answers."""
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_ANSWERS_SECONDS) as link:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_ANSWERS_SECONDS)
    except Exception as error:  # every transport raises its own
        return str(error) or type(error).__name__
    return ""
