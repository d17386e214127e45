"""JSON Feed in (https://www.jsonfeed.org/version/1.1/), papers out."""

from __future__ import annotations

import re
from typing import Any

from digest.errors import SourceError
from digest.sources import addresses, dates, identifiers, json_values
from digest.sources.base import Adapter, FetchedPaper, ParsedFeed, UnusableEntry, collected, read_each
from digest.sources.text import line, link
from digest.sources.tidy import tidy

VERSION = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org')


class JsonFeed(Adapter):
    kind = "json_feed"
    label = "JSON Feed"
    example = "https://journal.example/feed.json"

    def knows(self, body: bytes) -> bool:
        return body[:1] == b"{" and bool(VERSION.search(body[:4000]))

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        document = json_values.load(body)
        items = document.get("items") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise SourceError("not a JSON Feed", permanent=True)
        base = url or json_values.text(document, "home_page_url")
        home = url or json_values.text(document, "feed_url") or base
        older = link(json_values.text(document, "next_url"), 1000)
        title = line(json_values.text(document, "title")[:1000], 200)
        return collected(read_each(items, lambda item: read(item, base, home)), title=title, next_url=older)


def read(item: Any, base: str, home: str) -> FetchedPaper:
    """An item's own words: its summary, else its text; `external_url` is what a link blog's item is about."""
    if not isinstance(item, dict):
        raise UnusableEntry("not an item")
    address = addresses.joined(base, json_values.text(item, "external_url", "url"))
    name = json_values.text(item, "id")
    published = json_values.text(item, "date_published", "date_modified")
    identity = next(filter(None, map(named_by_arxiv, (address, json_values.text(item, "url"), name))), (None, None))
    return tidy(
        FetchedPaper(
            title=json_values.text(item, "title"),
            abstract=json_values.text(item, "summary", "content_text", "content_html"),
            authors=tuple(json_values.names(item, "authors")) or single_author(item),
            url=address,
            arxiv_id=identity[0],
            version=identity[1],
            doi=next(filter(None, map(identifiers.doi, (name, address))), None),
            categories=tuple(json_values.names(item, "tags")),
            published_at=dates.moment(published),
            identifiers=own_names(item, address, home),
        ),
        markup=True,
    )


def own_names(item: dict[str, Any], address: str, home: str) -> tuple[tuple[str, str], ...]:
    """An item about somebody else's page has a number of its own, which says nothing of that page."""
    if json_values.text(item, "external_url"):
        return ()
    published = dates.moment(json_values.text(item, "date_published"))
    return identifiers.of_entry(json_values.text(item, "id"), address, home, published.date() if published else None)


def named_by_arxiv(value: str) -> tuple[str, int | None] | None:
    """A bare number in a stranger's feed is no arXiv id."""
    return identifiers.arxiv(value) if "arxiv" in value.lower() else None


def single_author(item: dict[str, Any]) -> tuple[str, ...]:
    """Version 1.0 had one author an item."""
    author = item.get("author")
    return tuple(json_values.names({"authors": [author]}, "authors")) if isinstance(author, dict) else ()
