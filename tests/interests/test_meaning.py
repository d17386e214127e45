"""Interests by a model of meaning: found, kept in step with the model, replayed, and safe without it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest import editions, interests, learning
from digest.interests import profiles, spaces
from digest.learning import fitting, keeping
from digest.models import Edition, ModelKind, Paper, RankingModelData, ReaderProfile
from digest.selection import Choice, choose, load_pool, replay
from subscriptions.models import Subscriber
from tests.digests import send
from tests.factories import NOW, PaperFactory, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_papers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_PAPERS", 20)
    keeping._opened.cache_clear()


@pytest.fixture
def papers() -> list[Paper]:
    """Robots and cakes."""
    robots = [
        PaperFactory(
            title=f"Legged robots {number}",
            abstract=("Locomotion with torque control." if number % 2 else "Locomotion and gait planning."),
            authors=[],
        )
        for number in range(12)
    ]
    cakes = [
        PaperFactory(title=f"Baking cakes {number + 50}", abstract="Ovens, flour and sugar.", authors=[])
        for number in range(12)
    ]
    return [*robots, *cakes]


@pytest.fixture
def edition(papers: list[Paper]) -> Edition:
    learning.fit(ModelKind.MEANING, NOW)
    built = editions.build("daily", NOW.date(), NOW)
    return editions.publish(built, NOW)


@pytest.fixture
def reader() -> Subscriber:
    return SubscriberFactory(topics=[TopicFactory(slug="test-none")], digest_length=30)


def titles(edition: Edition, reader: Subscriber) -> set[str]:
    chosen = choose(load_pool(edition), [reader], NOW)[reader.pk]
    return {str(Paper.objects.get(pk=choice.paper_id).title).rsplit(" ", 1)[0] for choice in chosen}


def test_an_interest_finds_its_subject_by_the_model(edition: Edition, reader: Subscriber) -> None:
    interests.add_text(reader, "legged robots", NOW)
    chosen = choose(load_pool(edition), [reader], NOW)[reader.pk]
    assert len(chosen) == 12
    assert titles(edition, reader) == {"Legged robots"}
    assert ReaderProfile.objects.get().model == spaces.of(edition).key
    assert not spaces.in_use().is_young


def test_an_interest_in_papers_and_votes_live_in_the_same_space(
    edition: Edition, reader: Subscriber, papers: list[Paper]
) -> None:
    interests.add_papers(reader, papers[20].arxiv_id, NOW, "Sweet things")
    assert titles(edition, reader) == {"Baking cakes"}
    interests.cast(reader, papers[0], NOW, wants_more=True)
    assert titles(edition, reader) == {"Baking cakes", "Legged robots"}
    interests.cast(reader, papers[0], NOW, wants_more=False)
    assert titles(edition, reader) == {"Baking cakes"}


def test_a_row_of_another_model_serves_at_once_and_is_renewed_by_the_task(edition: Edition, reader: Subscriber) -> None:
    interests.add_text(reader, "legged robots", NOW)
    before = choose(load_pool(edition), [reader], NOW)
    ReaderProfile.objects.update(model="words-1", vectors=bytes(512))
    assert choose(load_pool(edition), [reader], NOW) == before
    assert ReaderProfile.objects.get().model == "words-1", "a send changes nothing"
    assert interests.waits()
    assert profiles.renew_old(NOW, lambda: True) == 1
    assert not interests.waits()
    assert ReaderProfile.objects.get().model == spaces.of(edition).key
    assert choose(load_pool(edition), [reader], NOW) == before


def test_a_replay_needs_neither_papers_words_nor_the_model(edition: Edition, reader: Subscriber) -> None:
    interests.add_text(reader, "legged robots", NOW)
    delivery = send(edition, reader)
    Paper.objects.update(title="Something else", abstract="")
    ReaderProfile.objects.all().delete()
    RankingModelData.objects.all().delete()
    keeping._opened.cache_clear()
    assert replay(delivery) == [Choice.from_json(item) for item in delivery.selection] != []


def test_a_model_whose_bytes_are_gone_stops_neither_a_page_nor_a_send(edition: Edition, reader: Subscriber) -> None:
    RankingModelData.objects.all().delete()
    keeping._opened.cache_clear()
    interests.add_text(reader, "legged robots", NOW)
    interests.follow(reader, "Emmy Noether", NOW)
    assert choose(load_pool(edition), [reader], NOW)[reader.pk] == []


def test_a_send_reads_as_many_rows_however_many_readers(edition: Edition) -> None:
    readers = [SubscriberFactory() for _ in range(6)]
    for number, each in enumerate(readers):
        interests.add_text(each, f"legged robots {number}", NOW)
    pool = load_pool(edition)
    counts = []
    for some in (readers[:1], readers):
        with CaptureQueriesContext(connection) as queries:
            choose(pool, some, NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] == 11


def test_sending_and_the_site_do_without_scipy() -> None:
    import subprocess
    import sys

    code = (
        "import django, sys; django.setup(); import digest.urls, digest.selection, digest.tasks;"
        " sys.exit(any(name in sys.modules for name in ('scipy', 'sklearn')))"
    )
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0
