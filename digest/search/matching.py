"""Takes what papers must have, gives the newest papers that have it, by the database's own full text search.

Newest, not best: which are best is for `ranking` to say, and both databases stop early on their way back in time. So a
word that half of all papers have costs no more than a rare one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from digest.search.dialects import Groups, fts5, tsquery

SHOWABLE = (
    "EXISTS (SELECT 1 FROM digest_paper p WHERE p.id = found.pk"
    " AND p.merged_into_id IS NULL AND NOT p.is_hidden AND p.withdrawn_at IS NULL)"
)
LISTED = "EXISTS (SELECT 1 FROM digest_listing l WHERE l.paper_id = e.paper_id AND l.source_id IN ({}))"
READ = 1500  # papers at most whose text is read for a phrase
TEXTS = ("title", "abstract", "authors")
TEXT_COLUMNS = "".join(f", e.{text} AS {text}" for text in TEXTS)
EVERYTHING = "words"
# Where it is needed: what PostgreSQL's indexes are made of, to the letter, and SQLite's column.
COLUMNS = {
    EVERYTHING: ("digest_search_words(e.title || e.authors || e.abstract || e.labels)", ""),
    "title": ("digest_search_words(e.title)", "title"),
    "authors": ("digest_search_words(e.authors)", "authors"),
}


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
    """At most `limit` ids of papers, the newest first. Phrases are looked for in the newest 1,500 with their words.

    Which papers may be seen is asked of twice as many as are wanted, not of all that match: that was most of the work.
    """
    inner, outer = Conditions(), Conditions()
    table, pk = _postgresql(need, inner) if connection.vendor == "postgresql" else _sqlite(need, inner)
    _facts(need, inner)
    if need.is_public:
        outer.add(SHOWABLE)
    has_texts = _texts(need, outer)
    columns = f"{pk} AS pk{TEXT_COLUMNS if has_texts else ''}"
    found = f"SELECT {columns} FROM {table} WHERE {inner} ORDER BY {pk} DESC LIMIT %s"  # noqa: S608
    statement = f"SELECT pk FROM ({found}) found WHERE {outer} ORDER BY pk DESC LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*inner.values, READ if has_texts else 2 * limit, *outer.values, limit])
        return [pk for (pk,) in cursor.fetchall()]


def _postgresql(need: Need, where: Conditions) -> tuple[str, str]:
    """Ordered by a sum, so that it is not offered to walk back through the rows and split the text of each, which it
    would do for common words. Its indexes need no second look at a text.
    """
    for name, (place, _) in COLUMNS.items():
        needed = [groups for where_needed, groups in need.fields if where_needed == name]
        without = _single(need.without) if name == EVERYTHING else []
        if needed or without:
            where.add(f"{place} @@ %s::tsquery", tsquery(needed, without))
    return "digest_searchentry e", "e.paper_id + 0" if need.fields else "e.paper_id"


def _sqlite(need: Need, where: Conditions) -> tuple[str, str]:
    """The index leads where anything is looked up in it: it goes back in time by itself."""
    without = _single(need.without)
    if need.fields:
        fields = [(COLUMNS[name][1], groups) for name, groups in need.fields]
        where.add("digest_searchindex MATCH %s", fts5(fields, without))
        return "digest_searchindex i CROSS JOIN digest_searchentry e ON e.paper_id = i.rowid", "i.rowid"
    if without:
        excluded = fts5([("", [[tuple(without)]])])
        where.add(
            "e.paper_id NOT IN (SELECT rowid FROM digest_searchindex WHERE digest_searchindex MATCH %s)", excluded
        )
    return "digest_searchentry e", "e.paper_id"


def _single(without: Sequence[Sequence[str]]) -> list[str]:
    return [words[0] for words in without if len(words) == 1]


def _texts(need: Need, where: Conditions) -> bool:
    """Words in a row: the index does not know where they stand. Whether any are asked for."""
    anywhere = f"({' OR '.join(f'{text} LIKE %s' for text in TEXTS)})"
    without = [phrase for phrase in need.without if len(phrase) > 1]
    for phrase in need.phrases:
        where.add(anywhere, *[_pattern(phrase)] * len(TEXTS))
    for phrase in without:
        where.add(f"NOT {anywhere}", *[_pattern(phrase)] * len(TEXTS))
    return bool(need.phrases or without)


def _pattern(phrase: Sequence[str]) -> str:
    return f"% {' '.join(phrase)} %"


def _facts(need: Need, where: Conditions) -> None:
    if need.sources is not None:
        places = ", ".join(["%s"] * len(need.sources)) or "NULL"
        where.add(LISTED.format(places), *need.sources)
    if need.since:
        where.add("e.day >= %s", connection.ops.adapt_datefield_value(need.since))
    if need.until:
        where.add("e.day <= %s", connection.ops.adapt_datefield_value(need.until))
