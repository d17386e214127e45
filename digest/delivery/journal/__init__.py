"""Takes what a sending run claims, sends and is answered; gives a local file that outlives the process.

A claim says in the database that a message may be on its way; the journal says, on this machine, whether it really
was. One line a step is written before the step is taken, without syncing: the kernel keeps what a killed process wrote,
and only a crash of the machine loses it, which the boot id in the first line gives away.

    paperboy 1 <run> <boot id> <database>
    c 17 18 19                   claimed; written before the claim is committed
    l 17 18                      leaving: from here on they may be accepted
    a 17 {"outcome": ...}        answered

The file is locked for as long as its run lives. A file that can be locked belongs to a run that is gone.
"""

from digest.delivery.journal.format import ACCEPTED, IN_DOUBT, NEVER_LEFT, folder
from digest.delivery.journal.reading import Abandoned, abandoned, set_aside
from digest.delivery.journal.writing import WireJournal

__all__ = ["ACCEPTED", "IN_DOUBT", "NEVER_LEFT", "Abandoned", "WireJournal", "abandoned", "folder", "set_aside"]
