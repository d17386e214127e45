"""Takes the delivery's settings; gives what is wrong with them at start, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from digest.delivery.transports import TRANSPORTS

LOCAL = ("anymail.backends.test.", "anymail.backends.console.")


@register()
def transport(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if settings.DELIVERY_TRANSPORT not in TRANSPORTS:
        hint = f"Give one of: {', '.join(TRANSPORTS)}."
        yield Error(f"DELIVERY_TRANSPORT is {settings.DELIVERY_TRANSPORT!r}.", hint=hint, id="digest.E001")


@register(Tags.security)
def webhooks(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """Whoever could forge a bounce could silence any reader: a provider's webhook must prove who it is."""
    backend = settings.EMAIL_BACKEND
    if not backend.startswith("anymail.backends.") or backend.startswith(LOCAL):
        return
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        hint = (
            "Set it to user:password, both random, and give the provider the webhook's address with them: "
            "https://user:password@your-host/anymail/<provider>/tracking/"
        )
        yield Error("ANYMAIL_WEBHOOK_SECRET is not set.", hint=hint, id="digest.E002")
