"""Replies of arXiv's query API in (`export.arxiv.org/api/query`, Atom), papers out; and the addresses to ask it at.

https://info.arxiv.org/help/api/user-manual.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from xml.etree.ElementTree import Element

from digest.errors import SourceError
from digest.sources import addresses, arxiv_calendar, dates, identifiers, text
from digest.sources.base import Adapter, FetchedPaper, ParsedFeed, Request, UnusableEntry, collected, read_each
from digest.sources.markup import children, name, tree, value
from digest.sources.tidy import tidy

API = "https://export.arxiv.org/api/query"
OWN_ID = re.compile(rb"<id>\s*https?://(?:export\.)?arxiv\.org/(?:api/|<)")
CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")
GROUPS = frozenset(["astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat"])
PAGE = 200  # papers a page: larger ones are said to come back incomplete
IDS = 100  # an address with more of them grows too long for servers on the way
FIELDS = {"all": "all", "title": "ti", "author": "au", "abstract": "abs"}


class ArxivApi(Adapter):
    kind = "arxiv_api"
    label = "arXiv search (query API)"
    example = f"{API}?search_query=cat:cs.CL+AND+ti:reasoning&sortBy=submittedDate&sortOrder=descending&max_results=100"

    def knows(self, body: bytes) -> bool:
        head = body[:4000]
        return bool(OWN_ID.search(head)) and b"opensearch" in head

    def address(self, url: str) -> str:
        """The API itself, or arXiv's search page."""
        found = addresses.parts(url)
        if found.host in ("export.arxiv.org", "arxiv.org") and found.steps == ("api", "query"):
            return addresses.with_query(addresses.secure(url))
        if found.host == "arxiv.org" and found.steps[:1] == ("search",) and (words := found.query.get("query", "")):
            field = FIELDS.get(found.query.get("searchtype", ""), "all")
            return query_url(f'{field}:"{words.replace(chr(34), " ").strip()}"', newest=100)
        return ""

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        root = tree(body)
        if name(root) != "feed":
            raise SourceError(f"not an arXiv API reply: its root is <{text.line(name(root), 40)}>", permanent=True)
        entries = list(children(root, "entry"))
        refuse_error(entries)
        total = addresses.number(value(root, "totalresults"), 0, 10**9)
        return collected(
            read_each(entries, read),
            title=title(url),
            total=total,
            next_url=next_url(url, root, len(entries), total),
        )

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """The source's own query, of papers that were submitted on these days (GMT)."""
        query = addresses.parts(url).query.get("search_query", "")
        return (Request(self.kind, window_url(query, since, until)),) if query else ()

    def seen_on(self, paper: FetchedPaper) -> date | None:
        """The API tells when a paper was submitted; it is found once that is announced."""
        return arxiv_calendar.feed_day(paper.published_at) if paper.published_at else None


def title(url: str) -> str:
    query = addresses.parts(url).query.get("search_query", "")
    return text.line(f"arXiv {query}"[:500], 200) if query else "arXiv"


def query_url(query: str, *, newest: int) -> str:
    """The newest papers for a query in arXiv's own notation (`cat:cs.CL AND ti:reasoning`)."""
    return addresses.with_query(
        API, search_query=query, sortBy="submittedDate", sortOrder="descending", start=0, max_results=newest
    )


def window_url(query: str, since: date, until: date, *, page: int = PAGE) -> str:
    """The first page of what was submitted from the first minute of `since` to the last of `until`, oldest first.

    Oldest first, so that what is submitted meanwhile comes at the end and moves nothing to another page.
    """
    days = f"submittedDate:[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
    return addresses.with_query(
        API,
        search_query=f"({query}) AND {days}",
        sortBy="submittedDate",
        sortOrder="ascending",
        start=0,
        max_results=page,
    )


def categories_query(categories: Iterable[str]) -> str:
    """`cat:cs.CL OR cat:hep-ex`; a group such as cs stands for all that is in it."""
    known = [category for category in categories if CATEGORY.fullmatch(category)]
    return " OR ".join(f"cat:{category}.*" if category in GROUPS else f"cat:{category}" for category in known)


def look_up_urls(arxiv_ids: Iterable[str]) -> Iterator[str]:
    """Where papers are found by their ids, a hundred an address. An unknown id is left out of the reply."""
    names = list(arxiv_ids)
    for start in range(0, len(names), IDS):
        yield addresses.with_query(API, id_list=",".join(names[start : start + IDS]), max_results=IDS)


def next_url(url: str, root: Element, received: int, total: int) -> str:
    """The page that follows. One that comes back empty in the middle of a list, as happens, ends it."""
    if not url or not received or "search_query" not in addresses.parts(url).query:
        return ""
    start = addresses.number(value(root, "startindex"), 0, 10**9) + received
    return addresses.with_query(url, start=start) if start < total else ""


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
