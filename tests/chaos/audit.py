"""Takes what the mail server received and what the ledger says; gives every way in which they must not differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

TERMINAL = {"accepted", "rejected", "unknown", "skipped", "delivered", "bounced", "complained"}
MAY_HAVE_ARRIVED = {"accepted", "unknown"}


@dataclass(frozen=True)
class Expected:
    """What a scenario may leave in doubt, at least (a fault that did no harm was no test) and at most; who left."""

    least_unknown: int = 0
    most_unknown: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Facts:
    """`ledger` holds (address, state) of every row; `received` counts messages by address, as the server saw them."""

    readers: int
    ledger: list[tuple[str, str]]
    received: Counter[str]

    @property
    def states(self) -> Counter[str]:
        return Counter(state for _, state in self.ledger)

    @property
    def twice(self) -> list[str]:
        return sorted(address for address, count in self.received.items() if count > 1)


def faults(facts: Facts, expected: Expected) -> list[str]:
    """In words; empty if all is well."""
    states, by_address = facts.states, dict(facts.ledger)
    found = {
        "got more than one message": facts.twice,
        "accepted, though the server never took it": [
            address for address, state in facts.ledger if state == "accepted" and not facts.received[address]
        ],
        "received, though the ledger says otherwise": [
            address for address in facts.received if by_address.get(address) not in MAY_HAVE_ARRIVED
        ],
        "neither ended nor queued": [
            address for address, state in facts.ledger if state not in TERMINAL and state != "queued"
        ],
        "rejected, though nobody refused it": [address for address, state in facts.ledger if state == "rejected"],
    }
    words = [f"{len(who)} {what}: {', '.join(sorted(who)[:3])}" for what, who in found.items() if who]
    if len(facts.ledger) != facts.readers or len(by_address) != facts.readers:
        words.append(f"{len(facts.ledger)} rows for {facts.readers} readers")
    if not expected.least_unknown <= states["unknown"] <= expected.most_unknown:
        words.append(f"{states['unknown']} unknown, not {expected.least_unknown} to {expected.most_unknown}")
    if states["skipped"] != expected.skipped:
        words.append(f"{states['skipped']} skipped, not {expected.skipped}")
    return words
