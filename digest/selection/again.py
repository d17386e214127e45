"""Takes a delivery, or an edition that went out and perhaps other weights; gives what is chosen again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db.models import F

from digest.errors import DeliveryError
from digest.models import Delivery, Digest, Edition, Vote
from digest.ranking import Weights
from digest.ranking.choosing import choose_for
from digest.ranking.interests import RULES, Interests
from digest.ranking.pool import Choice, Pool
from digest.selection import week
from digest.selection.pool import load_pool

AT_A_TIME = 500  # digests


class Again(NamedTuple):
    """One digest: the delivery it went out with, what was sent, what is chosen now."""

    uid: UUID
    subscriber_id: int | None
    sent: Sequence[Choice]
    chosen: Sequence[Choice]


@dataclass(slots=True)
class Replayed:
    """Of an edition's digests: how many, how many came out the same, which did not, how many could not be chosen again
    as nothing was stored to choose by, other rules held then, or an edition that filled them is gone.
    """

    digests: int = 0
    same: int = 0
    different: list[UUID] = field(default_factory=list)
    of_other_rules: int = 0


@dataclass(slots=True)
class Voted:
    """Papers that readers voted on after the edition was published: of how many digests they were and would be, and
    the sums of their places in these.
    """

    before: int = 0
    after: int = 0
    places_before: int = 0
    places_after: int = 0

    def count(self, paper_id: int, again: Again) -> None:
        for place, choice in enumerate(again.sent, start=1):
            if choice.paper_id == paper_id:
                self.before, self.places_before = self.before + 1, self.places_before + place
        for place, choice in enumerate(again.chosen, start=1):
            if choice.paper_id == paper_id:
                self.after, self.places_after = self.after + 1, self.places_after + place

    def with_(self, other: Voted) -> Voted:
        return Voted(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def mean_before(self) -> float | None:
        return self.places_before / self.before if self.before else None

    @property
    def mean_after(self) -> float | None:
        return self.places_after / self.after if self.after else None


@dataclass(slots=True)
class Change:
    """What other weights would have changed: papers that digests have in common with those that went out, of how many;
    digests with another first paper; how many digests each paper would have come into, or left; and where the papers
    stand that readers wanted more of, and less.
    """

    digests: int = 0
    papers: int = 0
    kept: int = 0
    other_first: int = 0
    of_other_rules: int = 0
    came: Counter[int] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)
    more: Voted = field(default_factory=Voted)
    less: Voted = field(default_factory=Voted)

    def count(self, again: Again) -> None:
        before, after = ({choice.paper_id for choice in digest} for digest in (again.sent, again.chosen))
        self.digests += 1
        self.papers += len(before)
        self.kept += len(before & after)
        self.other_first += [each.paper_id for each in again.sent[:1]] != [each.paper_id for each in again.chosen[:1]]
        self.came.update(after - before)
        self.left.update(before - after)


def replay(delivery: Delivery) -> list[Choice]:
    """The digest of a delivery, chosen again from the frozen pools and the preferences stored with it.

    It equals the stored selection. `DeliveryError` where nothing was stored to choose by, other rules held then, or an
    edition that filled it is gone.
    """
    stored = delivery.preferences
    if not stored:
        raise DeliveryError(f"Nothing is stored that delivery {delivery.uid} was chosen by: it cannot be replayed.")
    if stored.get("rules") != RULES:
        raise DeliveryError(f"Delivery {delivery.uid} was not chosen by the rules in force: it cannot be replayed.")
    return _Past(delivery.edition).digests([Interests.from_json(stored)])[0]


class _Past:
    """An edition's pool, and those of earlier editions that filled its thin digests, each loaded once."""

    def __init__(self, edition: Edition, weights: Weights | None = None) -> None:
        self._edition, self._weights = edition, weights
        self._pool = load_pool(edition, weights)
        self._earlier: dict[int, tuple[Edition, Pool]] = {}

    def digests(self, interests: Sequence[Interests]) -> list[list[Choice]]:
        digests = choose_for(self._pool, interests)
        for digest, wish in zip(digests, interests, strict=True):
            for edition, asked in wish.week:
                digest += week.chosen(self._edition, *self._of(edition), [asked], self._weights)[0]
        return digests

    def has_all_of(self, wish: Interests) -> bool:
        """Whether the editions are there that it was filled by."""
        try:
            for edition, _ in wish.week:
                self._of(edition)
        except DeliveryError:
            return False
        return True

    def _of(self, edition_id: int) -> tuple[Edition, Pool]:
        if edition_id not in self._earlier:
            edition = Edition.objects.filter(pk=edition_id).first()
            if edition is None:
                raise DeliveryError(f"A digest of the {self._edition} has papers of an edition that is gone.")
            self._earlier[edition_id] = edition, load_pool(edition, self._weights)
        return self._earlier[edition_id]


def replayed(edition: Edition) -> Replayed:
    """Every digest chosen again from the frozen pool and what was stored with it; papers, order, reasons compared."""
    found = Replayed()
    for batch, of_other_rules in _again(edition):
        found.of_other_rules += of_other_rules
        found.digests += len(batch)
        found.different += [each.uid for each in batch if list(each.sent) != list(each.chosen)]
    found.same = found.digests - len(found.different)
    return found


def what_if(edition: Edition, weights: Weights, most: int | None = None) -> Change:
    """The same readers, what they asked for then and what they had been sent by then; other weights.

    Of some `most` of the edition's digests, spread evenly, or of all. Votes count that were cast since it was
    published: none of them was known when its digests were chosen.
    """
    change = Change()
    for batch, of_other_rules in _again(edition, weights, most):
        change.of_other_rules += of_other_rules
        votes = _votes(edition, [each.subscriber_id for each in batch if each.subscriber_id])
        for each in batch:
            change.count(each)
            for paper_id, wants_more in votes.get(each.subscriber_id or 0, ()):
                (change.more if wants_more else change.less).count(paper_id, each)
    return change


def _votes(edition: Edition, readers: Sequence[int]) -> Mapping[int, Sequence[tuple[int, bool]]]:
    """By reader, papers and whether they wanted more like them."""
    cast = Vote.objects.filter(subscriber__in=readers, cast_at__gte=edition.published_at)
    votes: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for reader, paper, wants_more in cast.values_list("subscriber_id", "paper_id", "wants_more"):
        votes[reader].append((paper, wants_more))
    return votes


def _again(
    edition: Edition, weights: Weights | None = None, most: int | None = None
) -> Iterator[tuple[list[Again], int]]:
    """Digests chosen again, some at a time, and how many beside them were chosen by other rules."""
    past = _Past(edition, weights)
    digests = Digest.objects.filter(delivery__edition=edition).order_by("pk")
    if most is not None and (step := -(-digests.count() // most)) > 1:
        digests = digests.annotate(place=F("pk") % step).filter(place=0)
    rows = digests.values_list("delivery__uid", "delivery__subscriber_id", "selection", "preferences")
    row = rows.iterator(AT_A_TIME)
    while batch := list(islice(row, AT_A_TIME)):
        stored = [each for each in batch if each[3] and each[3].get("rules") == RULES]
        wishes = [(each, Interests.from_json(each[3])) for each in stored]
        known = [(each, wish) for each, wish in wishes if past.has_all_of(wish)]
        chosen = past.digests([wish for _, wish in known])
        pairs = zip([each for each, _ in known], chosen, strict=True)
        yield (
            [Again(uid, reader, [*map(Choice.from_json, sent)], again) for (uid, reader, sent, _), again in pairs],
            len(batch) - len(known),
        )
