"""A source and a span of days in; its papers of those days stored, day by day, each as seen on its own day.

A day is a transaction: its papers, and the row that says it is done. Whoever is killed in the middle of one asks for
that day again, which changes nothing that is there; days that are done are not asked for again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from digest import stopping
from digest.errors import HostError, NoTurn, SourceError
from digest.ingestion import paging
from digest.ingestion.fetching import get
from digest.ingestion.files import store
from digest.models import BackfilledDay, Source
from digest.papers import IngestCounts
from digest.sources import ADAPTERS, FetchedPaper, Request
from digest.sources.fetch import Reply

DAY = timedelta(days=1)
# What was submitted on a younger day may be announced later, and lists fill for some days: it is asked for again.
SETTLED = timedelta(days=7)
MOST_PAGES = 200  # of one list
ATTEMPTS = 3  # at a list that comes back incomplete, as arXiv's do at times
# So many days in a row that fail end the attempt: what is wrong concerns all.
MOST_FAILURES = 3
# A host that is down, or asks for a pause, is waited for so long; then somebody should look.
PATIENCE = 3600.0  # seconds
SOON = 5.0  # seconds, where others have their turn


@dataclass(frozen=True, slots=True)
class Step:
    """A day that is over, with what it brought or why it failed; or, with `waits` alone, why the day in hand waits."""

    day: date
    counts: IngestCounts = field(default_factory=IngestCounts)
    error: str = ""
    waits: str = ""


Tell = Callable[[Step], None]


class NoPast(SourceError):
    """The source cannot be asked for earlier papers."""


class Incomplete(SourceError):
    """A list ended before it had as many papers as it said."""


def pending(source: Source, since: date, until: date) -> list[date]:
    """The days, both counted, that are still to be asked for, oldest first. Raises NoPast."""
    adapter = ADAPTERS.get(source.kind)
    if adapter is None or not adapter.window(source.url, since, until):
        raise NoPast("its past cannot be asked for: it only tells what is new", permanent=True)
    done = BackfilledDay.objects.filter(source=source, is_settled=True, day__range=(since, until))
    known = set(done.values_list("day", flat=True))
    days = (since + DAY * number for number in range((until - since).days + 1))
    return [day for day in days if day not in known]


def fill(source: Source, days: Iterable[date], now: datetime, tell: Tell, *, patience: float = PATIENCE) -> bool:
    """Ask for each of the days. True when all were done; `tell` hears of each."""
    failures, all_done = 0, True
    for day in days:
        try:
            counts = fill_day(source, day, now, tell, patience)
        except SourceError as error:
            tell(Step(day, error=str(error)))
            failures, all_done = failures + 1, False
            if failures == MOST_FAILURES:
                break
        else:
            tell(Step(day, counts))
            failures = 0
    return all_done


def fill_day(source: Source, day: date, now: datetime, tell: Tell, patience: float) -> IngestCounts:
    """Raises SourceError, with nothing stored."""
    papers, refused = whole_day(source, day, lambda why: tell(Step(day, waits=why)), patience)
    with transaction.atomic():
        counts = store(papers, source=source, now=now, is_sample=False, seen_at="listed")
        counts += IngestCounts(refused=refused)
        note(source, day, counts, now)
    return counts


def note(source: Source, day: date, counts: IngestCounts, now: datetime) -> None:
    facts = {"new": counts.new, "known": counts.known, "updated": counts.updated, "refused": counts.refused}
    is_settled = day <= now.astimezone(UTC).date() - SETTLED
    BackfilledDay.objects.update_or_create(
        source=source, day=day, defaults={**facts, "finished_at": now, "is_settled": is_settled}
    )


def whole_day(
    source: Source, day: date, wait: Callable[[str], None], patience: float
) -> tuple[list[FetchedPaper], int]:
    """The papers of all lists that the day consists of, and how many entries were refused."""
    papers, refused = [], 0
    for request in ADAPTERS[source.kind].window(source.url, day, day):
        found, more_refused = whole_list(request, day, wait, patience)
        papers += found
        refused += more_refused
    return papers, refused


def whole_list(
    request: Request, day: date, wait: Callable[[str], None], patience: float
) -> tuple[list[FetchedPaper], int]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return pages(request, day, wait, patience)
        except Incomplete as error:
            if attempt == ATTEMPTS:
                raise
            wait(f"{error}; asked for again")
    raise AssertionError("an attempt either returns or raises")


def pages(request: Request, day: date, wait: Callable[[str], None], patience: float) -> tuple[list[FetchedPaper], int]:
    """Page by page, each paper with the day on which a visit would have found it."""
    adapter = ADAPTERS[request.kind]
    papers: list[FetchedPaper] = []
    refused, total, url, asked = 0, 0, request.url, set[str]()
    while url:
        if url in asked or len(asked) == MOST_PAGES:
            raise SourceError(f"a list without end: {url}", permanent=True)
        asked.add(url)
        feed = paging.parsed(adapter, patiently(url, wait, patience))
        papers += [replace(paper, listed_on=adapter.seen_on(paper) or day) for paper in feed.papers]
        refused, total, url = refused + len(feed.refused), max(total, feed.total or 0), feed.next_url
    if len(papers) + refused < total:
        raise Incomplete(f"only {len(papers) + refused:,} of {total:,} papers came")
    return papers, refused


def patiently(url: str, wait: Callable[[str], None], patience: float) -> Reply:
    """The reply, when its turn has come and its host works. Raises SourceError, Interrupted."""
    until = time.monotonic() + patience
    reason: SourceError
    while True:
        try:
            return get(url)
        except NoTurn as error:
            reason, seconds = error, (error.until - timezone.now()).total_seconds() if error.until else SOON
        except HostError as error:
            reason, seconds = error, 0.0  # from now on the host's gate keeps everybody waiting
        if time.monotonic() + seconds > until:
            raise reason
        wait(str(reason))
        stopping.sleep(max(seconds, 0.1))
