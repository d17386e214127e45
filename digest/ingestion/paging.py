"""The first reply of a list in, the whole list out: parsed, page by page, each paper once."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from digest.errors import SourceError
from digest.ingestion.fetching import get
from digest.sources import Adapter, FetchedPaper, ParsedFeed, Refusal, parsing
from digest.sources.fetch import Reply
from digest.sources.inflate import gunzip

MOST_REQUESTS = 20  # of one visit: a list that is longer is read on by back-fill


class Contents(NamedTuple):
    """All pages of a list together, how many bytes they were, and a `note` on what could not be had. Where that may
    well be had the next time, it `is_partial`."""

    feed: ParsedFeed
    size: int
    note: str
    is_partial: bool


def read(adapter: Adapter, reply: Reply, url: str, now: datetime) -> Contents:
    """The feed with whatever further replies belong to it."""
    feed, size, notes, is_partial = parsed(adapter, reply), len(reply.body), [], False
    waiting, asked = deque(adapter.further_urls(url, feed, now)), {url}
    while waiting:
        further = waiting.popleft()
        if len(asked) == MOST_REQUESTS:
            notes.append(f"left after {MOST_REQUESTS} requests; not asked for: {further}")
            break
        if further in asked:
            continue
        asked.add(further)
        try:
            more = get(further)
            addition = parsed(adapter, more)
        except SourceError as error:
            notes.append(f"{further}: {error}")
            is_partial = True
            continue
        waiting.extend(adapter.further_urls(further, addition, now))
        size += len(more.body)
        feed = replace(feed, papers=distinct(feed.papers + addition.papers), refused=feed.refused + addition.refused)
    return Contents(feed, size, "\n".join(notes), is_partial)


def parsed(adapter: Adapter, reply: Reply) -> ParsedFeed:
    feed = parsing.parse(adapter.kind, unpacked(reply), content_type=reply.content_type, url=reply.url)
    return linked(feed)


def unpacked(reply: Reply) -> bytes:
    return gunzip(reply.body, settings.FETCH_MAX_BYTES)


def linked(feed: ParsedFeed) -> ParsedFeed:
    """A source's paper must lead somewhere; a collection of one's own, which is imported, need not."""
    without = tuple(Refusal("no link", paper.title[:200]) for paper in feed.papers if not paper.url)
    if not without:
        return feed
    return replace(feed, papers=tuple(paper for paper in feed.papers if paper.url), refused=feed.refused + without)


def distinct(papers: tuple[FetchedPaper, ...]) -> tuple[FetchedPaper, ...]:
    """The first of each: two replies of one visit may overlap."""
    return tuple({paper.arxiv_id or paper.doi or paper.title: paper for paper in reversed(papers)}.values())[::-1]
