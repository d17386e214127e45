"""Takes the settings of mail, gives what is wrong with them at start, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

# "+" and 32 hexadecimal digits join the local part, which has 64 characters at most (RFC 5321, 4.5.3.1.1).
BOUNCE_ADDRESS = r"(?=[^@]{1,31}@)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
# The same for "+" and a token of 27 characters.
UNSUBSCRIBE_ADDRESS = BOUNCE_ADDRESS.replace("{1,31}", "{1,36}")


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


def is_local() -> bool:
    """Whether SITE_URL can only be reached from this machine."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
