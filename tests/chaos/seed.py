"""Fills the configured database with today's edition and readers who wait: `python -m tests.chaos.seed 240`."""

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
    from subscriptions.models import Subscriber
    from tests.delivery.conftest import issue

    Source.objects.update(is_enabled=False)  # nothing is fetched from anyone
    issue(papers=8, date=timezone.now().date())
    Subscriber.objects.bulk_create((reader(number) for number in range(count)), batch_size=1000)


def reader(number: int):  # type: ignore[no-untyped-def]
    from django.utils import timezone

    from subscriptions import addresses
    from subscriptions.models import Subscriber, SubscriberStatus

    email = f"reader{number}@place{number % 40}.example.org"
    return Subscriber(
        email=email,
        address_key=email,
        address_hash=addresses.address_hash(email),
        status=SubscriberStatus.ACTIVE,
        confirmed_at=timezone.now(),
        digest_length=3,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
