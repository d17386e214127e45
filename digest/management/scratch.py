"""Takes numbers; gives a database of its own with an edition and readers made up to measure, gone afterwards."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from digest.models import Edition, EditionKind, EditionPaper, EditionState, Paper
from subscriptions import addresses
from subscriptions.models import Subscriber, SubscriberStatus, Topic

BATCH = 1000
PROSE = (
    "we study learning agents policies robust models language vision data training reward graph attention sparse "
    "optimal transport diffusion theorem bound sample efficient planning memory retrieval evaluation benchmark large "
    "small without supervision causal protein network quantum robot control safety alignment long context tokens"
)
WORDS = re.findall(r"\w+", PROSE)


@contextmanager
def scratch_database() -> Iterator[None]:
    """A new database beside the configured one, on the same engine (SQLite: in memory); dropped at the end.

    Its name is this process's own: two measurements at a time do not take each other's away.
    """
    test = connection.settings_dict["TEST"]
    before = test["NAME"]
    if connection.vendor != "sqlite":
        test["NAME"] = f"paperboy_scratch_{os.getpid()}"
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(databases, verbosity=0)
        test["NAME"] = before


def fill(readers: int, papers: int, now: datetime, seed: int = 1) -> Edition:
    """A published daily edition of `papers`, and readers of one to three topics; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311  # repeatable, not secret
    topics = list(Topic.objects.filter(is_active=True))
    edition = _edition(papers, [topic.slug for topic in topics], now, rng)
    for start in range(0, readers, BATCH):
        _readers(range(start, min(start + BATCH, readers)), topics, now, rng)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return edition


def _edition(papers: int, slugs: list[str], now: datetime, rng: random.Random) -> Edition:
    edition = Edition.objects.create(
        kind=EditionKind.DAILY,
        date=now.date(),
        publish_at=now,
        published_at=now,
        built_at=now,
        state=EditionState.PUBLISHED,
    )
    rows = Paper.objects.bulk_create(_paper(number, now, rng) for number in range(papers))
    EditionPaper.objects.bulk_create(
        EditionPaper(
            edition=edition, paper=paper, trend=rng.random() ** 2, topics=dict.fromkeys(rng.sample(slugs, 2), 0.4)
        )
        for paper in rows
    )
    return edition


def _paper(number: int, now: datetime, rng: random.Random) -> Paper:
    title = f"{_prose(rng, 9)} {number}"
    return Paper(
        key=f"arxiv:2601.{number:05d}",
        arxiv_id=f"2601.{number:05d}",
        title=title,
        abstract=". ".join(_prose(rng, 18) for _ in range(9)),
        authors=[f"{_prose(rng, 1)} {_prose(rng, 1)}" for _ in range(rng.randint(1, 8))],
        primary_category="cs.LG",
        categories=["cs.LG"],
        url=f"https://arxiv.org/abs/2601.{number:05d}",
        published_at=now - timedelta(days=1),
    )


def _prose(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize()


def _readers(numbers: range, topics: list[Topic], now: datetime, rng: random.Random) -> None:
    readers = Subscriber.objects.bulk_create(_reader(number, now) for number in numbers)
    link = Subscriber.topics.through
    link.objects.bulk_create(
        link(subscriber_id=reader.pk, topic_id=topic.pk)
        for reader in readers
        for topic in rng.sample(topics, rng.randint(1, 3))
    )


def _reader(number: int, now: datetime) -> Subscriber:
    email = f"reader{number}@example.org"
    return Subscriber(
        email=email,
        address_key=email,
        address_hash=addresses.address_hash(email),
        status=SubscriberStatus.ACTIVE,
        confirmed_at=now,
        next_delivery_at=now,
    )
