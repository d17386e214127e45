"""Takes the settings, gives what is wrong with them at start, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from digest.views.health import COLLECT, static_files_trouble

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
# "+" and 32 hexadecimal digits join the local part, which has 64 characters at most (RFC 5321, 4.5.3.1.1).
BOUNCE_ADDRESS = r"(?=[^@]{1,31}@)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
# The same for "+" and a token of 27 characters.
UNSUBSCRIBE_ADDRESS = BOUNCE_ADDRESS.replace("{1,31}", "{1,36}")


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


@register()
def mail(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """What real mail needs; a site that only this machine can reach may do without."""
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        hint = "EMAIL_USE_SSL is for port 465, EMAIL_USE_TLS (STARTTLS) for port 587."
        yield Error("EMAIL_USE_TLS and EMAIL_USE_SSL are both on.", hint=hint, id="paperboy.E006")
    if settings.LIST_ID and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", settings.LIST_ID, re.IGNORECASE):
        hint = "Give a name like a host's, as in digest.example.org"
        yield Error(f"LIST_ID is {settings.LIST_ID!r}.", hint=hint, id="paperboy.E007")
    if settings.BOUNCE_ADDRESS and not re.fullmatch(BOUNCE_ADDRESS, settings.BOUNCE_ADDRESS):
        hint = "Give a plain address of at most 31 characters before the @, as in bounces@example.org; 33 are added."
        yield Error(f"BOUNCE_ADDRESS is {settings.BOUNCE_ADDRESS!r}.", hint=hint, id="paperboy.E012")
    yield from alerts()
    yield from received_mail()
    if not is_local():
        yield from public_mail()


def alerts() -> Iterator[CheckMessage]:
    for address in settings.ALERT_ADDRESSES:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            hint = "Give plain addresses separated by commas, as in ada@example.org,grace@example.org"
            yield Error(f"ALERT_ADDRESSES holds {address!r}.", hint=hint, id="paperboy.E020")
    if settings.ALERT_EMAIL_BACKEND:
        try:
            import_string(settings.ALERT_EMAIL_BACKEND)
        except ImportError as error:
            hint = "Name a Django mail backend, as in django.core.mail.backends.smtp.EmailBackend"
            yield Error(f"ALERT_EMAIL_BACKEND cannot be used: {error}", hint=hint, id="paperboy.E021")


def received_mail() -> Iterator[CheckMessage]:
    """Where bounces and requests by mail come in, and how they are judged."""
    if settings.SOFT_BOUNCE_LIMIT > settings.SOFT_BOUNCE_WINDOW:
        hint = f"So many of so few cannot bounce: give at most SOFT_BOUNCE_WINDOW, {settings.SOFT_BOUNCE_WINDOW}."
        yield Error(f"SOFT_BOUNCE_LIMIT is {settings.SOFT_BOUNCE_LIMIT}.", hint=hint, id="paperboy.E023")
    if settings.UNSUBSCRIBE_ADDRESS and not re.fullmatch(UNSUBSCRIBE_ADDRESS, settings.UNSUBSCRIBE_ADDRESS):
        hint = (
            "Give a plain address of at most 36 characters before the @, as in unsubscribe@example.org; 28 are added."
        )
        yield Error(f"UNSUBSCRIBE_ADDRESS is {settings.UNSUBSCRIBE_ADDRESS!r}.", hint=hint, id="paperboy.E024")
    if settings.BOUNCE_IMAP_URL and not _is_mailbox(settings.BOUNCE_IMAP_URL):
        hint = "Give imaps://user:password@host/folder, with what is special in them percent-encoded."
        yield Error("BOUNCE_IMAP_URL names no mailbox that could be read safely.", hint=hint, id="paperboy.E025")


def _is_mailbox(url: str) -> bool:
    """A password travels over TLS, or not beyond this machine."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_safe = parts.scheme == "imaps" or (parts.scheme == "imap" and parts.hostname in ("localhost", "127.0.0.1"))
    return is_safe and has_port and bool(parts.hostname and parts.username)


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


@register(Tags.security, deploy=True)
def suppression_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    """A SECRET_KEY that leaked must change, SUPPRESSION_KEY never may: one value cannot do both."""
    if not secret_key(app_configs) and settings.SUPPRESSION_KEY == settings.SECRET_KEY:
        hint = (
            "Give it a value of its own. If addresses are suppressed already, set SUPPRESSION_KEY to the present "
            "SECRET_KEY, give SECRET_KEY a new value, and put the old one into SECRET_KEY_FALLBACKS: then suppressions "
            "and the links in old mails stay valid."
        )
        text = "SUPPRESSION_KEY is SECRET_KEY's value, as it is when not set: a new key would forget every suppression."
        yield Error(text, hint=hint, id="paperboy.E012")


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


def is_local() -> bool:
    """Whether SITE_URL can only be reached from this machine."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
