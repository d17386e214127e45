"""Plan a crowd of readers who are all due; show how PostgreSQL goes about the ledger's statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from digest import selection
from digest.delivery import ledger
from digest.delivery.outcomes import Outcome, Result
from digest.management import scratch
from digest.management.bench import ledger_rows
from digest.management.bench.meters import timed
from digest.management.bench.plans import Explained, explained
from digest.models import Edition

CHUNK = 2000
WINDOW = 200
# Reading these from end to end would grow with the readers' history.
LARGE = {"digest_delivery", "digest_digest", "subscriptions_subscriber"}


class Command(BaseCommand):
    help = (
        "Make a scratch database with readers who are all due and a ledger of past days; plan them all, then lease "
        "rows, look up what their readers had, claim, record and give back, each statement explained. PostgreSQL only. "
        "Thirty million rows take some ten minutes to make, and 15 GB."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscribers", type=int, default=1_000_000)
        parser.add_argument("--rows", type=int, default=30_000_000)
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("This measures PostgreSQL: set DATABASE_URL.")
        with scratch.scratch_database():
            account = measure(options["subscribers"], options["rows"])
        if not options["json"]:
            self.stdout.write("\n".join(_table(account)))
        self.stdout.write(json.dumps(account))
        if account["scans"]:
            raise CommandError(f"A whole table is read: {', '.join(account['scans'])}")


def measure(readers: int, rows: int) -> dict[str, Any]:
    now = timezone.now()
    filling, _ = timed(rows, ledger_rows.fill, readers, rows, now)
    edition = ledger_rows.todays_edition(now)
    planning, planned = timed(readers, ledger.plan, now)
    ledger_rows.analyze_readers()
    statements = list(hot_statements(edition, now))
    return {
        "subscribers": readers,
        "rows": rows,
        "fill_seconds": round(filling.seconds, 1),
        "planned": planned,
        "plan_seconds": round(planning.seconds, 1),
        "plan_cpu_us_per_reader": round(planning.cpu_us, 2),
        "plan_database_cpu_us_per_reader": round(planning.database_us, 2),
        "ledger_mb": _size("digest_delivery"),
        "statements": [asdict(each) for each in statements],
        "scans": sorted({f"{each.name}: {table}" for each in statements for table in each.scans if table in LARGE}),
    }


def hot_statements(edition: Edition, now: Any) -> Iterator[Explained]:
    """What a tick and a sending run do, once each."""
    run = uuid4()
    with explained("plan, nobody left") as found:
        ledger.plan(now)
    yield from found
    with explained("waiting") as found:
        ledger.waiting(now, 50 * CHUNK)
    yield from found
    with explained("lease") as found:
        leased = ledger.lease(run, now, CHUNK)
    yield from found
    with explained("interests") as found:
        lengths = {row.subscriber_id: row.digest_length for row in leased if row.subscriber_id}
        selection.interests_of(selection.load_pool(edition), lengths, now)
    yield from found
    window = [ledger.Content(row.id, "[1]", "[]", "{}") for row in leased[:WINDOW]]
    with explained("claim") as found:
        ledger.claim(window, run, now)
    yield from found
    results = {row.id: Result(Outcome.ACCEPTED) for row in leased[:WINDOW]}
    with explained("record") as found:
        ledger.record(results, run, now)
    yield from found
    with explained("put off") as found:
        ledger.put_off([row.id for row in leased[WINDOW:]], now, "")
    yield from found
    with explained("rescue") as found:
        ledger.rescue(now)
    yield from found


def _size(table: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return round(float(cursor.fetchone()[0]) / 1e6, 1)


def _table(account: dict[str, Any]) -> Iterator[str]:
    for name in ("subscribers", "rows", "fill_seconds", "planned", "plan_seconds", "plan_cpu_us_per_reader"):
        yield f"{name:34} {account[name]}"
    yield f"{'plan_database_cpu_us_per_reader':34} {account['plan_database_cpu_us_per_reader']}"
    yield f"{'ledger_mb':34} {account['ledger_mb']}"
    yield ""
    yield f"{'step':20} {'statement':34} {'rows':>7} {'ms':>9}  indexes"
    for each in account["statements"]:
        used = ", ".join(each["indexes"]) + "".join(f", WHOLE {table}" for table in each["scans"])
        yield f"{each['name']:20} {each['statement']:34} {each['rows']:>7} {each['milliseconds']:>9}  {used}"
