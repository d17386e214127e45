"""Sample content: invented papers over a week, an edition, readers; once."""

from __future__ import annotations

import re
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from digest import sample
from digest.models import Edition, EditionPaper, Paper, Signal, Source
from digest.sample import content, network, papers, readers
from subscriptions.models import ConsentRecord, Subscriber, SubscriberStatus, Topic
from tests.services import free_port

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def _offline(monkeypatch):
    monkeypatch.setattr(network, "reachable", lambda urls: False)


@pytest.fixture
def _prepared(db, _offline):
    sample.prepare(NOW, lambda line: None)


def test_there_are_sixty_papers_or_more_over_a_week_that_ends_today():
    found = papers.read(NOW)
    days = {papers.listed_on(paper) for paper in found}
    assert len(found) >= 60
    assert max(days) == NOW.date()
    assert len(days) == 7


def test_every_sample_paper_is_complete_and_worth_reading():
    found = papers.read(NOW)
    for paper in found:
        assert 100 <= len(paper.abstract.split()) <= 180, paper.title
        assert len(paper.authors) >= 2
        assert paper.primary_category in paper.categories
        assert paper.signals["upvotes"] > 0
        assert paper.published_at is not None
        assert paper.published_at <= NOW
    assert len({paper.title for paper in found}) == len(found)
    names = [name for paper in found for name in paper.authors]
    assert len(set(names)) == len(names)


def test_sample_papers_cannot_be_taken_for_real_ones():
    for paper in papers.read(NOW):
        assert paper.arxiv_id is None
        assert paper.doi is None
        assert paper.url.startswith("https://example.org/")
        assert not paper.code_url or paper.code_url.startswith("https://example.org/")


@pytest.mark.django_db
def test_every_topic_that_readers_can_choose_has_sample_papers():
    found = papers.read(NOW)
    listed = {category for paper in found for category in paper.categories}
    assert [topic.slug for topic in Topic.objects.all() if not listed & set(topic.categories)] == []


@pytest.mark.usefixtures("_prepared")
def test_everything_is_marked_as_a_sample_and_dated_by_its_day():
    assert Paper.objects.count() == Paper.objects.filter(is_sample=True).count() >= 60
    oldest = Paper.objects.order_by("first_seen_at").first()
    assert oldest is not None
    assert oldest.first_seen_at == NOW - timedelta(days=6)
    assert Signal.objects.filter(kind="upvotes").count() > Paper.objects.count()  # a history, not one reading


@pytest.mark.usefixtures("_prepared")
def test_one_edition_is_out_and_one_is_open_for_curation():
    published = Edition.objects.published().get()
    assert published.date == NOW.date()
    assert published.note == content.NOTE
    praised = EditionPaper.objects.exclude(blurb="").get(edition=published)
    assert praised.paper.title == content.PRAISED
    assert praised.blurb == content.BLURB
    assert Edition.objects.get(state="open").date == NOW.date() + timedelta(days=1)


@pytest.mark.usefixtures("_prepared")
def test_three_readers_are_confirmed_with_topics_of_their_own():
    found = {
        reader.email: set(reader.topics.values_list("slug", flat=True)) for reader in Subscriber.objects.mailable()
    }
    assert found == {reader.email: set(reader.topics) for reader in readers.READERS}
    assert all(Subscriber.objects.values_list("next_delivery_at", flat=True))
    assert set(ConsentRecord.objects.values_list("origin", flat=True)) == {"sample"}


@pytest.mark.usefixtures("_prepared")
def test_a_second_start_adds_nothing():
    def counts():
        return [model.objects.count() for model in (Paper, Signal, Edition, Subscriber, ConsentRecord)]

    before, said = counts(), []
    sample.prepare(NOW + timedelta(hours=1), said.append)
    assert counts() == before
    assert said == []


@pytest.mark.django_db
def test_offline_leaves_the_sources_alone_for_good(monkeypatch):
    monkeypatch.setattr(network, "reachable", lambda urls: bool(list(urls)))
    sample.prepare(NOW, lambda line: None, offline=True)
    assert not Source.objects.filter(is_enabled=True).exists()
    assert Paper.objects.filter(is_sample=True).exists()


@pytest.mark.usefixtures("_prepared")
def test_a_sample_reader_who_left_is_not_brought_back():
    Subscriber.objects.filter(email="ada@example.org").update(
        status=SubscriberStatus.UNSUBSCRIBED, next_delivery_at=None
    )
    assert readers.subscribe(NOW + timedelta(days=1)) == []


@pytest.mark.django_db
def test_real_papers_are_preferred_when_a_source_answers(monkeypatch):
    def refresh(source, now):
        papers.papers.ingest([papers.read(now)[0]], source=source, now=now)
        return source.runs.create(source_name=source.name, started_at=now, outcome="fresh", received=1, new=1)

    monkeypatch.setattr(network, "reachable", lambda urls: True)
    monkeypatch.setattr(content.ingestion, "refresh", refresh)
    sample.prepare(NOW, lambda line: None)
    assert not Paper.objects.filter(is_sample=True).exists()
    assert Edition.objects.published().get().note == ""  # nobody's real work is commented on


@pytest.mark.django_db
def test_samples_are_loaded_when_every_source_fails_after_all(monkeypatch):
    def refresh(source, now):
        return source.runs.create(source_name=source.name, started_at=now, outcome="failed", message="HTTP 503")

    said: list[str] = []
    monkeypatch.setattr(network, "reachable", lambda urls: True)
    monkeypatch.setattr(content.ingestion, "refresh", refresh)
    sample.prepare(NOW, said.append)
    assert Paper.objects.filter(is_sample=True).exists()
    assert any("HTTP 503" in line for line in said)


@pytest.mark.django_db
@pytest.mark.usefixtures("_offline")
def test_without_debug_nobody_invented_is_subscribed(settings):
    settings.DEBUG = False
    call_command("prepare", verbosity=0)
    assert not Subscriber.objects.exists()
    assert not Paper.objects.exists()


@pytest.mark.django_db
def test_the_admin_s_password_is_printed_once_and_works(client, capsys):
    call_command("prepare", sample=False)
    password = re.search(r"password (\S+)", capsys.readouterr().out)
    assert password is not None
    assert client.post("/admin/login/", {"username": "admin", "password": password[1]}).status_code == 302
    call_command("prepare", sample=False)
    assert "password" not in capsys.readouterr().out


# The network


def test_a_host_that_answers_is_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = f"http://127.0.0.1:{free_port()}/"
        assert network.reachable([dead, f"http://127.0.0.1:{server.getsockname()[1]}/feed"])


def test_nobody_is_reachable_when_nobody_answers():
    assert not network.reachable([f"http://127.0.0.1:{free_port()}/", "https://no-such-host.invalid/"])
    assert not network.reachable([])


def test_a_name_server_that_hangs_is_given_up_within_five_seconds(monkeypatch):
    monkeypatch.setattr(network, "connects", lambda address, seconds: time.sleep(20))
    started = time.monotonic()
    assert not network.reachable(["https://a.example.org/", "https://b.example.org/"], seconds=0.5)
    assert time.monotonic() - started < 5


@pytest.mark.django_db
def test_the_sources_that_are_asked_are_the_ones_in_the_database():
    assert Source.objects.filter(kind="huggingface_daily").exists()
    assert Source.objects.filter(kind="arxiv_atom").exists()
