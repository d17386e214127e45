"""Takes composed drafts; claims them ahead of a transport, feeds it, and records what it answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.conf import settings

from digest.delivery import breaker, ledger
from digest.delivery.bounces import suppress_dead_addresses
from digest.delivery.composing import Batch, Draft, is_unmailable
from digest.delivery.health import Health
from digest.delivery.journal import IN_DOUBT, NEVER_LEFT, WireJournal
from digest.delivery.outcomes import Fault, Outcome, Result, SendReport
from digest.delivery.transports import Message, Transport, TransportUnavailable
from digest.delivery.turns import Turns

logger = logging.getLogger(__name__)

FLUSH_MESSAGES = 200
FLUSH_SECONDS = 1.0
# A claim that has waited this long is handed back: long before the ledger takes it for a dead worker's.
CLAIM_SECONDS = 240.0


class Pump:
    """One run's messages on their way. Every claim ends in the ledger, or stays in the journal for the next run.

    Outcomes are recorded every FLUSH_MESSAGES or FLUSH_SECONDS, whatever one connection may be waiting for. A fault of
    our own (the database, the disk) stops the drawing, waits for what is on the wire, and is raised at the end.
    """

    def __init__(
        self,
        transport: Transport,
        journal: WireJournal,
        health: Health,
        report: SendReport,
        clock: Callable[[], datetime],
        goes_on: Callable[[], bool],
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self.transport, self.journal, self.health, self.report = transport, journal, health, report
        self.clock, self._goes_on, self._meanwhile = clock, goes_on, meanwhile
        self.turns = Turns(clock, self.goes_on, self._idle)
        self.trouble: Exception | None = None
        self._claimed: dict[int, str] = {}  # id -> domain, until it is recorded
        self._on_wire: set[int] = set()
        self._results: dict[int, Result] = {}
        self._flushed_at = time.monotonic()
        self._ran_dry = True
        self._last_fault: Result | None = None

    @property
    def run(self) -> UUID:
        return self.journal.run

    def send(self, batches: Iterator[Batch]) -> None:
        """Send every draft of every batch, until something says stop. Raises what went wrong on our side."""
        self.transport.idle, self.transport.may_leave = self._idle, self._may_leave
        try:
            messages = self._messages(batches)
            answers = self.transport.send(messages)
            try:
                for pk, result in answers:
                    self._answered(pk, result)
                self._mind_an_early_end()
            except TransportUnavailable as error:
                self.health.pause(error.result.nameless())
            finally:
                answers.close()
                messages.close()  # now, and not whenever it is collected: it gives turns back, and so asks the store
        finally:
            self._finish()
        if self.trouble is not None:
            raise self.trouble

    def _mind_an_early_end(self) -> None:
        """A transport that draws no more, though there is more, has its reason: all workers should keep it."""
        if not self._ran_dry and self.goes_on():
            self.health.pause(self._last_fault or Result(Outcome.RETURNED, "Drawing ended", fault=Fault.PROVIDER))

    def goes_on(self) -> bool:
        return self.trouble is None and not self.health.paused and self._goes_on()

    # Towards the transport

    def _messages(self, batches: Iterator[Batch]) -> Generator[tuple[int, Message], None, None]:
        """What the transport draws from. It never raises: trouble ends it, and is told when the wire is quiet."""
        self._ran_dry = False
        try:
            for batch in batches:
                drafts = iter(batch.drafts)
                while self.goes_on() and (window := list(islice(drafts, settings.DELIVERY_WINDOW))):
                    yield from self._window(batch, window)
                if not self.goes_on():
                    break
            self._ran_dry = True
        except Exception as error:
            self.trouble = error
            logger.exception("Sending stops")

    def _window(self, batch: Batch, window: list[Draft]) -> Iterator[tuple[int, Message]]:
        """All of it, in as many parts as the limits let go."""
        while window and self.goes_on():
            claimed, window = self._claim(window)
            claimed.reverse()  # to be popped in order
            try:
                yield from self._drawn(batch, claimed)
            finally:
                self.turns.give_back(claimed)
                self._results.update((draft.row.id, NEVER_LEFT) for draft in claimed)
            if window:
                self.turns.wait_for_held()
                self.report.stopped = self.report.stopped or self.turns.lost_patience

    def _drawn(self, batch: Batch, claimed: list[Draft]) -> Iterator[tuple[int, Message]]:
        """Takes from `claimed` what it gives; what is left there when it ends did not leave."""
        claimed_at, now = time.monotonic(), self.clock().replace(microsecond=0)  # one Date header for the window
        while claimed and self.goes_on() and time.monotonic() - claimed_at <= CLAIM_SECONDS:
            draft = claimed.pop()
            if self._must_wait(draft):
                self.turns.give_back([draft])
                continue
            message = self._message(batch, draft, now)
            if message is not None:
                yield draft.row.id, message

    def _claim(self, window: list[Draft]) -> tuple[list[Draft], list[Draft]]:
        """Those of the window that may be sent now, and those to be asked for again in a moment.

        The others are ended, or put off until their destination is open or their turn comes.
        """
        now = self.clock()
        ready = self._to_open_destinations([draft for draft in window if draft.choices], now)
        self.report.skipped += ledger.skip([draft.row.id for draft in window if not draft.choices], "No papers", now)
        ready, held = self.turns.take(ready, now)
        if not ready:
            return [], held
        self.journal.claimed(draft.row.id for draft in ready)
        again = [draft.row.id for draft in ready if draft.row.was_claimed]
        ids = ledger.claim([draft.content() for draft in ready], self.run, now, again)
        self._claimed.update((draft.row.id, draft.domain) for draft in ready if draft.row.id in ids)
        if refused := [draft for draft in ready if draft.row.id not in ids]:
            self.report.skipped += ledger.settle_refused([draft.row.id for draft in refused], now)
            self.turns.give_back(refused)
        return [draft for draft in ready if draft.row.id in ids], held

    def _to_open_destinations(self, drafts: list[Draft], now: datetime) -> list[Draft]:
        paused = {domain: until for domain, until in self.health.destinations.items() if until > now}
        if not paused:
            return drafts
        for domain in {draft.domain for draft in drafts} & paused.keys():
            waiting = [draft.row.id for draft in drafts if draft.domain == domain]
            ledger.put_off(waiting, paused[domain], breaker.paused_reason(domain))
        return [draft for draft in drafts if draft.domain not in paused]

    def _must_wait(self, draft: Draft) -> bool:
        """Whether its destination was paused since it was claimed; then it goes back, and waits as long."""
        if not self.health.destinations:
            return False
        until, now = self.health.destinations.get(draft.domain), self.clock()
        if until is None or until <= now:
            return False
        wait = (until - now).total_seconds()
        result = Result(Outcome.RETURNED, breaker.paused_reason(draft.domain), fault=Fault.POLICY, retry_after=wait)
        self._note(draft.row.id, result)
        self._results[draft.row.id] = result
        return True

    def _message(self, batch: Batch, draft: Draft, now: datetime) -> Message | None:
        """None where it cannot be made: the row is put off, and tried again when we have mended ourselves."""
        try:
            return batch.message(draft, now)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if is_unmailable(draft.row.email):
                result = Result(Outcome.REJECTED, f"No mail can be addressed to this reader: {reason}")
            else:
                logger.exception("Delivery %s cannot be composed", draft.row.uid)
                result = Result(Outcome.DEFERRED, f"Could not be composed: {reason}", fault=Fault.OURS)
        self._answered(draft.row.id, result)
        return None

    # From the transport

    def _may_leave(self, ids: Sequence[int]) -> bool:
        """Asked when a message drawn some time ago is about to go, perhaps again after it did not get far."""
        self._on_wire.difference_update(ids)
        if not self.goes_on():
            return False
        self.journal.leaving(ids)
        self._on_wire.update(ids)
        return True

    def _answered(self, pk: int, result: Result) -> None:
        result = result.nameless()
        self._note(pk, result)
        if result.outcome is not Outcome.ACCEPTED and result.fault is not Fault.MESSAGE:
            self._last_fault = result
        try:
            settled = self.health.judge(pk, result, self._claimed.get(pk, ""))
        except Exception as error:  # a refusal is held back all the same, until it is known what to make of it
            self.trouble = self.trouble or error
            settled = {} if result.outcome is Outcome.REJECTED else {pk: result}
        self._results.update(settled)
        self._on_wire.discard(pk)
        if len(self._results) >= FLUSH_MESSAGES or time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self._flush_if_possible()

    def _note(self, pk: int, result: Result) -> None:
        try:
            self.journal.answered(pk, result)
        except OSError as error:  # the answer is still in memory, and recorded with the next flush
            self.trouble = self.trouble or error

    def _idle(self) -> None:
        """Called by the transport while it waits: whatever is wrong on our side must not cut its wires."""
        if self.trouble is None:
            try:
                self._meanwhile()
                self.journal.flush()
            except Exception as error:
                self.trouble = error
                logger.exception("Sending stops")
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self._flush_if_possible()

    def _flush_if_possible(self) -> None:
        if self.trouble is None:
            try:
                self._flush()
                self._meanwhile()
                self.health.check()
            except Exception as error:
                self.trouble = error
                logger.exception("Outcomes cannot be recorded")

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        if not self._results:
            return
        ledger.record(self._results, self.run, self.clock())
        for pk, result in self._results.items():
            self.report.count(result.outcome)
            self._claimed.pop(pk, None)
        suppress_dead_addresses(self._results, self.clock())
        self._results = {}
        self.journal.settled(self._claimed.keys(), self._on_wire)

    def _finish(self) -> None:
        """Settle every claim. Where the ledger cannot be reached the journal keeps what is known."""
        released = self.health.release()
        for pk, result in released.items():
            self._note(pk, result)
        self._results.update(released)
        for pk in self._claimed:
            if pk not in self._results:
                self._results[pk] = IN_DOUBT if pk in self._on_wire else NEVER_LEFT
        self._on_wire.clear()
        self._flush()
