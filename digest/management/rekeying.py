"""Takes stored hashes of addresses by former keys, gives ones by SUPPRESSION_KEY; nobody's address is needed for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Count, Model, QuerySet
from django.db.models.functions import Right

from subscriptions import addresses, departures
from subscriptions.departures import Dismissal
from subscriptions.models import Subscriber, Suppression

COLUMN = "address_hash"
COLUMNS = (COLUMN, "mailbox_hash")
# RFC 2104: a key is filled up to a block of the hash, and mixed with these two bytes.
_BLOCK, _INNER, _OUTER = 64, 0x36, 0x5C
_IN_POSTGRESQL = "left(encode(sha256(%s::bytea || sha256(%s::bytea || convert_to(COLUMN, 'UTF8'))), 'hex'), 56) || %s"


def tables() -> list[type[Model]]:
    """Every table that holds hashes of addresses."""
    return [model for model in apps.get_models() if any(field.name == COLUMN for field in model._meta.fields)]


def standing(models: Iterable[type[Model]] = (Subscriber, Suppression)) -> Counter[str]:
    """How many hashes there are by each key's name."""
    found: Counter[str] = Counter()
    for model in models:
        rows = model._default_manager.filter(address_hash__gt="").order_by()
        named = rows.values(name=Right(COLUMN, addresses.KEY_NAME_LENGTH))
        found.update(dict(named.annotate(count=Count("pk")).values_list("name", "count")))
    return found


def outdated(found: Counter[str]) -> int:
    """How many of them are by a former key that is known."""
    return sum(found[addresses.key_name(key)] for key in addresses.suppression_keys()[:-1])


def strange(found: Counter[str]) -> int:
    """How many are by none of the keys that we were given."""
    known = {addresses.key_name(key) for key in addresses.suppression_keys()}
    return sum(count for name, count in found.items() if name not in known)


def rehash(now: datetime) -> int:
    """Bring every stored hash up to the present key, all or nothing; gives how many were changed.

    Harmless to repeat: each hash tells by which key it was made. Where a person was suppressed under both keys, the
    graver reason stands.
    """
    with transaction.atomic():
        _merge_suppressions(now)
        steps = pairwise(addresses.suppression_keys())
        return sum(_advance(model, name, *step) for step in steps for model in tables() for name in _columns(model))


def _merge_suppressions(now: datetime) -> None:
    """The hash is unique there: whoever is suppressed under the present key, too, keeps that row."""
    keys = addresses.suppression_keys()
    rows = Suppression.objects.order_by()
    present = set(_by(keys[-1], rows).values_list("address_hash", flat=True))
    for place, key in enumerate(keys[:-1]):
        for row in _by(key, rows) if present else ():
            new = _through(row.address_hash, keys[place + 1 :])
            if new in present:
                row.delete()
                departures.suppress_all([Dismissal(new, row.reason, row.detail)], now)


def _by(key: str, rows: QuerySet[Suppression]) -> QuerySet[Suppression]:
    return rows.filter(address_hash__endswith=addresses.key_name(key))


def _through(stored: str, keys: Iterable[str]) -> str:
    for key in keys:
        stored = addresses.keyed(stored, key)
    return stored


def _columns(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.fields if field.name in COLUMNS]


def _advance(model: type[Model], column: str, before: str, after: str) -> int:
    """The rows by one key become rows by the next; the database computes, since they may be millions."""
    expression, values = _expression(column, after)
    statement = f"UPDATE {model._meta.db_table} SET {column} = {expression} WHERE {column} LIKE %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, f"%{addresses.key_name(before)}"])
        return int(cursor.rowcount)


def _expression(column: str, key: str) -> tuple[str, list[str | bytes]]:
    """`addresses.keyed` of the column, in the database's words."""
    if connection.vendor == "postgresql":
        return _IN_POSTGRESQL.replace("COLUMN", column), [*_pads(key), addresses.key_name(key)]
    connection.connection.create_function("keyed", 1, lambda stored: addresses.keyed(stored, key))
    return f"keyed({column})", []


def _pads(key: str) -> Iterator[bytes]:
    """What the outer and the inner hash of an HMAC begin with."""
    whole = key.encode() if len(key.encode()) <= _BLOCK else hashlib.sha256(key.encode()).digest()
    for byte in (_OUTER, _INNER):
        yield bytes(each ^ byte for each in whole.ljust(_BLOCK, b"\0"))
