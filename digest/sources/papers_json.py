"""Papers as JSON or JSON Lines in, papers out: at least a title each, the other fields under their usual names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from typing import Any

from digest.errors import SourceError
from digest.sources import dates, huggingface_daily, identifiers, json_values, people
from digest.sources.base import (
    Adapter,
    FetchedPaper,
    ParsedFeed,
    Refusal,
    UnusableEntry,
    collected,
    read_each,
    read_one,
)
from digest.sources.tidy import tidy

CONTAINERS = ("papers", "items", "results", "data", "entries")


class PapersJson(Adapter):
    kind = "papers_json"
    label = "Papers as JSON"
    example = "https://papers.example/papers.json"

    def knows(self, body: bytes) -> bool:
        return body[:1] in (b"[", b"{")

    def parse(self, body: bytes, *, content_type: str = "", url: str = "") -> ParsedFeed:
        try:
            records = contained(json_values.load(body))
        except SourceError:
            lines = body.splitlines()
            if not looks_like_lines(lines):
                raise
            return collected(read_lines(lines))
        return collected(read_each(records, read))


def looks_like_lines(lines: list[bytes]) -> bool:
    """Whether the first line with something on it is a JSON object of its own."""
    first = next((line for line in lines if line.strip()), b"")
    try:
        return isinstance(json_values.parsed(first), dict)
    except (ValueError, RecursionError):
        return False


def read_lines(lines: Iterable[bytes]) -> Iterator[FetchedPaper | Refusal]:
    """One record a line; a bad line costs only itself."""
    return (read_line(line) for line in lines if line.strip())


def read_line(line: bytes) -> FetchedPaper | Refusal:
    return read_one(line, lambda line: read(record_of(line)))


def record_of(line: bytes) -> Any:
    try:
        return json_values.parsed(line)
    except (ValueError, RecursionError) as error:
        raise UnusableEntry(f"broken JSON: {error}") from error


def contained(document: Any) -> list[Any]:
    """The records: a list, a list under a usual name, or one record by itself."""
    if isinstance(document, dict):
        for name in CONTAINERS:
            if isinstance(document.get(name), list):
                return list(document[name])
        if "title" in document:
            return [document]
    if not isinstance(document, list):
        raise SourceError("not a list of papers", permanent=True)
    return document


def read(record: Any) -> FetchedPaper:
    if not isinstance(record, dict):
        raise UnusableEntry("not a paper")
    if isinstance(record.get("paper"), dict):
        return huggingface_daily.read(record)
    arxiv_id, version = identity(record)
    day = dates.day(json_values.text(record, "first_day", "day", "listed_on", "date"))
    published = dates.moment(json_values.text(record, "published_at", "published", "publishedAt"))
    categories = record.get("categories") or []
    categories = categories.split() if isinstance(categories, str) else categories
    return tidy(
        FetchedPaper(
            title=json_values.text(record, "title"),
            abstract=json_values.text(record, "abstract", "summary", "description"),
            authors=authors(record),
            url=json_values.text(record, "url", "link", "html_url"),
            arxiv_id=arxiv_id,
            version=version,
            doi=json_values.text(record, "doi", "DOI"),
            categories=tuple(name for name in categories if isinstance(name, str)),
            primary_category=json_values.text(record, "primary_category"),
            comment=json_values.text(record, "comment"),
            journal_reference=json_values.text(record, "journal_reference", "journal_ref", "journal-ref"),
            license_url=json_values.text(record, "license_url", "license"),
            code_url=json_values.text(record, "code_url", "github", "githubRepo", "code"),
            project_url=json_values.text(record, "project_url", "projectPage", "project"),
            published_at=published or (datetime.combine(day, time(), UTC) if day else None),
            listed_on=day,
            is_withdrawn=bool(record.get("withdrawn") or record.get("is_withdrawn")),
            signals=json_values.counts(
                upvotes=json_values.number(record, "upvotes"),
                comments=json_values.number(record, "comments", "num_comments", "numComments"),
                stars=json_values.number(record, "stars", "github_stars", "githubStars"),
            ),
        ),
        markup=True,
    )


def identity(record: dict[str, Any]) -> tuple[str | None, int | None]:
    """An `id` counts only where it reads as an arXiv id: other collections number their records too."""
    for name in ("arxiv_id", "arxivId", "arxiv", "id", "url", "link"):
        if found := identifiers.arxiv(json_values.text(record, name)):
            return found[0], found[1] or json_values.number(record, "version")
    return None, None


def authors(record: dict[str, Any]) -> tuple[str, ...]:
    found = json_values.names(record, "authors", "author")
    return people.split(found) if isinstance(found, str) else tuple(found)
