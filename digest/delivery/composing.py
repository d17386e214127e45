"""Takes leased rows of one edition; gives drafts: each reader's papers chosen, their message ready to be assembled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from digest.delivery.ledger import Content, Leased
from digest.models import Edition
from digest.ranking.telling import AUTHOR, INTEREST
from digest.rendering import CompiledEdition, DigestMessage, ReaderFacts, assemble, compiled_edition, headers
from digest.selection import (
    Choice,
    FollowUp,
    Interests,
    load_pool,
    news_as_text,
    papers_as_text,
    selection_as_text,
)
from digest.selection import compose as choose_digests
from subscriptions import addresses
from subscriptions.clock import zone_named
from subscriptions.models import Topic

OWN = "your own interests"
OWN_PARTS = (INTEREST, AUTHOR)


class Draft(NamedTuple):
    """A row whose papers are chosen; `choices` is empty where this edition has none for the reader."""

    row: Leased
    choices: list[Choice]
    interests: Interests
    follow_ups: Sequence[FollowUp] = ()

    @property
    def domain(self) -> str:
        return addresses.domain_of(self.row.email)

    def content(self) -> Content:
        """What the ledger stores when the row is claimed."""
        return Content(
            self.row.id,
            papers_as_text(self.choices),
            selection_as_text(self.choices),
            self.interests.as_text(),
            news_as_text(self.follow_ups),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Drafts of one edition and what their messages are made from."""

    drafts: list[Draft]
    compiled: CompiledEdition
    topic_names: Mapping[str, str]
    _known: dict[object, tuple[str, ...]] = field(default_factory=dict)

    def message(self, draft: Draft, now: datetime) -> DigestMessage:
        row = draft.row
        facts = ReaderFacts(
            row.subscriber_id or 0,
            row.email,
            row.uid,
            local_date(row.time_zone, now),
            now,
            self._names(draft.interests.topics, draft.interests.has_own and _any_own(draft.choices)),
            row.frequency,
            row.abstracts,
        )
        return assemble(self.compiled, facts, draft.choices, draft.follow_ups)

    def _names(self, slugs: tuple[str, ...], has_own: bool) -> tuple[str, ...]:
        """Of topics, in the order in which they are shown, and of all else that the reader asked for, if that brought
        anything.
        """
        key = slugs, has_own
        names = self._known.get(key)
        if names is None:
            topics = (name for slug, name in self.topic_names.items() if slug in slugs)
            names = self._known[key] = (OWN, *topics) if has_own else tuple(topics)
        return names


def compose(edition: Edition, rows: Sequence[Leased], now: datetime) -> Batch:
    """Choose papers for all these readers at once, and compile what they share. Rows without a reader are left out."""
    readers = [row for row in rows if row.subscriber_id is not None]
    lengths = {row.subscriber_id or 0: row.digest_length for row in readers}
    composed = choose_digests(edition, load_pool(edition), lengths, now)
    drafts = [Draft(row, *composed[row.subscriber_id or 0]) for row in readers]
    papers = {choice.paper_id for draft in drafts for choice in draft.choices}
    names = dict(Topic.objects.filter(is_active=True).values_list("slug", "name"))
    compiled = compiled_edition(edition, sorted(papers))
    compiled.add_news({each for draft in drafts if draft.choices for each in draft.follow_ups})
    return Batch(drafts, compiled, names)


def _any_own(choices: Sequence[Choice]) -> bool:
    """Whether any paper is here for an interest or an author, and not just because it trends."""
    return any(name.startswith(OWN_PARTS) for choice in choices for name, _ in choice.parts)


def is_unmailable(email: str) -> bool:
    """Whether no header can hold this address: that is the reader's row, not a fault of ours."""
    try:
        headers.recipient(email)
    except ValueError:
        return True
    return False


@lru_cache(maxsize=1024)
def local_date(time_zone: str, now: datetime) -> date:
    return now.astimezone(zone_named(time_zone)).date()
