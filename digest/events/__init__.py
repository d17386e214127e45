"""Takes what providers and mail servers report; gives stored events, ledger rows that moved on, and suppressions.

    webhook -> Anymail's view -> intake -> reports -> storing      one statement a request
    mail    -> mail: notices, addressing -> storing                a pipe, a mailbox, or Anymail's inbound webhooks
    task    -> handling: matching, reacting, moving                a few statements for a thousand events

Whatever comes twice is stored once; whatever order it comes in, no row moves back.
"""

from digest.events.handling import handle
from digest.events.intake import Intake, collected, receives_mail, take_mail, take_report
from digest.events.mail import MAX_BYTES, Taken, take_bytes
from digest.events.mailbox import read_mailbox
from digest.events.soft_bounces import memory
from digest.events.storing import are_waiting, store

__all__ = [
    "MAX_BYTES",
    "Intake",
    "Taken",
    "are_waiting",
    "collected",
    "handle",
    "memory",
    "read_mailbox",
    "receives_mail",
    "store",
    "take_bytes",
    "take_mail",
    "take_report",
]
