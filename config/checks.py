"""Takes the settings, gives what is wrong with them at start, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from config.mail_checks import is_local
from digest.views.collected import COLLECT, static_files_trouble
from subscriptions.addresses import suppression_keys

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
    "DELIVERY_WINDOW": range(1, 2001),
    "PAUSE_SECONDS": range(1, 3601),
    "PROVIDER_CONNECTIONS": range(1, 65),
    "PROVIDER_BATCH": range(1, 501),
    "PROVIDER_CALLS_PER_SECOND": range(1001),
    "PROVIDER_TIMEOUT": range(1, 301),
    "EMAIL_TIMEOUT": range(1, 601),
    "SMTP_CONNECTIONS": range(1, 101),
    "SMTP_MESSAGES_PER_CONNECTION": range(1, 100_001),
    "RECORDS_DAYS": range(7, 3651),
    "SENDING_CONNECTIONS": range(10_001),
    "SOFT_BOUNCE_LIMIT": range(1, 51),
    "SOFT_BOUNCE_WINDOW": range(1, 51),
    "SOFT_BOUNCE_DAYS": range(91),
    "CONFIRMATION_DAYS": range(1, 91),
    "SIGNUP_MAILS": range(1, 11),
    "CONSENT_IP_DAYS": range(1, 36501),
    "FETCH_TIMEOUT_SECONDS": range(1, 301),
    "FETCH_MAX_BYTES": range(1024, 1024**3),
    "FETCH_PAUSE_SECONDS": range(61),
}
# What looks like an answer to yes or no, where names are asked for.
SWITCHES = ("true", "false", "yes", "no", "on", "off", "0", "1")
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
def private_hosts(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    for name in settings.FETCH_ALLOW_PRIVATE:
        if name.lower() in SWITCHES or not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+", name):
            hint = (
                "Name the hosts that may be on private addresses, as in feeds.internal,192.168.1.20; or leave it empty."
            )
            yield Error(f"FETCH_ALLOW_PRIVATE holds {name!r}.", hint=hint, id="paperboy.E026")


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


@register(Tags.security)
def production(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG and not is_local():
        hint = "Set DEBUG=false: the outbox and error pages show everything to everyone."
        yield Error("DEBUG is on for a public site.", hint=hint, id="paperboy.E011")
    if "locmem" in settings.CACHES["default"]["BACKEND"] and not is_local():
        hint = "Set CACHE_URL to Redis or dbcache://paperboy_cache: sign-up limits must hold over all processes."
        yield Warning("The cache belongs to each process alone.", hint=hint, id="paperboy.W002")


@register(Tags.security, deploy=True)
def suppression_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """A SECRET_KEY that leaked makes nothing else guessable: hashes of addresses have a key of their own."""
    if not secret_key(app_configs) and settings.SUPPRESSION_KEY == settings.SECRET_KEY:
        hint = (
            "Give it a value of its own. If addresses are suppressed already, set SUPPRESSION_KEY to the present "
            "SECRET_KEY, give SECRET_KEY a new value, and put the old one into SECRET_KEY_FALLBACKS: then suppressions "
            "and the links in old mails stay valid."
        )
        text = "SUPPRESSION_KEY is SECRET_KEY's value, as it is when not set: a new key would forget every suppression."
        yield Error(text, hint=hint, id="paperboy.E014")


@register(Tags.security)
def former_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    keys = suppression_keys()
    if len(set(keys)) < len(keys):
        hint = "Each key stands there once, the newest first, and the present one only in SUPPRESSION_KEY."
        yield Error("SUPPRESSION_KEY_FORMER repeats a key.", hint=hint, id="paperboy.E027")


@register(Tags.security)
def hosts(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """Whoever follows a link of a mail asks by the name in SITE_URL."""
    host = urlsplit(settings.SITE_URL).hostname
    if host and not settings.DEBUG and not validate_host(host, settings.ALLOWED_HOSTS):
        hint = f"Add {host} to it, or leave it empty. Every link in every mail would answer 400."
        yield Error(f"ALLOWED_HOSTS lacks the host of SITE_URL, {host}.", hint=hint, id="paperboy.E028")


@register(Tags.security, deploy=True)
def proxy(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """Limits count by visitors' addresses, which only the proxy knows."""
    if settings.SITE_URL.startswith("https://") and not settings.BEHIND_PROXY:
        hint = (
            "Set BEHIND_PROXY=true once the proxy sets X-Forwarded-For and X-Forwarded-Proto. Otherwise all visitors "
            "look like the proxy, and a stranger who guesses passwords shuts the editors out too."
        )
        yield Warning("BEHIND_PROXY is off, though SITE_URL is https.", hint=hint, id="paperboy.W003")


@register(Tags.staticfiles, deploy=True)
def static_files(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """Without DEBUG a page that names a stylesheet nobody collected answers 500."""
    if trouble := static_files_trouble():
        yield Error(trouble, hint=COLLECT, id="paperboy.E013")


@register(Tags.admin)
def desk(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Django's own check sees its pages only if the URLs, which load them, were checked before."""
    admin.autodiscover()
    return list(admin.site.check(None))
