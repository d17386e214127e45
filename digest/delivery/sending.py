"""Takes what is due; has it chosen, composed and pumped through a transport, until done or told to stop."""

from __future__ import annotations

import gc
import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError

from digest import stopping
from digest.delivery import breaker, ledger, recovery, transports
from digest.delivery.composing import Batch, compose
from digest.delivery.health import Health
from digest.delivery.journal import WireJournal
from digest.delivery.ledger import Leased
from digest.delivery.outcomes import Fault, SendReport
from digest.delivery.pump import Pump
from digest.delivery.share import Share
from digest.delivery.transports import Transport
from digest.models import Edition

logger = logging.getLogger(__name__)

TIME_IS_UP = "time is up"
COLLECT_AFTER = 100_000  # objects: those of a few thousand messages


def send_due(
    now: datetime, limit: int | None = None, *, seconds: float | None = None, transport: Transport | None = None
) -> SendReport:
    """Send what is queued and due: at most `limit` rows, for at most about `seconds`, or until the worker is to end.

    Rows are leased in chunks of DELIVERY_CHUNK, claimed ahead in windows of DELIVERY_WINDOW, and recorded as answers
    come. First of all, what runs on this machine left behind when they were killed is put in order. Whatever is left
    when the run ends early is given back to the queue.
    """
    recovery.recover(now)
    run = _Run(now, limit, seconds)
    if run.admitted == 0:
        run.report.stopped = run.health.paused
        return run.report
    run.send(transport)
    return run.report


@dataclass
class _Run:
    """One run's state: its clock (which starts at `now` and then goes like any other), its tally, its patience."""

    started_at: datetime
    limit: int | None
    seconds: float | None
    id: UUID = field(default_factory=uuid4)
    report: SendReport = field(default_factory=SendReport)
    _start: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.health = Health(breaker.identity(), self.now)
        self.admitted = self.health.admits()

    def now(self) -> datetime:
        return self.started_at + timedelta(seconds=time.monotonic() - self._start)

    def goes_on(self) -> bool:
        """False once the run should end early; the report then says why."""
        if not self.report.stopped:
            if stopping.asked():
                self.report.stopped = "this worker is to end"
            elif self.seconds is not None and time.monotonic() - self._start > self.seconds:
                self.report.stopped = TIME_IS_UP
        return not self.report.stopped

    def send(self, transport: Transport | None) -> None:
        share = Share(self.id, self.now)
        try:
            if transport := transport or self._transport(share):
                with _rare_collections():
                    self._send(transport, share)
        finally:
            share.give_back()

    def _transport(self, share: Share) -> Transport | None:
        if connections := share.take(transports.wanted_connections()):
            return transports.configured(connections)
        self.report.stopped = "other workers have all connections"
        return None

    def _send(self, transport: Transport, share: Share) -> None:
        journal = WireJournal(self.id)
        pump = Pump(transport, journal, self.health, self.report, self.now, self.goes_on, share.keep)
        self.turns = pump.turns
        recorded = False
        try:
            self._pump(pump)
            recorded = True
        finally:
            transport.close()
            journal.close() if recorded else journal.abandon()
            self.report.stopped = self.report.stopped or self.health.paused
            ledger.release(self.id)

    def _pump(self, pump: Pump) -> None:
        """Once more after a trial that went well: then everything may go."""
        was_trial = True
        while was_trial and self.goes_on():
            was_trial = self.health.probing
            pump.send(self._batches())
            was_trial = was_trial and not self.health.probing and not self.health.paused

    # Rows, a chunk at a time

    def _batches(self) -> Iterator[Batch]:
        left = self.limit
        while left != 0 and self.goes_on() and (size := self._size(left)):
            chunk = ledger.lease(self.id, self.now(), size)
            if not chunk:
                if self.turns.wait_for_put_off():
                    continue
                return
            if left is not None:
                left -= len(chunk)
            for edition_id, rows in _by_edition(chunk):
                if (batch := self._compose(edition_id, rows)) is not None:
                    yield batch

    def _size(self, left: int | None) -> int:
        """While a paused way out is tried again, a few rows; nothing more until one of them was accepted."""
        size: int = settings.DELIVERY_CHUNK if left is None else min(left, settings.DELIVERY_CHUNK)
        if self.health.probing:
            size, self.admitted = min(size, self.admitted or 0), 0
        return size

    def _compose(self, edition_id: int, rows: list[Leased]) -> Batch | None:
        """None where the edition cannot be composed: that is our fault; its rows wait, and other editions go out."""
        orphans = [row.id for row in rows if row.subscriber_id is None]
        self.report.skipped += ledger.settle_refused(orphans, self.now())
        edition, scope = Edition.objects.get(pk=edition_id), breaker.edition(edition_id)
        try:
            batch = compose(edition, rows, self.now())
        except DatabaseError:
            raise
        except Exception as error:
            logger.exception("%s cannot be composed", edition)
            reason = f"The {edition} cannot be composed: {type(error).__name__}: {error}"
            until = breaker.trip(scope, Fault.OURS, reason, self.now())
            self.report.returned += ledger.put_off([row.id for row in rows], until, reason)
            return None
        breaker.close(scope, self.now())
        return batch


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Hardly anything here ends in a reference cycle, and looking for them all the time costs a tenth of the CPU."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _by_edition(chunk: Sequence[Leased]) -> list[tuple[int, list[Leased]]]:
    rows: defaultdict[int, list[Leased]] = defaultdict(list)
    for row in chunk:
        rows[row.edition_id].append(row)
    return list(rows.items())
