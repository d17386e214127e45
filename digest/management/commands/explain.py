"""Show a reader's digest with every score's parts: the one that was sent, or the one that would be sent now."""

from __future__ import annotations

import textwrap
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from digest import ranking, selection, tex
from digest.editions import issue_date
from digest.errors import DeliveryError
from digest.management.commands.build_edition import day
from digest.models import Delivery, DeliveryState, Edition, EditionKind, Paper
from digest.selection import Choice
from subscriptions import addresses
from subscriptions.models import Frequency, Subscriber, Topic

WIDTH = 100
# Rows for which nothing was chosen yet, or nothing left the house.
UNSENT = [DeliveryState.QUEUED, DeliveryState.SKIPPED]


def issue(text: str) -> tuple[str, Any]:
    """`daily/2026-07-14` as a kind and the date of an issue."""
    kind, _, date = text.partition("/")
    if kind not in EditionKind.values:
        raise ArgumentTypeError(f"{text!r} is no edition like daily/2026-07-14 or weekly/2026-07-13")
    return kind, issue_date(kind, day(date))


class Command(BaseCommand):
    help = "Show a reader's digest and how each score comes about. Exits with 1 for an unknown reader or edition."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--edition", type=issue, help="KIND/DATE, as in daily/2026-07-14 (the reader's newest)")

    def handle(self, *args: Any, email: str, edition: tuple[str, Any] | None, **options: Any) -> None:
        reader = _reader(email)
        issue = _edition(reader, edition)
        sent = Delivery.objects.filter(edition=issue, subscriber=reader).exclude(state__in=UNSENT).first()
        choices, interests, follow_ups = _stored(sent) if sent else _chosen(issue, reader)
        self.stdout.write(f"{issue} for {reader.email}: {_account(sent)}")
        self.stdout.write(_wishes(interests))
        self.stdout.write("\n".join(_digest(choices)))
        self.stdout.writelines(f"  Since then: {tex.readable(each.title)}. {each.words}\n" for each in follow_ups)
        if sent:
            self.stdout.write(_replayed(sent, choices))


def _reader(email: str) -> Subscriber:
    try:
        reader = Subscriber.objects.filter(address_key=addresses.normalise(email)).first()
    except ValidationError as error:
        raise CommandError(f"{email!r}: {' '.join(error.messages)}") from error
    if reader is None:
        raise CommandError(f"There is no reader with the address {email}.")
    return reader


def _edition(reader: Subscriber, wanted: tuple[str, Any] | None) -> Edition:
    if wanted is not None:
        edition = Edition.objects.filter(kind=wanted[0], date=wanted[1]).first()
        missing = f"There is no {wanted[0]} edition of {wanted[1]}."
    else:
        kind = EditionKind.WEEKLY if reader.frequency == Frequency.WEEKLY else EditionKind.DAILY
        edition = Edition.objects.newest(kind) or Edition.objects.published().order_by("-date").first()
        missing = "No edition was published yet."
    if edition is None:
        raise CommandError(missing)
    return edition


def _stored(delivery: Delivery) -> tuple[list[Choice], selection.Interests | None, Sequence[selection.FollowUp]]:
    interests = selection.Interests.from_json(delivery.preferences) if delivery.preferences else None
    follow_ups = [selection.FollowUp.from_json(item) for item in delivery.news]
    return [Choice.from_json(item) for item in delivery.selection], interests, follow_ups


def _chosen(edition: Edition, reader: Subscriber) -> selection.Composed:
    now = timezone.now()
    pool = selection.load_pool(edition)
    return selection.compose(edition, pool, {reader.pk: reader.digest_length}, now)[reader.pk]


def _account(delivery: Delivery | None) -> str:
    if delivery is None:
        return "not sent; this is what would be chosen now"
    when = timezone.localtime(delivery.claimed_at) if delivery.claimed_at else None
    return f"{delivery.get_state_display().lower()}{f', sent {when:%Y-%m-%d %H:%M %Z}' if when else ''}"


def _wishes(interests: selection.Interests | None) -> str:
    if interests is None:
        return "What it was chosen by is not on record."
    topics = ", ".join(interests.topics) or ("none, so all count alike" if interests.is_general else "none")
    own = ", ".join(profile.name for profile in interests.profiles)
    told = f"Topics: {topics}. " + (f"Interests: {own}. " if own else "")
    told += f"Authors of this edition: {len(interests.authors)}. " if interests.authors else ""
    return f"{told}Length: {interests.length}. Withheld: {len(interests.withheld)} papers sent before, muted or gone."


def _digest(choices: Sequence[Choice]) -> Iterator[str]:
    if not choices:
        yield "\n  No paper of this edition is for this reader, nor any of the week before: no mail is sent.\n"
    titles = dict(Paper.objects.filter(pk__in=[each.paper_id for each in choices]).values_list("id", "title"))
    topics = dict(Topic.objects.values_list("slug", "name"))
    names = {f"topic:{slug}": name for slug, name in topics.items()}
    for number, choice in enumerate(choices, start=1):
        title = textwrap.shorten(tex.readable(titles.get(choice.paper_id, "(deleted)")), WIDTH - 14, placeholder=" …")
        yield f"\n{number:3}. {choice.score:7.4f}  {title}"
        yield f"      {ranking.sentence(choice.parts, topics)}."
        yield "      = " + " + ".join(f"{names.get(name, name)} {value:.4f}" for name, value in choice.parts)
        if choice.similar:
            yield f"      and {len(choice.similar)} similar: papers {', '.join(map(str, choice.similar))}"


def _replayed(delivery: Delivery, choices: Sequence[Choice]) -> str:
    try:
        again = selection.replay(delivery)
    except DeliveryError as error:
        return f"\n{error}"
    if again != list(choices):
        raise CommandError("Chosen again from the stored rows, this digest comes out different.")
    return "\nChosen again from the stored rows: the same papers, order and reasons."
