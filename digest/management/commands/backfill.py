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
        without_past: list[str] = []
        results = [self.fill(source, since, until, without_past) for source in chosen(slugs)]
        if not all(results):
            raise CommandError("not all was done; run it again to go on", returncode=1)
        if slugs and without_past:  # to have been named is to be asked for
            raise CommandError(f"leave out, as there is no past to be had: {', '.join(without_past)}", returncode=1)

    def fill(self, source: Source, since: date, until: date, without_past: list[str]) -> bool:
        """Whether all was done that can be done; a source that has no past is noted."""
        try:
            pending = history.pending(source, since, until)
        except history.NoPast as error:
            self.stdout.write(f"{source.name}: {error}")
            without_past.append(source.slug)
            return True
        asked = (until - since).days + 1
        if not pending:
            self.stdout.write(f"{source.name}: nothing to do, all {days(asked)} are done")
            return True
        self.stdout.write(f"{source.name}: {len(pending)} of {days(asked)} to ask for")
        progress = Progress(self, source, len(pending))
        all_done = history.fill(source, pending, timezone.now(), progress.tell)
        progress.end()
        return all_done


class Progress:
    """A bar and an estimate on a terminal; elsewhere a line for each day."""

    def __init__(self, command: Command, source: Source, number: int) -> None:
        self.command, self.source, self.days = command, source, number
        self.done, self.papers, self.new, self.failed = 0, 0, 0, 0
        self.started = time.monotonic()
        self.waited_for = ""
        self.is_shown = command.stderr.isatty()

    def tell(self, step: history.Step) -> None:
        if step.waits:
            self.wait(step.waits)
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

    def wait(self, reason: str) -> None:
        """Also without a terminal, once for each reason: it may take an hour."""
        if not self.is_shown and reason != self.waited_for:
            self.write(f"waits: {reason}")
        self.waited_for = reason
        self.show(reason)

    def show(self, note: str) -> None:
        if self.is_shown:
            done = self.done * BAR // self.days
            bar = f"[{'#' * done}{'.' * (BAR - done)}] {self.done}/{self.days} days, {self.papers:,} papers, {note}"
            self.draw(f"\r\033[K{bar[:118]}")

    def draw(self, text: str, ending: str = "") -> None:
        """In plain colour: progress is no error, though it goes the errors' way."""
        self.command.stderr.write(text, style_func=str, ending=ending)
        self.command.stderr.flush()

    def write(self, line: str) -> None:
        if self.is_shown:
            self.draw("\r\033[K")
        self.command.stdout.write(f"    {line}")

    def end(self) -> None:
        if self.is_shown:
            self.draw("", ending="\n")
        rest = f", {self.failed} failed" if self.failed else ""
        rest += f", {self.days - self.done} not reached" if self.done < self.days else ""
        self.command.stdout.write(
            f"{self.source.name}: {days(self.done - self.failed)} done{rest}; {self.papers:,} papers, {self.new:,} new"
        )


def days(number: int) -> str:
    return f"{number:,} day{'' if number == 1 else 's'}"


def left(done: int, number: int, seconds: float) -> str:
    """The rest at the pace so far: a day is a few requests, and the pause between two is most of their time."""
    rest = seconds / done * (number - done)
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
