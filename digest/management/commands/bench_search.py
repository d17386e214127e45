"""Search a file's papers in a database of its own; say how long searches take, by kind."""

from __future__ import annotations

import json
import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from digest import search
from digest.ingestion import import_file
from digest.management import scratch
from digest.management.bench.meters import timed
from digest.management.bench.searches import KINDS, asked, sampled_ids
from digest.models import Outcome

QUERIES = 400


class Command(BaseCommand):
    help = (
        "Import a file into a scratch database beside the configured one, index it, and search it with words, phrases, "
        "names and slips taken from its papers, each query twice; the second time counts. The last line is one JSON "
        "object: papers, queries, p50_ms, p95_ms, and the same by kind."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--queries", type=int, default=QUERIES)
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        with TemporaryDirectory(prefix="paperboy-bench-") as folder:
            if connection.vendor == "sqlite":  # in a file, as a site's is
                connection.settings_dict["TEST"]["NAME"] = str(Path(folder, "papers.sqlite3"))
            with scratch.scratch_database():
                account = measure(options["file"], options["queries"])
        if not options["json"]:
            kinds = account["kinds"].items()
            self.stdout.write(
                "\n".join(f"{name:>12}  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms" for name, (p50, p95) in kinds)
            )
        self.stdout.write(json.dumps(account))


def measure(path: Path, queries: int) -> dict[str, Any]:
    run = import_file(path, timezone.now())
    if run.outcome == Outcome.FAILED or not run.received:
        raise CommandError(f"nothing to measure: {run.message or 'no papers'}")
    cost, papers = timed(run.received, search.catch_up)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    times = {name: [milliseconds(query) for query in each] for name, each in asked(queries).items()}
    alike = [milliseconds(pk, search.similar) for pk in sampled_ids(queries // len(KINDS))]
    every = [each for some in times.values() for each in some]
    return {
        "database": connection.vendor,
        "papers": papers,
        "queries": len(every),
        "p50_ms": percentile(every, 50),
        "p95_ms": percentile(every, 95),
        "kinds": {
            name: (percentile(each, 50), percentile(each, 95)) for name, each in {**times, "similar": alike}.items()
        },
        "index_us_per_paper": round(cost.cpu_us + cost.database_us, 1),
    }


def milliseconds(asked: Any, ask: Callable[[Any], object] = lambda text: search.find(search.parse(text))) -> float:
    """By the clock, warm: the same was asked once before."""
    ask(asked)
    began = time.perf_counter()
    ask(asked)
    return (time.perf_counter() - began) * 1000


def percentile(times: Sequence[float], share: int) -> float:
    return round(statistics.quantiles(times, n=100, method="inclusive")[share - 1], 1)
