"""Takes the domains of messages that want to go; gives each its turn, under limits that all workers share.

limits     the settings, as limits
windows    a limit at a moment: how many may go by now
orders     messages under limits, as a store is asked, and its answer as waits
counting   who may go, given what went before; the contract of both stores
redis      counts in Redis
database   counts in the database

Limits delay and never drop. Without any, nothing here costs anything.
"""

from __future__ import annotations

import logging
from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import NamedTuple, cast
from uuid import UUID

from django.conf import settings

from digest.delivery.throttling.counting import Store, StoreUnavailable
from digest.delivery.throttling.database import DatabaseStore
from digest.delivery.throttling.limits import Limit, configured
from digest.delivery.throttling.orders import Request, Wait, counters_of
from digest.delivery.throttling.windows import Counter, moment

logger = logging.getLogger(__name__)

# While Redis does not answer nothing goes, and this long passes between two questions.
PAUSE = timedelta(seconds=2)
REDIS = ("redis://", "rediss://", "unix://")
_is_down = False


class Usage(NamedTuple):
    """One limit in its present window, for a page. A second's window may be a tenth of one, with a share to match."""

    limit: Limit
    used: int
    allowed: int
    until: datetime


def is_on() -> bool:
    """Whether there are any limits. (The cap on connections is apart.)"""
    return bool(configured())


def take(domains: Sequence[str], now: datetime) -> list[Wait | None]:
    """For each message, in order: None if it may go now, and is counted; else how long it has to wait."""
    limits = configured()
    if not limits or not domains:
        return [None] * len(domains)
    request = Request(limits, domains, now)
    if not request.order.counters:
        return [None] * len(domains)
    try:
        verdict = store().take(request.order, now.timestamp())
    except StoreUnavailable as error:
        _tell(str(error))
        return [Wait(now + PAUSE, "Waits until the limits can be counted again", is_for_all=True)] * len(domains)
    _tell("")
    return request.waits(verdict)


def give_back(domains: Sequence[str], taken_at: datetime) -> None:
    """Messages counted at that moment did not leave after all. Where this cannot be noted they stay counted."""
    limits = configured()
    numbers: Tally[Counter] = Tally()
    for domain, number in Tally(domains).items():
        for _, each in counters_of(limits, limits.to(domain), taken_at):
            numbers[each] += number
    if numbers:
        try:
            store().give_back(list(numbers.items()))
        except StoreUnavailable as error:
            logger.info("What did not leave stays counted: %s", error)


def connections(wanted: int, run: UUID, now: datetime) -> int:
    """How many connections the run may have from now on, for a minute: to be asked again well before it is over.

    0 gives them back. Whatever is open beyond the answer must be closed; nothing is granted while nobody can count.
    """
    if not settings.SENDING_CONNECTIONS:
        return wanted
    try:
        return store().connections(_connections_key(), run, wanted, settings.SENDING_CONNECTIONS, now.timestamp())
    except StoreUnavailable as error:
        _tell(str(error))
        return 0


def used(now: datetime) -> list[Usage]:
    """Every limit that the settings name and that holds now. Raises StoreUnavailable."""
    limits = configured()
    counters = counters_of(limits, limits.named, now)
    if not counters:
        return []
    states = store().states([each.key for _, each in counters])
    return [
        Usage(limit, state.used if state.window == each.begins else 0, each.quota, moment(each.ends))
        for (limit, each), state in zip(counters, states, strict=True)
    ]


def connections_used(now: datetime) -> int:
    """How many connections all runs have at the moment. Raises StoreUnavailable."""
    return store().connections_used(_connections_key(), now.timestamp())


def store() -> Store:
    """Redis if the queue or else the cache is there, the database otherwise.

    The queue's comes first: what is in it is kept over a restart, and nobody empties it as one empties a cache.
    """
    for url in (settings.CELERY_BROKER_URL, settings.CACHES["default"].get("LOCATION", "")):
        if isinstance(url, str) and url.startswith(REDIS):
            # Loaded by those who ask it only: its client takes 6 MB.
            return cast(Store, import_module("digest.delivery.throttling.redis").store(url))
    return DatabaseStore()


def _connections_key() -> str:
    return f"{configured().sender} connections"


def _tell(trouble: str) -> None:
    """Once when it begins, once when it is over."""
    global _is_down
    if trouble and not _is_down:
        logger.error("Nothing is sent until the limits can be counted again: %s", trouble)
    elif _is_down and not trouble:
        logger.warning("The limits can be counted again")
    _is_down = bool(trouble)


__all__ = [
    "StoreUnavailable",
    "Usage",
    "Wait",
    "connections",
    "connections_used",
    "give_back",
    "is_on",
    "take",
    "used",
]
