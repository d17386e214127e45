"""Publish an edition now, before its time or without waiting for the schedule."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest import editions
from digest.errors import EditionError
from digest.management.commands.build_edition import add_issue_arguments
from digest.models import Edition


class Command(BaseCommand):
    help = "Publish and freeze an edition that was built. Exits with 1 if it was not, or has no paper to show."

    def add_arguments(self, parser: CommandParser) -> None:
        add_issue_arguments(parser)

    def handle(self, *args: Any, kind: str, date: date | None, **options: Any) -> None:
        now = timezone.now()
        edition = _edition(kind, editions.issue_date(kind, date or editions.today(now)))
        word = "published" if edition.is_open else "was already published"
        try:
            edition = editions.publish(edition, now)
        except EditionError as error:
            raise CommandError(str(error)) from error
        when = timezone.localtime(edition.published_at)
        self.stdout.write(f"{edition}: {word} {when:%Y-%m-%d %H:%M %Z}, {edition.entries.count()} papers")


def _edition(kind: str, issue: date) -> Edition:
    edition = Edition.objects.filter(kind=kind, date=issue).first()
    if edition is None:
        raise CommandError(f"There is no {kind} edition of {issue} yet: build_edition makes one.")
    return edition
