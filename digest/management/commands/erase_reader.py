"""Forget an address: whatever is known of it, in every table and in the outbox; the hash of a suppression stays."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from subscriptions import erasure


class Command(BaseCommand):
    help = "Erase all that is known of an address, at once and for good. Backups and the mail server's logs are yours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            gone = erasure.erase(email)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        self.stdout.write("Erased: " + ", ".join(f"{count} {name}" for name, count in gone.items()) + ".")
