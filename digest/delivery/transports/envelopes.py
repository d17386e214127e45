"""Takes a message and an open smtplib connection; sends it step by step, so that it is known when its content left.

`smtplib.sendmail` does the same in one go, and cannot tell a hang-up before the content from one after it.
"""

from __future__ import annotations

import re
import smtplib

from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address

from digest.delivery.transports.base import Message
from digest.delivery.transports.exchange import Exchange

DOT = re.compile(rb"^\.", re.MULTILINE)


def send(connection: smtplib.SMTP, message: Message, email: EmailMessage, exchange: Exchange) -> None:
    """Raises what smtplib raises. After a refusal the transaction is closed, by RSET or with the connection."""
    recipient = sanitize_address(email.to[0], "utf-8")
    content = _content(email)
    connection.ehlo_or_helo_if_needed()
    options = [f"size={len(content)}"] if connection.has_extn("size") else []
    code, reply = connection.mail(message.sender, options)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, reply, message.sender)
    code, reply = connection.rcpt(recipient)
    if code not in (250, 251):
        connection.rset()
        raise smtplib.SMTPRecipientsRefused({recipient: (code, reply)})
    code, reply = connection.docmd("DATA")
    if code != 354:
        raise smtplib.SMTPDataError(code, reply)
    exchange.has_left = True
    connection.send(content)
    code, reply = connection.getreply()
    if code != 250:
        raise smtplib.SMTPDataError(code, reply)


def _content(email: EmailMessage) -> bytes:
    """With the dots doubled that begin a line, and the line that ends it all (RFC 5321, 4.5.2)."""
    content: bytes = email.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    return DOT.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n"
