"""Takes the settings, gives what is wrong with them at start, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

HOURS = range(24)
RANGES = {
    "DAILY_PUBLISH_HOUR": HOURS,
    "WEEKLY_PUBLISH_HOUR": HOURS,
    "WEEKLY_PUBLISH_WEEKDAY": range(7),
    "CURATION_HOURS": range(25),
    "LATE_DELIVERY_HOURS": range(1, 169),
    "POOL_DAYS": range(1, 91),
    "POOL_SIZE": range(1, 5001),
    "DELIVERY_CHUNK": range(1, 10_001),
    "DELIVERY_WINDOW": range(1, 201),
    "DELIVERY_MAX_ATTEMPTS": range(1, 101),
    "RECORDS_DAYS": range(7, 3651),
    "CONFIRMATION_DAYS": range(1, 91),
    "FETCH_TIMEOUT_SECONDS": range(1, 301),
    "FETCH_MAX_BYTES": range(1024, 1024**3),
}
CHOICES = {"UNKNOWN_DELIVERIES": ("skip", "resend")}
# A signed link is at most 30 characters longer than the site's address; beyond 70 mail software folds it.
SITE_URL_LENGTH = 40


@register(Tags.security)
def secret_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    try:
        settings.SECRET_KEY  # noqa: B018  # Django raises when it is empty
    except ImproperlyConfigured:
        hint = "Set it, or SECRET_KEY_FILE. A new one: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        return [Error("SECRET_KEY is not set.", hint=hint, id="paperboy.E001")]
    return []


@register()
def values(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Numbers within their range, words among those known."""
    return [*out_of_range(), *unknown_words()]


def out_of_range() -> Iterator[CheckMessage]:
    for name, allowed in RANGES.items():
        value = getattr(settings, name)
        if not allowed.start <= value < allowed.stop:
            hint = f"Give a number from {allowed.start} to {allowed.stop - 1}."
            yield Error(f"{name} is {value}.", hint=hint, id="paperboy.E002")


def unknown_words() -> Iterator[CheckMessage]:
    for name, allowed in CHOICES.items():
        value = getattr(settings, name)
        if value not in allowed:
            yield Error(f"{name} is {value!r}.", hint=f"Give one of: {', '.join(allowed)}.", id="paperboy.E003")


@register()
def site(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """The address that every link in every mail begins with."""
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
        hint = "Give scheme and host only, as in https://papers.example.org"
        yield Error(f"SITE_URL is {settings.SITE_URL!r}.", hint=hint, id="paperboy.E004")
    elif parts.scheme == "http" and not is_local():
        hint = "One-click unsubscribe works over https only, and mail providers insist on it."
        yield Error(f"SITE_URL is {settings.SITE_URL!r}, not https.", hint=hint, id="paperboy.E005")
    if len(settings.SITE_URL) > SITE_URL_LENGTH:
        hint = f"Use a host that keeps it within {SITE_URL_LENGTH} characters, or mail software may break the links."
        yield Warning(f"SITE_URL is {len(settings.SITE_URL)} characters long.", hint=hint, id="paperboy.W001")


@register()
def mail(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """What real mail needs; a site that only this machine can reach may do without."""
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        hint = "EMAIL_USE_SSL is for port 465, EMAIL_USE_TLS (STARTTLS) for port 587."
        yield Error("EMAIL_USE_TLS and EMAIL_USE_SSL are both on.", hint=hint, id="paperboy.E006")
    if settings.LIST_ID and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", settings.LIST_ID, re.IGNORECASE):
        hint = "Give a name like a host's, as in digest.example.org"
        yield Error(f"LIST_ID is {settings.LIST_ID!r}.", hint=hint, id="paperboy.E007")
    if not is_local():
        yield from public_mail()


def public_mail() -> Iterator[CheckMessage]:
    if not settings.POSTAL_ADDRESS:
        hint = (
            "Commercial mail must name a postal address (CAN-SPAM and its like); it stands at the foot of every mail."
        )
        yield Error("POSTAL_ADDRESS is not set.", hint=hint, id="paperboy.E008")
    if "localhost" in settings.DEFAULT_FROM_EMAIL or "@" not in settings.DEFAULT_FROM_EMAIL:
        hint = "Give an address of a domain that your provider may send for, as in Paperboy <digest@example.org>"
        yield Error(f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL!r}.", hint=hint, id="paperboy.E009")
    if settings.EMAIL_BACKEND == "digest.delivery.outbox.EmailBackend":
        hint = "Set EMAIL_BACKEND to your provider's, as in anymail.backends.postmark.EmailBackend"
        yield Error("Mail goes to files, nobody would receive it.", hint=hint, id="paperboy.E010")


@register(Tags.security)
def production(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG and not is_local():
        hint = "Set DEBUG=false: the outbox and error pages show everything to everyone."
        yield Error("DEBUG is on for a public site.", hint=hint, id="paperboy.E011")
    if "locmem" in settings.CACHES["default"]["BACKEND"] and not is_local():
        hint = "Set CACHE_URL to Redis or dbcache://paperboy_cache: sign-up limits must hold over all processes."
        yield Warning("The cache belongs to each process alone.", hint=hint, id="paperboy.W002")


def is_local() -> bool:
    """Whether SITE_URL can only be reached from this machine."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
