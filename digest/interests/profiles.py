"""Readers in; all that they asked for as one row each, in the form in which a send matches it with a pool.

The row is made anew when a reader changes anything, in one place, whatever it was: a few queries for any number of
readers. What has not changed is taken from the row that is there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Left

from digest.interests import given, noticed
from digest.interests.spaces import Space, in_use
from digest.models import Interest, InterestKind, Muted, ReaderProfile
from digest.ranking.vectors import is_whole
from subscriptions import sql
from subscriptions.models import Subscriber

log = logging.getLogger(__name__)

VOTED = "papers you liked"
FOR_VOTES = 0  # in the place of an interest's id
TEXT_COUNTED = 20_000  # characters
READERS_AT_A_TIME = 500
_ROWS = """
    SELECT subscriber_id, model, names, vectors, away, authors, muted, asked
    FROM digest_readerprofile WHERE subscriber_id = ANY(%(readers)s)
"""
STORED = ("model", "names", "vectors", "away", "authors", "muted", "asked", "made_at")


@dataclass(slots=True)
class Made:
    """A `ReaderProfile` in the making. `profiles` are an interest's id, its name, percent and vector."""

    model: str
    profiles: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    away: bytes = b""
    authors: dict[str, int] = field(default_factory=dict)
    muted: dict[str, list[str]] = field(default_factory=dict)
    asked: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.profiles or self.away or self.authors or self.muted or self.asked)

    def row(self, reader: int, now: datetime) -> ReaderProfile:
        return ReaderProfile(
            subscriber_id=reader,
            model=self.model,
            names=_as_json([(*profile[:3], len(profile[3])) for profile in self.profiles]),
            vectors=b"".join(profile[3] for profile in self.profiles),
            away=self.away,
            authors=_as_json(list(self.authors.items())),
            muted=_as_json(self.muted),
            asked=self.asked,
            made_at=now,
        )


def take_turn(readers: Collection[int], *, waits: bool = True) -> list[int]:
    """Let nobody else change these readers' interests until commit; gives those that there still are.

    Whoever takes many at once does not wait for those that are taken, and leaves them out: others, such as the plan,
    take many in another order.
    """
    rows = Subscriber.objects.select_for_update(no_key=True, skip_locked=not waits)
    return list(rows.filter(pk__in=readers).order_by("pk").values_list("pk", flat=True))


def renew(readers: Sequence[int], now: datetime, changed: Collection[int] = ()) -> None:
    """Make these readers' rows anew, in the space in use; `changed` are interests whose papers did.

    Call it within a transaction that has taken these readers' turn.
    """
    made = made_for(readers, in_use(), changed)
    ReaderProfile.objects.filter(pk__in=[reader for reader in readers if made[reader].is_empty]).delete()
    ReaderProfile.objects.bulk_create(
        [each.row(reader, now) for reader, each in made.items() if not each.is_empty],
        update_conflicts=True,
        unique_fields=["subscriber"],
        update_fields=STORED,
    )


def renew_old(now: datetime, goes_on: Callable[[], bool]) -> int:
    """Make rows of another space than the one in use anew, some readers at a time; gives how many."""
    done = 0
    while goes_on() and (readers := old_ones(READERS_AT_A_TIME)):
        with transaction.atomic():
            taken = take_turn(readers, waits=False)
            renew(taken, now)
        done += len(taken)
        if not taken:
            break
    return done


def old_ones(most: int) -> list[int]:
    """Readers whose rows are of another space than the one in use: below and above it, as "not equal" has no index."""
    key = in_use().key
    for old in (ReaderProfile.objects.filter(model__lt=key), ReaderProfile.objects.filter(model__gt=key)):
        if readers := list(old.order_by("model").values_list("pk", flat=True)[:most]):
            return readers
    return []


def stored(readers: Sequence[int]) -> dict[int, Made]:
    """These readers' rows as they are, of whatever space; one query. A damaged one is of none, and made anew."""
    found = {}
    for reader, *row in sql.rows(_ROWS, readers=list(readers)):
        try:
            found[reader] = _read(*row)
        except ValueError as error:
            log.error("The profile of reader %s is done without: %s", reader, error)  # noqa: TRY400
            found[reader] = Made("")
    return found


def _read(model: str, names: str, vectors: Any, away: Any, authors: str, muted: str, asked: Any) -> Made:
    """Most readers have few of these. Drivers give bytes and truth in their own ways. ValueError for a damaged row."""
    profiles, lost = list(_split(json.loads(names), bytes(vectors))), bytes(away)
    if not all(is_whole(vector) for *_, vector in profiles) or (lost and not is_whole(lost)):
        raise ValueError("a vector is cut off")
    noticed = dict(json.loads(authors)) if authors != "[]" else {}
    return Made(model, profiles, lost, noticed, json.loads(muted) if muted != "{}" else {}, bool(asked))


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def made_for(readers: Sequence[int], space: Space, changed: Collection[int] = ()) -> dict[int, Made]:
    """What these readers' rows are to be, in that space; nothing is stored."""
    made = {reader: Made(space.key) for reader in readers}
    for reader, kind, value in Muted.objects.filter(subscriber__in=readers).values_list("subscriber", "kind", "value"):
        made[reader].muted.setdefault(kind, []).append(value)
    rows = Interest.objects.kept().filter(subscriber__in=readers)
    interests = list(rows.defer("text"))
    keys = dict(rows.filter(kind=InterestKind.AUTHOR).values_list("pk", "text"))
    papers = given.papers_of([each.pk for each in interests if each.kind == InterestKind.PAPERS])
    votes = given.votes_of(readers)
    for interest in interests:
        made[interest.subscriber_id].asked = True
    for reader, authors in noticed.authors_of(interests, keys, papers, votes).items():
        made[reader].authors = authors
    _add_profiles(made, interests, papers, space, changed)
    _add_votes(made, votes, space)
    return made


def _add_profiles(
    made: Mapping[int, Made],
    interests: Sequence[Interest],
    papers: Mapping[int, given.Papers],
    space: Space,
    changed: Collection[int],
) -> None:
    known = {pk: vector for pk, vector in _stored(list(made), space).items() if pk not in changed}
    fresh = [each for each in interests if each.pk not in known and each.kind != InterestKind.AUTHOR]
    known |= _vectors(fresh, papers, space)
    for interest in interests:
        if interest.pk in known:
            profile = interest.pk, interest.name, interest.percent, known[interest.pk]
            made[interest.subscriber_id].profiles.append(profile)


def _stored(readers: Sequence[int], space: Space) -> dict[int, bytes]:
    """The vectors of interests as the rows have them."""
    rows = [row for row in stored(readers).values() if row.model == space.key]
    return {pk: vector for row in rows for pk, _, _, vector in row.profiles}


def _split(names: Sequence[tuple[int, str, int, int]], vectors: bytes) -> Iterator[tuple[int, str, int, bytes]]:
    """Each name with its vector, of the length that it tells."""
    end = 0
    for pk, name, percent, size in names:
        end += size
        yield pk, name, percent, vectors[end - size : end]


def _vectors(interests: Sequence[Interest], papers: Mapping[int, given.Papers], space: Space) -> dict[int, bytes]:
    """A text is what it says; papers are the mean of them, and of the titles of those that did not come yet."""
    in_words = Interest.objects.filter(pk__in=[each.pk for each in interests if each.kind == InterestKind.TEXT])
    texts = dict(in_words.values_list("pk", Left("text", TEXT_COUNTED)))
    vectors = space.texts(list(texts.values()))
    found = {pk: space.of_text(vector) for pk, vector in zip(texts, vectors, strict=True)}
    wanted = {each.pk: papers[each.pk] for each in interests if each.pk in papers}
    known = space.papers({paper for each in wanted.values() for paper in each.known})
    for pk, each in wanted.items():
        rows = [*(known[paper] for paper in each.known if paper in known), *space.texts(each.titles)]
        found[pk] = space.of_papers(rows)
    return {pk: vector for pk, vector in found.items() if vector}


def _add_votes(made: Mapping[int, Made], votes: Mapping[int, given.Votes], space: Space) -> None:
    vectors = space.papers({paper for each in votes.values() for paper in (*each.liked, *each.disliked)})
    for reader, each in votes.items():
        liked, disliked = (
            [vectors[paper] for paper in side if paper in vectors] for side in (each.liked, each.disliked)
        )
        if profile := space.of_votes(liked, disliked):
            made[reader].profiles.append((FOR_VOTES, VOTED, 100, profile))
        made[reader].away = space.away(disliked)
