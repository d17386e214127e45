"""Takes an edition; gives back to the queue, at a person's wish, the rows of readers who can still get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from digest.models import DeliveryState, Edition
from digest.models.states import REMEMBERED_STATES
from subscriptions import sql

# Rows a transaction, as in the plan; and rows found at a time, so that not every batch looks at all the others again.
BATCH = 10_000
ROUND = 100_000
# A row that is queued again by someone else in this very moment makes a batch start over.
TRIES = 3
# How many rows a page looks at before it says that there are more.
LOOKED_AT = 100_000
ENDED = (DeliveryState.REJECTED, DeliveryState.SKIPPED)


class Verdict(StrEnum):
    """Whether a reader can still get an edition that they did not get, and if not, why."""

    CAN = "can"
    DELETED = "deleted"
    NOT_ACTIVE = "not_active"
    SUPPRESSED = "suppressed"
    NO_PAPERS = "no_papers"
    REFUSED = "refused"
    UNDER_WAY = "under_way"
    NEWER = "newer"


# A refusal for good would only be repeated. What was given up, or refused by a 4yz reply, may be taken another time.
# OFFSET 0 keeps each question one look into an index for each reader, as in the plan.
_VERDICT = """
    CASE
        WHEN s.id IS NULL THEN 'deleted'
        WHEN NOT (s.status = 'active') THEN 'not_active'
        WHEN EXISTS (SELECT 1 FROM subscriptions_suppression x WHERE x.address_hash = s.address_hash LIMIT 1 OFFSET 0)
            THEN 'suppressed'
        WHEN d.state = 'skipped' AND d.detail = 'No papers' THEN 'no_papers'
        WHEN d.state = 'rejected' AND NOT (d.detail LIKE 'Given up after %%' OR d.detail LIKE '4__ %%'
            OR d.detail LIKE '4._._ %%' OR d.detail LIKE '4._.__ %%') THEN 'refused'
        WHEN EXISTS (SELECT 1 FROM digest_delivery o WHERE o.subscriber_id = d.subscriber_id
            AND o.state IN ('queued', 'claimed') LIMIT 1 OFFSET 0) THEN 'under_way'
        WHEN EXISTS (SELECT 1 FROM digest_delivery n WHERE n.subscriber_id = d.subscriber_id
            AND n.edition_id = ANY(%(newer)s) AND n.state = ANY(%(remembered)s) LIMIT 1 OFFSET 0) THEN 'newer'
        ELSE 'can'
    END
"""
_PROSPECTS = f"""
    SELECT state, verdict, count(*) FROM (
        SELECT d.state AS state, {_VERDICT} AS verdict
        FROM digest_delivery d LEFT JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
        WHERE d.edition_id = %(edition)s AND d.state = ANY(%(states)s)
        LIMIT %(limit)s
    ) looked_at
    GROUP BY state, verdict
"""  # noqa: S608
_FIND = f"""
    SELECT d.id
    FROM digest_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
    WHERE d.edition_id = %(edition)s AND d.state = ANY(%(states)s) AND {_VERDICT} = 'can'
    LIMIT %(limit)s
"""  # noqa: S608
# As the plan locks them: nobody plans a newer edition for these readers meanwhile.
_LOCK = """
    SELECT d.id
    FROM digest_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
    WHERE d.id = ANY(%(ids)s)
    FOR NO KEY UPDATE OF s SKIP LOCKED
"""
# Judged once more now that the locks are held. Patience and pauses begin anew, or the first server to put the message
# off would end it at once as too old.
_REOPEN = f"""
    UPDATE digest_delivery SET state = 'queued', detail = '', due_at = %(now)s, created_at = %(now)s, attempts = 0,
        updated_at = %(now)s
    WHERE id = ANY(%(ids)s) AND state = ANY(%(states)s) AND id IN (
        SELECT d.id FROM digest_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
        WHERE d.id = ANY(%(ids)s) AND {_VERDICT} = 'can')
"""  # noqa: S608
_FIND_WAITING = """
    SELECT id FROM digest_delivery WHERE state = 'queued' AND due_at > %(now)s AND CONDITION LIMIT %(limit)s
"""
# CASE hides the state from the planner: by statistics that know of no queued row yet it would read all of them for
# every batch, instead of these by their ids.
_HASTEN = """
    UPDATE digest_delivery SET due_at = %(now)s, updated_at = %(now)s
    WHERE id = ANY(%(ids)s) AND CASE WHEN state = 'queued' THEN due_at > %(now)s ELSE FALSE END
"""
_COUNT_WAITING = """
    SELECT count(*) FROM (
        SELECT 1 FROM digest_delivery WHERE edition_id = %(edition)s AND state = 'queued' AND due_at > %(now)s
        LIMIT %(limit)s
    ) waiting
"""


def prospects(edition: Edition, limit: int = LOOKED_AT) -> list[tuple[str, Verdict, int]]:
    """(state, verdict, rows) of rows that ended without being sent, or are in doubt; of the first `limit` alone."""
    states = [*ENDED, DeliveryState.UNKNOWN]
    found = sql.rows(_PROSPECTS, **_facts(edition, states), limit=limit)
    return sorted((state, Verdict(verdict), int(count)) for state, verdict, count in found)


def put_off_rows(edition: Edition, now: datetime, limit: int = LOOKED_AT) -> int:
    """How many queued rows wait for a later time, counted up to `limit`."""
    return int(sql.rows(_COUNT_WAITING, edition=edition.pk, now=now, limit=limit)[0][0])


def reopen(
    edition: Edition, now: datetime, *, with_unknown: bool = False, goes_on: Callable[[], bool] = lambda: True
) -> int:
    """Queue again what can still be sent; gives how many rows that were.

    With `with_unknown` also what may have arrived: those readers may get it twice. An edition that is not published
    has no such rows. Whoever does the same at the same time gets the other rows; what `goes_on` leaves is the next
    call's.
    """
    if edition.published_at is None:
        return 0
    facts = _facts(edition, [*ENDED, DeliveryState.UNKNOWN] if with_unknown else ENDED)
    return _in_batches(
        lambda: sql.rows(_FIND, **facts, limit=ROUND), lambda ids: _reopen_batch(facts, ids, now), goes_on
    )


def hasten_edition(edition_id: int, now: datetime, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Queued rows of an edition that wait for a later time are due now; gives how many."""
    return _hasten("edition_id = %(edition)s", now, goes_on, edition=edition_id)


def hasten_put_off(reason: str, now: datetime, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Queued rows that were put off for exactly this reason are due now; gives how many."""
    return _hasten("detail = %(reason)s", now, goes_on, reason=reason)


def _facts(edition: Edition, states: Sequence[DeliveryState]) -> dict[str, Any]:
    newer = Edition.objects.filter(kind=edition.kind, date__gt=edition.date).values_list("pk", flat=True)
    return {
        "edition": edition.pk,
        "states": [state.value for state in states],
        "newer": list(newer),
        "remembered": [state.value for state in REMEMBERED_STATES],
    }


def _reopen_batch(facts: dict[str, Any], ids: Sequence[int], now: datetime) -> int:
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                locked = [row[0] for row in sql.rows(_LOCK, ids=ids)]
                return sql.change(_REOPEN, **facts, ids=locked, now=now)
        except IntegrityError:
            continue
    return 0


def _hasten(condition: str, now: datetime, goes_on: Callable[[], bool], **values: Any) -> int:
    find = _FIND_WAITING.replace("CONDITION", condition)
    return _in_batches(
        lambda: sql.rows(find, **values, now=now, limit=ROUND),
        lambda ids: sql.change(_HASTEN, ids=ids, now=now),
        goes_on,
    )


def _in_batches(
    find: Callable[[], list[tuple[Any, ...]]], change: Callable[[Sequence[int]], int], goes_on: Callable[[], bool]
) -> int:
    """Change what is found, until nothing more is found or what is found cannot be changed; gives how many rows."""
    changed = 0
    while goes_on():
        ids, before = [row[0] for row in find()], changed
        for start in range(0, len(ids), BATCH):
            if goes_on():
                changed += change(ids[start : start + BATCH])
        if len(ids) < ROUND or changed == before:
            break
    return changed
