"""Takes due readers, selections and outcomes; gives `Delivery` rows that move only as they may.

plan     a due reader and a published edition become a queued row
lease    a sending run works through a stretch of the queue; it may lapse without harm
claim    queued -> claimed, committed before anything leaves; whoever may not be written to is refused here
record   claimed -> accepted, rejected, unknown, or back to the queue
rescue   claimed, but the worker is gone -> unknown; back to queued where the operator or the provider's key allows it
erase    what a deleted reader's rows carried goes with them; the rows stay
reopen   a person has an edition sent to those who can still get it: rejected, skipped -> queued

Rows go in as ids and come out as tuples; the statements are the same on PostgreSQL and SQLite.
"""

from digest.delivery.ledger.claiming import Content, claim, settle_refused
from digest.delivery.ledger.erasing import forget_digests
from digest.delivery.ledger.leasing import Leased, lease, put_off, release, skip, waiting
from digest.delivery.ledger.planning import plan
from digest.delivery.ledger.recording import record
from digest.delivery.ledger.reopening import (
    Verdict,
    hasten_edition,
    hasten_put_off,
    prospects,
    put_off_rows,
    reopen,
)
from digest.delivery.ledger.rescuing import rescue

__all__ = [
    "Content",
    "Leased",
    "Verdict",
    "claim",
    "forget_digests",
    "hasten_edition",
    "hasten_put_off",
    "lease",
    "plan",
    "prospects",
    "put_off",
    "put_off_rows",
    "record",
    "release",
    "reopen",
    "rescue",
    "settle_refused",
    "skip",
    "waiting",
]
