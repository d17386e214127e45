"""Takes the delivery's settings; gives what is wrong with them at start, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.utils.module_loading import import_string

from digest.delivery.throttling import limits
from digest.delivery.transports import TRANSPORTS, providers
from digest.models import states as table

LIMITS: dict[str, tuple[Callable[[str], object], str]] = {
    "SENDING_LIMITS": (limits.read_sending, "Give rates, as in 100/second, 5000/day; empty for none."),
    "DESTINATION_LIMITS": (
        limits.read_destinations,
        "Give groups of domains with their rates, as in gmail.com googlemail.com: 20/second; *: 50/second",
    ),
    "WARM_UP": (
        limits.read_warm_up,
        "Give the first day and the messages of each day, as in 2026-11-25: 500 1000 2000; empty for none.",
    ),
}
LOCAL = ("anymail.backends.test.", "anymail.backends.console.")


@register()
def transport(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if settings.DELIVERY_TRANSPORT not in TRANSPORTS:
        hint = f"Give one of: {', '.join(TRANSPORTS)}."
        yield Error(f"DELIVERY_TRANSPORT is {settings.DELIVERY_TRANSPORT!r}.", hint=hint, id="digest.E001")


@register()
def states(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """The ledger goes by one table of moves: it must have no hole."""
    for fault in table.faults():
        yield Error(f"The states of a delivery: {fault}.", hint="Mend digest/models/states.py.", id="digest.E014")


@register()
def throttles(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """A limit that cannot be read would stop all sending."""
    for name, (read, hint) in LIMITS.items():
        try:
            read(getattr(settings, name))
        except ValueError as error:
            yield Error(f"{name}: {error}.", hint=hint, id="digest.E003")


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


@register()
def provider(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """What the provider would do to a digest, or to the speed, that nobody expects."""
    if settings.DELIVERY_TRANSPORT != "anymail":
        return
    try:
        known = providers.of(import_string(settings.EMAIL_BACKEND))
    except ImportError as error:
        hint = "Name a Django mail backend, as in anymail.backends.postmark.EmailBackend"
        yield Error(f"EMAIL_BACKEND cannot be loaded: {error}", hint=hint, id="digest.E011")
        return
    if known.one_click:
        hint = "Mailboxes ask for one-click unsubscribe: read the source of a received digest before you send to many."
        yield Warning(known.one_click, hint=hint, id="digest.W011")
    if known.batch and known.calls_per_second and settings.PROVIDER_BATCH == 1:
        hint = f"PROVIDER_BATCH={known.batch.messages} makes it {known.calls_per_second * known.batch.messages:.0f}."
        yield Info(f"The provider allows {known.calls_per_second:g} messages a second.", hint=hint, id="digest.I011")
