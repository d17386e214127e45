"""Import a file into a database of its own, twice; say what it cost and how large the tables became."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from digest.ingestion import import_file
from digest.management import scratch
from digest.management.bench.meters import database_cpu, process_cpu, process_rss_mb, rss_mb
from digest.models import Outcome, Paper, SourceRun
from digest.sources.parsing import pool

TABLES = ("digest_paper", "digest_identifier", "digest_claim", "digest_listing", "digest_signal", "digest_fact")


class Command(BaseCommand):
    help = (
        "Import a file into a scratch database beside the configured one, then again, when nothing may change. CPU "
        "time is this process's, its parser's and, on PostgreSQL here, its server's. Memory is the most that this "
        "process, which also makes the database, and its parser held. The last line is one JSON object."
    )
    requires_system_checks = ()  # for these, all views would be loaded: 30 MB

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        with TemporaryDirectory(prefix="paperboy-bench-") as folder:
            if connection.vendor == "sqlite":  # in a file: in memory, its rows would count as ours
                connection.settings_dict["TEST"]["NAME"] = str(Path(folder, "papers.sqlite3"))
            with scratch.scratch_database():
                account = measure(options["file"])
        if not options["json"]:
            self.stdout.write("\n".join(f"{name:>28}  {value}" for name, value in lines(account)))
        self.stdout.write(json.dumps(account))
        if account["repeated_new"] or account["repeated_updated"]:
            raise CommandError("The second import changed something.")


def measure(path: Path) -> dict[str, Any]:
    first = imported(path)
    rows_before = tuple(fingerprints())
    second = imported(path)
    papers = first["received"]
    return {
        "database": connection.vendor,
        "papers": papers,
        "new": first["new"],
        "refused": first["refused"],
        "seconds": first["seconds"],
        "papers_per_second": round(papers / first["seconds"]),
        "cpu_us_per_paper": round(first["cpu"] / papers * 1e6, 1),
        "own_cpu_us_per_paper": round(first["own_cpu"] / papers * 1e6, 1),
        "parser_cpu_us_per_paper": round(first["parser_cpu"] / papers * 1e6, 1),
        "cpu_seconds": round(first["cpu"], 2),
        "rss_mb": second["rss_mb"],
        "parser_rss_mb": max(first["parser_rss_mb"], second["parser_rss_mb"]),
        "repeated_seconds": second["seconds"],
        "repeated_papers_per_second": round(papers / second["seconds"]),
        "repeated_cpu_us_per_paper": round(second["cpu"] / papers * 1e6, 1),
        "repeated_new": second["new"],
        "repeated_updated": second["updated"],
        "repeated_changed_rows": sum(a != b for a, b in zip(rows_before, fingerprints(), strict=True)),
        "bytes_per_row": sizes() if connection.vendor == "postgresql" else {},
    }


def imported(path: Path) -> dict[str, Any]:
    """One import, start of its parser included; refused where the file cannot be read."""
    pool.end()
    own, server, began = time.process_time(), database_cpu(), time.perf_counter()
    run: SourceRun = import_file(path, timezone.now())
    seconds = time.perf_counter() - began
    own_cpu = time.process_time() - own
    if run.outcome == Outcome.FAILED or not run.received:
        raise CommandError(f"nothing to measure: {run.message or 'no papers'}")
    counts = {name: getattr(run, name) for name in ("received", "new", "known", "updated", "refused")}
    parser_cpu = sum(map(process_cpu, pool.processes()))
    return {
        **counts,
        "seconds": round(seconds, 2),
        "own_cpu": own_cpu,
        "parser_cpu": parser_cpu,
        "cpu": own_cpu + parser_cpu + database_cpu() - server,
        "rss_mb": rss_mb(),
        "parser_rss_mb": sum(map(process_rss_mb, pool.processes())),
    }


def fingerprints() -> Iterator[tuple[Any, ...]]:
    """What shows of each table whether any row was written."""
    yield tuple(Paper.objects.order_by("-updated_at").values_list("pk", "updated_at")[:1])
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*), max(id) FROM {table}")  # noqa: S608
            yield tuple(cursor.fetchone())


def sizes() -> dict[str, dict[str, int]]:
    """Bytes a row of each table: the rows with what is stored beside them, and the indexes."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}') FROM {table}"  # noqa: S608
            )
            rows, heap, indexes = cursor.fetchone()
            if rows:
                found[table] = {"rows": rows, "table": round(heap / rows), "indexes": round(indexes / rows)}
    return found


def lines(account: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in account.items():
        yield from (
            [(f"{name} {table}", each) for table, each in value.items()] if isinstance(value, dict) else [(name, value)]
        )
