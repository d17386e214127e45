"""Tell all that is known of an address, as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from subscriptions import erasure


class Command(BaseCommand):
    help = "Print all that is known of an address as JSON: for whoever asks what is kept about them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            told = erasure.known(email)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        self.stdout.write(json.dumps(told, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))
