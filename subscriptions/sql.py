"""Takes a statement written for PostgreSQL; runs it there, or on SQLite in that database's words.

For the few places where rows are many and the ORM's objects would cost more than the work: sets of ids go in as one
list, plain tuples come out. What differs is said here, once:

    = ANY(%(ids)s)            a list of integers or strings
    FOR UPDATE ... LOCKED     left out: SQLite has one writer
    uuid_of(%(stamp)s)        a UUID that begins with `stamp(moment)` and is random after it
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

_ANY = re.compile(r"= ANY\(%\((\w+)\)s\)")
_UUID = re.compile(r"uuid_of\(%\((\w+)\)s\)")
_LOCK = re.compile(r"FOR (?:NO KEY )?UPDATE(?: OF \w+)?(?: SKIP LOCKED)?")


def rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a query, or a change with RETURNING; UUIDs and moments come back as the database's driver gives them."""
    with connection.cursor() as cursor:
        cursor.execute(worded(statement, connection.vendor), given(values))
        return list(cursor.fetchall())


def change(statement: str, **values: Any) -> int:
    """Run a change; gives how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(worded(statement, connection.vendor), given(values))
        if cursor.rowcount < 0:  # SQLite's driver does not count a change that begins with WITH
            cursor.execute("SELECT changes()")
            return int(cursor.fetchone()[0])
        return int(cursor.rowcount)


@lru_cache(maxsize=256)
def worded(statement: str, vendor: str) -> str:
    if vendor == "postgresql":
        return _UUID.sub(r"CAST(%(\1)s || substr(CAST(gen_random_uuid() AS text), 16) AS uuid)", statement)
    random = "substr(lower(hex(randomblob(2))), 2) || 'a' || substr(lower(hex(randomblob(8))), 2)"  # 'a': the variant
    statement = _UUID.sub(rf"%(\1)s || {random}", statement)
    statement = _ANY.sub(r"IN (SELECT value FROM json_each(%(\1)s))", statement)
    return _LOCK.sub("", statement)


def stamp(moment: datetime) -> str:
    """How a UUID of that moment begins (version 7, RFC 9562): rows that come together lie together in the index."""
    milliseconds = f"{int(moment.timestamp() * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7" if connection.vendor == "postgresql" else f"{milliseconds}7"


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    if connection.vendor == "postgresql":
        return {name: _array(value) if isinstance(value, list) else value for name, value in values.items()}
    return {name: _plain(value) for name, value in values.items()}


def _array(value: list[Any]) -> Any:
    """Integers in the words of an array: psycopg takes a microsecond for each of them."""
    return f"{{{','.join(map(str, value))}}}" if value and set(map(type, value)) == {int} else value


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case UUID():
            return value.hex
        case list() | tuple():
            return json.dumps(list(value))
        case _:
            return value
