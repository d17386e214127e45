"""What a digest is made of, as plain values: the edition, its papers, one reader, one choice, a follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from digest.selection.follow_ups import FollowUp
from subscriptions.models import Abstracts, Frequency

__all__ = ["Chosen", "EditionFacts", "FollowUp", "PaperFacts", "ReaderFacts"]


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """The issue, as every reader shares it. `date` of a weekly edition is the Monday its week begins on.

    `missing` is a line on the sources that were missing when it was built.
    """

    kind: str
    date: date
    note: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """One paper as it stood when the edition was compiled; `blurb` is the editor's, `label` where it is filed.

    `page_url` is the paper's page on our own site, for papers that have no other.
    """

    id: int
    title: str
    abstract: str = ""
    authors: Sequence[str] = ()
    url: str = ""
    page_url: str = ""
    code_url: str = ""
    project_url: str = ""
    label: str = ""
    published_on: date | None = None
    upvotes: int = 0
    stars: int = 0
    blurb: str = ""
    is_sample: bool = False


class ReaderFacts(NamedTuple):
    """One reader and the delivery this message is for.

    `uid` is the delivery's public name; `topics` are the names of what the reader chose, none meaning all topics;
    `local_date` is the day it is where the reader lives; `now` becomes the Date header. `abstracts` says how much of
    each the mail brings.
    """

    subscriber_id: int
    email: str
    uid: UUID | str
    local_date: date
    now: datetime
    topics: tuple[str, ...] = ()
    frequency: str = Frequency.DAILY
    abstracts: str = Abstracts.SHORT


class Chosen(Protocol):
    """A paper chosen for a reader; the parts add up to its score (digest.selection.Choice).

    One that stands for papers much like it has their ids as `similar`.
    """

    @property
    def paper_id(self) -> int: ...
    @property
    def parts(self) -> tuple[tuple[str, float], ...]: ...
