"""arXiv's daily announcements in (`rss.arxiv.org/atom/<category>`, its RSS form, the old RDF), papers out."""

from __future__ import annotations

import re
from datetime import date
from xml.etree.ElementTree import Element

from digest.errors import SourceError
from digest.sources import addresses, arxiv_api, arxiv_calendar, arxiv_words, dates, identifiers, people, text
from digest.sources.arxiv_calendar import EASTERN
from digest.sources.base import (
    Adapter,
    FetchedPaper,
    ParsedFeed,
    Request,
    UnusableEntry,
    collected,
    read_each,
)
from digest.sources.markup import children, name, tree, value
from digest.sources.tidy import tidy

FEED = "https://rss.arxiv.org/atom/"
OWN_NAME = re.compile(rb"https?://(?:rss|export)\.arxiv\.org/(?:rss|atom)|rdf:about=\"http://arxiv\.org/\"")
CATEGORIES = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?(?:\+[a-z-]+(?:\.[A-Za-z-]+)?){0,30}")


class ArxivAtom(Adapter):
    kind = "arxiv_atom"
    label = "arXiv announcements of a category"
    example = f"{FEED}cs.CL"
    time_zone = EASTERN.key

    def knows(self, body: bytes) -> bool:
        return body[:1] == b"<" and bool(OWN_NAME.search(body[:4000]))

    def address(self, url: str) -> str:
        """The Atom feed, also where another form of it or the page of a category is given."""
        found = addresses.parts(url)
        is_feed = found.host in ("rss.arxiv.org", "export.arxiv.org") and found.steps[:1] in (("atom",), ("rss",))
        is_page = found.host == "arxiv.org" and found.steps[:1] in (("list",), ("archive",))
        if len(found.steps) < 2 or not (is_feed or is_page) or not CATEGORIES.fullmatch(found.steps[1]):
            return ""
        return FEED + found.steps[1]

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        root = tree(body)
        if name(root) not in ("feed", "rss", "rdf"):
            raise SourceError(f"not an arXiv feed: its root is <{text.line(name(root), 40)}>", permanent=True)
        channel = root if name(root) == "feed" else next(children(root, "channel"), root)
        refuse_error_feed(channel)
        entries = [*children(root, "item"), *children(channel, "item"), *children(channel, "entry")]
        listed_on = dates.day(value(channel, "date"))
        return collected(
            read_each(entries, lambda entry: read(entry, listed_on)),
            title=title(channel),
            claim=f"announced {announced_on(channel, entries)}, made {made_on(channel)}",
            made_on=made_on(channel),
        )

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """Feeds hold one day: earlier ones are asked of the query API."""
        feed = self.address(url)
        query = arxiv_api.categories_query(feed.removeprefix(FEED).split("+")) if feed else ""
        return (Request(arxiv_api.ArxivApi.kind, arxiv_api.window_url(query, since, until)),) if query else ()

    def rests(self, day: date) -> bool:
        return arxiv_calendar.rests(day)


def title(channel: Element) -> str:
    """`cs.CL updates on arXiv.org` is arXiv cs.CL to us."""
    return text.line(f"arXiv {value(channel, 'title')[:500].partition(' updates on ')[0]}", 200)


def refuse_error_feed(channel: Element) -> None:
    """A wrong category gets a well-formed feed without entries whose title says so."""
    said = value(channel, "title")
    if said.lower().startswith("feed error"):
        detail = value(channel, "subtitle") or value(channel, "description")
        raise SourceError(text.line(f"{said}: {detail}", 300), permanent=True)


def announced_on(channel: Element, entries: list[Element]) -> date | None:
    written = [value(entry, tag) for entry in entries[:1] for tag in ("published", "pubdate")]
    written += [value(channel, tag) for tag in ("pubdate", "date")]
    return next(filter(None, map(dates.day, written)), None)


def made_on(channel: Element) -> date | None:
    """The day the feed was generated: arXiv's day, not UTC's, as its announcements change at Eastern midnight."""
    made = map(dates.moment, (value(channel, tag) for tag in ("updated", "lastbuilddate", "date")))
    return next((moment.astimezone(EASTERN).date() for moment in made if moment), None)


def read(entry: Element, listed_on: date | None) -> FetchedPaper:
    """`listed_on` is the channel's own day, for feeds whose entries carry none."""
    words = arxiv_words.announcement(value(entry, "title"), value(entry, "summary") or value(entry, "description"))
    arxiv_id, version = identity(entry, words.identifier)
    kind = value(entry, "announce_type").lower() or words.kind
    written = value(entry, "published") or value(entry, "pubdate")
    category = words.category.strip()
    return tidy(
        FetchedPaper(
            title=words.title,
            abstract=words.abstract,
            authors=authors(entry),
            arxiv_id=arxiv_id,
            version=version,
            doi=value(entry, "doi"),
            categories=tuple(tag.get("term") or (tag.text or "").strip() for tag in children(entry, "category"))
            or ((category,) if category else ()),
            primary_category=category,
            journal_reference=value(entry, "journal_reference"),
            license_url=value(entry, "rights"),
            published_at=arxiv_words.published(dates.moment(written), arxiv_id, kind, version),
            listed_on=dates.day(written) or listed_on,
            is_replacement=arxiv_words.is_replacement(kind, version),
        ),
        markup=words.abstract.lstrip().startswith("<p>"),
    )


def identity(entry: Element, written: str) -> tuple[str, int | None]:
    """The id and version from wherever the format keeps the version; without an arXiv id it is no arXiv paper."""
    link = next((link.get("href") or link.text or "" for link in children(entry, "link")), "")
    candidates = (value(entry, "id"), value(entry, "guid"), written, link)
    found = [identity for identity in map(identifiers.arxiv, candidates) if identity]
    if not found:
        raise UnusableEntry("no arXiv id")
    return max(found, key=lambda identity: identity[1] or 0)


def authors(entry: Element) -> tuple[str, ...]:
    """All in one string, with affiliations in brackets; in the old feeds each an escaped link."""
    creators = [value for creator in children(entry, "creator") if (value := "".join(creator.itertext()))]
    return tuple(name for creator in creators for name in people.split(text.from_markup(creator, people.LONGEST_LIST)))
