"""Takes results as they come; says whether to go on drawing, and how fast."""

from __future__ import annotations

from time import monotonic

from digest.delivery.outcomes import Fault, Outcome, Result

DOUBTS = 2  # one answer may get lost on the way; two in a row are a pattern, and every further one costs a message
SAME_REFUSALS = 5  # one message may be wrong; not five different ones in a row in the very same words


class Gate:
    """Shut once the next message would fare no better than the last."""

    def __init__(self, *, minds_refusals: bool = False) -> None:
        """`minds_refusals`: to a provider all messages look alike; a server's "no such user" is said of one."""
        self.is_shut = False
        self._minds_refusals = minds_refusals
        self._doubts = 0
        self._refusal = ""
        self._refusals = 0

    def passed(self, result: Result) -> Result:
        """The result, or what it must mean after those before it."""
        if self._minds_refusals:
            result = self._seen_in_a_row(result)
        in_doubt = result.outcome is Outcome.UNKNOWN and result.fault is not Fault.MESSAGE
        self._doubts = self._doubts + 1 if in_doubt else 0
        at_fault = result.outcome is Outcome.RETURNED and result.fault is not Fault.MESSAGE
        asks_for_pause = in_doubt and result.retry_after is not None
        self.is_shut = self.is_shut or at_fault or asks_for_pause or self._doubts >= DOUBTS
        return result

    def _seen_in_a_row(self, result: Result) -> Result:
        is_refusal = result.outcome is Outcome.REJECTED and bool(result.detail) and not result.is_hard_bounce
        self._refusals = self._refusals + 1 if is_refusal and result.detail == self._refusal else int(is_refusal)
        self._refusal = result.detail if is_refusal else ""
        if self._refusals < SAME_REFUSALS:
            return result
        return result._replace(outcome=Outcome.RETURNED, fault=Fault.CREDENTIALS)


class Pace:
    """Calls a second, where a provider allows only so many."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._next_at = 0.0

    @property
    def remaining(self) -> float:
        """Seconds until the next call."""
        return max(self._next_at - monotonic(), 0.0) if self._gap else 0.0

    def count(self) -> None:
        self._next_at = max(self._next_at, monotonic()) + self._gap
