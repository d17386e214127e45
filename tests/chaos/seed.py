"""Fills the configured database with today's edition and readers who are due: `python -m tests.chaos.seed 240`."""

from __future__ import annotations

import os
import sys

import django


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    from digest.models import Source
    from tests.delivery.conftest import issue
    from tests.factories import SubscriberFactory

    now = timezone.now()
    Source.objects.update(is_enabled=False)  # nothing is fetched from anyone
    issue(papers=8, date=now.date())
    SubscriberFactory.create_batch(count, next_delivery_at=now, digest_length=3)


if __name__ == "__main__":
    main(int(sys.argv[1]))
