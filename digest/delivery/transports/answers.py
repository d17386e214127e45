"""Takes what a provider answered; gives what became of the message.

Only what certainly was not accepted may go back to the queue. Nothing here guesses in favour of sending twice, nor of
showing as sent what nobody took.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.core.mail import EmailMessage

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports.exchange import Exchange

Verdict = tuple[Outcome, Fault]
TAKEN = {"sent", "queued"}
DETAIL = 500
A_DAY = 86_400.0

NOT_NOW = (Outcome.RETURNED, Fault.PROVIDER)
NOT_LET_IN = (Outcome.RETURNED, Fault.CREDENTIALS)
REFUSED = (Outcome.REJECTED, Fault.MESSAGE)
IN_DOUBT = (Outcome.UNKNOWN, Fault.PROVIDER)
ASKED_BEFORE = (Outcome.UNKNOWN, Fault.MESSAGE)

BUSY = re.compile(r"Throttl|TooManyRequests|LimitExceeded")
DUPLICATE = "duplicate_parameter"  # Brevo's word for an idempotency key that it knows already
WRONG_ADDRESS = "Mailgun Magnificent API"  # with 200, at any path that Mailgun does not know
# Words about the sender or the account: every other message would be refused with the same ones.
ACCOUNT = re.compile(
    r"sender|[\'\"]from[\'\"]|\bfrom[ _-]?(address|domain|email|field|header)|api.?key|\btoken\b|identit(y|ies)"
    r"|(not|n't) ?(been )?(yet )?(verified|activated|confirmed|validated|authori[sz]ed|authenticated)"
    r"|un(verified|authenticated|authori[sz]ed)|suspend|sendingpaused|sending domain"
    r"|(your|this) (account|domain|server|plan|project)"
    r"|credits?\b|payment|billing|quota|permission|not allowed to send|pending approval",
    re.IGNORECASE,
)
# Mandrill answers every fault with 500 and names it.
NAMED = {
    "Invalid_Key": NOT_LET_IN,
    "PaymentRequired": NOT_LET_IN,
    "Unknown_Subaccount": NOT_LET_IN,
    "ValidationError": REFUSED,
}


def of_reply(exchange: Exchange, words: str, recipient: str) -> Result:
    """What an HTTP answer means that the backend did not take for acceptance."""
    outcome, fault = _verdict(exchange, recipient)
    return Result(outcome, words[:DETAIL], fault=fault, retry_after=retry_after(exchange.headers, datetime.now(UTC)))


def _verdict(exchange: Exchange, recipient: str) -> Verdict:
    status, text = exchange.status, exchange.text
    if WRONG_ADDRESS in text:
        return NOT_LET_IN
    if status < 300:
        return _blame(text, recipient) if _refusal(text) else IN_DOUBT
    if status < 400:  # after a 302 or 303 one is to look elsewhere for what became of the request
        return IN_DOUBT if status in (302, 303) else NOT_LET_IN
    if status >= 500:  # what it did with the message before it failed, nobody knows
        return NAMED.get(str(_refusal(text).get("name")), IN_DOUBT)
    if status in (408, 420, 425, 429) or BUSY.search(text):
        return NOT_NOW
    if status in (401, 402, 403, 404, 405):  # key, payment, permission, the API's address: not this message's fault
        return NOT_LET_IN
    if status == 409 or DUPLICATE in text:
        return ASKED_BEFORE
    return _blame(text, recipient)


def _blame(text: str, recipient: str) -> Verdict:
    """Whether a refusal is about this message, or about whoever sends it. An address may contain any word."""
    about = re.sub(re.escape(recipient), "", text, flags=re.IGNORECASE) if recipient else text
    return NOT_LET_IN if ACCOUNT.search(about) else REFUSED


def _refusal(text: str) -> dict[str, Any]:
    """The answer, if it says in so many words that the message was not taken; else nothing."""
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(answer, dict):
        return {}
    says_no = answer.get("success") is False or str(answer.get("status")).endswith("error")
    return answer if says_no or answer.get("errors") or answer.get("ErrorCode") else {}


def of_status(email: EmailMessage, exchange: Exchange, recipient: str) -> Result:
    """What Anymail read in the answer, as it put it into the message's status."""
    status: Any = getattr(email, "anymail_status", None)
    states = set(getattr(status, "status", None) or ())
    provider_id = _provider_id(status)
    # A provider may write the one address in another way than we do; Anymail takes that for a second recipient.
    if states & TAKEN and states <= TAKEN | {"unknown"}:
        return Result(Outcome.ACCEPTED, provider_message_id=provider_id)
    words = f"The provider says: {', '.join(sorted(map(str, states))) or 'nothing'}. {exchange.text}".strip()
    return _not_taken(states, exchange, words, recipient)._replace(provider_message_id=provider_id)


def _provider_id(status: Any) -> str:
    recipients = getattr(status, "recipients", None) or {}
    ids = {str(one.message_id) for one in recipients.values() if one.message_id}
    return ids.pop() if len(ids) == 1 else ""


def _not_taken(states: set[str], exchange: Exchange, words: str, recipient: str) -> Result:
    if states and states <= {"invalid", "rejected"}:
        return Result(Outcome.REJECTED, words[:DETAIL], is_hard_bounce="invalid" in states)
    if exchange.status >= 400:
        return of_reply(exchange, words, recipient)
    if states == {"failed"} and re.search(r"error|fail|unavailable|cancel", exchange.text):
        outcome, fault = _blame(exchange.text, recipient)
        is_passing = outcome is Outcome.REJECTED and "temporar" in exchange.text
        return Result(Outcome.DEFERRED if is_passing else outcome, words[:DETAIL], fault=fault)
    return Result(Outcome.UNKNOWN, words[:DETAIL], fault=Fault.PROVIDER)


def of_count(taken: int | None) -> Result:
    """What the return value of a backend means that is not Anymail's."""
    if taken is None:
        return Result(Outcome.UNKNOWN, "The mail backend does not say whether it took the message", fault=Fault.OURS)
    if taken == 0:
        return Result(Outcome.REJECTED, "The mail backend did not send the message")
    return Result(Outcome.ACCEPTED)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, from a Retry-After that gives seconds or a date (RFC 9110, 10.2.3); a day at most."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    try:
        seconds = float(value) if value[:1].isdigit() else (_date(value) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), A_DAY)


def _date(value: str) -> datetime:
    date = parsedate_to_datetime(value)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
