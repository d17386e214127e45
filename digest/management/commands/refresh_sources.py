"""Visit sources now, and print the account of each."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from digest.errors import NoTurn
from digest.ingestion import refresh, refresh_if_due
from digest.models import Outcome, Source, SourceRun

COUNTS = ("received", "new", "known", "updated", "refused")


class Command(BaseCommand):
    help = "Fetch, parse and ingest: every enabled source, or the named ones. Exit code 1 if any failed or got no turn."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", action="append", metavar="SLUG", help="only this one; may be repeated")
        parser.add_argument("--due", action="store_true", help="only sources whose time has come")
        parser.add_argument("--json", action="store_true", help="end with the accounts as one JSON object on one line")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        self.put_off: list[str] = []
        runs = [run for source in chosen(options["source"]) if (run := self.visit(source, due=options["due"]))]
        seconds = round(time.monotonic() - started, 2)
        totals = {name: sum(getattr(run, name) for run in runs) for name in COUNTS}
        failed = [run.source_name for run in runs if run.outcome == Outcome.FAILED] + self.put_off
        self.stdout.write(
            f"{len(runs)} visit{'' if len(runs) == 1 else 's'}, {len(failed)} failed, {words(totals)}, {seconds} s"
        )
        if options["json"]:
            document = {"sources": [account(run) for run in runs], "totals": totals, "seconds": seconds}
            self.stdout.write(json.dumps({**document, "failed": failed}))
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}", returncode=1)

    def visit(self, source: Source, *, due: bool) -> SourceRun | None:
        try:
            run = refresh_if_due(source.pk, timezone.now()) if due else refresh(source, timezone.now())
        except NoTurn as error:
            self.stdout.write(f"{source.name}: not visited, {error}")
            self.put_off.append(source.name)
            return None
        if run:
            account_of_run = {name: getattr(run, name) for name in COUNTS}
            self.stdout.write(f"{run.source_name}: {run.outcome}, {words(account_of_run)}")
            for line in run.message.splitlines():
                self.stdout.write(f"    {line}")
        return run


def chosen(slugs: list[str] | None) -> list[Source]:
    """Enabled sources, or the named ones, enabled or not."""
    if not slugs:
        return list(Source.objects.filter(is_enabled=True))
    found = {source.slug: source for source in Source.objects.filter(slug__in=slugs)}
    if unknown := [slug for slug in slugs if slug not in found]:
        known = ", ".join(Source.objects.values_list("slug", flat=True))
        raise CommandError(f"no source {', '.join(unknown)}; there are: {known or 'none'}")
    return [found[slug] for slug in dict.fromkeys(slugs)]


def words(counts: dict[str, int]) -> str:
    parts = ", ".join(f"{counts[name]} {name}" for name in COUNTS[1:])
    return f"{counts['received']} received ({parts})"


def account(run: SourceRun) -> dict[str, Any]:
    return {
        "source": run.source.slug if run.source else "",
        "name": run.source_name,
        "outcome": run.outcome,
        "http_status": run.http_status,
        "received_bytes": run.received_bytes,
        **{name: getattr(run, name) for name in COUNTS},
        "message": run.message,
        "seconds": round((run.finished_at - run.started_at).total_seconds(), 3) if run.finished_at else None,
    }
