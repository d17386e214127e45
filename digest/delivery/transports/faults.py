"""Takes an exception of a mail backend; gives the outcome it means: refused, try again, or in doubt.

Only what certainly was not accepted may be tried again. Nothing here guesses in favour of sending twice.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator

from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from django.core.exceptions import ImproperlyConfigured

from digest.delivery.outcomes import Outcome, Result

# Names, as these classes belong to libraries that need not be installed (requests, urllib3, botocore).
NEVER_CONNECTED = {
    "ConnectTimeout",
    "ConnectTimeoutError",
    "NewConnectionError",
    "NameResolutionError",
    "EndpointConnectionError",
    "ProxyConnectionError",
    "NoCredentialsError",
    "PartialCredentialsError",
}
NOT_NOW = ("Throttl", "TooManyRequests", "LimitExceeded", "SendingPaused", "AccountSuspended", "NotVerified")
MESSAGE_TOO_BIG = 552  # also the answer to MAIL FROM, where a server knows the size in advance


def result_of(error: Exception, *, handed_over: bool) -> Result:
    """What `error` says about the message whose sending raised it.

    `handed_over` says whether its content may have reached the server.
    """
    outcome, stop = _judge(error, handed_over=handed_over)
    return Result(outcome, detail=_words(error), stop=stop)


def _judge(error: Exception, *, handed_over: bool) -> tuple[Outcome, bool]:
    match error:
        case AnymailError():
            return _judge_anymail(error)
        case ImproperlyConfigured():
            return Outcome.REQUEUE, True
        case smtplib.SMTPException():
            return _judge_smtp(error, handed_over=handed_over)
        case _ if _never_connected(error):
            return Outcome.REQUEUE, True
        case ValueError() | TypeError():  # a header or an address that no server can be told
            return Outcome.REJECTED, False
        case OSError():
            return _lost(handed_over=handed_over)
        case _:
            return Outcome.UNKNOWN, False


def _lost(*, handed_over: bool) -> tuple[Outcome, bool]:
    return (Outcome.UNKNOWN if handed_over else Outcome.REQUEUE), False


# SMTP (RFC 5321): a reply of 4yz or 5yz means that the server did not take the message


def _judge_smtp(error: smtplib.SMTPException, *, handed_over: bool) -> tuple[Outcome, bool]:
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return (Outcome.REJECTED if all(code >= 500 for code in codes) else Outcome.REQUEUE), False
        case smtplib.SMTPSenderRefused() if error.smtp_code != MESSAGE_TOO_BIG:
            return Outcome.REQUEUE, error.smtp_code >= 500
        case smtplib.SMTPAuthenticationError() | smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Outcome.REQUEUE, True
        case smtplib.SMTPResponseException() if error.smtp_code >= 400:
            return (Outcome.REJECTED if error.smtp_code >= 500 else Outcome.REQUEUE), False
        case smtplib.SMTPNotSupportedError():
            return Outcome.REJECTED, False
        case _:
            return _lost(handed_over=handed_over)


# Anymail: an HTTP API


def _judge_anymail(error: AnymailError) -> tuple[Outcome, bool]:
    match error:
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return Outcome.REJECTED, False
        case AnymailSerializationError():
            return Outcome.REJECTED, False
        case AnymailUnsupportedFeature():  # all digests are alike in this
            return Outcome.REQUEUE, True
        case _ if _never_connected(error):
            return Outcome.REQUEUE, True
        case _:
            return _judge_reply(*_reply(error))


def _judge_reply(status: int, code: str) -> tuple[Outcome, bool]:
    """By HTTP status; 0 stands for none. What a 5xx did with the message before it failed, nobody knows."""
    if status in (408, 425, 429) or any(word in code for word in NOT_NOW):
        return Outcome.REQUEUE, True
    if status in (401, 402, 403, 404):  # key, payment, permission, address of the API: not this message's fault
        return Outcome.REQUEUE, True
    if 400 <= status < 500:
        return Outcome.REJECTED, False
    return Outcome.UNKNOWN, False


def _reply(error: AnymailError) -> tuple[int, str]:
    """HTTP status and error code of the API's reply, from requests or from botocore."""
    if error.status_code:
        return int(error.status_code), ""
    for cause in _chain(error):
        response = getattr(cause, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return int(status), str(response.get("Error", {}).get("Code", ""))
    return 0, ""


def _never_connected(error: BaseException) -> bool:
    refused = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
    return any(isinstance(cause, refused) or type(cause).__name__ in NEVER_CONNECTED for cause in _chain(error))


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


def _words(error: Exception) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return "; ".join(f"{code} {_text(reply)}" for code, reply in error.recipients.values())
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {_text(error.smtp_error)}"
        case _:
            return f"{type(error).__name__}: {error}"


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
