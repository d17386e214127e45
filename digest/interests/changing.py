"""A reader's change of mind: an interest removed, had back, made to count for less; words, authors, topics muted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from digest.errors import InterestError
from digest.interests import limits, profiles
from digest.models import Interest, InterestKind, Muted, MutedKind
from digest.models.interests import LONGEST_NAME
from digest.ranking.parts import LOWERABLE
from digest.ranking.terms import author_key
from digest.ranking.words import words
from digest.sources import people
from digest.sources import text as texts
from subscriptions.models import Subscriber, Topic

LESS = 75  # percent: what is barely near no longer counts, what is very near still does
KEPT = timedelta(days=1)  # how long what was removed can be had back


@contextmanager
def changing(reader: Subscriber, now: datetime) -> Iterator[None]:
    """A transaction in which one reader's interests change by one request after the other; then they count anew."""
    with transaction.atomic():
        if not profiles.take_turn([reader.pk]):
            raise InterestError("This reader's page is not there any more.")
        yield
        profiles.renew([reader.pk], now)


def remove(reader: Subscriber, interest_id: int, now: datetime) -> Interest | None:
    """The interest no longer counts, and can be had back for a day; None where there is none."""
    with changing(reader, now):
        Interest.objects.kept().filter(subscriber=reader, pk=interest_id).update(removed_at=now)
        removed = Interest.objects.filter(subscriber=reader, removed_at__isnull=False).order_by("-removed_at", "-id")
        Interest.objects.filter(pk__in=list(removed.values_list("pk", flat=True)[limits.MOST_REMOVED :])).delete()
    return Interest.objects.filter(subscriber=reader, pk=interest_id).first()


def restore(reader: Subscriber, interest_id: int, now: datetime) -> Interest | None:
    """As it was; InterestError where others have taken its room."""
    with changing(reader, now):
        interest = Interest.objects.filter(subscriber=reader, pk=interest_id).first()
        if interest and interest.removed_at:
            is_author = interest.kind == InterestKind.AUTHOR
            (limits.room_for_author if is_author else limits.room_for_interest)(reader, "")
            interest.removed_at = None
            interest.save(update_fields=["removed_at"])
    return interest


def weigh(reader: Subscriber, interest_id: int, percent: int, now: datetime) -> Interest | None:
    """Let an interest count for less, or as before."""
    with changing(reader, now):
        Interest.objects.kept().filter(subscriber=reader, pk=interest_id).update(percent=percent)
    return Interest.objects.filter(subscriber=reader, pk=interest_id).first()


def mute(reader: Subscriber, kind: MutedKind, typed: str, now: datetime) -> Muted:
    """Keep papers with this word or phrase, by this author, about this topic, away from the reader; or let a part of
    scores that is so for everybody count for less.
    """
    value, name = _read(kind, typed)
    with changing(reader, now):
        same = Muted.objects.filter(subscriber=reader, kind=kind, value=value).first()
        if same:
            return same
        limits.room_for_muted(reader, kind)
        return Muted.objects.create(subscriber=reader, kind=kind, value=value, name=name, created_at=now)


def unmute(reader: Subscriber, muted_id: int, now: datetime) -> str:
    """What it was, or nothing where there is none."""
    with changing(reader, now):
        found = Muted.objects.filter(subscriber=reader, pk=muted_id).first()
        if found:
            found.delete()
    return found.name if found else ""


def forget_removed(now: datetime) -> int:
    """Delete interests that can no longer be had back; gives how many."""
    return Interest.objects.filter(removed_at__lt=now - KEPT).delete()[1].get(Interest._meta.label, 0)


def _read(kind: MutedKind, typed: str) -> tuple[str, str]:
    """The form in which it is compared, and the one in which it is shown."""
    name = texts.line(typed[:1000], 1000)
    if len(name) > LONGEST_NAME:
        raise InterestError(f"That is longer than {LONGEST_NAME} characters.", kind)
    if kind == MutedKind.TOPIC:
        topic = Topic.objects.filter(slug=name).first()
        if topic is None:
            raise InterestError("We do not have this topic (any more).", kind)
        return topic.slug, topic.name
    if kind == MutedKind.PART:
        if name not in LOWERABLE:
            raise InterestError("That button is not known here.")
        return name, LOWERABLE[name]
    if kind == MutedKind.AUTHOR:
        name = people.name(name)
        value = author_key(name)
    else:
        value = " ".join(words(name))
    if not value or len(value) > LONGEST_NAME:
        raise InterestError("Please type a word, a phrase or a name.", kind)
    return value, name
