"""Fill a database with papers; show how PostgreSQL goes about the statements that store and find them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from digest import papers
from digest.editions import pool
from digest.management import scratch
from digest.management.bench import paper_rows
from digest.management.bench.plans import Explained, explained_all
from digest.models import EditionKind, Paper, Source
from digest.sources import FetchedPaper

BATCH = 500
# Reading these from end to end would grow with the papers.
LARGE = ("digest_paper", "digest_identifier", "digest_claim", "digest_listing", "digest_signal", "digest_fact")


class Command(BaseCommand):
    help = (
        "Make a scratch database with so many papers, their names, listings, signals and facts; store a batch again, "
        "changed and in part merged, and look for an edition's papers, each statement explained. PostgreSQL only. "
        "Two million papers take some minutes to make, and 8 GB."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--papers", type=int, default=200_000)
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("This measures PostgreSQL: set DATABASE_URL.")
        now = timezone.now()
        with scratch.scratch_database():
            source = paper_rows.fill(options["papers"], now)
            statements = list(hot_statements(source, now))
        scans = sorted({f"{each.name}: {table}" for each in statements for table in each.scans if table in LARGE})
        if not options["json"]:
            self.stdout.write("\n".join(_table(statements)))
        account = {"papers": options["papers"], "statements": [asdict(each) for each in statements], "scans": scans}
        self.stdout.write(json.dumps(account))
        if scans:
            raise CommandError(f"A whole table is read: {', '.join(scans)}")


def hot_statements(source: Source, now: datetime) -> Iterator[Explained]:
    """What storing a batch and building an edition do, once each."""
    fetched = batch()
    with explained_all("store a batch", LARGE) as found:
        papers.ingest(fetched, source=source, now=now)
    yield from once_each(found)
    with explained_all("an edition's pool", LARGE) as found:
        pool.candidates(EditionKind.DAILY, now.date(), now)
    yield from once_each(found)


def once_each(found: list[Explained]) -> Iterator[Explained]:
    """The slowest of those that go about the same tables in the same way."""
    slowest: dict[tuple[Any, ...], Explained] = {}
    for each in sorted(found, key=lambda each: -each.milliseconds):
        slowest.setdefault((each.statement, *each.indexes, *each.scans), each)
    return (each for each in found if each in slowest.values())


def batch() -> list[FetchedPaper]:
    """Papers that are there, among them merged ones, in a newer version with all that hangs on a paper; and new ones
    that share a title with them, or with one another."""
    known = Paper.objects.order_by("pk").filter(pk__lte=BATCH).values_list("arxiv_id", "title")
    return [
        *(paper(title, arxiv_id=arxiv_id, version=2) for arxiv_id, title in known),
        *(paper(title, doi=f"10.5555/{number}") for number, (_, title) in enumerate(known[:100])),
        *(paper(f"Of one title there are two new papers, {n % 50}", doi=f"10.5555/new.{n}") for n in range(100)),
    ]


def paper(title: str, **facts: Any) -> FetchedPaper:
    signals = {"upvotes": 3, "stars": 1}
    return FetchedPaper(title=title, authors=("Ann Author",), comment="Accepted at ICML 2026", signals=signals, **facts)


def _table(statements: list[Explained]) -> Iterator[str]:
    yield f"{'step':20} {'statement':56} {'rows':>7} {'ms':>9}  indexes"
    for each in statements:
        used = ", ".join(each.indexes) + "".join(f", WHOLE {table}" for table in each.scans)
        yield f"{each.name:20} {each.statement:56} {each.rows:>7} {each.milliseconds:>9}  {used}"
