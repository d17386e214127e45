"""The way out: whether the mail server would take a message of ours. None is sent."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from digest.delivery.outbox import takes_all
from digest.management.diagnosis.findings import PATIENCE_SECONDS, Finding, fine, note, wrong
from subscriptions import addresses


def mail(now: datetime) -> Iterator[Finding]:
    """A question to the SMTP server; providers' APIs have none that sends nothing, and are left alone."""
    if takes_all():
        yield from outbox(Path(settings.OUTBOX_DIR))
    elif settings.EMAIL_BACKEND == settings.SMTP_BACKEND:
        yield from smtp_server()
    else:
        text = f"Mail goes through {settings.EMAIL_BACKEND}, which is not tried."
        yield note(text, "Send yourself a test from an edition's page in the admin.")


def outbox(folder: Path) -> Iterator[Finding]:
    yield note(f"Mail stays on this machine, in {folder}.", "Set EMAIL_BACKEND to send it.")


def smtp_server() -> Iterator[Finding]:
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connect = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    try:
        with connect(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PATIENCE_SECONDS) as client:
            client.ehlo()
            if settings.EMAIL_USE_TLS:
                client.starttls()
            if settings.EMAIL_HOST_USER:
                client.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            refusal = _refusal(client)
    except (OSError, smtplib.SMTPException) as error:
        yield wrong(f"{server} does not take mail: {error}", "Correct EMAIL_HOST and what belongs to it.")
        return
    if refusal:
        remedy = "Have it send for DEFAULT_FROM_EMAIL, to anyone, from this machine or for EMAIL_HOST_USER."
        yield wrong(f"{server} would refuse our mail: {refusal}", remedy)
    else:
        yield fine(f"{server} would take our mail.")


def _refusal(client: smtplib.SMTP) -> str:
    """What the server says of our sender and a recipient; empty if it takes them. The message is not sent."""
    recipient = settings.ALERT_ADDRESSES[0] if settings.ALERT_ADDRESSES else addresses.sender()
    for code, words in (client.mail(addresses.sender()), client.rcpt(recipient)):
        if code >= 400:  # RFC 5321, 4.2.1: not now, or not at all
            return f"{code} {words.decode('utf-8', 'replace')}"
    client.rset()
    return ""
