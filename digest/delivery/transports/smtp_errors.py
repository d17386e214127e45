"""Takes an exception of smtplib; gives what it means (RFC 5321, RFC 3463). UNKNOWN where it does not say enough."""

from __future__ import annotations

import re
import smtplib

from digest.delivery.outcomes import Fault, Outcome, Result

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
NO_SUCH_MAILBOX = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10)}
BAD_SENDER = {(1, 7), (1, 8)}
MAILBOX_FULL = (2, 2)
NOT_LET_IN = (530, 534, 535, 538)
CLOSING = 421
TOO_BIG = 552  # also the answer to MAIL FROM, where a server knows the size in advance

RETURNED_BUSY = Result(Outcome.RETURNED, fault=Fault.PROVIDER)
RETURNED_SHUT_OUT = Result(Outcome.RETURNED, fault=Fault.CREDENTIALS)


def result_of(error: smtplib.SMTPException, *, has_left: bool) -> Result:
    """`has_left` says whether anything of the message may have reached the server."""
    return _judge(error, has_left=has_left)._replace(detail=words(error))


def _judge(error: smtplib.SMTPException, *, has_left: bool) -> Result:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return of_reply(*next(iter(error.recipients.values())), at_recipient=True)
        case smtplib.SMTPSenderRefused() if error.smtp_code != TOO_BIG:
            return _at_sender(error.smtp_code)
        case smtplib.SMTPAuthenticationError():
            return RETURNED_SHUT_OUT if error.smtp_code >= 500 else RETURNED_BUSY
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return RETURNED_BUSY
        case smtplib.SMTPResponseException() if error.smtp_code >= 400:
            return of_reply(error.smtp_code, error.smtp_error)
        case smtplib.SMTPNotSupportedError():
            is_address = "SMTPUTF8" in str(error)
            return Result(Outcome.REJECTED) if is_address else Result(Outcome.RETURNED, fault=Fault.OURS)
        case _:
            return Result(Outcome.UNKNOWN if has_left else Outcome.RETURNED, fault=Fault.PROVIDER)


def _at_sender(code: int) -> Result:
    """All messages have one sender: what is said to MAIL FROM is not about this message."""
    return RETURNED_SHUT_OUT if code >= 500 else RETURNED_BUSY


def of_reply(code: int, reply: bytes | str, *, at_recipient: bool = False) -> Result:
    """What a refusal of one message means, by its enhanced status code where there is one."""
    found = ENHANCED.search(_text(reply))
    subject = (int(found[2]), int(found[3])) if found else (0, 0)
    if code == CLOSING:
        return RETURNED_BUSY
    if code in NOT_LET_IN or subject in BAD_SENDER:
        return RETURNED_SHUT_OUT
    if subject[0] == 7:
        return Result(Outcome.DEFERRED, fault=Fault.POLICY)
    if code < 500 or subject == MAILBOX_FULL:
        return Result(Outcome.DEFERRED)
    return Result(Outcome.REJECTED, is_hard_bounce=at_recipient and subject in NO_SUCH_MAILBOX)


def words(error: smtplib.SMTPException) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return "; ".join(f"{code} {_text(reply)}" for code, reply in error.recipients.values())
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {_text(error.smtp_error)}"
        case _:
            return f"{type(error).__name__}: {error}"


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
