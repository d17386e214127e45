"""Any RSS, Atom or RDF feed in, papers out, by way of feedparser (which never gets to fetch or to sanitise)."""

from __future__ import annotations

import calendar
import time
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.sax import SAXException  # named, never used to parse

import feedparser
import feedparser.api
from defusedxml import DefusedXmlException

from digest.errors import SourceError
from digest.sources import addresses, arxiv_words, dates, identifiers, markup, people, text
from digest.sources.base import Adapter, FetchedPaper, ParsedFeed, UnusableEntry, collected, read_each
from digest.sources.tidy import tidy

# Where feedparser finds its SAX parser, having made UTF-8 of whatever the encoding was: it never gets to see entities.
feedparser.api.PREFERRED_XML_PARSERS[:] = [markup.__name__]


class Feed(Adapter):
    kind = "feed"
    label = "Any RSS or Atom feed"
    example = "https://journal.example/feed.xml"

    def knows(self, body: bytes) -> bool:
        return body[:1] == b"<"

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        if not body.strip():
            raise SourceError("empty reply")
        document = parsed(body, content_type)
        if not document.entries and not document.get("version"):
            markup.refuse_html(body)
            raise SourceError("not a feed", permanent=True)
        broken = document.get("bozo_exception")
        if not document.entries and isinstance(broken, SAXException):
            raise SourceError(f"broken XML, and no entry before the break: {text.line(str(broken), 200)}")
        base = url or as_text(document.feed.get("link"))
        home = url or self_of(document.feed) or base
        title = text.line(text.from_markup(as_text(document.feed.get("title")), 1000), 200)
        return collected(read_each(document.entries, lambda entry: read(entry, base, home)), title=title)


def parsed(body: bytes, content_type: str) -> Any:
    """feedparser's document. It must be given a stream: a string it would open as a file or an address."""
    headers = {"content-type": content_type} if content_type else {}
    stream = BytesIO(text.without_long_gaps(body))
    try:
        return feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except (MemoryError, SourceError):
        raise
    except DefusedXmlException as error:
        raise SourceError("a feed that declares entities is not accepted", permanent=True) from error
    except Exception as error:  # its parsers raise whatever hostile bytes make them raise
        raise SourceError(f"unreadable feed: {type(error).__name__}: {text.line(str(error), 200)}") from error


def self_of(feed: Any) -> str:
    """Where a stored feed says that it comes from."""
    links = feed.get("links") or ()
    return next((as_text(link.get("href")) for link in links if link.get("rel") == "self"), "")


def read(entry: Any, base: str, home: str) -> FetchedPaper:
    """`base` is what links are seen from, `home` the address of the feed."""
    words = arxiv_words.announcement(as_text(entry.get("title")), description(entry))
    link = addresses.joined(base, as_text(entry.get("link")))
    identity = arxiv_identity(entry, words.identifier, link)
    arxiv_id, version = identity or (None, None)
    kind = as_text(entry.get("arxiv_announce_type")).lower() or words.kind
    moment = published(entry)
    paper = tidy(
        FetchedPaper(
            title=words.title,
            abstract=words.abstract,
            authors=authors(entry),
            url=link,
            arxiv_id=arxiv_id,
            version=version,
            doi=doi(entry, link),
            categories=tuple(as_text(tag.get("term")) for tag in entry.get("tags") or ()),
            primary_category=words.category,
            journal_reference=as_text(entry.get("arxiv_journal_reference")),
            license_url=as_text(entry.get("rights")),
            published_at=arxiv_words.published(moment, arxiv_id, kind, version) if arxiv_id else moment,
            is_replacement=bool(arxiv_id) and arxiv_words.is_replacement(kind, version),
            identifiers=() if arxiv_id else names(entry, link, home),
        ),
        markup=True,
    )
    if not paper.url:
        raise UnusableEntry("no link")
    return paper


def names(entry: Any, link: str, home: str) -> tuple[tuple[str, str], ...]:
    """The day on which an entry was updated may change, so only that of its publication counts."""
    day = moment_of(entry.get("published_parsed"))
    return identifiers.of_entry(as_text(entry.get("id")), link, home, day.date() if day else None)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def description(entry: Any) -> str:
    """The summary; where a feed has none, the content."""
    contents = [as_text(content.get("value")) for content in entry.get("content") or ()]
    return as_text(entry.get("summary")) or next(filter(None, contents), "")


def arxiv_identity(entry: Any, written: str, link: str) -> tuple[str, int | None] | None:
    """Only identifiers that name arXiv or follow its address: a bare number in a stranger's feed is no arXiv id."""
    candidates = (as_text(entry.get("id")), f"arXiv:{written}" if written else "", link)
    found = [identifiers.arxiv(value) for value in candidates if "arxiv" in value.lower() or "/papers/" in value]
    return max(filter(None, found), key=lambda identity: identity[1] or 0, default=None)


def doi(entry: Any, link: str) -> str | None:
    names = ("prism_doi", "arxiv_doi", "dc_identifier", "id")
    values = [as_text(entry.get(name)) for name in names]
    return next(filter(None, map(identifiers.doi, [*values, link])), None)


def authors(entry: Any) -> tuple[str, ...]:
    """One element may hold all the names, or each name have its own."""
    names = [
        text.from_markup(as_text(author.get("name")), people.LONGEST_LIST) for author in entry.get("authors") or ()
    ]
    names = [name for name in names if name.strip()]
    return people.split(names[0]) if len(names) == 1 else tuple(names)


def published(entry: Any) -> datetime | None:
    moments = (moment_of(entry.get(name)) for name in ("published_parsed", "updated_parsed"))
    return next(filter(None, moments), None) or dates.moment(as_text(entry.get("prism_publicationdate")))


def moment_of(parsed: Any) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if isinstance(parsed, time.struct_time) else None
