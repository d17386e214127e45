"""Replies of arXiv's query API in (`export.arxiv.org/api/query`, Atom), papers out."""

from __future__ import annotations

from datetime import datetime
from xml.etree.ElementTree import Element

from digest.errors import SourceError
from digest.sources import dates, identifiers, text
from digest.sources.base import FetchedPaper, ParsedFeed, UnusableEntry, collected, read_each
from digest.sources.markup import children, name, tree, value
from digest.sources.tidy import tidy


class ArxivApi:
    kind = "arxiv_api"

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        root = tree(body)
        if name(root) != "feed":
            raise SourceError(f"not an arXiv API reply: its root is <{text.line(name(root), 40)}>", permanent=True)
        entries = list(children(root, "entry"))
        refuse_error(entries)
        return collected(read_each(entries, read))

    def further_urls(self, url: str, feed: ParsedFeed, now: datetime) -> tuple[str, ...]:
        return ()


def refuse_error(entries: list[Element]) -> None:
    """An error comes as a feed of one entry titled "Error", whose summary says what is wrong with the query."""
    if len(entries) == 1 and "/api/errors" in value(entries[0], "id"):
        raise SourceError(text.line(f"arXiv refused the query: {value(entries[0], 'summary')}", 300), permanent=True)


def read(entry: Element) -> FetchedPaper:
    identity = identifiers.arxiv(value(entry, "id"))
    if not identity:
        raise UnusableEntry("no arXiv id")
    primary = next((tag.get("term", "") for tag in children(entry, "primary_category")), "")
    return tidy(
        FetchedPaper(
            title=value(entry, "title"),
            abstract=value(entry, "summary"),
            authors=tuple(value(author, "name") for author in children(entry, "author")),
            arxiv_id=identity[0],
            version=identity[1],
            doi=value(entry, "doi"),
            categories=categories(entry, primary),
            primary_category=primary,
            comment=value(entry, "comment"),
            journal_reference=value(entry, "journal_ref"),
            license_url=value(entry, "rights"),
            published_at=dates.moment(value(entry, "published")),
        )
    )


def categories(entry: Element, primary: str) -> tuple[str, ...]:
    """arXiv's own, the primary one first; ACM and MSC classes share the element and are left out."""
    terms = [
        tag.get("term", "") for tag in children(entry, "category") if "arxiv.org" in tag.get("scheme", "arxiv.org")
    ]
    return tuple(dict.fromkeys(term for term in (primary, *terms) if term))
