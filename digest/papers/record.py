"""A paper's row as plain values: a tenth of what a model's instance costs, for batches of thousands."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection
from msgspec import json

from subscriptions import sql


@dataclass(slots=True, eq=False)
class Record:
    """The columns that storing papers reads and writes; an editor's are not among them. `id` is 0 until it is known."""

    key: str
    title: str
    first_seen_at: datetime
    id: int = 0
    arxiv_id: str | None = None
    doi: str | None = None
    merged_into_id: int | None = None
    abstract: str = ""
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    primary_category: str = ""
    comment: str = ""
    journal_reference: str = ""
    license_url: str = ""
    url: str = ""
    code_url: str = ""
    project_url: str = ""
    version: int | None = None
    language: str = ""
    stated_in: dict[str, int] = field(default_factory=dict)
    own: dict[str, Any] | None = None
    published_at: datetime | None = None
    withdrawn_at: datetime | None = None
    is_sample: bool = False


COLUMNS = tuple(each.name for each in fields(Record))
JSON = frozenset({"authors", "categories", "stated_in", "own"})
MOMENTS = frozenset({"first_seen_at", "published_at", "withdrawn_at"})


def read(condition: str, **values: Collection[int | str]) -> list[Record]:
    """The rows of which the condition, as `subscriptions.sql` takes it, is true; none where it names no values."""
    if not any(values.values()):
        return []
    statement = f"SELECT {', '.join(COLUMNS)} FROM digest_paper WHERE {condition}"  # noqa: S608
    return [made(list(row)) for row in sql.rows(statement, **{name: list(each) for name, each in values.items()})]


def made(row: list[Any]) -> Record:
    """Of what the database's driver gives: JSON as text, and moments that SQLite keeps without their time zone."""
    for place in JSON_PLACES:
        row[place] = None if row[place] is None else json.decode(row[place])
    for place in MOMENT_PLACES:
        if row[place] is not None and row[place].tzinfo is None:
            row[place] = row[place].replace(tzinfo=UTC)
    return Record(*row)


def values(records: Iterable[Record], now: datetime) -> list[tuple[Any, ...]]:
    """What the database's driver takes for each record, by `STORED`."""
    rows, moment = [], lru_cache(adapted_moment)
    fixed = (moment(now), False)
    for record in records:
        row = list(TAKE(record))
        for place in JSON_PLACES:
            row[place] = None if row[place] is None else json.encode(row[place]).decode()
        for place in MOMENT_PLACES:
            row[place] = moment(row[place])
        rows.append((*row, *fixed))
    return rows


def adapted_moment(moment: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


TAKE = attrgetter(*COLUMNS)
JSON_PLACES = [place for place, name in enumerate(COLUMNS) if name in JSON]
MOMENT_PLACES = [place for place, name in enumerate(COLUMNS) if name in MOMENTS]
STORED = (*COLUMNS, "updated_at", "is_hidden")  # the last for rows to come: of one that is there it is an editor's
