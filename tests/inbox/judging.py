"""A message in; each gate that applies to it, with its objections, out."""

from __future__ import annotations

from tests.inbox import headers, pages, parts
from tests.inbox.gates import GATES
from tests.inbox.mail import Mail

ROOMS = (headers, parts, pages)  # importing them fills the register


def judge(mail: Mail) -> dict[str, list[str]]:
    """What every gate that applies objects to; an empty list is a pass."""
    return {gate.name: list(gate.check(mail)) for gate in GATES.values() if gate.applies(mail)}


def failures(mail: Mail) -> dict[str, list[str]]:
    return {name: reasons for name, reasons in judge(mail).items() if reasons}
