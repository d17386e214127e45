"""Takes where the server is and who we are; gives a connection that is ready for MAIL, or says why there is none."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.core.mail.utils import DNS_NAME

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.base import TransportUnavailable
from digest.delivery.transports.smtp import errors
from digest.delivery.transports.smtp.channel import Channel, channel_over
from digest.delivery.transports.smtp.envelope import Extensions


@dataclass(frozen=True)
class Access:
    """What Django's EMAIL_ settings say. `use_tls` is STARTTLS, `use_ssl` TLS from the first octet."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    timeout: float = 30
    certfile: str | None = None
    keyfile: str | None = None

    @cached_property
    def context(self) -> ssl.SSLContext:
        """Verifies certificate and host name. Kept, as reading the system's certificates takes 20 ms.

        Raises TransportUnavailable where our own certificate cannot be read.
        """
        context = ssl.create_default_context()
        if self.certfile:
            try:
                context.load_cert_chain(self.certfile, self.keyfile)
            except OSError as error:
                raise _not_let_in(f"EMAIL_SSL_CERTFILE and EMAIL_SSL_KEYFILE cannot be used: {error}") from error
        return context


class Connection(NamedTuple):
    channel: Channel
    extensions: Extensions


def connect(access: Access) -> Connection:
    """Connect, greet, secure, log in; waits up to the timeout for each answer. Raises TransportUnavailable."""
    try:
        smtp = _greeted(access)
    except (OSError, ValueError) as error:  # smtplib's exceptions are OSErrors
        raise TransportUnavailable(errors.result_of(error)) from error
    try:
        _enter(smtp, access)
        return _detached(smtp)
    except (OSError, ValueError) as error:
        smtp.close()
        raise TransportUnavailable(errors.result_of(error)) from error
    except BaseException:
        smtp.close()
        raise


def _greeted(access: Access) -> smtplib.SMTP:
    name = DNS_NAME.get_fqdn()
    if access.use_ssl:
        return smtplib.SMTP_SSL(access.host, access.port, name, timeout=access.timeout, context=access.context)
    return smtplib.SMTP(access.host, access.port, name, timeout=access.timeout)


def _enter(smtp: smtplib.SMTP, access: Access) -> None:
    if access.use_tls:
        smtp.starttls(context=access.context)
    smtp.ehlo_or_helo_if_needed()
    if access.user and access.password:
        _log_in(smtp, access)


def _log_in(smtp: smtplib.SMTP, access: Access) -> None:
    """A password that cannot be sent is as good as a wrong one."""
    try:
        smtp.login(access.user, access.password)
    except ValueError as error:
        raise _not_let_in(str(error)) from error


def _detached(smtp: smtplib.SMTP) -> Connection:
    """The socket without smtplib. Whoever speaks before being asked is closing the connection, or no mail server."""
    assert smtp.sock is not None  # noqa: S101  # it has answered
    channel = channel_over(smtp.sock)
    if smtp.file is not None and _holds_more(smtp):
        raise smtplib.SMTPServerDisconnected("The server went on speaking without being asked")
    has = smtp.has_extn
    extensions = Extensions(pipelining=has("pipelining"), size=has("size"), smtputf8=has("smtputf8"))
    if smtp.file is not None:
        smtp.file.close()  # the socket itself stays open
    return Connection(channel, extensions)


def _holds_more(smtp: smtplib.SMTP) -> bool:
    with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return bool(smtp.file.peek(1))  # type: ignore[union-attr]
    return False


def _not_let_in(words: str) -> TransportUnavailable:
    return TransportUnavailable(Result(Outcome.RETURNED, words, fault=Fault.CREDENTIALS))
