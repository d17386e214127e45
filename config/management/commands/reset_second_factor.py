"""Take an account's second factor away: for whoever lost their device and their recovery codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.door import second_factor


class Command(BaseCommand):
    help = "Take an account's second factor and recovery codes away. Make sure first that it is they who ask."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no account {username}.")
        if not second_factor.forget(user):
            raise CommandError(f"{username} has no second factor.")
        self.stdout.write(f"{username} signs in by the password alone until they set up another.")
