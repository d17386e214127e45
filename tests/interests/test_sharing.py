"""What readers share is never another's: each mail of a mixed crowd is, byte for byte, what its reader gets alone."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from digest import interests
from digest.delivery import composing
from digest.delivery.composing import Batch, Draft
from digest.delivery.ledger import Leased
from digest.models import Decision, DeliveryState, Edition, FactKind, MutedKind, Paper
from digest.rendering import recent
from digest.rendering.memory import Memory
from digest.selection import follow_ups
from digest.selection import pool as pools
from subscriptions.models import Abstracts, Frequency, Subscriber, Topic
from tests.factories import (
    NOW,
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
READERS = 120
CHUNK = 40
WORDS = ("graph", "molecule", "turtle", "beach", "liquidity", "market", "gripper", "tactile", "quantum", "lattice")
NAMES = ("Ada Lovelace", "Grace Hopper", "Emmy Noether", "Mary Somerville")
ZONES = ("UTC", "Pacific/Kiritimati", "America/Los_Angeles")
ODD = ("o'hara&sons{}@example.org", "ada{}@bücher.example", "plain{}@example.org", "a.b+c{}@example.org")


@pytest.fixture
def dice() -> random.Random:
    return random.Random(20260714)


@pytest.fixture(autouse=True)
def little_is_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is shared is forgotten again and again, so that identities of what is gone come back."""
    limited = Memory.__init__
    monkeypatch.setattr(Memory, "__init__", lambda self, limit=0: limited(self, 90))
    monkeypatch.setattr(pools, "CHOICES_KEPT", 200)
    monkeypatch.setattr("digest.rendering.letterhead.secrets.token_hex", lambda size: "0" * 2 * size)
    forget()
    yield
    forget()


def forget() -> None:
    recent.forget()
    follow_ups.forget()
    pools._known_choices.cache_clear()


def filled(dice: random.Random, days_ago: int, topics: Sequence[Topic], count: int) -> tuple[Edition, list[Paper]]:
    day = NOW.date() - timedelta(days=days_ago)
    edition = EditionFactory(published=True, date=day, published_at=NOW - timedelta(days=days_ago, hours=1))
    papers = []
    for number in range(count):
        authors = dice.sample(NAMES, 2)
        text = " ".join(dice.choices(WORDS, k=12))
        abstract = f"We study {text}. " + "It was asked before, and never answered. " * 5 + f"We find {text[::-1]}."
        paper = PaperFactory(title=f"{text[:40]} <{number}>", abstract=abstract, authors=authors)
        EditionPaperFactory(
            edition=edition,
            paper=paper,
            authors=authors,
            topics={each.slug: dice.choice([0.1, 0.29, 0.4, 0.9]) for each in dice.sample(topics, dice.randint(0, 2))},
            trend=dice.choice([0.0, 0.0, 0.0, 0.12, 0.2, 0.2]),
            prediction=dice.choice([0.0, 0.7]),
            decision=Decision.PINNED if number == 30 else Decision.HIDDEN if number == 5 else "",
            group=number // 3 if number % 10 < 3 else 0,
        )
        papers.append(paper)
    return edition, papers


def crowd(dice: random.Random, topics: Sequence[Topic], papers: Sequence[Paper], count: int) -> list[Subscriber]:
    readers = [
        SubscriberFactory(
            email=dice.choice(ODD).format(number),
            topics=dice.sample(topics, dice.choice([0, 0, 1, 2])),
            digest_length=dice.choice([5, 5, 10, 1, 30]),
            abstracts=dice.choice(list(Abstracts)),
            frequency=dice.choice(list(Frequency)),
            time_zone=dice.choice(ZONES),
            surprises=dice.random() < 0.3,
        )
        for number in range(count)
    ]
    for reader in readers:
        if dice.random() < 0.2:
            interests.add_text(reader, " ".join(dice.sample(WORDS, 3)), NOW)
        if dice.random() < 0.1:
            interests.follow(reader, dice.choice(NAMES), NOW)
        if dice.random() < 0.15:
            kind, value = dice.choice(
                [(MutedKind.WORD, "turtle"), (MutedKind.AUTHOR, NAMES[0]), (MutedKind.TOPIC, topics[0].slug)]
            )
            interests.mute(reader, kind, value, NOW)
        if dice.random() < 0.15:
            interests.cast(reader, dice.choice(papers), NOW, wants_more=dice.random() < 0.5)
    return readers


def leased(edition: Edition, reader: Subscriber) -> Leased:
    uid = f"00000000-0000-0000-0000-{reader.pk:012}"
    return Leased(
        reader.pk,
        uid,
        edition.pk,
        reader.pk,
        reader.email,
        reader.frequency,
        reader.time_zone,
        reader.digest_length,
        reader.abstracts,
        was_claimed=False,
    )


def sent(batch: Batch, draft: Draft) -> tuple[bytes, Any]:
    return batch.message(draft, NOW).as_bytes(), draft.content()


def test_every_message_of_a_crowd_is_what_its_reader_gets_alone(dice: random.Random) -> None:
    topics = [TopicFactory(slug=f"test-{letter}", name=f"Topic {letter} & co") for letter in "abcd"]
    yesterday, old = filled(dice, 1, topics, 30)
    today, _ = filled(dice, 0, topics[:2], 60)
    readers = crowd(dice, topics, old, READERS)
    for reader in dice.sample(readers, READERS // 3):
        had = dice.sample(old, 3)
        DeliveryFactory(
            edition=yesterday,
            subscriber=reader,
            state=DeliveryState.ACCEPTED,
            selection=[{"paper": paper.pk, "score": 0.5, "parts": [["trend", 0.5]]} for paper in had],
            due_at=NOW - timedelta(days=1),
        )
    for paper in old[:8]:
        words = {"kind": FactKind.ACCEPTED, "value": f"Venue {paper.pk}", "source": "x"}
        paper.facts.create(**words, said_on=NOW.date(), stored_at=NOW - timedelta(hours=3))
    rows = [leased(today, reader) for reader in readers]
    together: dict[int, tuple[bytes, Any]] = {}
    for start in range(0, len(rows), CHUNK):
        batch = composing.compose(today, rows[start : start + CHUNK], NOW)
        together |= {draft.row.id: sent(batch, draft) for draft in batch.drafts if draft.choices}
        del batch
        gc.collect()
    assert len(together) > READERS * 0.9
    told = surprised = filled_up = own = 0
    for row in rows:
        forget()
        batch = composing.compose(today, [row], NOW)
        (draft,) = batch.drafts
        if row.id in together:
            assert sent(batch, draft) == together[row.id]
            names = {name for choice in draft.choices for name, _ in choice.parts}
            told += bool(draft.follow_ups)
            surprised += "surprise" in names
            filled_up += "week" in names
            own += draft.interests.has_own
        else:
            assert not draft.choices
    assert min(told, surprised, filled_up, own) > READERS // 40
