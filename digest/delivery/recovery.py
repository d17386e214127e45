"""Takes the journals that killed runs left on this machine; gives their claims an honest state, at once."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DataError

from digest.delivery import bounces, journal, ledger

logger = logging.getLogger(__name__)


def recover(now: datetime) -> int:
    """Settle every claim of runs of this machine that are gone; gives how many claims that were.

    What was answered is recorded, what was leaving and not answered is unknown, the rest goes back to the queue. After
    a restart of the machine a journal may lack its last lines: such claims wait for the ledger's own deadline.
    """
    settled = 0
    for left in journal.abandoned():
        ledger.release(left.run)
        if left.same_boot and left.claimed:
            results = left.results()
            logger.warning("A sending run was gone before it could settle %s claims", len(results))
            try:
                ledger.record(results, left.run, now)
            except (DataError, ValueError):
                journal.set_aside(left.path)
                continue
            bounces.suppress_dead_addresses(results, now)
            settled += len(results)
    return settled
