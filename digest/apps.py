"""The digest app: listens to the mail provider's events and to who confirms, and has its settings checked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from anymail.signals import inbound, tracking
from django.apps import AppConfig
from django.db.models.signals import pre_delete

if TYPE_CHECKING:
    from subscriptions.models import Subscriber


class DigestConfig(AppConfig):
    name = "digest"
    verbose_name = "Digest"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from digest import events
        from digest.delivery import checks  # noqa: F401
        from subscriptions.signals import confirmed, erasing, telling

        tracking.connect(events.take_report, dispatch_uid="digest.events")
        inbound.connect(events.take_mail, dispatch_uid="digest.events")
        confirmed.connect(take_first_interest, dispatch_uid="digest.interests")
        erasing.connect(forget_person, dispatch_uid="digest.privacy.forget")
        telling.connect(tell_of_person, dispatch_uid="digest.privacy.known")
        pre_delete.connect(forget_digests, "subscriptions.Subscriber", dispatch_uid="digest.ledger")


def take_first_interest(subscriber: Subscriber, interest: str, now: datetime, **_: object) -> None:
    """What a reader typed in the sign-up form counts from their first digest on. Loaded when somebody confirms."""
    from digest import interests

    interests.take_first(subscriber, interest, now)


def forget_digests(instance: Subscriber, **_: object) -> None:
    from digest.delivery import ledger

    ledger.forget_digests(instance.pk)


def forget_person(address: str, address_hash: str, subscriber: Subscriber | None, **_: object) -> None:
    from digest import privacy

    privacy.forget(address, address_hash, subscriber)


def tell_of_person(address_hash: str, subscriber: Subscriber | None, **_: object) -> dict[str, Any]:
    from digest import privacy

    return privacy.known(address_hash, subscriber)
