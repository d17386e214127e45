"""Takes due readers, selections and outcomes; gives `Delivery` rows that move only as they may.

plan     a due reader and a published edition become a queued row
lease    a worker looks after some queued rows for a while; it may lapse without harm
claim    queued -> claimed, committed before anything leaves; whoever may not be written to is refused here
record   claimed -> accepted, rejected, unknown, or back to the queue
rescue   claimed, but the worker is gone -> unknown
"""

from digest.delivery.ledger.claiming import claim, settle_refused
from digest.delivery.ledger.leasing import lease, postpone, release, skip, waiting
from digest.delivery.ledger.planning import plan
from digest.delivery.ledger.recording import record
from digest.delivery.ledger.rescuing import rescue

__all__ = [
    "claim",
    "lease",
    "plan",
    "postpone",
    "record",
    "release",
    "rescue",
    "settle_refused",
    "skip",
    "waiting",
]
