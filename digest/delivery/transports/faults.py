"""Takes an exception of a mail backend; gives what became of the message, and whose fault it was."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused, AnymailUnsupportedFeature
from django.core.exceptions import ImproperlyConfigured

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports import answers, providers
from digest.delivery.transports.exchange import Exchange
from digest.delivery.transports.smtp import errors as smtp_errors
from subscriptions import addresses

# Names, as these classes belong to libraries that need not be installed (requests, urllib3, botocore).
NEVER_CONNECTED = {
    "ConnectTimeout",
    "ConnectTimeoutError",
    "NewConnectionError",
    "NameResolutionError",
    "EndpointConnectionError",
    "ProxyError",
    "ProxyConnectionError",
}
NO_KEYS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError"}
HANDSHAKE = ("VERSION", "HANDSHAKE", "CERTIFICATE", "PROTOCOL")


def result_of(error: Exception, exchange: Exchange, recipient: str | None = None) -> Result:
    """What `error` says about the message to `recipient` whose sending raised it, in the light of the exchange.

    Without a recipient it was the connection that could not be opened.
    """
    words = f"{type(error).__name__}: {error}"[: answers.DETAIL]
    match error:
        case smtplib.SMTPException():
            return smtp_errors.result_of(error, has_left=exchange.has_left)
        case AnymailRecipientsRefused() if error.email_message is not None:
            return answers.of_status(error.email_message, exchange, recipient or "")
        case _ if exchange.status:
            return answers.of_reply(exchange, words, recipient or "")
        case _:
            return _unanswered(error, exchange, recipient)._replace(detail=words)


def _unanswered(error: Exception, exchange: Exchange, recipient: str | None) -> Result:
    causes = list(_chain(error))
    if any(type(cause).__name__ in NO_KEYS for cause in causes):
        return Result(Outcome.RETURNED, fault=Fault.CREDENTIALS)
    if any(_is_before_the_request(cause) for cause in causes):
        return Result(Outcome.RETURNED, fault=Fault.PROVIDER)
    if not exchange.has_left or isinstance(error, ImproperlyConfigured):
        return _of_our_own(error, recipient)
    is_network = isinstance(error, (OSError, AnymailError))
    return Result(Outcome.UNKNOWN, fault=Fault.PROVIDER if is_network else Fault.OURS)


def _of_our_own(error: Exception, recipient: str | None) -> Result:
    """Nothing left. The message is to blame only for an address that no server can be told."""
    if recipient is None and isinstance(
        error, UnicodeError
    ):  # a password that cannot be sent is as good as a wrong one
        return Result(Outcome.RETURNED, fault=Fault.CREDENTIALS)
    if recipient is not None and isinstance(error, ValueError) and _is_about(error, recipient):
        return Result(Outcome.REJECTED)
    return Result(Outcome.RETURNED, fault=Fault.OURS)


def _is_about(error: ValueError, recipient: str) -> bool:
    if isinstance(error, AnymailUnsupportedFeature):
        return "EAI in to" in str(error)  # an address beyond ASCII, for a provider that takes none
    if isinstance(error, AnymailInvalidAddress):
        domain = addresses.domain_of(recipient)
        return recipient in str(error) or bool(domain and repr(domain) in str(error))
    return not providers.is_tellable(recipient)


def _is_before_the_request(cause: BaseException) -> bool:
    if isinstance(cause, ssl.SSLError) and any(word in str(getattr(cause, "reason", "")) for word in HANDSHAKE):
        return True
    refused = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
    return isinstance(cause, refused) or type(cause).__name__ in NEVER_CONNECTED


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and what urllib3 keeps as its `reason` or first argument."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            pending += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
