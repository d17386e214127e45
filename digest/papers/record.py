"""A paper's row as plain values: a tenth of what a model's instance costs, for batches of thousands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from digest.models import Paper


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


def read(papers: QuerySet[Paper]) -> Iterator[Record]:
    return (Record(*row) for row in papers.order_by().values_list(*COLUMNS))


def values(records: Iterable[Record], now: datetime) -> list[tuple[Any, ...]]:
    """What the database's driver takes for each record, by `STORED`."""
    rows, moment = [], lru_cache(adapted_moment)
    fixed = (moment(now), False)
    for record in records:
        row = list(TAKE(record))
        for place in JSON_PLACES:
            if (value := row[place]) is not None:
                row[place] = json.dumps(value) if value else ("[]" if isinstance(value, list) else "{}")
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
