"""`manage.py rehash_addresses`: after a change of SUPPRESSION_KEY, the stored hashes become ones of the new key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from digest.management import rekeying


class Command(BaseCommand):
    help = "Bring stored hashes of addresses up to the present SUPPRESSION_KEY, all or nothing; harmless to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = rekeying.rehash(timezone.now())
        self.stdout.write(f"{changed} hashes brought up to the present key.")
        if strange := rekeying.strange(rekeying.standing()):
            raise CommandError(
                f"{strange} hashes were made by none of the keys, and suppress nobody: "
                "add the key they were made by to SUPPRESSION_KEY_FORMER, and run this again."
            )
