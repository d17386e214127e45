"""Fills the configured database with one published edition and due readers: `python -m tests.delivery.seed 100`."""

from __future__ import annotations

import os
import sys

import django


def main(count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests.delivery.conftest import issue
    from tests.factories import NOW, SubscriberFactory

    issue(papers=8)
    SubscriberFactory.create_batch(count, next_delivery_at=NOW, digest_length=3)


if __name__ == "__main__":
    main(int(sys.argv[1]))
