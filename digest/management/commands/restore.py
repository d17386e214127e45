"""`manage.py restore FILE`: a backup takes the place of the database; what was there is kept."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from digest.management import backups


class Command(BaseCommand):
    help = "Put a backup in the place of the database. A damaged one changes nothing; what was there before is kept."
    # The database that they would look at may be what has to be replaced.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="as manage.py backup made it, with its .json beside it")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        began = time.monotonic()
        try:
            kept = backups.restore(file, timezone.now())
        except (backups.BackupError, OSError) as error:
            raise CommandError(f"Nothing was restored, nothing was changed: {error}") from error
        self.stdout.write(f"{file} restored in {time.monotonic() - began:.0f} s; what was there before: {kept}")
        self.stdout.write("Next: manage.py migrate, rehash_addresses, doctor.")
