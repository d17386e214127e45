"""What can become of one message that was to be handed over, and the tally of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from subscriptions import addresses


class Outcome(StrEnum):
    """What became of one message that a transport drew.

    ACCEPTED  the server took responsibility for it
    REJECTED  refused for good, because of this message or its recipient; nobody received it
    DEFERRED  put off: not accepted, for a reason of this message or its recipient; trying again later may help
    UNKNOWN   it was handed over and no answer came: it may have been accepted
    RETURNED  certainly not accepted, and the message is not at fault: back to the queue, untouched
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    RETURNED = "returned"


class Fault(StrEnum):
    """Whose fault it was that a message was not accepted. MESSAGE concerns the breaker only when many come in a row.

    MESSAGE      this message, or its recipient
    POLICY       a block, reputation, authentication of mail (x.7.x of RFC 3463); never suppresses anyone
    CREDENTIALS  a wrong password or key, an unpaid bill, an identity that is not verified
    PROVIDER     the server is down, busy, unreachable, or answers nonsense
    OURS         an exception of our own making
    """

    MESSAGE = "message"
    POLICY = "policy"
    CREDENTIALS = "credentials"
    PROVIDER = "provider"
    OURS = "ours"


class Result(NamedTuple):
    """One message's outcome. `detail` is the other side's words or the exception's.

    `fault` is read only where the outcome is not ACCEPTED; `retry_after` is in seconds, where the other side asked for
    a pause; `is_hard_bounce` says that the mailbox does not exist, which suppresses the address.
    """

    outcome: Outcome
    detail: str = ""
    provider_message_id: str = ""
    fault: Fault = Fault.MESSAGE
    retry_after: float | None = None
    is_hard_bounce: bool = False

    def nameless(self) -> Result:
        """Without the addresses that the other side repeats: what is kept of it outlives an erasure."""
        return self._replace(detail=addresses.without_addresses(self.detail)) if "@" in self.detail else self


def storable(words: str) -> str:
    """What another side said, as any database takes it: without NUL, and without half a surrogate pair (of JSON)."""
    return words.replace("\0", "").encode(errors="replace").decode()


@dataclass(slots=True)
class SendReport:
    """Tally of a sending run: messages by outcome, and why it stopped before the end, if it did.

    `deferred` counts messages that were put off, `returned` those that went back to the queue untouched.
    """

    accepted: int = 0
    rejected: int = 0
    deferred: int = 0
    unknown: int = 0
    returned: int = 0
    skipped: int = 0
    stopped: str = ""

    def count(self, outcome: Outcome, number: int = 1) -> None:
        setattr(self, outcome.value, getattr(self, outcome.value) + number)

    @property
    def is_clean(self) -> bool:
        """Nothing is in doubt, nothing has to be tried again, and the run came to its end."""
        return not (self.unknown or self.deferred or self.returned or self.stopped)
