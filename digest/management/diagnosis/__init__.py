"""Takes an installation as it is configured, gives findings, each with a remedy: what `manage.py doctor` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import DatabaseError

from digest.management.diagnosis import domain, machine, mailing, running, stored
from digest.management.diagnosis.findings import Finding, Level, wrong

STEPS: dict[str, Callable[[datetime], Iterator[Finding]]] = {
    "configuration": machine.configuration,
    "pages": machine.pages,
    "disk": machine.disk,
    "database": stored.database,
    "keys": stored.keys,
    "clock": machine.clock,
    "broker": running.broker,
    "workers": running.workers,
    "heartbeat": running.heartbeat,
    "editions": running.editions,
    "sources": running.sources,
    "mail": mailing.mail,
    "sending": running.sending,
    "dns": domain.names,
}


def examine(steps: list[str], now: datetime) -> Iterator[tuple[str, Finding]]:
    """(step, finding) for every step asked for; a step that needs a database without one says so and is over."""
    for step in steps:
        try:
            for finding in STEPS[step](now):
                yield step, finding
        except DatabaseError as error:
            yield step, wrong(f"The database does not answer: {error}", "See the database's own finding.")


__all__ = ["STEPS", "Finding", "Level", "examine"]
