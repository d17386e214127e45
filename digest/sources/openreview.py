"""Replies of OpenReview's API in (`notes` of a venue, versions 1 and 2), papers with their forum's id out.

https://docs.openreview.net/reference/api-v2: version 2 wraps every field in an object with a `value`, version 1 does
not. Times are milliseconds since 1970.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

from digest.errors import SourceError
from digest.sources import addresses, identifiers, json_values
from digest.sources.base import START, Adapter, FetchedPaper, ParsedFeed, Request, UnusableEntry, collected, read_each
from digest.sources.text import line
from digest.sources.tidy import tidy

API = "https://api2.openreview.net/notes"
HOSTS = ("api.openreview.net", "api2.openreview.net")
NOTES = re.compile(rb'^\{[^\[]{0,300}"notes"\s*:\s*\[')
CONTENT = re.compile(rb'"content"\s*:\s*\{')
PAGE = 1000  # the most that is given at once
NOT_YET = re.compile(r"submitted to|under review", re.IGNORECASE)


class OpenReview(Adapter):
    kind = "openreview"
    label = "OpenReview venue"
    example = f"{API}?content.venueid=TMLR&sort=tmdate:desc&limit=1000"
    interval_minutes = 720

    def knows(self, body: bytes) -> bool:
        return bool(NOTES.match(body[:1000]) and CONTENT.search(body[:START]))

    def address(self, url: str) -> str:
        """A venue's accepted papers, those that changed last first, where its page is given."""
        found = addresses.parts(url)
        if found.host in HOSTS and found.steps == ("notes",):
            return addresses.with_query(addresses.secure(url))
        if found.host == "openreview.net" and found.steps in (("group",), ("submissions",)):
            venue = found.query.get("id", "") or found.query.get("venue", "")
            return venue_url(venue) if venue else ""
        return ""

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        document = json_values.load(body)
        notes = document.get("notes") if isinstance(document, dict) else None
        if not isinstance(notes, list):
            raise SourceError(refusal(document), permanent=True)
        total = json_values.number(document, "count")
        return collected(
            read_each(notes, read), title=title(url), total=total, next_url=next_url(url, len(notes), total)
        )

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """What was submitted since then: the API takes no other bound, nor is one needed."""
        if not self.address(url):
            return ()
        started = int(datetime.combine(since, time(), UTC).timestamp() * 1000)
        return (Request(self.kind, addresses.with_query(url, mintcdate=started, sort="tcdate:asc", offset=0)),)


def title(url: str) -> str:
    query = addresses.parts(url).query
    venue = query.get("content.venueid", "") or query.get("invitation", "")
    return line(f"OpenReview {venue}"[:500], 200)


def venue_url(venue: str) -> str:
    values: dict[str, str | int] = {"content.venueid": venue, "sort": "tmdate:desc", "limit": PAGE}
    return addresses.with_query(API, **values)


def refusal(document: Any) -> str:
    """What is wrong, in the API's words where it says so."""
    said = json_values.text(document, "message", "name") if isinstance(document, dict) else ""
    return line(f"OpenReview answered: {said}", 300) if said else "not a reply of OpenReview's API"


def next_url(url: str, received: int, total: int | None) -> str:
    if not url or not received:
        return ""
    query = addresses.parts(url).query
    offset = addresses.number(query.get("offset", ""), 0, 10**9) + received
    size = addresses.number(query.get("limit", ""), PAGE, PAGE)
    is_more = offset < total if total is not None else received >= size
    return addresses.with_query(url, offset=offset) if is_more else ""


def read(note: Any) -> FetchedPaper:
    """A submission; what was said about it in its forum is none."""
    if not isinstance(note, dict) or not isinstance(note.get("content"), dict):
        raise UnusableEntry("not a note")
    content = {name: unwrapped(value) for name, value in note["content"].items()}
    forum = json_values.text(note, "forum") or json_values.text(note, "id")
    if json_values.text(note, "replyto"):
        raise UnusableEntry("a comment on a paper")
    venue, venue_id = json_values.text(content, "venue"), json_values.text(content, "venueid")
    is_out = not NOT_YET.search(venue) and "submission" not in venue_id.lower()
    listed = moment(note, "pdate", "odate", "cdate", "tcdate")
    link = identifiers.arxiv(json_values.text(content, "arxiv", "preprint", "html")) or (None, None)
    return tidy(
        FetchedPaper(
            title=json_values.text(content, "title"),
            abstract=json_values.text(content, "abstract"),
            authors=tuple(json_values.names(content, "authors")),
            url=f"https://openreview.net/forum?id={forum}" if forum else "",
            arxiv_id=link[0],
            doi=json_values.text(content, "doi"),
            categories=tuple(json_values.names(content, "keywords")),
            comment="" if is_out else venue,
            journal_reference=venue if is_out else "",
            code_url=json_values.text(content, "code", "code_repository", "github"),
            published_at=moment(note, "cdate", "tcdate", "pdate"),
            listed_on=listed.date() if listed else None,
            is_withdrawn="withdrawn" in venue_id.lower(),
            identifiers=((identifiers.OPENREVIEW, forum),),
        )
    )


def unwrapped(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


def moment(note: dict[str, Any], *names: str) -> datetime | None:
    """The first of these times, from milliseconds."""
    for name in names:
        found = json_values.number(note, name)
        if found and 0 < found < 10**14:
            return datetime.fromtimestamp(found / 1000, UTC)
    return None
