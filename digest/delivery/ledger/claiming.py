"""Takes leased rows with what they are to carry; gives those that may be sent, claimed and committed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from digest.delivery.ledger.conditions import IS_QUEUED, WAS_IN_DOUBT
from subscriptions import sql


class Content(NamedTuple):
    """What a row carries, as JSON texts: the columns of `digest.models.Digest`."""

    delivery_id: int
    papers: str
    selection: str
    preferences: str
    news: str = "[]"


_CLAIM = f"""
    UPDATE digest_delivery
    SET state = 'claimed', claimed_at = %(now)s, run = %(run)s, detail = '', updated_at = %(now)s
    WHERE id = ANY(%(ids)s) AND {IS_QUEUED} AND EXISTS (
        SELECT 1 FROM subscriptions_subscriber s WHERE s.id = digest_delivery.subscriber_id AND s.status = 'active'
            AND NOT EXISTS (SELECT 1 FROM subscriptions_suppression x WHERE x.address_hash = s.address_hash))
    RETURNING id
"""  # noqa: S608
_SETTLE = f"""
    UPDATE digest_delivery
    SET state = CASE detail WHEN %(in_doubt)s THEN 'unknown' ELSE 'skipped' END, updated_at = %(now)s, detail = CASE
        WHEN subscriber_id IS NULL THEN 'The reader was deleted'
        WHEN EXISTS (SELECT 1 FROM subscriptions_subscriber s
            WHERE s.id = digest_delivery.subscriber_id AND s.status = 'active') THEN 'Suppressed'
        ELSE 'Unsubscribed' END
    WHERE id = ANY(%(ids)s) AND {IS_QUEUED} AND NOT EXISTS (
        SELECT 1 FROM subscriptions_subscriber s WHERE s.id = digest_delivery.subscriber_id AND s.status = 'active'
            AND NOT EXISTS (SELECT 1 FROM subscriptions_suppression x WHERE x.address_hash = s.address_hash))
"""  # noqa: S608
_FORGET = "DELETE FROM digest_digest WHERE delivery_id = ANY(%(ids)s)"
_COPY = "COPY digest_digest (delivery_id, papers, selection, preferences, news) FROM STDIN"
_INSERT = "INSERT INTO digest_digest (delivery_id, papers, selection, preferences, news) VALUES (%s, %s, %s, %s, %s)"


def claim(contents: Sequence[Content], run: UUID, now: datetime, again: Collection[int] = ()) -> set[int]:
    """Move queued rows to claimed and store what they carry; committed on return.

    Gives the ids that are now the caller's to send: the row is still queued, and its reader is
    active and not suppressed at this moment. `again` are those among them that were claimed before: what they carried
    then is replaced. Must not run inside another transaction.
    """
    try:
        return _claim(contents, run, now, again)
    except IntegrityError:
        # Another worker claimed some of them after this run had leased them, and gave them back: they carry something.
        return _claim(contents, run, now, [content.delivery_id for content in contents])


def _claim(contents: Sequence[Content], run: UUID, now: datetime, again: Collection[int]) -> set[int]:
    with transaction.atomic(durable=True):
        claimed = {row[0] for row in sql.rows(_CLAIM, ids=[each.delivery_id for each in contents], run=run, now=now)}
        if replaced := [pk for pk in again if pk in claimed]:
            sql.change(_FORGET, ids=replaced)
        _store([content for content in contents if content.delivery_id in claimed])
    return claimed


def settle_refused(ids: Collection[int], now: datetime) -> int:
    """End as skipped those unclaimed rows whose reader must not be written to; gives how many that were.

    A row that was refused because another worker was faster stays as it is.
    """
    return sql.change(_SETTLE, ids=list(ids), now=now, in_doubt=WAS_IN_DOUBT) if ids else 0


def _store(contents: Sequence[Content]) -> None:
    """On PostgreSQL by COPY, which takes half of what a statement with values does."""
    if not contents:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # In COPY's text format only the backslash needs escaping here: JSON texts hold no bare tab or newline.
            lines = ["\t".join((str(each[0]), *each[1:])).replace("\\", "\\\\") for each in contents]
            with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
                copy.write("\n".join(lines) + "\n")
        else:
            cursor.executemany(_INSERT, contents)
