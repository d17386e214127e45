"""Papers, counts and what a reader asked for in; the words that stand in the layout's holes out, as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from digest.rendering import words
from digest.rendering.cards import TEXT_WIDTH
from digest.rendering.facts import PaperFacts, ReaderFacts
from subscriptions.models import Frequency

OPENING_LENGTH = 160
# What a value may take in HTML, decoded. Links are measured.
LIMITS = {"preheader": 700, "date": 60, "chosen": 1000, "email": 1600, "rhythm": 40}
RHYTHMS = {
    Frequency.DAILY.value: "every day",
    Frequency.WEEKDAYS.value: "from Monday to Friday",
    Frequency.WEEKLY.value: "once a week",
}


class Heading(NamedTuple):
    """What a paper's name becomes outside of its card."""

    title: str
    short_title: str
    opening: str


class AskedFor(NamedTuple):
    """`wrapped` is `chosen` for the text part."""

    date: str
    chosen: str
    wrapped: str
    rhythm: str


def heading(paper: PaperFacts) -> Heading:
    title = words.heading(paper.title)
    opening = words.clip(words.readable(paper.abstract), OPENING_LENGTH) or words.byline(paper.authors)
    return Heading(title, words.short_title(title), opening)


def lead(reader: ReaderFacts, on_topic: Sequence[bool]) -> int:
    """The place of the paper the subject names: the best within the reader's topics, else the first.

    An editor's pick from another field comes first in the mail, but is no reason for this reader to open it.
    """
    return on_topic.index(True) if reader.topics and True in on_topic else 0


def subject(lead: Heading, count: int) -> str:
    return words.subject(lead.title, count)


def preheader(headings: Sequence[Heading], lead: int, count: int) -> str:
    others = [each.short_title for place, each in enumerate(headings[:3]) if place != lead]
    return words.preheader(others[:2], count, headings[lead].opening)


def asked_for(reader: ReaderFacts, count: int, hidden: int, minutes: int) -> AskedFor:
    chosen = words.shorten(words.chosen_line(count, reader.topics, hidden, minutes), LIMITS["chosen"])
    return AskedFor(
        date=words.long_date(reader.local_date),
        chosen=chosen,
        wrapped=textwrap.fill(chosen, TEXT_WIDTH, break_on_hyphens=False),
        rhythm=RHYTHMS[reader.frequency],
    )
