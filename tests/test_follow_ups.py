"""News of papers that readers were sent: which, to whom, once, and what they cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from digest.delivery import composing, ledger
from digest.models import Delivery, DeliveryState, Edition, EditionKind, Fact, FactKind, Paper
from digest.selection import FollowUp, choose, follow_ups, load_pool, replay
from subscriptions.models import Subscriber, Topic
from tests.digests import composed, send
from tests.factories import (
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 7, 18)


@pytest.fixture
def robots() -> Topic:
    return TopicFactory(slug="test-robots")


@pytest.fixture
def reader(robots: Topic) -> Subscriber:
    return SubscriberFactory(topics=[robots])


def edition(days_ago: int = 0, **fields: Any) -> Edition:
    """With a paper of its own, so that it is sent."""
    issue = EditionFactory(published=True, date=TODAY - timedelta(days=days_ago), **fields)
    entry(issue)
    return issue


def entry(issue: Edition, **fields: Any) -> Paper:
    paper: Paper = EditionPaperFactory(edition=issue, topics={"test-robots": 0.6}, trend=0.0, **fields).paper
    return paper


def after(issue: Edition, hours: int = 2) -> datetime:
    assert issue.published_at is not None
    return issue.published_at + timedelta(hours=hours)


def state(paper: Paper, kind: str, stored_at: datetime | None, value: str = "", source: str = "arxiv") -> Fact:
    """Said the day it was stored."""
    said_on = stored_at.date() if stored_at else TODAY
    name = uuid4().hex
    return Fact.objects.create(
        paper=paper, kind=kind, value=value, source=source, said_on=said_on, stored_at=stored_at, digest=name
    )


def told(issue: Edition, reader: Subscriber) -> list[str]:
    return [each.words for each in composed(issue, reader).follow_ups]


def test_a_digest_tells_what_became_of_a_paper_that_the_reader_was_sent(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    paper = entry(yesterday, paper__title="Kites", paper__url="https://example.org/kites")
    delivery = send(yesterday, reader)
    state(paper, FactKind.VERSION, after(yesterday), "2")
    digest = composed(today, reader)
    assert digest.follow_ups == [FollowUp(paper.pk, "Kites", "https://example.org/kites", "Version 2 is out.")]
    assert paper.pk not in [choice.paper_id for choice in digest.choices]
    assert paper.pk in [item["paper"] for item in delivery.selection]


def test_nobody_else_hears_of_it(reader: Subscriber, robots: Topic) -> None:
    yesterday, today = edition(1), edition()
    paper = entry(yesterday)
    for fate in (DeliveryState.REJECTED, DeliveryState.SKIPPED):
        other = SubscriberFactory(topics=[robots])
        send(yesterday, other, fate)
        state(paper, FactKind.CODE, after(yesterday), f"https://example.org/{other.pk}")
        assert told(today, other) == []
    assert told(today, reader) == []


def test_a_fact_is_told_once(reader: Subscriber) -> None:
    before, yesterday, today = edition(2), edition(1), edition()
    paper = entry(before)
    send(before, reader)
    state(paper, FactKind.ACCEPTED, after(before), "ICML 2026")
    assert send(yesterday, reader).news[0]["words"] == "Accepted at ICML 2026."
    assert told(today, reader) == []
    state(paper, FactKind.ACCEPTED, after(yesterday), "icml", source="openreview")
    assert told(today, reader) == [], "another source says the same"
    state(paper, FactKind.VERSION, after(yesterday), "2")
    assert told(today, reader) == ["Version 2 is out."]


def test_whoever_missed_a_digest_hears_of_it_in_the_next(reader: Subscriber) -> None:
    before, yesterday, today = edition(2), edition(1), edition()
    paper = entry(before)
    send(before, reader)
    state(paper, FactKind.CODE, after(before), "https://example.org/code")
    send(yesterday, reader, DeliveryState.REJECTED)
    assert told(today, reader) == ["Its code is out."]


def test_a_weekly_digest_tells_what_the_daily_one_did_not(reader: Subscriber) -> None:
    long_ago, weekly = edition(10), edition(5, kind=EditionKind.WEEKLY)
    paper = entry(long_ago)
    send(long_ago, reader)
    state(paper, FactKind.CODE, after(long_ago), "https://example.org/code")
    assert told(weekly, reader) == ["Its code is out."]
    send(weekly, reader)
    assert told(edition(), reader) == []


def test_what_was_said_or_known_before_the_paper_was_sent_is_no_news(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    known, old, unknown = (entry(yesterday) for _ in range(3))
    state(known, FactKind.CODE, after(yesterday, -1), "https://example.org/code")
    fact = state(old, FactKind.ACCEPTED, after(yesterday), "ICML 2020")
    Fact.objects.filter(pk=fact.pk).update(said_on=TODAY - timedelta(days=300))
    state(unknown, FactKind.JOURNAL, None, "Nature")
    state(unknown, FactKind.JOURNAL, after(yesterday), "Nature 12", source="biorxiv")
    state(unknown, FactKind.LICENSE, after(yesterday), "https://example.org/license")
    send(yesterday, reader)
    assert told(today, reader) == []


def test_what_comes_after_an_edition_is_for_the_next(reader: Subscriber) -> None:
    yesterday, today, tomorrow = edition(1), edition(), edition(-1)
    paper = entry(yesterday)
    send(yesterday, reader)
    state(paper, FactKind.CODE, after(today), "https://example.org/code")
    assert told(today, reader) == []
    send(today, reader)
    assert told(tomorrow, reader) == ["Its code is out."]


def test_several_facts_of_one_paper_are_one_item_and_a_withdrawal_says_all(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    lively, gone = entry(yesterday, paper__url="https://example.org/paper"), entry(yesterday)
    send(yesterday, reader)
    for version in ("2", "3"):
        state(lively, FactKind.VERSION, after(yesterday), version)
        state(gone, FactKind.VERSION, after(yesterday), version)
    state(lively, FactKind.CODE, after(yesterday), "https://example.org/code")
    state(lively, FactKind.JOURNAL, after(yesterday), "Nature 12.")
    state(gone, FactKind.WITHDRAWN, after(yesterday), "3")
    Paper.objects.filter(pk=gone.pk).update(withdrawn_at=after(yesterday))
    assert told(today, reader) == [
        "Its authors withdrew it.",
        "Its code is out. Published in Nature 12. Version 3 is out.",
    ]


def test_code_alone_leads_to_the_code(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    paper = entry(yesterday)
    send(yesterday, reader)
    state(paper, FactKind.CODE, after(yesterday), "https://example.org/code")
    assert [each.url for each in composed(today, reader).follow_ups] == ["https://example.org/code"]


def test_the_weightiest_few_are_told(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    kinds = [FactKind.VERSION, FactKind.JOURNAL, FactKind.ACCEPTED, FactKind.CODE, FactKind.RETRACTED]
    papers = [entry(yesterday) for _ in kinds]
    send(yesterday, reader)
    for paper, kind in zip(papers, kinds, strict=True):
        state(paper, kind, after(yesterday), "2")
    assert told(today, reader) == ["It was retracted.", "Its code is out.", "Accepted at 2."]


def test_a_merged_paper_is_the_one_that_it_is_now_and_a_hidden_one_is_not_told_of(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    alias, hidden = entry(yesterday), entry(yesterday)
    send(yesterday, reader)
    winner = PaperFactory(title="The one paper")
    Paper.objects.filter(pk=alias.pk).update(merged_into=winner)
    Paper.objects.filter(pk=hidden.pk).update(is_hidden=True)
    for paper in (winner, hidden):
        state(paper, FactKind.CODE, after(yesterday), "https://example.org/code")
    assert [each.title for each in composed(today, reader).follow_ups] == ["The one paper"]


def test_of_papers_of_long_ago_all_but_new_versions_is_told(reader: Subscriber) -> None:
    long_ago, yesterday, today = edition(90), edition(1), edition()
    gone, revised = entry(long_ago), entry(long_ago)
    send(long_ago, reader)
    send(yesterday, reader)
    state(gone, FactKind.RETRACTED, after(yesterday))
    state(revised, FactKind.VERSION, after(yesterday), "2")
    Paper.objects.filter(pk=gone.pk).update(withdrawn_at=after(yesterday))
    found = told(today, reader)
    assert found[:1] == ["It was retracted."]


def test_few_editions_are_asked_about_what_was_long_ago(reader: Subscriber) -> None:
    yesterday, today = edition(1), edition()
    for days in range(20, 60):
        state(entry(edition(days)), FactKind.ACCEPTED, after(yesterday), "ICML 2026")
    worst = entry(edition(90))
    state(worst, FactKind.RETRACTED, after(yesterday))
    found = follow_ups.news_of(today, after(today))
    assert len(found.older) == follow_ups.OLDER
    assert worst.editions.get().pk in found.older


def test_news_alone_are_no_digest_and_wait_for_the_next(reader: Subscriber, robots: Topic) -> None:
    yesterday, empty, tomorrow = edition(1), EditionFactory(published=True, date=TODAY), edition(-1)
    paper = entry(yesterday)
    send(yesterday, reader)
    state(paper, FactKind.RETRACTED, after(yesterday))
    delivery = DeliveryFactory(edition=empty, subscriber=reader)
    batch = compose_rows(empty, delivery)
    assert [(draft.choices, [each.words for each in draft.follow_ups]) for draft in batch.drafts] == [
        ([], ["It was retracted."])
    ]
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.SKIPPED)
    assert told(tomorrow, reader) == ["It was retracted."]


def compose_rows(issue: Edition, delivery: Delivery) -> composing.Batch:
    return composing.compose(issue, ledger.lease(uuid4(), delivery.due_at + timedelta(days=1), 10), after(issue))


def test_the_mail_has_them_and_they_are_stored_with_the_digest(
    reader: Subscriber, capsys: pytest.CaptureFixture[str], admin_client: Client
) -> None:
    yesterday, today = edition(1), edition()
    paper = entry(yesterday, paper__title="Kites that measure wind")
    send(yesterday, reader)
    state(paper, FactKind.ACCEPTED, after(yesterday), "ICML 2026")
    delivery = DeliveryFactory(edition=today, subscriber=reader)
    batch = compose_rows(today, delivery)
    (draft,) = batch.drafts
    mail = batch.message(draft, after(today)).as_email()
    for part in (mail.body, mail.alternatives[0][0]):
        assert "since then" in part.lower()
        assert "Kites that measure wind" in part
        assert "Accepted at ICML 2026." in part
    assert ledger.claim([draft.content()], uuid4(), after(today)) == {delivery.pk}
    delivery = Delivery.objects.get(pk=delivery.pk)
    assert [FollowUp.from_json(item) for item in delivery.news] == list(draft.follow_ups)
    assert str(paper.pk) not in delivery.digest.papers
    assert [choice.paper_id for choice in replay(delivery)] == [choice.paper_id for choice in draft.choices]
    call_command("explain", reader.email)
    assert "Since then: Kites that measure wind. Accepted at ICML 2026." in capsys.readouterr().out
    page = admin_client.get(f"/admin/digest/delivery/{delivery.pk}/change/")
    assert "Accepted at ICML 2026." in page.text


def test_their_cards_are_made_once_for_a_chunk(reader: Subscriber, robots: Topic, monkeypatch: Any) -> None:
    yesterday, today = edition(1), edition()
    papers = [entry(yesterday) for _ in range(3)]
    readers = [SubscriberFactory(topics=[robots]) for _ in range(4)]
    for each in readers:
        send(yesterday, each)
    for paper in papers:
        state(paper, FactKind.VERSION, after(yesterday), "2")
    for each in readers:
        delivery = DeliveryFactory(edition=today, subscriber=each)
    batch = compose_rows(today, delivery)
    assert all(len(draft.follow_ups) == 3 for draft in batch.drafts)

    def nothing(*args: Any) -> Any:
        raise AssertionError("rendered for one reader")

    monkeypatch.setattr("digest.rendering.edition.compile_part", nothing)
    assert len([batch.message(draft, after(today)) for draft in batch.drafts]) == 4


def test_queries_do_not_grow_with_readers_and_are_one_where_there_is_no_news(robots: Topic) -> None:
    yesterday, today = edition(1), edition()
    paper = entry(yesterday)
    readers = [SubscriberFactory(topics=[robots]) for _ in range(9)]
    for each in readers:
        send(yesterday, each)
    pool = load_pool(today)

    def count(some: list[Subscriber]) -> int:
        with CaptureQueriesContext(connection) as queries:
            choose(pool, some, after(today))
        return len(queries)

    without = count(readers)
    assert count(readers[:1]) == without
    state(paper, FactKind.VERSION, after(yesterday), "2")
    assert count(readers[:1]) == without + 7
    assert count(readers) == without + 1, "the next chunk only asks which edition brought the papers"
