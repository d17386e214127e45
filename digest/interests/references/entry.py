"""One reference: how the paper is called, and by which names it may be found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from digest import tex
from digest.errors import PaperboyError
from digest.papers.identity import title_keys
from digest.sources import identifiers, people, text

MOST_ENTRIES = 5000
MOST_CHARACTERS = 8_000_000
LONGEST_TITLE = 300
MOST_NAMES = 4
MOST_AUTHORS = 20  # a title is told from others of its words by the first
OPENREVIEW_HOST = "openreview.net/"
SCHOLAR_HOST = "semanticscholar.org/"
BRACES = re.compile(r"[{}]")

Name = tuple[str, str]


class UnreadableReferences(PaperboyError):
    """What was given cannot be read as references; says why, in words for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper as somebody refers to it: `names` are (scheme, value), as `Identifier` rows have them."""

    title: str
    names: tuple[Name, ...]


@dataclass(slots=True)
class Read:
    """What was read, and what was not: the beginnings of lines or entries."""

    entries: list[Entry] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, entry: Entry | None, source: str) -> None:
        if entry is None:
            self.unread.append(text.line(source[:200], 60))
        else:
            self.entries.append(entry)
        if len(self.entries) + len(self.unread) > MOST_ENTRIES:
            raise UnreadableReferences(f"There are more than {MOST_ENTRIES:,} references. Please give a part of them.")


def entry(title: str, authors: Iterable[str], written: Iterable[str]) -> Entry | None:
    """An entry of what stood in its fields; None where nothing of it names a paper."""
    plain = BRACES.sub("", tex.readable(title[: 4 * LONGEST_TITLE]))  # {DNA} keeps its capitals in BibTeX
    shown = text.line(plain, LONGEST_TITLE)
    names = dict.fromkeys(name for value in written if value and (name := named(value)))
    if shown:
        first = people.names(list(islice(authors, MOST_AUTHORS)))
        names |= dict.fromkeys((identifiers.TITLE, key) for key in title_keys(shown, first, ()))
    return Entry(shown, tuple(islice(names, MOST_NAMES))) if names else None


def named(value: str) -> Name | None:
    """The name that an identifier or address is, the most telling reading first."""
    value = value.strip()[:1000]
    for scheme in (identifiers.ARXIV_SCHEME, identifiers.DOI_SCHEME):
        if found := identifiers.names([(scheme, value)]):
            return found[0]
    for host, scheme in ((OPENREVIEW_HOST, identifiers.OPENREVIEW), (SCHOLAR_HOST, identifiers.SEMANTIC_SCHOLAR)):
        if host in value and (found := identifiers.names([(scheme, value)])):
            return found[0]
    return next(iter(identifiers.names([(identifiers.URL, value)])), None)
