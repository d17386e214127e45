"""Takes reports; gives stored events that wait to be worked off, each once whatever is repeated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from digest.events.reports import Report
from digest.models import ProviderEvent
from subscriptions import sql

_COLUMNS = ", ".join(Report._fields)
_TYPES = {"uid": "uuid", "occurred_at": "timestamptz"}
_LISTS = ", ".join(f"%({name})s::{_TYPES.get(name, 'text')}[]" for name in Report._fields)
_PICKED = ", ".join(f"json_extract(value, '$[{number}]')" for number in range(len(Report._fields)))
# By hand, as this is what a provider waits for: the ORM would open a transaction, and take three round trips.
_STORE = {
    "postgresql": f"""
        INSERT INTO digest_providerevent ({_COLUMNS}, received_at)
        SELECT *, %(now)s FROM unnest({_LISTS}) ON CONFLICT (key) DO NOTHING
    """,  # noqa: S608
    "sqlite": f"""
        INSERT INTO digest_providerevent ({_COLUMNS}, received_at)
        SELECT {_PICKED}, %(now)s FROM json_each(%(rows)s) WHERE true ON CONFLICT (key) DO NOTHING
    """,  # noqa: S608
}


def store(reports: Sequence[Report], now: datetime) -> None:
    """One statement for all of them; what is known already is passed over."""
    if connection.vendor == "postgresql":
        lists = dict(zip(Report._fields, map(list, zip(*reports, strict=True)), strict=True))
        sql.change(_STORE["postgresql"], now=now, **lists)
    else:
        rows = [list(sql.given(report._asdict()).values()) for report in reports]
        sql.change(_STORE["sqlite"], now=now, rows=json.dumps(rows))


def are_waiting() -> bool:
    return ProviderEvent.objects.filter(handled_at=None).exists()
