"""Takes what is due; gives it to a transport, claimed before it leaves, recorded after, until done or told to stop."""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.core.mail import EmailMessage

from digest.delivery import composing, ledger, transports
from digest.delivery.composing import Batch
from digest.delivery.outcomes import Outcome, Result, SendReport
from digest.delivery.transports import Transport, TransportUnavailable
from digest.models import Delivery, Edition

logger = logging.getLogger(__name__)

# Each message that was not accepted adds strain, each accepted one takes all of it away. At the limit the provider is
# unwell, or refuses us as a whole, or we cannot compose at all: going on would only burn attempts.
STRAIN = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.REQUEUE: 5, Outcome.UNKNOWN: 5, Outcome.RETURNED: 0}
STRAIN_LIMIT = 50

Draft = tuple[Delivery, EmailMessage]


def send_due(
    now: datetime, limit: int | None = None, *, seconds: float | None = None, transport: Transport | None = None
) -> SendReport:
    """Send what is queued and due: at most `limit` rows, for at most about `seconds`.

    Rows are leased in chunks of DELIVERY_CHUNK and go out in windows of DELIVERY_WINDOW: assemble, claim (commit),
    send, record (commit). A process that is killed leaves in doubt at most one window. Whatever is left when the run
    ends early is given back to the queue.
    """
    run = _Run(now, transport or transports.configured(), seconds)
    try:
        run.send(limit)
    finally:
        run.transport.close()
    return run.report


@dataclass
class _Run:
    """One run's state: its clock (which starts at `now` and then goes like any other), its tally, its patience."""

    started_at: datetime
    transport: Transport
    seconds: float | None
    report: SendReport = field(default_factory=SendReport)
    strain: int = 0
    _start: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.started_at + timedelta(seconds=time.monotonic() - self._start)

    def send(self, limit: int | None) -> None:
        left = limit
        while self.goes_on() and left != 0:
            size = settings.DELIVERY_CHUNK if left is None else min(left, settings.DELIVERY_CHUNK)
            chunk = ledger.lease(self.now(), size)
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            self._send_chunk(chunk)

    def goes_on(self) -> bool:
        """False once the run should end early; the report then says why."""
        if not self.report.stopped and self.seconds is not None and time.monotonic() - self._start > self.seconds:
            self.report.stopped = "time is up"
        return not self.report.stopped

    def _send_chunk(self, chunk: list[Delivery]) -> None:
        token = chunk[0].lease
        assert token is not None  # noqa: S101  # lease() has just set it
        try:
            self.transport.open()
            for edition, rows in _by_edition(chunk):
                if self.goes_on():
                    self._send_edition(edition, rows, token)
        except TransportUnavailable as error:
            logger.warning("Mail cannot be sent: %s", error)
            self.report.stopped = str(error)
        finally:
            ledger.release(token)

    def _send_edition(self, edition: Edition, rows: list[Delivery], token: uuid.UUID) -> None:
        orphans = [row.pk for row in rows if row.subscriber is None]
        self.report.skipped += ledger.settle_refused(orphans, token, self.now())
        batch = self._prepare(edition, [row for row in rows if row.subscriber is not None], token)
        if batch is None:
            return
        empty = [pk for pk, chosen in batch.choices.items() if not chosen]
        self.report.skipped += ledger.skip(empty, token, "No papers", self.now())
        filled = (row for row in rows if batch.choices.get(row.pk))
        while self.goes_on() and (window := list(islice(filled, settings.DELIVERY_WINDOW))):
            self._send_window(batch, window, token)

    def _prepare(self, edition: Edition, rows: list[Delivery], token: uuid.UUID) -> Batch | None:
        """Choose and compile. A failure here is ours; the rows are put off, and other editions still go out."""
        try:
            return composing.prepare(edition, rows, self.now())
        except Exception as error:
            logger.exception("%s cannot be composed", edition)
            reason = f"Could not be composed: {type(error).__name__}: {error}"
            self.report.requeued += ledger.postpone([row.pk for row in rows], token, reason, self.now())
            return None

    def _send_window(self, batch: Batch, window: Sequence[Delivery], token: uuid.UUID) -> None:
        now = self.now().replace(microsecond=0)  # one Date header for the window
        drafts = [draft for row in window if self.goes_on() and (draft := self._compose(batch, row, token, now))]
        claimed = ledger.claim([row for row, _ in drafts], token, self.now()) if drafts else set()
        refused = [row.pk for row, _ in drafts if row.pk not in claimed]
        results: dict[int, Result] = {}
        try:
            self._transmit([draft for draft in drafts if draft[0].pk in claimed], results)
        finally:
            # Also when the time limit or Ctrl-C strikes in between: what is known must not be lost.
            ledger.record(results, self.now())
            self.report.count(results.values())
        if refused:
            self.report.skipped += ledger.settle_refused(refused, token, self.now())

    def _compose(self, batch: Batch, row: Delivery, token: uuid.UUID, now: datetime) -> Draft | None:
        try:
            return row, batch.compose(row, now)
        except Exception as error:
            logger.exception("Delivery %s cannot be composed", row.uid)
            reason = f"Could not be composed: {type(error).__name__}: {error}"
            self.report.requeued += ledger.postpone([row.pk], token, reason, now)
            self._feel(Result(Outcome.REQUEUE, detail=reason))
            return None

    def _transmit(self, drafts: list[Draft], results: dict[int, Result]) -> None:
        """Send, filling `results` with an answer for every draft, whatever happens on the way."""
        drawn: list[int] = []
        try:
            sent = self.transport.send(_drawn(drafts, drawn, self.goes_on))
            for position, result in enumerate(sent):
                results[drawn[position]] = result
                self._feel(result)
        finally:
            for row, _ in drafts:
                results.setdefault(row.pk, _IN_DOUBT if row.pk in drawn else _NEVER_LEFT)

    def _feel(self, result: Result) -> None:
        weight = STRAIN[result.outcome]
        self.strain = self.strain + weight if weight else 0
        if result.stop or self.strain >= STRAIN_LIMIT:
            self.report.stopped = self.report.stopped or f"too many failures: {result.detail}"
            logger.warning("Sending stops: %s", result.detail)


_IN_DOUBT = Result(Outcome.UNKNOWN, detail="Interrupted while the message was on the wire")
_NEVER_LEFT = Result(Outcome.RETURNED)


def _drawn(drafts: list[Draft], drawn: list[int], goes_on: Callable[[], bool]) -> Iterator[EmailMessage]:
    """The messages, noting each as it is taken: what is not taken never left this process."""
    for row, message in drafts:
        if not goes_on():
            return
        drawn.append(row.pk)
        yield message


def _by_edition(chunk: list[Delivery]) -> list[tuple[Edition, list[Delivery]]]:
    rows: defaultdict[int, list[Delivery]] = defaultdict(list)
    for delivery in chunk:
        rows[delivery.edition_id].append(delivery)
    return [(group[0].edition, group) for group in rows.values()]
