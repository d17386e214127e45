"""Takes a paper's columns, gives the words by which it is found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from digest.models import SearchEntry
from digest.ranking.relevance import Document, document
from digest.ranking.words import joined

LONGEST = 60_000  # characters a field: four of them, at four bytes each, stay below the megabyte of a tsvector
NO_LABEL = re.compile(r"[^\w.]+")


class Source(NamedTuple):
    """The columns of a `Paper` that searches look in."""

    pk: int
    title: str
    authors: list[str]
    abstract: str
    categories: list[str]
    primary_category: str
    published_at: datetime | None
    first_seen_at: datetime


def entry(paper: Source) -> SearchEntry:
    found = document(paper.title, paper.authors, paper.abstract)
    categories = filter(None, (paper.primary_category, *paper.categories))
    return SearchEntry(
        paper_id=paper.pk,
        title=cut(found.title),
        authors=cut(found.authors),
        abstract=cut(found.abstract),
        labels=cut(joined(dict.fromkeys(labels(categories)))),
        day=(paper.published_at or paper.first_seen_at).astimezone(UTC).date(),
    )


def cut(text: str) -> str:
    """Between words."""
    return text if len(text) <= LONGEST else text[: text.rindex(" ", 0, LONGEST) + 1]


def labels(categories: Iterable[str]) -> Iterator[str]:
    """`cs.LG` gives cs.lg and cs., hep-th gives hep-th. : no word has a full stop, so no label is taken for one."""
    for category in categories:
        name = label(category)
        archive, dot, part = name.partition(".")
        yield f"{archive}."
        if dot and part:
            yield name


def label(category: str) -> str:
    """Lower case, `Cancer Biology` as cancer-biology."""
    return NO_LABEL.sub("-", category.casefold()).strip("-.")[:64]


def documents(ids: Collection[int], corrected: Mapping[str, str] | None = None) -> dict[int, Document]:
    """Papers' words by id, the newest first; those that were taken for slips count as what they were meant to be."""
    rows = SearchEntry.objects.filter(pk__in=ids).order_by("-pk").values_list("pk", "title", "authors", "abstract")
    return {pk: Document(*(_read(text, corrected or {}) for text in texts)) for pk, *texts in rows}


def _read(text: str, corrected: Mapping[str, str]) -> str:
    for typed, meant in corrected.items():
        text = text.replace(f" {typed} ", f" {meant} ")
    return text
