"""Gates for header fields.

RFC 5322; 2369 and 2919 (List-*); 3834 (Auto-Submitted); 8058 (one click); 6376 (DKIM); Google's Feedback-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses, parsedate_to_datetime

from tests.inbox.gates import digests, gate, letters, received
from tests.inbox.mail import Mail

ONE_CLICK = "List-Unsubscribe=One-Click"
URIS = ("List-Help", "List-Archive", "List-Owner", "List-Subscribe", "List-Post")
URI = r"<[a-z]+:[^<>\s]+>"
DOT_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+"
PRIVATE = ("localhost", "local", "localdomain")
LATE = timedelta(minutes=5)


def once(mail: Mail, name: str) -> Iterator[str]:
    if (count := len(mail.fields(name))) != 1:
        yield f"{count} {name} fields instead of one"


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_public(domain: str) -> bool:
    return bool(re.fullmatch(DOT_ATOM, domain)) and domain.rpartition(".")[2] not in PRIVATE


def aligned(one: str, other: str) -> bool:
    """Whether one domain is the other or lies within it."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


@gate("one-click address", applies=digests)
def unsubscribe_field(mail: Mail) -> Iterator[str]:
    yield from once(mail, "List-Unsubscribe")
    value = mail.field("List-Unsubscribe")
    uris = re.findall(r"<([^<>]*)>", value)
    if len([uri for uri in uris if uri.startswith("https://")]) != 1:
        yield f"not exactly one <https://...> in {value!r}"
    if [uri for uri in uris if not uri.startswith(("https://", "mailto:"))]:
        yield f"neither https nor mailto: {value!r}"


@gate("one-click post", applies=digests)
def unsubscribe_post(mail: Mail) -> Iterator[str]:
    yield from once(mail, "List-Unsubscribe-Post")
    if (value := mail.field("List-Unsubscribe-Post")) != ONE_CLICK:
        yield f"{value!r} is not {ONE_CLICK!r}"


@gate("one-click address whole", applies=digests)
def unsubscribe_not_encoded(mail: Mail) -> Iterator[str]:
    value = mail.field("List-Unsubscribe")
    if "=?" in value or re.search(r"<[^<>]*\s[^<>]*>", value):
        yield f"folded or encoded within the address: {value!r}"


@gate("no pretended unsubscribing", applies=letters)
def letters_are_no_list(mail: Mail) -> Iterator[str]:
    for name in ("List-Unsubscribe", "List-Unsubscribe-Post"):
        if mail.fields(name):
            yield f"{name} in a mail that is not of a list"


@gate("list id", applies=digests)
def list_id(mail: Mail) -> Iterator[str]:
    yield from once(mail, "List-ID")
    value = mail.field("List-ID")
    if not re.fullmatch(rf"[^<>]*<{DOT_ATOM}>", value) or len(value.encode()) > 255:
        yield f"not a phrase and <label.domain>: {value!r}"


@gate("list addresses", applies=digests)
def list_addresses(mail: Mail) -> Iterator[str]:
    for name in URIS:
        values = mail.fields(name)
        if len(values) > 1:
            yield f"{len(values)} {name} fields"
        for value in values:
            if not re.fullmatch(rf"{URI}(, *{URI})*", value) and (name, value) != ("List-Post", "NO"):
                yield f"{name} is no address in <>: {value!r}"
    if mail.field("List-Post") != "NO":
        yield f"List-Post is {mail.field('List-Post')!r}, an announcement's is NO"


@gate("automatic")
def auto_submitted(mail: Mail) -> Iterator[str]:
    yield from once(mail, "Auto-Submitted")
    if (value := mail.field("Auto-Submitted")) != "auto-generated":
        yield f"Auto-Submitted is {value!r}, not auto-generated"


@gate("feedback id", applies=digests)
def feedback_id(mail: Mail) -> Iterator[str]:
    yield from once(mail, "Feedback-ID")
    fields = mail.field("Feedback-ID").split(":")
    given = [field for field in fields if field]
    if len(fields) > 4 or len(given) != len(set(given)):
        yield f"more than four fields, or one repeated: {mail.field('Feedback-ID')!r}"
    if not 5 <= len(fields[-1]) <= 15:
        yield f"a sender of {len(fields[-1])} characters instead of 5 to 15"


@gate("message id")
def message_id(mail: Mail) -> Iterator[str]:
    yield from once(mail, "Message-ID")
    found = re.fullmatch(r"<[^<>@\s]+@([^<>@\s]+)>", mail.field("Message-ID"))
    if not found or not is_public(found[1]):
        yield f"not <unique@a domain of ours>: {mail.field('Message-ID')!r}"


@gate("sender")
def sender(mail: Mail) -> Iterator[str]:
    yield from once(mail, "From")
    froms = getaddresses(mail.fields("From"))
    if len(froms) != 1 or not is_public(domain_of(froms[0][1])):
        yield f"From is no single public address: {mail.field('From')!r}"
    if len(mail.fields("Reply-To")) > 1:
        yield "several Reply-To fields"
    for _, address in getaddresses(mail.fields("Reply-To")):
        if not is_public(domain_of(address)):
            yield f"nobody can be reached at Reply-To {address!r}"


@gate("date")
def date(mail: Mail) -> Iterator[str]:
    yield from once(mail, "Date")
    written = moment(mail.field("Date"))
    if mail.fields("Date") and written is None:
        yield f"not a date with a time zone: {mail.field('Date')!r}"
    handed_over = moment(mail.fields("Received")[-1].rpartition(";")[2]) if mail.fields("Received") else None
    if written and handed_over and abs(handed_over - written) > LATE:
        yield f"{abs(handed_over - written)} away from when it was handed over"


def moment(value: str) -> datetime | None:
    """None for what is no date, or one without a zone. RFC 5322, 3.3: -0000 is UTC, told by who knows no local time."""
    try:
        read = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    return aware if re.search(r" (?:[+-]\d{4}|GMT|UT)\b", value) else None


@gate("one recipient")
def recipient(mail: Mail) -> Iterator[str]:
    yield from once(mail, "To")
    if len(addresses := getaddresses(mail.fields("To"))) != 1 or "@" not in addresses[0][1]:
        yield f"To is no single address: {mail.field('To')!r}"
    for name in ("Cc", "Bcc"):
        if mail.fields(name):
            yield f"a {name} field"


@gate("subject")
def subject(mail: Mail) -> Iterator[str]:
    yield from once(mail, "Subject")
    if not mail.subject.strip() or "=?" in mail.subject or "\N{REPLACEMENT CHARACTER}" in mail.subject:
        yield f"cannot be read: {mail.field('Subject')!r}"


@gate("signature", applies=received)
def signature(mail: Mail) -> Iterator[str]:
    """DKIM by the sender's own domain, over the fields that receivers insist on. Not verified: that takes DNS."""
    sender_domain = domain_of(next(iter(getaddresses(mail.fields("From"))), ("", ""))[1])
    tags = [dict(re.findall(r"(\w+)\s*=\s*([^;]*)", value)) for value in mail.fields("DKIM-Signature")]
    own = [tag for tag in tags if aligned(tag.get("d", "").strip().lower(), sender_domain)]
    if not own:
        yield f"no DKIM signature of {sender_domain}"
    wanted = {"from", "subject", "date"} | ({"list-unsubscribe", "list-unsubscribe-post"} if mail.is_digest else set())
    signed = [set(re.split(r"\s*:\s*", tag.get("h", "").strip().lower())) for tag in own]
    if own and not any(wanted <= names for names in signed):
        yield f"not signed: {', '.join(sorted(wanted - set.union(*signed))) or 'all of it by one signature'}"


@gate("authentication", applies=lambda mail: bool(mail.fields("Authentication-Results")))
def authentication(mail: Mail) -> Iterator[str]:
    """What the receiving server found: the topmost field is its own, others may be anyone's."""
    for method in ("spf", "dkim", "dmarc"):
        if not re.search(rf"\b{method}=pass\b", mail.field("Authentication-Results")):
            yield f"no {method}=pass"
