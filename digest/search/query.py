"""Takes what someone typed, gives what is asked for. Nothing that can be typed is an error: it is read as words."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from digest.ranking.words import STOP_WORDS, words
from digest.search.entries import label

LONGEST = 1000  # characters that are read
MOST_WORDS = 32
MOST_FILTERS = 8  # of each kind
Words = tuple[str, ...]
NAMES = {
    "author": "authors", "au": "authors", "category": "categories", "cat": "categories", "source": "sources",
    "from": "since", "since": "since", "to": "until", "until": "until", "year": "year",
}  # fmt: skip
# A quotation mark that is never closed is none.
PART = re.compile(
    rf"""(?P<without>(?<!\S)[-\u2212])?(?:(?P<name>{"|".join(NAMES)}):\s?)?"""
    r"""(?:["“”](?P<phrase>[^"“”]*)["“”]|["“”]?(?P<word>[^\s"“”]+))""",
    re.IGNORECASE,
)
DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
YEARS = re.compile(r"(\d{4})(?:\s?(?:-|–|\.\.)\s?(\d{4}))?")


@dataclass(slots=True)
class Query:
    """`words` in their order, stop words and the words of phrases among them; `phrases` as they must stand in a text.

    Each of `authors` are the words of one name. `categories` are labels, dates inclusive. `unread` is what looked like
    a filter and was none.
    """

    words: list[str] = field(default_factory=list)
    phrases: list[Words] = field(default_factory=list)
    without: list[Words] = field(default_factory=list)
    authors: list[Words] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    since: date | None = None
    until: date | None = None
    unread: list[str] = field(default_factory=list)

    @property
    def telling(self) -> list[str]:
        """The distinct words that say what it is about; where all are stop words, those."""
        distinct = list(dict.fromkeys(self.words))
        return [word for word in distinct if word not in STOP_WORDS] or distinct

    @property
    def is_empty(self) -> bool:
        return not (
            self.words or self.authors or self.categories or self.sources or self.since or self.until or self.without
        )


READINGS: dict[str, Callable[[str], object]] = {
    "authors": lambda value: tuple(words(value)),
    "categories": label,
    "sources": lambda value: value.strip().casefold(),
}


def parse(text: str) -> Query:
    """Words, "phrases", -without and author: category: source: from: to: year: in any order, of 1,000 characters."""
    query = Query()
    for part in PART.finditer(text[:LONGEST]):
        value = part["phrase"] if part["phrase"] is not None else part["word"]
        name = NAMES.get((part["name"] or "").lower())
        if name is None:
            _add_words(query, words(value), is_phrase=part["phrase"] is not None, is_without=bool(part["without"]))
        elif not _add_filter(query, name, value):
            query.unread.append(part[0].strip())
    query.words = query.words[:MOST_WORDS]
    return query


def _add_words(query: Query, found: list[str], *, is_phrase: bool, is_without: bool) -> None:
    if not found:
        return
    if is_without:
        query.without = [*query.without, tuple(found)][:MOST_FILTERS]
        return
    query.words += found
    if is_phrase and len(found) > 1:
        query.phrases = [*query.phrases, tuple(found)][:MOST_FILTERS]


def _add_filter(query: Query, name: str, value: str) -> bool:
    """Whether the value could be read as one of that name."""
    if name in ("since", "until", "year"):
        return _add_dates(query, name, value.strip())
    read: object = READINGS[name](value)
    kept: list[object] = getattr(query, name)
    if read and read not in kept and len(kept) < MOST_FILTERS:
        kept.append(read)
    return bool(read)


def _add_dates(query: Query, name: str, value: str) -> bool:
    if name == "year":
        found = YEARS.fullmatch(value)
        days = (_first(found[1]), _last(found[2] or found[1])) if found else (None, None)
    else:
        days = (_first(value), None) if name == "since" else (None, _last(value))
    query.since, query.until = days[0] or query.since, days[1] or query.until
    return any(days)


def _first(text: str) -> date | None:
    """The first day that `2026`, `2026-03` or `2026-03-05` means."""
    return next(_days(text), None)


def _last(text: str) -> date | None:
    return next(reversed(list(_days(text))), None)


def _days(text: str) -> Iterator[date]:
    found = DATE.fullmatch(text)
    if not found:
        return
    year, month, day = (int(each) if each else None for each in found.groups())
    try:
        yield date(year or 0, month or 1, day or 1)
        yield date(year or 0, month or 12, day or monthrange(year or 1, month or 12)[1])
    except ValueError:
        return
