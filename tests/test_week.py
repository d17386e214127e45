"""Thin days: the week's newest unread papers that fit make up for what today has not."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest.delivery import composing, ledger
from digest.models import Edition, EditionKind, Paper
from digest.ranking import Interests
from digest.selection import choose, load_pool, replay
from digest.selection.memory import FILLED_DAYS
from digest.selection.week import THIN
from subscriptions.models import Subscriber, Topic
from tests.digests import composed, send
from tests.factories import NOW, DeliveryFactory, EditionFactory, EditionPaperFactory, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 7, 18)


@pytest.fixture
def robots() -> Topic:
    return TopicFactory(slug="test-robots")


@pytest.fixture
def reader(robots: Topic) -> Subscriber:
    return SubscriberFactory(topics=[robots])


def edition(days_ago: int = 0, **fields: Any) -> Edition:
    return EditionFactory(published=True, date=TODAY - timedelta(days=days_ago), **fields)


def entry(issue: Edition, relevance: float = 0.6, **fields: Any) -> Paper:
    paper: Paper = EditionPaperFactory(edition=issue, topics={"test-robots": relevance}, trend=0.0, **fields).paper
    return paper


def ids(issue: Edition, reader: Subscriber) -> list[int]:
    return [choice.paper_id for choice in composed(issue, reader).choices]


def test_a_thin_digest_is_filled_with_the_newest_unread_papers_that_fit(reader: Subscriber) -> None:
    today, yesterday, before = edition(), edition(1), edition(2)
    mine = entry(today, 0.4)
    newer, best = entry(yesterday, 0.5), entry(before, 0.9)
    good = entry(before, 0.8)
    entry(before, 0.7)
    assert ids(today, reader) == [mine.pk, newer.pk, best.pk, good.pk]


def test_a_part_of_the_score_says_that_a_paper_is_of_this_week(reader: Subscriber) -> None:
    today = edition()
    entry(edition(3), 0.8)
    (choice,) = composed(today, reader).choices
    assert choice.parts == (("topic:test-robots", 0.4), ("week", -0.06))
    assert choice.score == 0.34


def test_a_digest_of_four_is_left_as_it_is_and_a_shorter_one_that_the_reader_wants_too(reader: Subscriber) -> None:
    today = edition()
    papers = [entry(today) for _ in range(THIN)]
    entry(edition(1))
    assert len(ids(today, reader)) == THIN == len(papers)
    Subscriber.objects.filter(pk=reader.pk).update(digest_length=2)
    reader.refresh_from_db()
    assert len(ids(today, reader)) == 2


def test_nothing_comes_that_does_not_fit_or_that_editors_hid(reader: Subscriber) -> None:
    today, yesterday = edition(), edition(1)
    entry(yesterday, 0.2)
    EditionPaperFactory(edition=yesterday, topics={}, trend=0.9)
    EditionPaperFactory(edition=yesterday, topics={}, decision="pinned")
    entry(yesterday, decision="hidden")
    entry(yesterday, paper__is_hidden=True)
    assert ids(today, reader) == []


def test_what_today_s_pool_or_a_newer_one_has_is_as_it_is_there(reader: Subscriber) -> None:
    today, yesterday, before = edition(), edition(1), edition(2)
    lost, faded = entry(before), entry(before)
    entry(today, 0.1, paper=lost)
    entry(yesterday, 0.1, paper=faded)
    merged = entry(before)
    Paper.objects.filter(pk=merged.pk).update(merged_into=lost)
    assert ids(today, reader) == []


def test_a_week_back_and_no_further_and_of_daily_editions_alone(reader: Subscriber) -> None:
    today = edition()
    last = entry(edition(FILLED_DAYS))
    entry(edition(FILLED_DAYS + 1))
    entry(EditionFactory(date=TODAY - timedelta(days=1)))  # still open
    assert ids(today, reader) == [last.pk]
    weekly = EditionFactory(published=True, kind=EditionKind.WEEKLY, date=TODAY)
    assert ids(weekly, reader) == []


def test_who_asked_for_nothing_gets_what_is_general_today() -> None:
    today = edition()
    entry(edition(1))
    assert ids(today, SubscriberFactory()) == []


def test_what_filled_a_digest_does_not_come_again(reader: Subscriber) -> None:
    before, yesterday, today = edition(2), edition(1), edition()
    papers = [entry(before) for _ in range(3)]
    assert sorted(ids(yesterday, reader)) == [paper.pk for paper in papers]
    send(yesterday, reader)
    assert ids(today, reader) == []
    weekly = EditionFactory(published=True, kind=EditionKind.WEEKLY, date=TODAY)
    entry(weekly, paper=papers[0])
    assert ids(weekly, reader) == []
    assert ids(weekly, SubscriberFactory(topics=list(reader.topics.all()))) == [papers[0].pk]


def test_a_filled_digest_can_be_chosen_again_whatever_changed_since(reader: Subscriber) -> None:
    today, yesterday, before = edition(), edition(1), edition(2)
    entry(today)
    entry(yesterday)
    for number in range(5):
        entry(before, 0.5 + number / 20, group=number // 3)
    delivery = send(today, reader)
    assert len(delivery.selection) == THIN
    reader.topics.clear()
    Paper.objects.update(is_hidden=True)
    delivery.refresh_from_db()
    assert [choice.as_json() for choice in replay(delivery)] == delivery.selection
    assert Interests.from_json(delivery.preferences).as_json() == delivery.preferences


def test_queries_grow_with_the_days_gone_through_and_not_with_readers(reader: Subscriber, robots: Topic) -> None:
    today = edition()
    entry(today, 0.1)
    for day in range(1, 4):
        entry(edition(day))
    readers = [reader, *(SubscriberFactory(topics=[robots]) for _ in range(8))]
    pool = load_pool(today)
    with CaptureQueriesContext(connection) as one:
        choose(pool, readers[:1], NOW)
    with CaptureQueriesContext(connection) as many:
        choose(pool, readers, NOW)
    assert len(one) == len(many) == 1 + 6 + 1 + 1 + 1 + 3 * (3 + 6)


def test_a_sent_mail_shows_the_papers_of_the_week(reader: Subscriber) -> None:
    today = edition()
    paper = entry(edition(1))
    delivery = DeliveryFactory(edition=today, subscriber=reader)
    rows = composing.compose(today, ledger.lease(uuid4(), delivery.due_at + timedelta(days=1), 10), NOW)
    (draft,) = rows.drafts
    assert json.loads(draft.content().papers) == [paper.pk]
    assert json.loads(draft.content().preferences)["week"][0][1]["length"] == THIN
    assert paper.title in rows.message(draft, NOW).as_email().body
