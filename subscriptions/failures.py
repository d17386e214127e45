"""Takes the error of a mail that was not taken; gives what is at fault, and so whether it is to be tried again."""

from __future__ import annotations

import re
import smtplib
from enum import Enum

import requests
from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)

CLOSING = 421
NOT_LET_IN = (530, 534, 535, 538)
# RFC 3463: x.7.x is security and policy, x.1.7 and x.1.8 are about the sender. Neither says anything of the reader.
NOT_THE_READER = re.compile(r"\b[45]\.(7\.\d{1,3}|1\.[78])\b")
# What a provider's API says of a request it will never take; the other 4xx are about keys, accounts and limits.
FINAL_ANSWERS = (400, 413, 422)
# Before a request has left: a proxy or a certificate, a server that does not answer the phone.
NEVER_ARRIVED = (requests.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError)


class Fault(Enum):
    """MESSAGE: refused for good. LATER: put off, or of unknown meaning. WAY_OUT: no other mail would leave either.
    DOUBT: there was no answer, so that it may have left.
    """

    DOUBT = "doubt"
    MESSAGE = "message"
    LATER = "later"
    WAY_OUT = "way out"


def fault_of(error: Exception, *, was_open: bool = True) -> Fault:
    """`was_open`: the way out had been opened, so that no answer leaves it open whether the mail left."""
    if was_open and _is_silence(error):
        return Fault.DOUBT
    match error:
        case smtplib.SMTPRecipientsRefused():
            faults = {_of_reply(code, reply) for code, reply in error.recipients.values()}
            return faults.pop() if len(faults) == 1 else Fault.LATER
        case smtplib.SMTPDataError():
            return _of_reply(error.smtp_code, error.smtp_error)
        case smtplib.SMTPNotSupportedError() if "SMTPUTF8" in str(error):
            return Fault.MESSAGE
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return Fault.MESSAGE
        case AnymailError():
            status = getattr(error, "status_code", None)
            return Fault.MESSAGE if status in FINAL_ANSWERS else Fault.WAY_OUT
        case OSError():  # the rest of smtplib among them: a log-in, a sender or a greeting that was refused
            return Fault.WAY_OUT
        case _:
            return Fault.LATER


def _is_silence(error: Exception) -> bool:
    """Whether a server took the call, perhaps the mail, and was not heard of again, or failed half-way."""
    match error:
        case AnymailRequestsAPIError():
            status = getattr(error, "status_code", None)
            if status is None:
                cause = error.__cause__
                return not isinstance(cause, NEVER_ARRIVED) and "NewConnectionError" not in repr(cause)
            return bool(status >= 500)
        case smtplib.SMTPServerDisconnected() | TimeoutError() | ConnectionError():
            return True
        case _:
            return False


def _of_reply(code: int, reply: bytes | str) -> Fault:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    if code == CLOSING or code in NOT_LET_IN:
        return Fault.WAY_OUT
    return Fault.LATER if code < 500 or NOT_THE_READER.search(text) else Fault.MESSAGE
