"""A fetched paper and a row in, the row changed by the rules of precedence out.

A newer arXiv version replaces what it states; anything else only fills what is empty, so that sources which word the
same thing differently do not overwrite each other in turn.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from enum import Enum, auto
from typing import Any, TypeVar

from digest.models import Paper
from digest.papers.identity import title_keys
from digest.sources import FetchedPaper
from digest.sources.identifiers import arxiv_month
from digest.sources.language import language_of

TEXTS = (
    "abstract",
    "url",
    "primary_category",
    "comment",
    "journal_reference",
    "license_url",
    "code_url",
    "project_url",
)


Value = TypeVar("Value")


class Change(Enum):
    NEW = auto()
    KNOWN = auto()
    UPDATED = auto()


def created(fetched: FetchedPaper, *, now: datetime, is_sample: bool) -> Paper:
    """An unsaved row, still without identifiers.

    A replacement of a paper we never had is an old paper: it counts as seen when its id was given out, so that it
    does not turn up among today's.
    """
    seen = now
    if fetched.is_replacement and fetched.arxiv_id:
        seen = datetime.combine(arxiv_month(fetched.arxiv_id), time(), UTC)
    paper = Paper(
        title=fetched.title,
        title_key=keys_of(fetched)[0],
        first_seen_at=min(seen, now),
        is_sample=is_sample,
    )
    apply(paper, fetched, now=now, is_sample=is_sample)
    return paper


def keys_of(paper: FetchedPaper | Paper) -> list[str]:
    return title_keys(paper.title, paper.authors, (paper.url, paper.abstract))


def apply(paper: Paper, fetched: FetchedPaper, *, now: datetime, is_sample: bool) -> bool:
    """Whether anything changed. Identifiers are the catalogue's business: who may take one depends on other rows."""
    newer = fetched.arxiv_id is not None and (fetched.version or 0) > (paper.version or 0)
    older = fetched.version is not None and fetched.version < (paper.version or 0)
    wanted: dict[str, Any] = {
        "title": chosen(paper.title, fetched.title, newer=newer),
        "authors": chosen(paper.authors, list(fetched.authors), newer=newer),
        "categories": list(dict.fromkeys([*paper.categories, *fetched.categories])),
        "version": fetched.version if newer else paper.version,
        "published_at": earliest(paper.published_at, fetched.published_at, now),
        "is_sample": paper.is_sample and is_sample,
    }
    for name in TEXTS:
        wanted[name] = chosen(getattr(paper, name), getattr(fetched, name), newer=newer)
    if is_beginning(paper.abstract, fetched.abstract):
        wanted["abstract"] = fetched.abstract
    if not older:
        wanted["withdrawn_at"] = withdrawn(paper, fetched, now, newer=newer)
    changed = {name: value for name, value in wanted.items() if value != getattr(paper, name)}
    for name, value in changed.items():
        setattr(paper, name, value)
    if not changed.keys().isdisjoint({"title", "abstract"}) or not paper.language:
        paper.language = language_of(paper.title, paper.abstract)
    return bool(changed)


def chosen(ours: Value, theirs: Value, *, newer: bool) -> Value:
    return theirs if theirs and (newer or not ours) else ours


def earliest(ours: datetime | None, theirs: datetime | None, now: datetime) -> datetime | None:
    """A paper is as old as its oldest date; a date to come is a mistake."""
    return min((moment for moment in (ours, theirs) if moment and moment <= now), default=ours)


def is_beginning(ours: str, theirs: str) -> bool:
    """Whether our abstract is a teaser of theirs."""
    cut = ours.rstrip(".… ")
    return ours.endswith(("…", "...")) and len(theirs) > len(ours) and theirs.startswith(cut) and bool(cut)


def withdrawn(paper: Paper, fetched: FetchedPaper, now: datetime, *, newer: bool) -> datetime | None:
    if fetched.is_withdrawn:
        return paper.withdrawn_at or now
    return None if newer else paper.withdrawn_at
