"""One paper as an adapter read it in, the same paper fit to store out: cleaned, bounded, identified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from digest.sources import identifiers, people, text
from digest.sources.base import FetchedPaper, UnusableEntry
from digest.sources.standing import Standing, standing

LARGEST = 2**31 - 1
LONGEST_NAME = 200
# What the columns hold, in characters; checked last, as percent-encoding makes a value longer.
WIDTHS = {
    "arxiv_id": 32,
    "doi": identifiers.LONGEST_DOI,
    "primary_category": 32,
    "url": 1000,
    "license_url": 500,
    "code_url": 1000,
    "project_url": 1000,
}
SIGNALS = ("upvotes", "comments", "stars")


def tidy(paper: FetchedPaper, *, markup: bool = False) -> FetchedPaper:
    """The paper with every field normalised; `markup` says that title, abstract and names may hold HTML.

    Raises UnusableEntry when nothing is left of the title.
    """
    plain = partial(_plain, markup=markup)
    title = text.line(plain(paper.title), 1000)
    if not any(character.isalnum() for character in title):
        raise UnusableEntry("no title")
    names = identifiers.names(paper.identifiers)
    arxiv_id, version = _arxiv(paper, dict(reversed(names)))
    abstract = text.paragraphs(plain(paper.abstract), 20_000)
    comment = text.line(plain(paper.comment), 2000)
    found = standing(title, comment, abstract)
    doi = identifiers.doi(paper.doi or "") or dict(reversed(names)).get(identifiers.DOI_SCHEME)
    return replace(
        paper,
        title=title,
        abstract=abstract,
        authors=_names(paper.authors, markup=markup),
        url=_url(paper, arxiv_id, doi),
        arxiv_id=arxiv_id,
        version=version,
        doi=doi,
        categories=_categories(paper.categories),
        primary_category=text.line(paper.primary_category[:100], 100)[: WIDTHS["primary_category"]],
        comment=comment,
        journal_reference=text.line(plain(paper.journal_reference), 1000),
        license_url=text.link(paper.license_url, WIDTHS["license_url"]),
        code_url=text.link(paper.code_url, WIDTHS["code_url"]),
        project_url=text.link(paper.project_url, WIDTHS["project_url"]),
        published_at=_moment(paper.published_at, arxiv_id),
        is_withdrawn=paper.is_withdrawn or found != Standing.GOOD,
        is_retracted=paper.is_retracted or found == Standing.RETRACTED,
        signals=_signals(paper),
        identifiers=names or _address(paper.url, arxiv_id or doi),
    )


def _plain(value: str, *, markup: bool, limit: int = 50_000) -> str:
    """Cut before any pattern sees it: no field as written needs more, whatever becomes of it."""
    value = value.strip()[:limit]
    return text.from_markup(value) if markup else value


def _arxiv(paper: FetchedPaper, names: Mapping[str, str]) -> tuple[str | None, int | None]:
    """The arXiv id, also where only arXiv's own DOI was given. A version means nothing without it."""
    written = (paper.arxiv_id, paper.doi, names.get(identifiers.ARXIV_SCHEME))
    found = next(filter(None, (identifiers.arxiv(value) for value in written if value)), None)
    if not found:
        return None, None
    version = paper.version or found[1]
    return found[0], version if version and 0 < version < 1000 else None


def _address(url: str, better: str | None) -> tuple[tuple[str, str], ...]:
    """The address names a paper for which there is no better name."""
    return () if better else identifiers.names([(identifiers.URL, url)])


def _url(paper: FetchedPaper, arxiv_id: str | None, doi: str | None) -> str:
    if arxiv_id:
        return f"https://arxiv.org/abs/{arxiv_id}"
    width = WIDTHS["url"]
    return text.link(paper.url, width) or (text.link(f"https://doi.org/{doi}", width) if doi else "")


def _names(names: tuple[str, ...], *, markup: bool) -> tuple[str, ...]:
    """Most names are plain, and left alone."""
    given = [
        name if is_plain(name) else _plain(name, markup=markup, limit=people.LONGEST_NAME)
        for name in names[: people.MOST_AUTHORS]
    ]
    cleaned = (name if is_plain(name) else text.line(name, LONGEST_NAME) for name in people.names(given))
    return tuple(dict.fromkeys(name for name in cleaned if name))


def is_plain(name: str) -> bool:
    return len(name) <= LONGEST_NAME and people.PLAIN.fullmatch(name) is not None


def _categories(categories: tuple[str, ...]) -> tuple[str, ...]:
    cleaned = (text.line(category, 100) for category in categories[:50])
    return tuple(dict.fromkeys(category for category in cleaned if category))


def _moment(moment: datetime | None, arxiv_id: str | None) -> datetime | None:
    """In UTC; nothing before the arXiv id's own month, nor the clock's zero hour, which means "not set"."""
    if moment is None:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if arxiv_id and moment.date() < identifiers.arxiv_month(arxiv_id) - timedelta(days=45):
        return None
    return moment if moment.year >= 1800 and moment.timestamp() != 0 else None


def _signals(paper: FetchedPaper) -> dict[str, int]:
    return {
        kind: min(value, LARGEST)
        for kind in SIGNALS
        if isinstance(value := paper.signals.get(kind), int) and not isinstance(value, bool) and value >= 0
    }
