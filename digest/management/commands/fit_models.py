"""Fit the models that papers are ranked by, now, on the papers there are; the weekly task by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest import learning
from digest.errors import ModelError
from digest.learning import process
from digest.models import ModelKind, RankingModel


class Command(BaseCommand):
    help = "Fit models as new versions, and use them. Exits with 1 where one could not be fitted; the one before stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", choices=ModelKind.values, help="Only this one (all)")
        parser.add_argument("--bounded", action="store_true", help="Give way, within limits, and end with the parent")

    def handle(self, *args: Any, kind: str | None, bounded: bool, **options: Any) -> None:
        if bounded:
            process.bound()
        failed = [told for each in ([kind] if kind else ModelKind.values) if (told := self.fit(each))]
        if failed:
            raise CommandError(" ".join(failed))

    def fit(self, kind: str) -> str:
        """Why it could not be; empty if it was."""
        try:
            model = learning.fit(kind, timezone.now())
        except ModelError as error:
            return f"{ModelKind(kind).label} was not fitted: {error}."
        except MemoryError:
            return f"{ModelKind(kind).label} was not fitted: it took more memory than it may."
        self.stdout.write(described(model))
        return ""


def described(model: RankingModel) -> str:
    quality = ", ".join(f"{name} {value}" for name, value in model.quality.items() if not isinstance(value, list))
    use = "in use" if model.is_in_use else "not in use"
    return f"{model}: {model.papers} papers, {model.seconds:.0f} s of CPU, {use}{f'; {quality}' if quality else ''}"
