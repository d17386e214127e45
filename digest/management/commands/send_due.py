"""Plan what is due and send it, until nothing is left; the pipeline's last step by hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from digest.delivery import ledger, pauses
from digest.delivery.sending import send_due

# As the desk and the docs say it.
PLAIN = {"deferred": "put off", "returned": "back in the queue"}
WHERE = {
    False: "Deliveries at the desk say what is unknown, and what waits.",
    True: "manage.py doctor --only sending says why, and what to do.",
}


class Command(BaseCommand):
    help = "Plan and send every digest that is due. Exits with 1 if any message is unknown or has to be tried again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", help="Act as if it were this moment (ISO 8601; UTC where it names no zone)")
        parser.add_argument("--json", action="store_true", help="Print one JSON object")

    def handle(self, *args: Any, now: str | None, **options: Any) -> None:
        moment = _moment(now)
        rescued = ledger.rescue(moment)
        planned = ledger.plan(moment)
        report = send_due(moment)
        counts = {"planned": planned, "rescued": rescued, **asdict(report)}
        self.stdout.write(json.dumps(counts) if options["json"] else _sentence(counts))
        if not report.is_clean:
            raise CommandError(f"Not everything was sent: {WHERE[bool(report.stopped)]}", returncode=1)


def _moment(text: str | None) -> datetime:
    if text is None:
        return timezone.now()
    moment = parse_datetime(text)
    if moment is None:
        raise CommandError(f"--now: {text!r} is no date and time like 2026-07-14T05:00:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sentence(counts: dict[str, Any]) -> str:
    stopped = counts["stopped"]
    numbers = ", ".join(f"{value} {PLAIN.get(name, name)}" for name, value in counts.items() if name != "stopped")
    return f"{numbers}{f'. Stopped: {_plain(stopped)}' if stopped else ''}"


def _plain(stopped: str) -> str:
    scope = stopped.removesuffix(" is paused")
    return stopped if scope == stopped else f"{pauses.named(scope)} is paused"
