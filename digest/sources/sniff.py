"""An address or a reply in, the kind of adapter that reads it out; of a web page, the feeds it leads to."""

from __future__ import annotations

import html
import re
from itertools import islice

from digest.errors import SourceError
from digest.sources import ADAPTERS, Request, addresses, text
from digest.sources.markup import refuse_html

FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
LARGEST_HEAD = 300_000  # bytes of a page in which its links to feeds are looked for
# Bounded, so that neither a tag that never ends nor many of them cost much.
LINK = re.compile(r"<link\s[^<>]{1,600}>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"([a-z]{1,20})\s{0,3}=\s{0,3}(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
MOST_LINKS = 20


def sniff(body: bytes, filename: str = "") -> str:
    """The adapter's kind, by content; the name only helps where the content leaves it open. Raises SourceError."""
    refuse_html(body)
    body = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not body:
        raise SourceError("empty reply", permanent=True)
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
    links = (attributes(tag) for tag in LINK.findall(page[:LARGEST_HEAD].decode("utf-8", "replace")))
    named = (link.get("href", "") for link in links if is_feed(link))
    return tuple(
        islice(
            dict.fromkeys(filter(None, (text.link(addresses.joined(url, name), 1000) for name in named))), MOST_LINKS
        )
    )


def is_feed(link: dict[str, str]) -> bool:
    kind = link.get("type", "").partition(";")[0].strip().lower()
    return kind in FEED_TYPES and "alternate" in link.get("rel", "").lower().split()


def attributes(tag: str) -> dict[str, str]:
    found = ATTRIBUTE.findall(tag)
    return {name.lower(): html.unescape(value[1:-1] if value[:1] in "\"'" else value) for name, value in found}
