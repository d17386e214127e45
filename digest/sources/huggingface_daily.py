"""Replies of Hugging Face's `api/daily_papers` in, papers with their signals out; the list of a day, week or month.

https://huggingface.co/docs/hub/api: `date=2026-03-05`, `week=2026-W10`, `month=2026-03`, pages `p=0`, `p=1`, ...
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from digest.errors import SourceError
from digest.sources import addresses, dates, json_values
from digest.sources.base import (
    START,
    WEEKEND,
    Adapter,
    FetchedPaper,
    ParsedFeed,
    Request,
    UnusableEntry,
    collected,
    read_each,
)
from digest.sources.text import line
from digest.sources.tidy import tidy

API = "https://huggingface.co/api/daily_papers"
DAILY_PAPER = re.compile(rb"\"paper\"\s*:\s*\{")
SPANS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "week": re.compile(r"\d{4}-W\d\d"),
    "month": re.compile(r"\d{4}-\d\d"),
}
USUAL_PAGE, LARGEST_PAGE = 50, 100  # papers


class HuggingFaceDaily(Adapter):
    kind = "huggingface_daily"
    label = "Hugging Face daily papers"
    example = API

    def knows(self, body: bytes) -> bool:
        return body[:1] == b"[" and bool(DAILY_PAPER.search(body[:START]))

    def address(self, url: str) -> str:
        """The list that a page shows: today's, or that of a day, week or month."""
        found = addresses.parts(url)
        if found.host not in ("huggingface.co", "hf.co"):
            return ""
        if found.steps == ("api", "daily_papers"):
            return addresses.with_query(addresses.secure(url))
        if found.steps == ("papers",):
            return API
        is_span = len(found.steps) == 3 and found.steps[0] == "papers" and found.steps[1] in SPANS
        if is_span and SPANS[found.steps[1]].fullmatch(found.steps[2]):
            return span_url(found.steps[1], found.steps[2])
        return ""

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        document = json_values.load(body)
        if isinstance(document, dict) and document.get("error"):
            raise SourceError(line(f"Hugging Face answered: {document['error']}", 300), permanent=True)
        if not isinstance(document, list):
            raise SourceError("not a list of daily papers", permanent=True)
        return collected(read_each(document, read), title=title(url), next_url=next_url(url, len(document)))

    def further_urls(self, url: str, feed: ParsedFeed, now: datetime) -> tuple[str, ...]:
        """Of a day's, week's or month's list, all pages. Of the newest papers, which have no end, the list of the day
        before, unless the reply reaches back to it: late entries and votes must not be lost."""
        found = addresses.parts(url)
        if not found.query.keys().isdisjoint(SPANS):
            return (feed.next_url,) if feed.next_url else ()
        yesterday = now.date() - timedelta(days=1)
        if found.query or found.steps[-1:] != ("daily_papers",):
            return ()
        if any(paper.listed_on and paper.listed_on <= yesterday for paper in feed.papers):
            return ()
        return (f"{url}?date={yesterday:%Y-%m-%d}",)

    def window(self, url: str, since: date, until: date) -> tuple[Request, ...]:
        """The list of each day, the oldest first, from wherever the source's own address leads."""
        found = addresses.parts(url)
        if found.steps[-1:] != ("daily_papers",):
            return ()
        base = addresses.with_query(url, p=None, **dict.fromkeys(SPANS))
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        return tuple(Request(self.kind, span_url("date", day.isoformat(), base)) for day in days)

    def rests(self, day: date) -> bool:
        return day.weekday() in WEEKEND


def title(url: str) -> str:
    query = addresses.parts(url).query
    return line(" ".join(["Hugging Face daily papers", *(query[span] for span in SPANS if span in query)])[:500], 200)


def span_url(span: str, name: str, base: str = API) -> str:
    """`date=2026-03-05`, `week=2026-W10` or `month=2026-03`, in pages as large as can be had."""
    values: dict[str, str | int] = {span: name, "limit": LARGEST_PAGE}
    return addresses.with_query(base, **values)


def next_url(url: str, received: int) -> str:
    """The next page, if this one is full: the reply itself does not say how many there are."""
    query = addresses.parts(url).query
    size = addresses.number(query.get("limit", ""), USUAL_PAGE, LARGEST_PAGE)
    if not url or not size or received < size:
        return ""
    return addresses.with_query(url, p=addresses.number(query.get("p", ""), 0, 10_000) + 1)


def read(item: Any) -> FetchedPaper:
    """Paper and listing; the outer `publishedAt` is left alone, as its meaning is disputed.

    https://huggingface.co/docs/hub/api and the replies themselves; every optional field is missing at times.
    """
    if not isinstance(item, dict) or not isinstance(item.get("paper"), dict):
        raise UnusableEntry("not a daily paper")
    paper = item["paper"]
    return tidy(
        FetchedPaper(
            title=json_values.text(paper, "title") or json_values.text(item, "title"),
            abstract=json_values.text(paper, "summary") or json_values.text(item, "summary"),
            authors=tuple(json_values.names(paper, "authors")),
            arxiv_id=json_values.text(paper, "id"),
            code_url=json_values.text(paper, "githubRepo"),
            project_url=json_values.text(paper, "projectPage"),
            published_at=dates.moment(json_values.text(paper, "publishedAt")),
            listed_on=dates.day(json_values.text(paper, "submittedOnDailyAt")),
            is_withdrawn=bool(paper.get("withdrawnAt")),
            signals=json_values.counts(
                upvotes=json_values.number(paper, "upvotes"),
                comments=json_values.number(item, "numComments"),
                stars=json_values.number(paper, "githubStars"),
            ),
        ),
        markup=True,
    )
