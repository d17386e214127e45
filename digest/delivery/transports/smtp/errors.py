"""Takes an exception of smtplib or the network; gives what it means for the message, by the reply if it carries one."""

from __future__ import annotations

import smtplib

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.smtp.replies import Stage, judge

STAGES: dict[type[smtplib.SMTPResponseException], Stage] = {
    smtplib.SMTPAuthenticationError: Stage.LOGIN,
    smtplib.SMTPSenderRefused: Stage.MAIL,
    smtplib.SMTPDataError: Stage.CONTENT,
}
# How smtplib says that the server offers no way to log in that it knows.
NO_LOGIN = ("SMTP AUTH extension not supported", "No suitable authentication method")


def result_of(error: Exception, *, has_left: bool = False) -> Result:
    """`has_left` says whether anything of the message's content may have reached the server."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _judged(error, Stage.RCPT, *next(iter(error.recipients.values())), has_left=has_left)
        case smtplib.SMTPResponseException():
            stage = STAGES.get(type(error), Stage.OPENING)
            return _judged(error, stage, error.smtp_code, error.smtp_error, has_left=has_left)
        case smtplib.SMTPNotSupportedError() if "SMTPUTF8" in str(error):
            return Result(Outcome.REJECTED, _words(error))
        case smtplib.SMTPException() if str(error).startswith(NO_LOGIN):  # as good as a wrong password
            return Result(Outcome.RETURNED, _words(error), fault=Fault.CREDENTIALS)
        case _:
            return _without_answer(error, has_left=has_left)


def _judged(error: smtplib.SMTPException, stage: Stage, code: int, words: bytes | str, *, has_left: bool) -> Result:
    """smtplib gives -1 for what is not SMTP, and raises also where a server agrees to what nobody asked for."""
    if not 400 <= code < 600:
        return _without_answer(error, has_left=has_left)
    lines = (words if isinstance(words, bytes) else words.encode()).split(b"\n")
    return judge(stage, b"\n".join(b"%03d %b" % (code, line) for line in lines))  # smtplib took the code off each


def _without_answer(error: Exception, *, has_left: bool) -> Result:
    return Result(Outcome.UNKNOWN if has_left else Outcome.RETURNED, _words(error), fault=Fault.PROVIDER)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
