"""Takes a delivery, or an edition that went out and perhaps other weights; gives what is chosen again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from digest.errors import DeliveryError
from digest.models import Delivery, Digest, Edition
from digest.ranking import WEIGHTS, Weights
from digest.ranking.choosing import choose_for
from digest.ranking.interests import RULES, Interests
from digest.ranking.pool import Choice, Pool
from digest.selection import week
from digest.selection.pool import load_pool

AT_A_TIME = 500  # digests

Pair = tuple[UUID, Sequence[Choice], Sequence[Choice]]


@dataclass(slots=True)
class Replayed:
    """Of an edition's digests: how many, how many came out the same, which did not, how many could not be chosen again
    as nothing was stored to choose by, or other rules held then.
    """

    digests: int = 0
    same: int = 0
    different: list[UUID] = field(default_factory=list)
    of_other_rules: int = 0


@dataclass(slots=True)
class Change:
    """What other weights would have changed: papers that digests have in common with those that went out, of how many;
    digests with another first paper; and how many digests each paper would have come into, or left.
    """

    digests: int = 0
    papers: int = 0
    kept: int = 0
    other_first: int = 0
    came: Counter[int] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)


def replay(delivery: Delivery) -> list[Choice]:
    """The digest of a delivery, chosen again from the frozen pools and the preferences stored with it.

    It equals the stored selection. `DeliveryError` where nothing was stored to choose by, other rules held then, or an
    edition that filled it is gone.
    """
    stored = delivery.preferences
    if not stored or stored.get("rules") != RULES:
        raise DeliveryError(f"Delivery {delivery.uid} was not chosen by the rules in force: it cannot be replayed.")
    return _Past(delivery.edition).digests([Interests.from_json(stored)])[0]


class _Past:
    """An edition's pool, and those of earlier editions that filled its thin digests, each loaded once."""

    def __init__(self, edition: Edition, weights: Weights = WEIGHTS) -> None:
        self._edition, self._weights = edition, weights
        self._pool = load_pool(edition, weights)
        self._earlier: dict[int, tuple[Edition, Pool]] = {}

    def digests(self, interests: Sequence[Interests]) -> list[list[Choice]]:
        digests = choose_for(self._pool, interests)
        for digest, wish in zip(digests, interests, strict=True):
            for edition, asked in wish.week:
                digest += week.chosen(self._edition, *self._of(edition), [asked])[0]
        return digests

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
    for uid, stored, again in _again(edition, WEIGHTS, found):
        found.digests += 1
        found.same += list(stored) == list(again)
        if list(stored) != list(again):
            found.different.append(uid)
    return found


def what_if(edition: Edition, weights: Weights) -> Change:
    """The same readers, what they asked for then and what they had been sent by then; other weights."""
    change = Change()
    for _, stored, again in _again(edition, weights, Replayed()):
        before, after = ({choice.paper_id for choice in digest} for digest in (stored, again))
        change.digests += 1
        change.papers += len(before)
        change.kept += len(before & after)
        change.other_first += [each.paper_id for each in stored[:1]] != [each.paper_id for each in again[:1]]
        change.came.update(after - before)
        change.left.update(before - after)
    return change


def _again(edition: Edition, weights: Weights, found: Replayed) -> Iterator[Pair]:
    """Uid, what was sent, what is chosen now."""
    past = _Past(edition, weights)
    digests = Digest.objects.filter(delivery__edition=edition).order_by("pk")
    rows = digests.values_list("delivery__uid", "selection", "preferences").iterator(AT_A_TIME)
    while batch := list(islice(rows, AT_A_TIME)):
        known = [row for row in batch if row[2] and row[2].get("rules") == RULES]
        found.of_other_rules += len(batch) - len(known)
        chosen = past.digests([Interests.from_json(row[2]) for row in known])
        for (uid, selection, _), again in zip(known, chosen, strict=True):
            yield uid, [Choice.from_json(item) for item in selection], again
