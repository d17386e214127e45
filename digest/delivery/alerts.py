"""Takes breakers that opened or closed; tells the operators, once each, by mail and in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from digest.delivery import operators, pauses
from digest.delivery.pauses import Kind, Pause
from digest.models import Breaker, BreakerState

logger = logging.getLogger(__name__)

# Destinations pause and go on all day long: only one that stays shut for this long is news.
DESTINATION_PATIENCE = timedelta(hours=1)


def tell(now: datetime) -> int:
    """Tell of what opened and of what works again; gives how many breakers were told of.

    A breaker is claimed before the mail leaves, so that of several ticks one tells; a mail that did not leave gives it
    back, and the next tick tells. What opens again and again before anything is accepted is told of once.
    """
    opened = [pause for pause in pauses.described(_opened(now)) if _is_news(pause, now)]
    recovered = pauses.described(list(Breaker.objects.filter(told=BreakerState.OPEN, state=BreakerState.CLOSED)))
    return _tell(opened, BreakerState.OPEN, now) + _tell(recovered, BreakerState.CLOSED, now)


def _opened(now: datetime) -> list[Breaker]:
    return list(Breaker.objects.filter(told=BreakerState.CLOSED).exclude(state=BreakerState.CLOSED).order_by("pk"))


def _is_news(pause: Pause, now: datetime) -> bool:
    if pause.kind is not Kind.DESTINATION:
        return True
    row = pause.row
    is_shut = row.until is not None and row.until > now
    return is_shut and row.opened_at is not None and row.opened_at <= now - DESTINATION_PATIENCE


def _tell(found: Sequence[Pause], state: BreakerState, now: datetime) -> int:
    claimed = [pause for pause in found if _claim(pause.row, state, now)]
    if not claimed:
        return 0
    text = _opening(claimed) if state == BreakerState.OPEN else _recovery(claimed)
    level = logging.ERROR if state == BreakerState.OPEN else logging.WARNING
    for pause in claimed:
        logger.log(level, "%s: %s", pause.what, _news(pause))
    if not settings.ALERT_ADDRESSES or operators.reach(_subject(claimed, state), text):
        return len(claimed)
    for pause in claimed:
        _release(pause.row, state, now)
    return 0


def _claim(row: Breaker, state: BreakerState, now: datetime) -> bool:
    """Committed before anything leaves. Nothing, where it changed meanwhile or another tick tells."""
    still = Q(state=BreakerState.CLOSED) if state == BreakerState.CLOSED else ~Q(state=BreakerState.CLOSED)
    with transaction.atomic(durable=True):
        claimed = Breaker.objects.filter(still, pk=row.pk, told=row.told).update(told=state, told_at=now)
    return bool(claimed)


def _release(row: Breaker, state: BreakerState, now: datetime) -> None:
    mine = Breaker.objects.filter(pk=row.pk, told=state, told_at=now)
    mine.update(told=row.told, told_at=row.told_at)


# The words


def _subject(found: Sequence[Pause], state: BreakerState) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    what = "Sending is paused" if state == BreakerState.OPEN else "Sending works again"
    return f"{what}: {found[0].what}{more}"


def _news(pause: Pause) -> str:
    if pause.row.state == BreakerState.CLOSED:
        return f"works again, since {pauses.moment(pause.row.closed_at)}"
    return f"paused since {pause.since}. {pause.why} {pause.words}"


def _opening(found: Sequence[Pause]) -> str:
    return "\n\n".join((*("\n".join(_lines(pause)) for pause in found), _ending("Resume it, or see what waits:")))


def _lines(pause: Pause) -> Iterator[str]:
    yield f"{pause.what}: paused since {pause.since}."
    yield pause.why
    if pause.words:
        yield f"What was said: {pause.words}"
    count = pauses.waiting(pause.row.scope)
    at_least = "at least " if count >= pauses.COUNTED else ""
    yield f"Waiting: {at_least}{count:,} digest{'' if count == 1 else 's'}, which stay in the queue."
    yield f"It is tried again by itself, next at {pauses.moment(pause.row.until)}. {pause.remedy}".rstrip()


def _recovery(found: Sequence[Pause]) -> str:
    told = [f"{pause.what}: works again, since {pauses.moment(pause.row.closed_at)}." for pause in found]
    return "\n\n".join((*told, "What waited is going out.", _ending("See how far it is:")))


def _ending(invitation: str) -> str:
    return f"{invitation}\n{settings.SITE_URL}{reverse('admin:index')}\n"
