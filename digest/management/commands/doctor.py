"""`manage.py doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from digest.management.diagnosis import STEPS, Finding, Level, examine


class Command(BaseCommand):
    help = (
        "Check configuration, disk, database, keys, clock, queue, workers, editions, mail, sending and DNS; "
        "exit code 1 if anything is wrong."
    )
    # Its first step runs them, and reports them like everything else.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", nargs="+", choices=list(STEPS), default=list(STEPS), metavar="STEP")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, only: list[str], **options: Any) -> None:
        found = list(examine(only, timezone.now()))
        if options["json"]:
            rows = [{"step": step, **asdict(finding)} for step, finding in found]
            self.stdout.write(json.dumps({"findings": rows}))
        else:
            for step, finding in found:
                self.show(step, finding)
        if any(finding.level is Level.WRONG for _, finding in found):
            sys.exit(1)

    def show(self, step: str, finding: Finding) -> None:
        style = {Level.FINE: self.style.SUCCESS, Level.NOTE: self.style.WARNING, Level.WRONG: self.style.ERROR}
        self.stdout.write(f"{style[finding.level](f'{finding.level:<5}')}  {step:<13}  {finding.text}")
        if finding.remedy:
            self.stdout.write(f"{'':<22}{finding.remedy}")
