"""Take one mail from standard input: a bounce, a complaint, or a wish to unsubscribe. Made for a mail server's pipe."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.utils import timezone

from digest import events, tasks

# sysexits.h, which mail servers go by: with the first the mail is refused for good, with the second it comes again.
UNREADABLE = 65
TRY_AGAIN = 75
CHUNK = 64 * 1024


class Command(BaseCommand):
    help = (
        "Take one mail from standard input. What is no report of ours and no wish to unsubscribe is ignored; nobody is "
        "ever answered. Exits with 0, with 65 for what is no mail, and with 75 while the database is away."
    )
    # A mail a process: what only matters at start is checked elsewhere.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("recipients", nargs="*", help="The envelope's, as in Postfix's ${recipient}")

    def handle(self, *args: Any, recipients: list[str], **options: Any) -> None:
        raw = _standard_input()
        try:
            taken = events.take_bytes(raw, recipients, timezone.now())
        except ValueError as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        except DatabaseError as error:
            raise CommandError(f"The database is away: {error}", returncode=TRY_AGAIN) from error
        if taken is events.Taken.REPORTED:
            tasks.enqueue_events()
        self.stdout.write(taken.value)


def _standard_input() -> bytes:
    """As much as is needed, but read to its end: a server whose pipe breaks takes the mail for undelivered."""
    source = sys.stdin.buffer
    raw = source.read(events.MAX_BYTES)
    while source.read(CHUNK):
        pass
    return raw
