"""Takes what became of claimed messages; gives their rows a state, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from digest.delivery.ledger.conditions import IS_CLAIMED, IS_QUEUED, LONG_AGO
from digest.delivery.outcomes import Fault, Outcome, Result, storable
from digest.models import DeliveryState
from subscriptions import sql

DETAIL_LENGTH = 2000
PROVIDER_ID_LENGTH = 255
# After the first, second, ... time a message was put off; the last one for every further time.
BACK_OFF = [timedelta(minutes=minutes) for minutes in (2, 8, 30, 120)]

# Also what was given up for lost meanwhile, as when the clock jumped: the run that claimed it knows better.
_OURS = "id = ANY(%(ids)s) AND state || '' IN ('claimed', 'unknown') AND run = %(run)s"
# A reader may have been planned a newer edition since; then this one stays as it is.
_MAY_OPEN = f"""({IS_CLAIMED} OR NOT EXISTS (SELECT 1 FROM digest_delivery other
        WHERE other.subscriber_id = digest_delivery.subscriber_id AND other.state IN ('queued', 'claimed')))"""  # noqa: S608
# Also a row that was in doubt, and was queued again before this run's answer became known.
_CLAIMED_OR_IN_DOUBT = f"""({IS_CLAIMED} AND run = %(run)s OR state || '' = 'unknown'
        OR {IS_QUEUED} AND run = %(run)s AND claimed_at IS NOT NULL)"""
_ACCEPT = f"""
    UPDATE digest_delivery SET state = 'accepted', detail = '', accepted_at = %(now)s,
        updated_at = %(now)s
    WHERE id = ANY(%(ids)s) AND {_CLAIMED_OR_IN_DOUBT}
"""  # noqa: S608
# A provider's event came first: the row is further on, and stays there.
_ACCEPT_LATE = """
    UPDATE digest_delivery SET accepted_at = %(now)s
    WHERE id = ANY(%(ids)s) AND accepted_at IS NULL AND NOT (state = ANY(%(open)s))
"""
_SETTLE = f"""
    UPDATE digest_delivery SET state = %(state)s, detail = %(detail)s, updated_at = %(now)s
    WHERE {_OURS}
"""  # noqa: S608
_RETURN = f"""
    UPDATE digest_delivery SET state = 'queued', detail = %(detail)s, due_at = CASE WHEN due_at < %(due)s
        THEN %(due)s ELSE due_at END, updated_at = %(now)s
    WHERE {_OURS} AND {_MAY_OPEN}
"""  # noqa: S608
_STEPS = " ".join(f"WHEN {number} THEN %(due{number})s" for number in range(len(BACK_OFF) - 1))
# Age counts from the first time a server puts a message off: what it waited before was no fault of its own.
_DEFER = f"""
    UPDATE digest_delivery SET state = 'queued', detail = %(detail)s, attempts = attempts + 1,
        created_at = CASE attempts WHEN 0 THEN %(now)s ELSE created_at END,
        due_at = CASE attempts {_STEPS} ELSE %(due{len(BACK_OFF) - 1})s END, updated_at = %(now)s
    WHERE {_OURS} AND {_MAY_OPEN}
"""  # noqa: S608
_GIVE_UP = f"""
    UPDATE digest_delivery SET state = 'rejected', detail = %(detail)s, updated_at = %(now)s
    WHERE {_OURS} AND attempts > 0 AND created_at <= %(oldest)s
"""  # noqa: S608
_NAME = {
    "postgresql": """UPDATE digest_delivery AS d SET provider_message_id = v.name
        FROM unnest(%(ids)s::bigint[], %(names)s::text[]) AS v(id, name) WHERE d.id = v.id""",
    "sqlite": """UPDATE digest_delivery AS d SET provider_message_id = v.name
        FROM (SELECT i.value AS id, n.value AS name FROM json_each(%(ids)s) i
            JOIN json_each(%(names)s) n ON n.key = i.key) AS v WHERE d.id = v.id""",
}


def record(results: Mapping[int, Result], run: UUID, now: datetime) -> None:
    """Store the outcome of each row that `run` claimed (keys are delivery ids); committed on return."""
    groups: defaultdict[Result, list[int]] = defaultdict(list)
    for pk, result in results.items():
        groups[_alike(result)].append(pk)
    named = {pk: result.provider_message_id for pk, result in results.items() if result.provider_message_id}
    with transaction.atomic(durable=True):
        for result, ids in groups.items():
            _record_group(result, {"ids": ids, "run": run, "now": now, "detail": result.detail})
        _store_provider_ids(named)


def _alike(result: Result) -> Result:
    """The same for all that fared alike: one statement records them."""
    if not (result.detail or result.provider_message_id):
        return result
    return result._replace(provider_message_id="", detail=storable(result.detail)[:DETAIL_LENGTH])


def _record_group(result: Result, values: dict[str, Any]) -> None:
    match result.outcome:
        case Outcome.ACCEPTED:
            _accept(values["ids"], values["run"], values["now"])
        case Outcome.REJECTED:
            sql.change(_SETTLE, **values, state=DeliveryState.REJECTED.value)
        case Outcome.UNKNOWN:
            sql.change(_SETTLE, **values, state=DeliveryState.UNKNOWN.value)
        case Outcome.DEFERRED:
            _defer(result, values)
        case Outcome.RETURNED:
            # Untouched, unless the server asked for a pause: its place in the queue included.
            due = values["now"] + timedelta(seconds=result.retry_after) if result.retry_after else LONG_AGO
            sql.change(_RETURN, **values, due=due)


def _accept(ids: Sequence[int], run: UUID, now: datetime) -> None:
    if sql.change(_ACCEPT, ids=ids, run=run, now=now) < len(ids):
        still_open = [DeliveryState.QUEUED.value, DeliveryState.CLAIMED.value, DeliveryState.SKIPPED.value]
        sql.change(_ACCEPT_LATE, ids=ids, now=now, open=still_open)


def _defer(result: Result, values: dict[str, Any]) -> None:
    """Put off, a little longer each time; given up by age, and never for a fault of ours."""
    now, shortest = values["now"], timedelta(seconds=result.retry_after or 0)
    if result.fault is not Fault.OURS:
        patience = timedelta(hours=settings.LATE_DELIVERY_HOURS)
        detail = f"Given up after {settings.LATE_DELIVERY_HOURS} hours: {result.detail}"[:DETAIL_LENGTH]
        sql.change(_GIVE_UP, **{**values, "detail": detail}, oldest=now - patience)
    steps = {f"due{number}": now + max(pause, shortest) for number, pause in enumerate(BACK_OFF)}
    sql.change(_DEFER, **values, **steps)


def _store_provider_ids(named: Mapping[int, str]) -> None:
    if named:
        names = [storable(name)[:PROVIDER_ID_LENGTH] for name in named.values()]
        sql.change(_NAME[connection.vendor], ids=list(named), names=names)
