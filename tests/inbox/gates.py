"""The register of gates: each a name, whom it applies to, and a check that takes a message and yields objections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.inbox.mail import Mail

Check = Callable[[Mail], Iterator[str]]


class Gate(NamedTuple):
    """One rule. `check` yields what is wrong, in words for who must mend it."""

    name: str
    applies: Callable[[Mail], bool]
    check: Check


GATES: dict[str, Gate] = {}


def gate(name: str, *, applies: Callable[[Mail], bool] = lambda mail: True) -> Callable[[Check], Check]:
    """Register a check under a name of its own."""

    def register(check: Check) -> Check:
        assert name not in GATES
        GATES[name] = Gate(name, applies, check)
        return check

    return register


def digests(mail: Mail) -> bool:
    return mail.is_digest


def letters(mail: Mail) -> bool:
    """Mails that someone's own act brought about: the confirmation, the note to one who is subscribed."""
    return not mail.is_digest


def received(mail: Mail) -> bool:
    return mail.was_received
