"""Takes stored events that wait; gives matched events, rows that moved on, suppressions: many at a time.

A batch is one transaction, so an event is handled wholly or not at all. Rows are locked in the order that everyone
keeps: events, readers, suppressions, deliveries; and what others hold just now is left for the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, transaction

from digest.events.moving import READING, move
from digest.events.reacting import react
from digest.models import ProviderEvent
from subscriptions import sql

logger = logging.getLogger(__name__)

BATCH = 1000
# An event can overtake our own record of the provider's id, which is flushed every second or so.
PATIENCE = timedelta(minutes=2)

_TAKE = """
    SELECT id FROM digest_providerevent WHERE handled_at IS NULL AND id > %(after)s ORDER BY id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
"""
_BY_PROVIDER_ID = """(SELECT max(d.id) FROM digest_delivery d
        WHERE d.provider_message_id = {} AND d.provider_message_id > ''{})"""
_OF_RECIPIENT = " AND d.address_hash = e.address_hash"
_IN_BRACKETS = "'<' || e.message_id || '>'"
# A UUID may be the provider's own id as well as ours: what is no delivery's is looked for among theirs.
_MATCH = f"""
    UPDATE digest_providerevent AS e SET handled_at = %(now)s, delivery_id = COALESCE(
        (SELECT d.id FROM digest_delivery d WHERE d.uid = e.uid),
        {_BY_PROVIDER_ID.format("e.message_id", _OF_RECIPIENT)},
        {_BY_PROVIDER_ID.format("e.message_id", "")},
        {_BY_PROVIDER_ID.format(_IN_BRACKETS, _OF_RECIPIENT)},
        {_BY_PROVIDER_ID.format(_IN_BRACKETS, "")})
    WHERE e.id = ANY(%(ids)s)
    RETURNING id, delivery_id, kind, (uid IS NOT NULL OR message_id > '') AND received_at > %(recent)s
"""  # noqa: S608
_ADDRESS = """
    UPDATE digest_providerevent AS e SET address_hash = d.address_hash FROM digest_delivery d
    WHERE e.id = ANY(%(ids)s) AND d.id = e.delivery_id AND NOT (e.address_hash = d.address_hash)
"""
_LOCK = "SELECT id FROM digest_delivery WHERE id = ANY(%(ids)s) FOR NO KEY UPDATE SKIP LOCKED"
_LATER = "UPDATE digest_providerevent SET handled_at = NULL WHERE id = ANY(%(ids)s)"
_FORGET = "DELETE FROM digest_providerevent WHERE id = ANY(%(ids)s) AND kind = ANY(%(kinds)s)"


class _Matched(NamedTuple):
    id: int
    delivery_id: int | None
    kind: str
    may_be_early: bool


def handle(now: datetime, limit: int = 100_000, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Go once through up to `limit` events that wait, oldest first, while `goes_on` says so; gives how many are done.

    What came too early, or is about a row that is just being written, waits for another call.
    """
    after = seen = done = 0
    while seen < limit and goes_on():
        ids, handled = _next_batch(after, min(BATCH, limit - seen), now)
        if not ids:
            break
        after, seen, done = ids[-1], seen + len(ids), done + handled
    return done


def _next_batch(after: int, size: int, now: datetime) -> tuple[list[int], int]:
    """A batch that cannot be handled is taken apart: one event must not hold up the others for ever."""
    ids: list[int] = []
    try:
        with transaction.atomic():
            ids = [row[0] for row in sql.rows(_TAKE, after=after, limit=size)]
            return ids, _handle(ids, now) if ids else 0
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("A batch of %s events could not be handled; they are tried one by one", len(ids))
        return ids, sum(_handle_alone(event_id, now) for event_id in ids)


def _handle_alone(event_id: int, now: datetime) -> int:
    try:
        with transaction.atomic():
            return _handle([event_id], now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Event %s could not be handled; it is set aside", event_id)
        return ProviderEvent.objects.filter(pk=event_id).update(handled_at=now)


def _handle(ids: Sequence[int], now: datetime) -> int:
    matched = [_Matched(*row) for row in sql.rows(_MATCH, ids=ids, now=now, recent=now - PATIENCE)]
    sql.change(_ADDRESS, ids=ids)
    react(ids, now)
    held = _lock({each.delivery_id for each in matched if each.delivery_id is not None})
    ready: list[_Matched] = []
    later: list[_Matched] = []
    for each in matched:
        can_be_done = each.delivery_id in held or (each.delivery_id is None and not each.may_be_early)
        (ready if can_be_done else later).append(each)
    if later:
        sql.change(_LATER, ids=[each.id for each in later])
    _finish(ready, now)
    return len(ready)


def _lock(delivery_ids: set[int]) -> set[int]:
    """Those of the rows that nobody else is writing just now: so nobody waits for us while we wait for them."""
    return {row[0] for row in sql.rows(_LOCK, ids=sorted(delivery_ids))} if delivery_ids else set()


def _finish(ready: Sequence[_Matched], now: datetime) -> None:
    values: dict[str, Any] = {"ids": [each.id for each in ready]}
    kinds = {each.kind for each in ready}
    move(values["ids"], kinds, now)
    if kinds & set(READING):
        sql.change(_FORGET, **values, kinds=list(READING))
