"""Takes an edition and a state; gives its deliveries by reason, however many there are: of a sample of bounded size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models.functions import Left

from digest.delivery import reasons
from digest.delivery.reasons import Reason
from digest.models import Delivery

# Rows whose words are read for one page: some tens of milliseconds.
SAMPLE = 10_000
WORDS_READ = 300


class Group(NamedTuple):
    """Rows that fared alike, by id."""

    reason: Reason
    ids: Sequence[int]

    @property
    def number(self) -> int:
        return len(self.ids)


class Listing(NamedTuple):
    """The largest group first. `is_cut` says that there are more rows than were read."""

    groups: Sequence[Group]
    is_cut: bool

    def ids(self, key: str = "") -> list[int]:
        """The rows of one group, or of all, oldest first."""
        return sorted(pk for group in self.groups if key in ("", group.reason.key) for pk in group.ids)


def by_reason(edition_id: int, state: str, limit: int = SAMPLE) -> Listing:
    """One query along the index (state, edition), of `limit` rows at most."""
    rows = Delivery.objects.filter(edition=edition_id, state=state).order_by()
    found = list(rows.annotate(words=Left("detail", WORDS_READ)).values_list("pk", "words")[: limit + 1])
    groups: defaultdict[Reason, list[int]] = defaultdict(list)
    for pk, words in found[:limit]:
        groups[reasons.of_delivery(state, words)].append(pk)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0].text))
    return Listing([Group(reason, ids) for reason, ids in ordered], len(found) > limit)
