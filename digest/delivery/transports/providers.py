"""Takes a mail backend; gives what its provider can carry, takes at once and remembers, and messages made fit for it.

Read in Anymail 15.2's backends and the providers' own documentation; docs/operations.md has the table for operators.
"""

from __future__ import annotations

import re
from datetime import timedelta
from email.header import Header
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from django.utils.module_loading import import_string

# Nearly all addresses; parsing one takes a third of a millisecond.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# Every provider dates a message itself, and a key that is asked again must be asked with the very same content.
ALWAYS_THEIRS = frozenset({"date"})


class Batch(NamedTuple):
    """A call that takes many complete messages, each with its own recipient, and answers for each."""

    single: str  # the path that Anymail uses for one message, relative to the API's address
    path: str
    messages: int
    octets: int
    headers: dict[str, str]


class Provider(NamedTuple):
    """What a provider leaves out: attributes it `lacks`, headers it `refuses`, or all but those it `takes_only`.

    `keeps_key` is how long an idempotency key holds; `repeats` says that a repeated call gets the first one's answer.
    `one_click` says what becomes of our List-Unsubscribe where it is not simply passed on.
    """

    lacks: tuple[str, ...] = ()
    refuses: frozenset[str] = frozenset()
    takes_only: re.Pattern[str] | None = None
    adds: tuple[tuple[str, str], ...] = ()
    wants_ascii: bool = False
    takes_mime: bool = False
    batch: Batch | None = None
    calls_per_second: float = 0
    key_header: str = ""
    keeps_key: timedelta | None = None
    repeats: bool = False
    one_click: str = ""


PROVIDERS = {
    "Amazon SES": Provider(takes_mime=True),
    "Brevo": Provider(wants_ascii=True, key_header="idempotencyKey", keeps_key=timedelta(minutes=30)),
    "MailerSend": Provider(
        lacks=("metadata",),
        one_click="MailerSend takes headers of our own, List-Unsubscribe among them, on some of its plans only.",
    ),
    "Mailgun": Provider(),
    "Mailjet": Provider(refuses=frozenset({"message-id", "list-id"})),
    "Mailtrap": Provider(),
    "Mandrill": Provider(),
    "Postal": Provider(lacks=("metadata",)),
    "Postmark": Provider(
        adds=(("X-PM-KeepID", "true"),),  # else it gives each attempt a Message-ID of its own
        batch=Batch("email", "email/batch", 500, 40_000_000, {}),
    ),
    "Resend": Provider(
        batch=Batch("emails", "emails/batch", 100, 20_000_000, {"x-batch-validation": "permissive"}),
        calls_per_second=2,
        keeps_key=timedelta(hours=24),
        repeats=True,
    ),
    "Scaleway": Provider(),
    "SendGrid": Provider(),
    "SparkPost": Provider(
        one_click="SparkPost puts its own List-Unsubscribe in the place of ours: readers leave its list, not this one."
    ),
    "Unisender Go": Provider(
        takes_only=re.compile(r"x-|list-unsubscribe", re.IGNORECASE),
        one_click="Unisender Go passes List-Unsubscribe on only after its support has allowed it for the account.",
    ),
}
OTHER = Provider(takes_mime=True)


def of(backend: Any) -> Provider:
    """The provider behind a backend; one that takes messages as they are, where it is not Anymail's."""
    name = getattr(backend, "esp_name", None)
    return PROVIDERS.get(name, Provider()) if isinstance(name, str) else OTHER


def keeps_idempotency(backend: Any = None) -> timedelta | None:
    """How long a delivery in doubt may be asked again without harm: the provider knows its key. None: never.

    `backend` is a mail backend or its class; the one that the settings name if there is none.

    Not where several messages share a call, and so a key: the same messages do not come together a second time.
    """
    provider = of(backend if backend is not None else import_string(settings.EMAIL_BACKEND))
    return None if batch_size(provider) > 1 else provider.keeps_key


def batch_size(provider: Provider) -> int:
    return min(settings.PROVIDER_BATCH, provider.batch.messages) if provider.batch else 1


def fitted(email: EmailMessage, provider: Provider, uid: str) -> EmailMessage:
    """The message without what the provider cannot carry. ValueError unless it has one recipient that can be told."""
    if len(email.to) != 1 or email.cc or email.bcc:
        raise ValueError("A message must have one recipient and no more")
    if not is_tellable(email.to[0]):
        raise ValueError(f"No server can be told {email.to[0]!r}")
    for attribute in provider.lacks:
        vars(email).pop(attribute, None)
    if provider is not OTHER and "From" in email.extra_headers:
        # Beside it Anymail takes from_email for the envelope's, which is the provider's to choose.
        email.from_email = email.extra_headers.pop("From")
    if not provider.takes_mime:
        email.extra_headers = _headers(email.extra_headers, provider)
        if provider.key_header:
            email.extra_headers[provider.key_header] = uid
    return email


def is_tellable(address: str) -> bool:
    """Whether it can stand in a header and an envelope at all."""
    if PLAIN_ADDRESS.fullmatch(address):
        return True
    try:
        return "@" in sanitize_address(address, "utf-8") and address.isprintable()
    except (ValueError, IndexError):
        return False


def _headers(headers: dict[str, str], provider: Provider) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if _is_taken(name, provider)}
    if provider.wants_ascii:
        kept = {name: _in_ascii(value) for name, value in kept.items()}
    return kept | dict(provider.adds)


def _is_taken(name: str, provider: Provider) -> bool:
    if name.lower() in provider.refuses | ALWAYS_THEIRS:
        return False
    return provider.takes_only is None or bool(provider.takes_only.match(name))


def _in_ascii(value: str) -> str:
    """Encoded words for what is not ASCII; what stands in angle brackets at the end stays readable."""
    if value.isascii():
        return value
    phrase, bracket, rest = value.rpartition("<") if value.endswith(">") else (value, "", "")
    return f"{Header(phrase.strip().strip(chr(34)), 'utf-8').encode()} {bracket}{rest}".strip()
