"""Replies of Hugging Face's `api/daily_papers` in, papers with their signals out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from digest.errors import SourceError
from digest.sources import dates, json_values
from digest.sources.base import WEEKEND, FetchedPaper, ParsedFeed, UnusableEntry, collected, read_each
from digest.sources.text import line
from digest.sources.tidy import tidy


class HuggingFaceDaily:
    kind = "huggingface_daily"

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        document = json_values.load(body)
        if isinstance(document, dict) and document.get("error"):
            raise SourceError(line(f"Hugging Face answered: {document['error']}", 300), permanent=True)
        if not isinstance(document, list):
            raise SourceError("not a list of daily papers", permanent=True)
        return collected(read_each(document, read), rest_days=WEEKEND)

    def further_urls(self, url: str, feed: ParsedFeed, now: datetime) -> tuple[str, ...]:
        """The list of the day before, unless the reply reaches back to it: late entries and votes must not be lost."""
        parts = urlsplit(url)
        yesterday = now.date() - timedelta(days=1)
        if parts.query or not parts.path.endswith("/daily_papers"):
            return ()
        if any(paper.listed_on and paper.listed_on <= yesterday for paper in feed.papers):
            return ()
        return (f"{url}?date={yesterday:%Y-%m-%d}",)


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
        )
    )
