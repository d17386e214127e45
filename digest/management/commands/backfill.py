"""Fill the past of sources, as far as they can be asked for it; what is done is not asked for again."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from digest.ingestion import history
from digest.management.commands.refresh_sources import chosen
from digest.models import Source

BAR = 30
Day = Callable[[date], date]


class Command(BaseCommand):
    help = "Ask sources for the papers of past days. Run it again to go on. Exit code 0 only when all was done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--source", action="append", metavar="SLUG", help="only this one; may be repeated (default: all enabled)"
        )
        parser.add_argument("--since", required=True, type=day, metavar="DATE|30d", help="the first day (UTC)")
        parser.add_argument("--until", type=day, metavar="DATE|2d", help="the last day (default: yesterday)")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.now().astimezone(UTC).date()
        since = options["since"](today)
        until = options["until"](today) if options["until"] else today - timedelta(days=1)
        if not since <= until <= today:
            raise CommandError(
                f"from {since} to {until} there is nothing: give --since and --until in order, up to today"
            )
        slugs = options["source"]
        results = [self.fill(source, since, until, is_named=bool(slugs)) for source in chosen(slugs)]
        if not all(results):
            raise CommandError("not all was done; run it again to go on", returncode=1)

    def fill(self, source: Source, since: date, until: date, *, is_named: bool) -> bool:
        """Whether all was done that was asked for. To have been named is to be asked for."""
        try:
            days = history.pending(source, since, until)
        except history.NoPast as error:
            self.stdout.write(f"{source.name}: {error}")
            return not is_named
        asked = (until - since).days + 1
        if not days:
            self.stdout.write(f"{source.name}: nothing to do, all {asked} days are done")
            return True
        self.stdout.write(f"{source.name}: {len(days)} of {asked} days to ask for")
        progress = Progress(self, source, len(days))
        all_done = history.fill(source, days, timezone.now(), progress.tell)
        progress.end()
        return all_done


class Progress:
    """A bar and an estimate on a terminal; elsewhere a line for each day."""

    def __init__(self, command: Command, source: Source, days: int) -> None:
        self.command, self.source, self.days = command, source, days
        self.done, self.papers, self.new, self.failed = 0, 0, 0, 0
        self.started = time.monotonic()
        self.is_shown = command.stderr.isatty()

    def tell(self, step: history.Step) -> None:
        if step.waits:
            self.show(step.waits)
            return
        self.done += 1
        self.papers += step.counts.received
        self.new += step.counts.new
        if step.error:
            self.failed += 1
            self.write(f"{step.day}: failed: {step.error}")
        elif not self.is_shown:
            counts = step.counts
            self.write(f"{step.day}: {counts.received} received ({counts.new} new, {counts.refused} refused)")
        self.show(left(self.done, self.days, time.monotonic() - self.started))

    def show(self, note: str) -> None:
        if self.is_shown:
            done = self.done * BAR // self.days
            bar = f"[{'#' * done}{'.' * (BAR - done)}] {self.done}/{self.days} days, {self.papers:,} papers, {note}"
            self.command.stderr.write(f"\r\033[K{bar[:118]}", ending="")
            self.command.stderr.flush()

    def write(self, line: str) -> None:
        if self.is_shown:
            self.command.stderr.write("\r\033[K", ending="")
        self.command.stdout.write(f"    {line}")

    def end(self) -> None:
        if self.is_shown:
            self.command.stderr.write("")
        rest = f", {self.failed} failed" if self.failed else ""
        rest += f", {self.days - self.done} not reached" if self.done < self.days else ""
        self.command.stdout.write(
            f"{self.source.name}: {self.done - self.failed} days done{rest}; {self.papers:,} papers, {self.new:,} new"
        )


def left(done: int, days: int, seconds: float) -> str:
    """The rest at the pace so far: a day is a few requests, and the pause between two is most of their time."""
    rest = seconds / done * (days - done)
    if rest < 90:
        return f"about {rest:.0f} s left"
    return f"about {rest / 60:.0f} min left" if rest < 5400 else f"about {rest / 3600:.1f} h left"


def day(value: str) -> Day:
    """A date, or so many days before today."""
    if value.endswith("d") and value[:-1].isascii() and value[:-1].isdigit():
        number = int(value[:-1])
        return lambda today: today - timedelta(days=min(number, 100_000))
    try:
        fixed = date.fromisoformat(value)
    except ValueError as error:
        raise ArgumentTypeError(f"neither a date (2026-03-31) nor a number of days (30d): {value}") from error
    return lambda today: fixed
