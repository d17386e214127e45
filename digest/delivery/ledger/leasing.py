"""Takes the queue; gives one sending run a stretch of it for a while, with what it needs to know of each row."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from digest.delivery.ledger.conditions import IS_QUEUED
from digest.models import Lease
from subscriptions import sql

LEASE = timedelta(minutes=10)


class Leased(NamedTuple):
    """A queued row and its reader, as they were when it was leased. `email` is empty where the reader is gone.

    `was_claimed` says that an earlier claim of this row came to nothing.
    """

    id: int
    uid: str
    edition_id: int
    subscriber_id: int | None
    email: str
    frequency: str
    time_zone: str
    digest_length: int
    abstracts: str
    was_claimed: bool


_FIND = """
    SELECT CAST(d.due_at AS text), d.id, CAST(d.uid AS text), d.edition_id, d.claimed_at IS NOT NULL,
        s.id, s.email, s.frequency, s.time_zone, s.digest_length, s.abstracts
    FROM digest_delivery d LEFT JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
    WHERE d.state = 'queued' AND d.due_at <= %(now)s AND AVAILABLE
    ORDER BY d.due_at, d.id
    LIMIT %(limit)s
"""
_BEYOND = "(d.due_at, d.id) > (%(due)s, %(last)s)"
_BETWEEN = """NOT EXISTS (SELECT 1 FROM digest_lease l WHERE l.until > %(now)s
        AND (d.due_at, d.id) >= (l.first_due_at, l.first_id) AND (d.due_at, d.id) <= (l.last_due_at, l.last_id))"""
_COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM digest_delivery WHERE state = 'queued' AND due_at <= %(now)s LIMIT %(most)s
    ) available
"""
_PUT_OFF = f"""
    UPDATE digest_delivery SET due_at = %(until)s, detail = %(reason)s WHERE id = ANY(%(ids)s) AND {IS_QUEUED}
"""  # noqa: S608
_SKIP = f"""
    UPDATE digest_delivery SET state = 'skipped', detail = %(reason)s, updated_at = %(now)s
    WHERE id = ANY(%(ids)s) AND {IS_QUEUED}
"""  # noqa: S608
_FURTHEST = """
    SELECT last_due_at, last_id FROM digest_lease WHERE until > %(now)s ORDER BY last_due_at DESC, last_id DESC LIMIT 1
"""
_NOTE = """
    INSERT INTO digest_lease (run, first_due_at, first_id, last_due_at, last_id, until)
    VALUES (%(run)s, %(first_due)s, %(first_id)s, %(last_due)s, %(last_id)s, %(until)s)
"""


def lease(run: UUID, now: datetime, limit: int) -> list[Leased]:
    """The next up to `limit` due rows, longest due first, that no other run is working through; it replaces the last.

    A reader has one open row at most, so no two rows of a reader are ever in hand at once.
    """
    with transaction.atomic():
        _one_at_a_time()
        Lease.objects.filter(pk=run).delete()
        found = _find(now, limit)
        if found:
            (first_due, first_id), (last_due, last_id) = found[0][:2], found[-1][:2]
            _note(run, first_due, first_id, last_due, last_id, now + LEASE)
    return [_leased(*row) for row in found]


def waiting(now: datetime, most: int) -> int:
    """How many rows are due, counted up to `most`."""
    return int(sql.rows(_COUNT, now=now, most=most)[0][0])


def release(run: UUID) -> None:
    """Leave the rest of the stretch to others, at once."""
    Lease.objects.filter(pk=run).delete()


def put_off(ids: Collection[int], until: datetime, reason: str) -> int:
    """Queued rows whose turn has not come, through no fault of theirs: nobody takes them before `until`."""
    return sql.change(_PUT_OFF, ids=list(ids), until=until, reason=reason) if ids else 0


def skip(ids: Collection[int], reason: str, now: datetime) -> int:
    """End queued rows for which nothing needs to be sent."""
    return sql.change(_SKIP, ids=list(ids), reason=reason, now=now) if ids else 0


def _one_at_a_time() -> None:
    """Until the transaction ends. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE digest_lease IN SHARE ROW EXCLUSIVE MODE")


def _find(now: datetime, limit: int) -> list[tuple[Any, ...]]:
    """Behind the furthest stretch, where nothing has to be passed over; then what is left between them."""
    for due, last in sql.rows(_FURTHEST, now=now):
        if found := sql.rows(_FIND.replace("AVAILABLE", _BEYOND), now=now, limit=limit, due=due, last=last):
            return found
    return sql.rows(_FIND.replace("AVAILABLE", _BETWEEN), now=now, limit=limit)


def _note(run: UUID, first_due: Any, first_id: int, last_due: Any, last_id: int, until: datetime) -> None:
    sql.change(_NOTE, run=run, first_due=first_due, first_id=first_id, last_due=last_due, last_id=last_id, until=until)


def _leased(due: Any, pk: int, uid: str, edition: int, was_claimed: Any, *reader: Any) -> Leased:
    name = uid if len(uid) > 32 else str(UUID(uid))  # SQLite keeps it without hyphens
    subscriber, email, frequency, zone, length, abstracts = reader if reader[0] else (None, "", "", "", 0, "")
    return Leased(pk, name, edition, subscriber, email, frequency, zone, length, abstracts, bool(was_claimed))
