"""Replies of bioRxiv's and medRxiv's API in (`api.biorxiv.org/details`), papers out, with their journal's DOI if any.

https://api.biorxiv.org: `details/<server>/<interval>/<cursor>`, where the interval is two days or the last so many
(`3d`). A page holds what the server likes, once a hundred, later thirty: the cursor goes on by what was received.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from digest.errors import SourceError
from digest.sources import addresses, dates, identifiers, json_values
from digest.sources.base import START, Adapter, FetchedPaper, ParsedFeed, Request, UnusableEntry, collected, read_each
from digest.sources.text import line
from digest.sources.tidy import tidy

API = "https://api.biorxiv.org/details"
SERVERS = ("biorxiv", "medrxiv")
MESSAGES = re.compile(rb'"messages"\s*:\s*\[')
COLLECTION = re.compile(rb'"collection"\s*:\s*\[')
SAYS_WITHDRAWN = re.compile(r"\s*\W?withdrawn\b", re.IGNORECASE)
# What the API writes for licences; "cc_no" is none at all.
LICENSES = {
    "cc0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc_by": "https://creativecommons.org/licenses/by/4.0/",
    "cc_by_nc": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc_by_nd": "https://creativecommons.org/licenses/by-nd/4.0/",
    "cc_by_nc_nd": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
}


class Biorxiv(Adapter):
    kind = "biorxiv"
    label = "bioRxiv or medRxiv"
    example = f"{API}/biorxiv/2d?category=genomics"
    interval_minutes = 180

    def knows(self, body: bytes) -> bool:
        head = body[:START]
        return body[:1] == b"{" and bool(MESSAGES.search(head) and COLLECTION.search(head))

    def address(self, url: str) -> str:
        """The last two days, of one collection where its page is given."""
        found = addresses.parts(url)
        if found.host == "api.biorxiv.org" and found.steps[:1] == ("details",) and len(found.steps) > 2:
            return addresses.secure(url)
        server = found.host.removesuffix(".org")
        if server not in SERVERS:
            return ""
        if found.steps[:1] == ("collection",) and len(found.steps) == 2:
            return f"{API}/{server}/2d?category={quote(found.steps[1].lower().replace('-', '_'))}"
        return f"{API}/{server}/2d" if not found.steps else ""

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        document = json_values.load(body)
        records = document.get("collection") if isinstance(document, dict) else None
        if not isinstance(records, list):
            raise SourceError("not a reply of bioRxiv's API", permanent=True)
        message = told(document)
        refuse_error(json_values.text(message, "status"), len(records))
        total = json_values.number(message, "total")
        return collected(
            read_each(records, read),
            title=title(url),
            total=total,
            next_url=next_url(url, message, len(records)),
        )

    def further_urls(self, url: str, feed: ParsedFeed, now: datetime) -> tuple[str, ...]:
        return (feed.next_url,) if feed.next_url else ()

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """Within the source's own server and collection."""
        split = urlsplit(self.address(url))
        steps = [step for step in split.path.split("/") if step]
        if len(steps) < 2:
            return ()
        path = f"/details/{steps[1]}/{since.isoformat()}/{until.isoformat()}/0"
        return (Request(self.kind, urlunsplit(split._replace(path=path))),)


def title(url: str) -> str:
    found = addresses.parts(url)
    server = "medRxiv" if "medrxiv" in found.steps else "bioRxiv"
    return line(f"{server} {found.query.get('category', '').replace('_', ' ')}"[:500], 200)


def told(document: dict[str, Any]) -> dict[str, Any]:
    """The first message: how it went, how many there are."""
    messages = document.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return first if isinstance(first, dict) else {}


def refuse_error(status: str, received: int) -> None:
    """A mistaken question gets status 200 and an empty collection; so does a day without papers, in other words."""
    if not received and status and status.lower() != "ok" and "no posts found" not in status.lower():
        raise SourceError(line(f"bioRxiv answered: {status}", 300), permanent=True)


def next_url(url: str, message: dict[str, Any], received: int) -> str:
    """The address with the next cursor, which stands after the interval; nothing after the last page."""
    split = urlsplit(url)
    steps = [step for step in split.path.split("/") if step]
    if steps[:1] != ["details"] or len(steps) < 3 or not received:
        return ""
    interval = steps[2:4] if dates.day(steps[2]) else steps[2:3]
    cursor = (json_values.number(message, "cursor") or 0) + received
    if cursor >= (json_values.number(message, "total") or 0):
        return ""
    return urlunsplit(split._replace(path="/" + "/".join([*steps[:2], *interval, str(cursor)])))


def read(record: Any) -> FetchedPaper:
    """One version of one preprint; an interval holds as many records of it as it has versions there."""
    if not isinstance(record, dict):
        raise UnusableEntry("not a preprint")
    doi, version = json_values.text(record, "doi"), json_values.number(record, "version") or 1
    day = dates.day(json_values.text(record, "date"))
    title, category = json_values.text(record, "title"), json_values.text(record, "category")
    server = json_values.text(record, "server").lower()
    return tidy(
        FetchedPaper(
            title=title,
            abstract=json_values.text(record, "abstract"),
            authors=authors(json_values.text(record, "authors")),
            url=f"https://www.{server if server in SERVERS else 'biorxiv'}.org/content/{doi}v{version}" if doi else "",
            doi=doi,
            categories=(category,) if category else (),
            license_url=LICENSES.get(json_values.text(record, "license").lower().replace("-", "_"), ""),
            published_at=datetime.combine(day, time(), UTC) if day and version == 1 else None,
            listed_on=day,
            is_withdrawn=any(SAYS_WITHDRAWN.match(value) for value in (title, json_values.text(record, "type"))),
            is_replacement=version > 1,
            identifiers=((identifiers.DOI_SCHEME, json_values.text(record, "published")),),
        ),
        markup=True,
    )


def authors(written: str) -> tuple[str, ...]:
    """`Doe, J. M.; Consortium, The; Roe, R.` as people write them: `J. M. Doe`."""
    names = (name.strip() for name in written.split(";"))
    return tuple(" ".join(part.strip() for part in reversed(name.split(",", 1))) for name in names if name)
