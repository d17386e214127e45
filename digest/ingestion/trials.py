"""A pasted address in, what a source there would bring out: fetched and read as on a visit, and nothing stored."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.text import slugify

from digest import papers
from digest.errors import SourceError
from digest.ingestion import fetching, paging, remedies
from digest.models import Source
from digest.papers import IngestCounts
from digest.sources import ADAPTERS, FetchedPaper, ParsedFeed, Refusal, Request, text
from digest.sources.fetch import Reply
from digest.sources.sniff import feeds_of, is_page, recognised, sniff

SECONDS = 20.0  # for all fetching together: somebody waits, and so does the web server
MOST_STEPS = 3  # from a page to its feed, and from there to the API behind it
NAME_LENGTH, SLUG_LENGTH = 100, 50


@dataclass(frozen=True, slots=True)
class Trial:
    """What was read from `url` with the adapter of this kind; `pasted` led there. `counts` are what would be stored."""

    pasted: str
    kind: str
    url: str
    name: str
    slug: str
    papers: tuple[FetchedPaper, ...]
    refused: tuple[Refusal, ...]
    counts: IngestCounts
    total: int | None
    is_more: bool
    seconds: float

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def label(self) -> str:
        return ADAPTERS[self.kind].label


class NoSource(SourceError):
    """There is no source to be had at this address; `advice` says what a person can do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message, permanent=True)
        self.advice = advice


def try_out(pasted: str, now: datetime, *, kind: str = "") -> Trial:
    """Fetch what is at the address, or behind it, and read it; with this adapter, if one is named.

    Raises NoSource with what to do about it, and Interrupted.
    """
    started = time.monotonic()
    address = whole(pasted)
    try:
        request = Request(kind, address) if kind else recognised(address)
        reply, request = follow(address, request, started)
        feed = paging.parsed(ADAPTERS[request.kind], reply)
        refuse_none(feed)
    except NoSource:
        raise
    except SourceError as error:
        raise NoSource(str(error), remedies.advice(error)) from error
    name, slug = named(feed.title or urlsplit(request.url).hostname or "Source")
    return Trial(
        pasted=address,
        kind=request.kind,
        url=request.url,
        name=name,
        slug=slug,
        papers=feed.papers,
        refused=feed.refused,
        counts=papers.compare(feed.papers, now),
        total=feed.total,
        is_more=bool(ADAPTERS[request.kind].further_urls(request.url, feed, now)),
        seconds=time.monotonic() - started,
    )


def refuse_none(feed: ParsedFeed) -> None:
    """Entries of which none is a paper are no source, an empty list may be one."""
    if feed.refused and not feed.papers:
        first = feed.refused[0]
        raise NoSource(f"no entry of {len(feed.refused)} is a paper: {first.reason}", remedies.UNKNOWN)


def whole(pasted: str) -> str:
    """The address with its scheme, which people leave out."""
    address = pasted.strip()
    if address and "://" not in address[:10]:
        address = f"https://{address}"
    if not text.link(address, 1000):
        raise NoSource(f"“{text.line(pasted, 200)}” is no address of the web", "Paste one as it stands in a browser.")
    return address


def follow(address: str, request: Request | None, started: float) -> tuple[Reply, Request]:
    """The reply that is to be read and where it came from, after at most so many steps from page to feed."""
    for _ in range(MOST_STEPS):
        refuse_twice(request.url if request else address)
        reply = fetched(request.url if request else address, started)
        if request:
            return reply, request
        body = paging.unpacked(reply)
        if not is_page(body):
            return reply, Request(sniff(body), reply.url)
        address, request = behind(body, reply.url)
    raise NoSource("one page leads to the next, and none to a feed", remedies.NO_FEED)


def fetched(address: str, started: float) -> Reply:
    left = SECONDS - (time.monotonic() - started)
    if left <= 0:
        raise SourceError(f"no answer within {SECONDS:g} s")
    return fetching.get(address, seconds=left)


def behind(page: bytes, url: str) -> tuple[str, Request | None]:
    """Where a web page leads: to an API that we know by the page's own address, or to the first feed that it names."""
    if request := recognised(url):
        return url, request
    feeds = feeds_of(page, url)
    if not feeds:
        raise NoSource("this is a web page, and it names no feed", remedies.NO_FEED)
    return feeds[0], recognised(feeds[0])


def refuse_twice(url: str) -> None:
    """What is a source already is not fetched to be told so."""
    there = Source.objects.filter(url=url).first()
    if there:
        advice = "Nothing needs to be added." if there.is_enabled else "It is disabled: enable it in the list."
        raise NoSource(f"“{there}” reads this address already", advice)


def named(title: str) -> tuple[str, str]:
    """A name and a slug that no source has yet."""
    base = text.line(title, NAME_LENGTH - 4)
    for number in range(1, 100):
        name = base if number == 1 else f"{base} {number}"
        slug = slugify(name)[:SLUG_LENGTH].strip("-") or f"source-{number}"
        if not Source.objects.filter(name=name).exists() and not Source.objects.filter(slug=slug).exists():
            return name, slug
    return "", ""
