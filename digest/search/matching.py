"""Takes what papers must have, gives the newest papers that have it, by the database's own full text search.

Newest, not best: which are best is for `ranking` to say, and both databases stop early on their way back in time. So a
word that half of all papers have costs no more than a rare one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from digest.search.dialects import Groups, fts5, tsquery

SHOWABLE = "p.merged_into_id IS NULL AND NOT p.is_hidden AND p.withdrawn_at IS NULL"
MOMENT = "COALESCE(p.published_at, p.first_seen_at)"
ENTRIES = "digest_searchentry e JOIN digest_paper p ON p.id = e.paper_id"
READ = 3000  # papers at most whose text is read for a phrase
TEXTS = ("title", "abstract", "authors")
EVERYTHING = "words"
# What is needed in, by PostgreSQL's column and SQLite's.
COLUMNS = {EVERYTHING: ("words", ""), "title": ("title_words", "title"), "authors": ("author_words", "authors")}


@dataclass(frozen=True, slots=True)
class Need:
    """What papers must have, and must not. `fields` are names of COLUMNS with the words that are needed there."""

    fields: Sequence[tuple[str, Groups]] = ()
    without: Sequence[Sequence[str]] = ()
    phrases: Sequence[Sequence[str]] = ()
    sources: Sequence[int] | None = None
    since: date | None = None
    until: date | None = None
    is_public: bool = True


@dataclass(slots=True)
class Conditions:
    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, part: str, *values: Any) -> None:
        self.parts.append(part)
        self.values += values

    def __str__(self) -> str:
        return " AND ".join(self.parts or ["1 = 1"])


def newest(need: Need, limit: int) -> list[int]:
    """At most `limit` ids of papers, the newest first. Phrases are looked for in the newest 3,000 with their words."""
    where, read = Conditions(), Conditions()
    table, pk = _postgresql(need, where) if connection.vendor == "postgresql" else _sqlite(need, where)
    _papers(need, where)
    _texts(need, read)
    found = f"SELECT {pk} AS pk FROM {table} WHERE {where} ORDER BY {pk} DESC LIMIT %s"  # noqa: S608
    values = [*where.values, limit]
    if read.parts:
        entries = "digest_searchentry e ON e.paper_id = found.pk"
        found = f"SELECT pk FROM ({found}) found JOIN {entries} WHERE {read} ORDER BY pk DESC LIMIT %s"  # noqa: S608
        values = [*where.values, READ, *read.values, limit]
    with connection.cursor() as cursor:
        cursor.execute(found, values)
        return [pk for (pk,) in cursor.fetchall()]


def _postgresql(need: Need, where: Conditions) -> tuple[str, str]:
    without = _single(need.without)
    for name, groups in need.fields:
        where.add(f"e.{COLUMNS[name][0]} @@ %s::tsquery", tsquery(groups))
    if without:
        where.add("e.words @@ %s::tsquery", tsquery((), without))
    return ENTRIES, "p.id"


def _sqlite(need: Need, where: Conditions) -> tuple[str, str]:
    """The index leads where anything is looked up in it: it goes back in time by itself."""
    without = _single(need.without)
    if need.fields:
        fields = [(COLUMNS[name][1], groups) for name, groups in need.fields]
        where.add("digest_searchindex MATCH %s", fts5(fields, without))
        return "digest_searchindex i CROSS JOIN digest_paper p ON p.id = i.rowid", "i.rowid"
    if without:
        excluded = fts5([("", [[tuple(without)]])])
        where.add("p.id NOT IN (SELECT rowid FROM digest_searchindex WHERE digest_searchindex MATCH %s)", excluded)
    return ENTRIES, "p.id"


def _single(without: Sequence[Sequence[str]]) -> list[str]:
    return [words[0] for words in without if len(words) == 1]


def _texts(need: Need, where: Conditions) -> None:
    """Words in a row: the index does not know where they stand."""
    anywhere = f"({' OR '.join(f'e.{text} LIKE %s' for text in TEXTS)})"
    for phrase in need.phrases:
        where.add(anywhere, *[_pattern(phrase)] * len(TEXTS))
    for phrase in need.without:
        if len(phrase) > 1:
            where.add(f"NOT {anywhere}", *[_pattern(phrase)] * len(TEXTS))


def _pattern(phrase: Sequence[str]) -> str:
    return f"% {' '.join(phrase)} %"


def _papers(need: Need, where: Conditions) -> None:
    if need.is_public:
        where.add(SHOWABLE)
    if need.sources is not None:
        listed = "EXISTS (SELECT 1 FROM digest_listing l WHERE l.paper_id = p.id AND l.source_id IN ({}))"
        where.add(listed.format(", ".join(["%s"] * len(need.sources)) or "NULL"), *need.sources)
    if need.since:
        where.add(f"{MOMENT} >= %s", _midnight(need.since))
    if need.until and need.until < date.max:
        where.add(f"{MOMENT} < %s", _midnight(need.until + timedelta(days=1)))


def _midnight(day: date) -> Any:
    return connection.ops.adapt_datetimefield_value(datetime.combine(day, time(), UTC))
