"""Choose digests that went out again: by the same rules, to prove them, or by other weights, to see what changes."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest.editions import weights as weighing
from digest.management.commands.build_edition import day
from digest.management.commands.explain import issue
from digest.models import Edition, Paper
from digest.selection import again

SHOWN = 5
WEEK = 7  # days
KNOWN = f"there are {', '.join(weighing.SETTABLE)}"


def weights(text: str) -> dict[str, float]:
    """`trend=0.2,topic=0.6`; weights that are not named stay."""
    try:
        found = {name.strip(): float(value) for name, value in (each.split("=") for each in text.split(","))}
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is nothing like trend=0.2,topic=0.6; {KNOWN}") from error
    if unknown := [name for name in found if name not in weighing.SETTABLE]:
        raise ArgumentTypeError(f"there is no weight {', '.join(unknown)}; {KNOWN}")
    if not all(0 <= value <= 10 for value in found.values()):
        raise ArgumentTypeError("a weight is between 0 and 10")
    return found


class Command(BaseCommand):
    help = (
        "Choose the digests of past editions again. Without --weights each must come out as it went out: exits with 1 "
        "where one does not. With --weights it tells what would have changed; nothing is stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--edition", type=issue, help="KIND/DATE, as in daily/2026-07-14 (all since --since)")
        parser.add_argument("--since", type=day, help="YYYY-MM-DD (a week ago)")
        parser.add_argument("--weights", type=weights, help="As in trend=0.2,topic=0.6")

    def handle(
        self,
        *args: Any,
        edition: tuple[str, Any] | None,
        since: date | None,
        weights: dict[str, float] | None,
        **options: Any,
    ) -> None:
        editions = list(_editions(edition, since))
        if not editions:
            raise CommandError("No edition was published then.")
        if weights is not None:
            for each in editions:
                self.stdout.writelines(f"{line}\n" for line in _changes(each, weights))
            return
        self._prove(editions)

    def _prove(self, editions: list[Edition]) -> None:
        different: list[str] = []
        for edition in editions:
            found = again.replayed(edition)
            other = f", {found.of_other_rules} of other rules" if found.of_other_rules else ""
            self.stdout.write(f"{edition}: {found.digests} digests chosen again, {found.same} the same{other}")
            different += map(str, found.different)
        if different:
            shown = ", ".join(different[:SHOWN])
            raise CommandError(f"{len(different)} digests come out different: {shown}.")


def _editions(edition: tuple[str, Any] | None, since: date | None) -> Iterator[Edition]:
    published = Edition.objects.published().order_by("date", "kind")
    if edition is not None:
        return published.filter(kind=edition[0], date=edition[1]).iterator()
    return published.filter(date__gte=since or timezone.now().date() - timedelta(days=WEEK)).iterator()


def _changes(edition: Edition, weights: dict[str, float]) -> Iterator[str]:
    change = again.what_if(edition, replace(weighing.of(edition), **weights))
    kept = f"{change.kept / change.papers:.0%}" if change.papers else "none"
    yield (
        f"{edition}: {change.digests} digests, {change.papers} papers; {kept} of them stay, "
        f"{change.other_first} digests begin with another"
    )
    titles = {paper.pk: str(paper) for paper in Paper.objects.filter(pk__in={*change.came, *change.left})}
    for verb, papers in (("into", change.came), ("out of", change.left)):
        for paper, count in papers.most_common(SHOWN):
            yield f"    {verb} {count}: {titles.get(paper, '(deleted)')}"
    for wanted, voted in (("more", change.more), ("less", change.less)):
        if voted.before or voted.after:
            before, after = _places(voted.before, voted.mean_before), _places(voted.after, voted.mean_after)
            yield f"    voted {wanted} since: {before}; now {after}"


def _places(digests: int, mean: float | None) -> str:
    return f"in {digests} digests, in place {mean:.1f}" if mean else "in none"
