"""Take the unread mails of the mailbox that BOUNCE_IMAP_URL names, now; a tick does so every minute."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest import events, tasks
from digest.errors import MailboxError


class Command(BaseCommand):
    help = "Take bounces, complaints and wishes to unsubscribe from the mailbox that BOUNCE_IMAP_URL names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BOUNCE_IMAP_URL:
            raise CommandError("BOUNCE_IMAP_URL is not set.")
        try:
            taken = events.read_mailbox(settings.BOUNCE_IMAP_URL, timezone.now())
        except MailboxError as error:
            raise CommandError(str(error)) from error
        counts = {kind.value: taken[kind] for kind in events.Taken}
        if counts["reported"]:
            tasks.enqueue_events()
        self.stdout.write(json.dumps(counts) if options["json"] else _sentence(counts))


def _sentence(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counts.items())
