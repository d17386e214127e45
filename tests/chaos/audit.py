"""Takes what the mail server received and what the ledger says; gives every way in which they must not differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

TERMINAL = {"accepted", "rejected", "unknown", "skipped", "delivered", "bounced", "complained"}
SENT = {"accepted", "delivered", "bounced", "complained"}


@dataclass(frozen=True)
class Expected:
    """What the fault explains: `on_wire` messages that may be in doubt, and those who `left` and get nothing."""

    on_wire: int = 0
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """A reader and their delivery; `state` is empty where there is none. `waits` says that it is due later."""

    address: str
    state: str
    detail: str = ""
    waits: bool = False


@dataclass(frozen=True)
class Facts:
    """`accepted` counts messages that the server took and said so, `unanswered` those that it took and said nothing."""

    rows: list[Row]
    accepted: Counter[str]
    unanswered: Counter[str] = field(default_factory=Counter)
    refused: frozenset[str] = frozenset()

    @property
    def received(self) -> Counter[str]:
        return self.accepted + self.unanswered

    @property
    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows)

    @property
    def doubled(self) -> list[str]:
        return [address for address, count in self.received.items() if count > 1]

    def lost(self, expected: Expected) -> list[str]:
        """Neither received, nor queued, nor known to be in doubt, and nobody refused them."""
        explained = self.received.keys() | self.refused | expected.left
        return [
            row.address for row in self.rows if row.state not in ("queued", "unknown") and row.address not in explained
        ]


def faults(facts: Facts, expected: Expected) -> list[str]:
    """In words; empty if all is well."""
    found: dict[str, Iterable[str]] = {
        "lost": facts.lost(expected),
        "received more than one message": facts.doubled,
        "shown as sent, though the server never accepted it": (
            row.address for row in facts.rows if row.state in SENT and not facts.accepted[row.address]
        ),
        "accepted by the server, though the ledger says otherwise": (
            row.address for row in facts.rows if facts.accepted[row.address] and row.state not in SENT | {"unknown"}
        ),
        "taken by the server, and queued all the same": (
            row.address for row in facts.rows if facts.unanswered[row.address] and row.state == "queued"
        ),
        "neither ended nor queued": (
            row.address for row in facts.rows if row.state not in TERMINAL and row.state != "queued"
        ),
        "queued without a reason": (
            row.address for row in facts.rows if row.state == "queued" and not (row.waits or row.detail)
        ),
        "refused, though no server refused it": (
            row.address for row in facts.rows if row.state == "rejected" and row.address not in facts.refused
        ),
        "skipped, though the reader wants it": (
            row.address for row in facts.rows if row.state == "skipped" and row.address not in expected.left
        ),
        "written to after they had left": facts.received.keys() & expected.left,
        "received by nobody's reader": facts.received.keys() - {row.address for row in facts.rows},
    }
    words = [
        f"{len(who)} {what}: {', '.join(who[:3])}" for what, who in ((w, sorted(f)) for w, f in found.items()) if who
    ]
    if facts.states["unknown"] > expected.on_wire:
        words.append(f"{facts.states['unknown']} in doubt, with {expected.on_wire} on the wire")
    return words
