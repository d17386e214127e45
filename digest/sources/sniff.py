"""An address or a reply in, the kind of adapter that reads it out; of a web page, the feeds it leads to."""

from __future__ import annotations

from html.parser import HTMLParser

from digest.errors import SourceError
from digest.sources import ADAPTERS, Request, addresses, text
from digest.sources.markup import refuse_html

FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
LARGEST_HEAD = 500_000  # bytes of a page in which its links to feeds are looked for
MOST_LINKS = 20


def sniff(body: bytes, filename: str = "") -> str:
    """The adapter's kind, by content; the name only helps where the content leaves it open. Raises SourceError."""
    refuse_html(body)
    body = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    for kind, adapter in ADAPTERS.items():
        if adapter.knows(body):
            return kind
    if filename.endswith((".xml", ".rss", ".atom", ".rdf")):
        return "feed"
    raise SourceError("neither JSON nor a feed", permanent=True)


def recognised(url: str) -> Request | None:
    """What to fetch for a provider's own address, a page for people among them: its API or feed. Else None."""
    for kind, adapter in ADAPTERS.items():
        if address := adapter.address(url):
            return Request(kind, address)
    return None


def is_page(body: bytes) -> bool:
    """Whether the reply is a web page."""
    try:
        refuse_html(body)
    except SourceError:
        return True
    return False


def feeds_of(page: bytes, url: str) -> tuple[str, ...]:
    """The feeds that a web page names in its head, the first one most likely the one that is meant."""
    links = FeedLinks()
    links.feed(page[:LARGEST_HEAD].decode("utf-8", "replace"))
    found = (text.link(addresses.joined(url, link), 1000) for link in links.found)
    return tuple(dict.fromkeys(filter(None, found)))


class FeedLinks(HTMLParser):
    """Collects what `<link rel="alternate" type="application/rss+xml">` and its like point at."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        is_feed = said.get("type", "").partition(";")[0].strip().lower() in FEED_TYPES
        is_alternate = "alternate" in said.get("rel", "").lower().split()
        if tag == "link" and is_feed and is_alternate and len(self.found) < MOST_LINKS:
            self.found.append(said.get("href", ""))
