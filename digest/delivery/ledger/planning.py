"""Takes the readers whose slot has come; gives one queued row each, for the newest edition of their kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from django.conf import settings
from django.db import transaction

from digest.delivery.ledger.conditions import LONG_AGO, WAS_IN_DOUBT
from digest.models import Edition, EditionKind
from subscriptions import services, sql
from subscriptions.models import Frequency

# Readers a transaction: long enough to be cheap, short enough for other writers to pass in between.
BATCH = 10_000
# So that each batch's UUIDs lie together in their index: spread over all of it, they would touch a page a row.
UUIDS_APART = timedelta(milliseconds=1)
FREQUENCIES = {
    EditionKind.DAILY: (Frequency.DAILY, Frequency.WEEKDAYS),
    EditionKind.WEEKLY: (Frequency.WEEKLY,),
}

# Longest waiting first, from behind the last one seen: readers who cannot be planned do not hold up those after them.
_DUE = """
    SELECT s.next_delivery_at, s.id
    FROM subscriptions_subscriber s
    WHERE s.status = 'active' AND s.next_delivery_at <= %(now)s AND s.frequency = ANY(%(frequencies)s)
        AND (s.next_delivery_at, s.id) > (%(slot)s, %(last)s)
        AND NOT EXISTS (SELECT 1 FROM subscriptions_suppression x WHERE x.address_hash = s.address_hash)
"""
# OFFSET 0 keeps the question one look into an index for each reader: as a join it would be planned by statistics that
# know nothing of an edition this new. (A limit, as SQLite has no offset without one.)
_HAD_IT = """
        AND NOT EXISTS (SELECT 1 FROM digest_delivery d WHERE d.edition_id = %(edition)s AND d.subscriber_id = s.id
            LIMIT 1 OFFSET 0)
"""
_HAD_ANY = """
        AND NOT EXISTS (SELECT 1 FROM digest_delivery d WHERE d.subscriber_id = s.id LIMIT 1 OFFSET 0)
"""
# The lock makes a second planner pass over these readers instead of planning them again.
_ORDERED = """
    ORDER BY s.next_delivery_at, s.id
    LIMIT %(limit)s
    FOR UPDATE OF s SKIP LOCKED
"""
# What is still queued for them is older news: they get the newest edition, not every one that was missed.
_SUPERSEDE = """
    UPDATE digest_delivery SET state = CASE detail WHEN %(in_doubt)s THEN 'unknown' ELSE 'skipped' END,
        detail = 'A newer edition came first', updated_at = %(now)s
    WHERE subscriber_id = ANY(%(ids)s) AND state = 'queued' AND NOT (edition_id = %(edition)s)
"""
# Whoever has a message on its way just now is left for the next plan.
_INSERT = """
    INSERT INTO digest_delivery (uid, edition_id, subscriber_id, address_hash, state, detail, due_at, attempts,
        provider_message_id, created_at, updated_at)
    SELECT uuid_of(%(stamp)s), %(edition)s, s.id, s.address_hash, 'queued', '', s.next_delivery_at, 0, '', %(now)s,
        %(now)s
    FROM subscriptions_subscriber s
    WHERE s.id = ANY(%(ids)s)
    ORDER BY s.next_delivery_at, s.id
    ON CONFLICT DO NOTHING
    RETURNING subscriber_id
"""
_LATE = """
    SELECT s.next_delivery_at, s.id
    FROM subscriptions_subscriber s
    WHERE s.status = 'active' AND s.next_delivery_at <= %(late)s AND (s.next_delivery_at, s.id) > (%(slot)s, %(last)s)
"""


def plan(now: datetime, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Queue a row for every due reader whose edition is out, and move their slot on. Gives the number of new rows.

    A due reader without a new edition keeps waiting; a slot that has waited LATE_DELIVERY_HOURS lapses. Readers are
    gone through in batches, a transaction and a constant number of statements each; a plan that stops half-way, or as
    soon as `goes_on` says no, is taken up by the next one.
    """
    newest = {kind: Edition.objects.newest(kind) for kind in EditionKind}
    planned = sum(
        _plan_edition(edition, kind, _HAD_IT, now, goes_on) for kind, edition in newest.items() if edition is not None
    )
    planned += sum(
        _plan_first_digests(kind, newest, now, goes_on) for kind, edition in newest.items() if edition is None
    )
    _let_slots_lapse(now, goes_on)
    return planned


def _plan_first_digests(
    kind: EditionKind, newest: dict[EditionKind, Edition | None], now: datetime, goes_on: Callable[[], bool]
) -> int:
    """A new reader does not wait a week for the first edition of their kind: any newest edition will do."""
    other = next((edition for edition in newest.values() if edition is not None), None)
    return 0 if other is None else _plan_edition(other, kind, _HAD_ANY, now, goes_on)


def _plan_edition(edition: Edition, kind: EditionKind, but_not: str, now: datetime, goes_on: Callable[[], bool]) -> int:
    find = _DUE + but_not + _ORDERED
    frequencies = [frequency.value for frequency in FREQUENCIES[kind]]
    planned, slot, last = 0, LONG_AGO, 0
    for number in count():
        if not goes_on():
            break
        with transaction.atomic():
            batch = sql.rows(
                find, now=now, frequencies=frequencies, edition=edition.pk, slot=slot, last=last, limit=BATCH
            )
            if not batch:
                break
            planned += _insert(edition, [pk for _, pk in batch], now, sql.stamp(now + number * UUIDS_APART))
        slot, last = batch[-1]
    return planned


def _insert(edition: Edition, ids: list[int], now: datetime, stamp: str) -> int:
    sql.change(_SUPERSEDE, ids=ids, edition=edition.pk, now=now, in_doubt=WAS_IN_DOUBT)
    new = [row[0] for row in sql.rows(_INSERT, ids=ids, edition=edition.pk, now=now, stamp=stamp)]
    services.advance_slots(new, now)
    return len(new)


def _let_slots_lapse(now: datetime, goes_on: Callable[[], bool]) -> None:
    late = now - timedelta(hours=settings.LATE_DELIVERY_HOURS)
    slot, last = LONG_AGO, 0
    while goes_on():
        with transaction.atomic():
            batch = sql.rows(_LATE + _ORDERED, late=late, slot=slot, last=last, limit=BATCH)
            if not batch:
                return
            services.advance_slots([pk for _, pk in batch], now)
        slot, last = batch[-1]
