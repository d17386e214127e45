"""Recent papers with code on GitHub in, their repositories' stars as signals out: each asked once a day, a few a visit.

Nothing is asked twice that did not change: GitHub answers a conditional request with "not modified", which costs
nothing of the hourly allowance where a token comes with it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from digest.errors import HostError, NoTurn, SourceError
from digest.ingestion.fetching import get
from digest.models import Listing, Paper, Repository, SignalKind
from digest.papers import IngestCounts, signals
from digest.sources import github
from digest.sources.fetch import Validators

KIND = "github_stars"
LABEL = "Stars of papers' repositories on GitHub"
# A visit; the source's usual interval is an hour, in which GitHub answers 60 requests, or 5,000 with a token.
MOST, MOST_WITH_TOKEN = 50, 100
GONE = (404, 410, 451)
GONE_PAUSE = timedelta(days=7)  # authors open their repository some day
UNACCEPTED = 401


@dataclass(slots=True)
class Account:
    """What came of a visit: `updated` repositories have other stars than before, `refused` ones are gone."""

    counts: IngestCounts = field(default_factory=IngestCounts)
    notes: list[str] = field(default_factory=list)
    retry_after: int | None = None


def refresh(api: str, now: datetime) -> Account:
    """Ask for what is due. Raises SourceError where nothing could be asked, and NoTurn where it was not our turn."""
    papers, account = papers_by_repository(now), Account()
    for row in due(papers, now):
        try:
            account.counts += ask(api, row, papers[row.name], now)
        except (HostError, NoTurn) as error:
            if not account.counts.received:
                raise
            account.notes.append(f"left after {account.counts.received} repositories: {error}")
            account.retry_after = error.retry_after
            break
        except SourceError as error:
            if error.status == UNACCEPTED:
                raise SourceError("GitHub does not accept GITHUB_TOKEN", permanent=True, status=error.status) from error
            mark(row, now)
            account.notes.append(f"{row.name}: {error}")
    return account


def papers_by_repository(now: datetime) -> dict[str, list[int]]:
    """Papers that an edition's pool may hold, by the repository of their code."""
    since = now - timedelta(days=settings.POOL_DAYS)
    listed = Listing.objects.filter(first_seen_at__gt=since).values("paper")
    recent = Paper.objects.showable().filter(Q(first_seen_at__gt=since) | Q(pk__in=listed))
    found: defaultdict[str, list[int]] = defaultdict(list)
    for paper_id, link in recent.filter(code_url__icontains="github.com/").values_list("pk", "code_url"):
        if name := github.repository(link):
            found[name].append(paper_id)
    return dict(found)


def due(papers: dict[str, list[int]], now: datetime) -> list[Repository]:
    """Not asked today; those never asked first, then those asked longest ago."""
    Repository.objects.bulk_create([Repository(name=name) for name in sorted(papers)], ignore_conflicts=True)
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    waiting = Repository.objects.filter(Q(checked_at=None) | Q(checked_at__lt=today))
    waiting = waiting.filter(Q(gone_at=None) | Q(checked_at__lt=now - GONE_PAUSE))
    most = MOST_WITH_TOKEN if settings.GITHUB_TOKEN else MOST
    found = waiting.order_by(F("checked_at").asc(nulls_first=True), "pk").iterator(chunk_size=1000)
    return list(islice((row for row in found if row.name in papers), most))


def ask(api: str, row: Repository, paper_ids: list[int], now: datetime) -> IngestCounts:
    """One request: its stars are stored, or that it is gone. Raises SourceError."""
    before = row.stars
    try:
        reply = get(
            github.url(api, row.moved_to or row.name), Validators(etag=row.etag), github.headers(settings.GITHUB_TOKEN)
        )
    except SourceError as error:
        if error.status not in GONE:
            raise
        mark(row, now, gone_at=row.gone_at or now, etag="")
        return IngestCounts(refused=1)
    facts = {}
    if not reply.is_unmodified:
        found = github.read(reply.body)
        moved_to = found.name if found.name != row.name else ""
        facts = {"stars": found.stars, "etag": reply.validators.etag, "moved_to": moved_to}
    with transaction.atomic():
        mark(row, now, gone_at=None, **facts)
        if row.stars is not None:
            signals.observe(paper_ids, SignalKind.STARS, row.stars, now)
    return IngestCounts(updated=1) if row.stars != before else IngestCounts(known=1)


def mark(row: Repository, now: datetime, **facts: object) -> None:
    """It was asked for; what is known of it now."""
    for name, value in {"checked_at": now, **facts}.items():
        setattr(row, name, value)
    row.save(update_fields=["checked_at", *facts])
