"""`manage.py backup`: a file that is proved to hold the whole database."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from digest.management import backups


class Command(BaseCommand):
    help = "Back up the database to a file, put it back into a scratch database and count; keep the newest backups."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, help="where backups are; default DATA_DIR/backups")
        parser.add_argument("--keep", type=int, default=7, help="how many backups stay there; default 7")
        parser.add_argument("--unverified", action="store_true", help="do not put it back to see: half the time")

    def handle(self, *args: Any, folder: Path | None, keep: int, unverified: bool, **options: Any) -> None:
        if keep < 1:
            raise CommandError("--keep: at least 1, the new one.")
        folder = folder or Path(settings.DATA_DIR, "backups")
        began = time.monotonic()
        try:
            made = backups.back_up(folder, timezone.now(), verify=not unverified)
        except (backups.BackupError, OSError) as error:
            raise CommandError(f"There is no new backup: {error}") from error
        word = "not verified" if unverified else "verified"
        took = time.monotonic() - began
        self.stdout.write(f"{made.path}: {made.rows} rows, {made.size / 1e6:.1f} MB, {word}, {took:.0f} s")
        for gone in backups.prune(folder, keep):
            self.stdout.write(f"{gone} deleted")
