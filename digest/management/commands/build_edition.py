"""Build an edition, or rebuild an open one, now; the pipeline's third step by hand."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest import editions
from digest.errors import EditionError
from digest.models import EditionKind


def add_issue_arguments(parser: CommandParser) -> None:
    """--kind and --date, which name an issue; by default today's daily one."""
    parser.add_argument("--kind", choices=EditionKind.values, default=EditionKind.DAILY.value)
    parser.add_argument("--date", type=day, help="YYYY-MM-DD, any day of the week for a weekly edition (today)")


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date like 2026-07-14") from error


class Command(BaseCommand):
    help = "Build an edition's pool from the papers there are. Exits with 1 if there are none or it is published."

    def add_arguments(self, parser: CommandParser) -> None:
        add_issue_arguments(parser)

    def handle(self, *args: Any, kind: str, date: date | None, **options: Any) -> None:
        now = timezone.now()
        try:
            edition = editions.build(kind, date or editions.today(now), now)
        except EditionError as error:
            raise CommandError(str(error)) from error
        goes_out = timezone.localtime(edition.publish_at)
        self.stdout.write(f"{edition}: {edition.entries.count()} papers, goes out {goes_out:%Y-%m-%d %H:%M %Z}")
