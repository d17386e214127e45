"""Takes the bundled feed of invented papers, gives them as if their week ended today; and stores them, day by day."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from digest import papers
from digest.sources import ADAPTERS, FetchedPaper

FOLDER = Path(__file__).parent
FEED = FOLDER / "papers.atom.xml"
SIGNALS = FOLDER / "signals.json"
# What the community's counters stood at when a paper was listed; the rest came since.
EARLY_SHARE = 0.3


def read(now: datetime) -> list[FetchedPaper]:
    """The invented papers, oldest first, without identifiers and with links that lead nowhere real."""
    signals = json.loads(SIGNALS.read_text())
    found = ADAPTERS["arxiv_atom"].parse(FEED.read_bytes()).papers
    shift = now.date() - max(listed_on(paper) for paper in found)
    return [invented(paper, signals[paper.arxiv_id], now, shift) for paper in found]


def listed_on(paper: FetchedPaper) -> date:
    if paper.listed_on is None:
        raise ValueError(f"A sample paper without a date: {paper.title}")
    return paper.listed_on


def invented(paper: FetchedPaper, signals: dict[str, int], now: datetime, shift: timedelta) -> FetchedPaper:
    listed = listed_on(paper) + shift
    return replace(
        paper,
        arxiv_id=None,
        version=None,
        url=f"https://example.org/papers/{paper.arxiv_id}",
        code_url=f"https://example.org/code/{paper.arxiv_id}" if "stars" in signals else "",
        primary_category=paper.categories[0],
        listed_on=listed,
        published_at=now - (now.date() - listed),
        signals=signals,
    )


def load(now: datetime) -> int:
    """Store the invented papers as if each had arrived on its day; gives how many are new."""
    found = read(now)
    new = 0
    for day, arrivals in groupby(found, key=listed_on):
        listed_at = now - (now.date() - day)
        new += papers.ingest([early(paper) for paper in arrivals], source=None, now=listed_at, is_sample=True).new
    papers.ingest(found, source=None, now=now, is_sample=True)
    return new


def early(paper: FetchedPaper) -> FetchedPaper:
    return replace(paper, signals={kind: round(value * EARLY_SHARE) for kind, value in paper.signals.items()})
