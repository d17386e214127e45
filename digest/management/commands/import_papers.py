"""Import stored papers: JSON, JSON Lines, any stored feed or API reply; packed or not; as often as you like."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from digest.ingestion import import_file
from digest.ingestion.files import SeenAt
from digest.management.bench.meters import process_rss_mb, rss_mb
from digest.models import Outcome, Source, SourceRun
from digest.sources.parsing import pool

COUNTS = ("received", "new", "known", "updated", "refused")
BAR = 30


class Command(BaseCommand):
    requires_system_checks = ()  # for these, all views would be loaded: 30 MB
    help = "Import files (.json, .jsonl, stored feeds, also .gz and .tar.gz). Exit code 1 if any cannot be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--source", metavar="SLUG", help="count the papers as listed by this source")
        parser.add_argument("--sample", action="store_true", help="mark the papers as invented samples")
        parser.add_argument(
            "--seen-at",
            type=day_or_listed,
            metavar="DATE|listed",
            help="when back-filling: the day on which the papers count as first seen and their signals as read, or "
            "`listed` for each paper's own listing day (default: now)",
        )
        parser.add_argument("--json", action="store_true", help="end with the accounts as one JSON object on one line")

    def handle(self, *args: Any, **options: Any) -> None:
        source = named_source(options["source"])
        started = time.monotonic()
        runs = [
            self.import_one(path, source, is_sample=options["sample"], seen_at=options["seen_at"])
            for path in options["files"]
        ]
        seconds = round(time.monotonic() - started, 2)
        failed = [run.source_name for run in runs if run.outcome == Outcome.FAILED]
        if options["json"]:
            document = {"files": [account(run) for run in runs], "failed": failed}
            self.stdout.write(json.dumps({**document, **totals(runs), "seconds": seconds, **memory()}))
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}", returncode=1)

    def import_one(self, path: Path, source: Source | None, *, is_sample: bool, seen_at: SeenAt) -> SourceRun:
        run = import_file(path, timezone.now(), self.show, source=source, is_sample=is_sample, seen_at=seen_at)
        if self.stderr.isatty():
            self.stderr.write("", style_func=str)  # progress is no error: it goes the errors' way in plain colour
        counts = ", ".join(f"{getattr(run, name)} {name}" for name in COUNTS)
        self.stdout.write(f"{run.source_name}: {run.outcome}, {counts}")
        for line in run.message.splitlines():
            self.stdout.write(f"    {line}")
        return run

    def show(self, share: float, received: int) -> None:
        """A bar on a terminal; elsewhere it would only fill a log."""
        if self.stderr.isatty():
            done = int(share * BAR)
            self.stderr.write(
                f"\r[{'#' * done}{'.' * (BAR - done)}] {share:4.0%} {received:,} papers", style_func=str, ending=""
            )
            self.stderr.flush()


def day_or_listed(value: str) -> SeenAt:
    if value == "listed":
        return "listed"
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ArgumentTypeError(f"neither a date (2026-03-31) nor `listed`: {value}") from error


def named_source(slug: str | None) -> Source | None:
    if not slug:
        return None
    source = Source.objects.filter(slug=slug).first()
    if source is None:
        known = ", ".join(Source.objects.values_list("slug", flat=True))
        raise CommandError(f"no source {slug}; there are: {known or 'none'}")
    return source


def totals(runs: Sequence[SourceRun]) -> dict[str, int]:
    return {name: sum(getattr(run, name) for run in runs) for name in COUNTS}


def memory() -> dict[str, float]:
    """The most that this process and its parser's held."""
    return {"rss_mb": rss_mb(), "parser_rss_mb": sum(map(process_rss_mb, pool.processes()))}


def account(run: SourceRun) -> dict[str, Any]:
    counts = {name: getattr(run, name) for name in COUNTS}
    return {"file": run.source_name, "outcome": run.outcome, **counts, "message": run.message}
