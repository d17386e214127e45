"""What can become of one message that was to be handed over, and the tally of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a transport, or the sending loop, says about one claimed message.

    ACCEPTED  the server took responsibility for it
    REJECTED  it was refused for good; nobody received it
    UNKNOWN   it was handed over and no answer came: it may have been accepted
    REQUEUE   it was not accepted, and trying again later may help
    RETURNED  it never left this process: back to the queue as if it had not been claimed
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    REQUEUE = "requeue"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Result:
    """One message's outcome; `stop` says that the fault is not the message's: the next ones would fare no better."""

    outcome: Outcome
    provider_message_id: str = ""
    detail: str = ""
    stop: bool = False


@dataclass(slots=True)
class SendReport:
    """Tally of a sending run: messages by outcome, and why it stopped before the end, if it did."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    skipped: int = 0
    requeued: int = 0
    stopped: str = ""

    def count(self, results: Iterable[Result]) -> None:
        for result in results:
            match result.outcome:
                case Outcome.ACCEPTED:
                    self.accepted += 1
                case Outcome.REJECTED:
                    self.rejected += 1
                case Outcome.UNKNOWN:
                    self.unknown += 1
                case Outcome.REQUEUE:
                    self.requeued += 1
                case Outcome.RETURNED:
                    pass

    @property
    def is_clean(self) -> bool:
        """Nothing is in doubt, nothing has to be tried again, and the run came to its end."""
        return not (self.unknown or self.requeued or self.stopped)
