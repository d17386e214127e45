"""Each reader's digest: the right papers, never twice, in an order that its printed parts add up to."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest.editions import build
from digest.errors import DeliveryError
from digest.interests.spaces import Space
from digest.models import Decision, Delivery, DeliveryState, Edition, Paper
from digest.ranking.interests import Profile
from digest.ranking.parts import AuthorPart, ProfilePart
from digest.ranking.side import Side
from digest.ranking.vectors import as_bytes
from digest.selection import (
    Choice,
    Interests,
    choose,
    choose_for,
    load_pool,
    replay,
    selection_as_text,
)
from subscriptions.models import Subscriber, Topic
from tests.digests import send
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


@pytest.fixture
def edition() -> Edition:
    return EditionFactory(published=True)


@pytest.fixture
def robots() -> Topic:
    return TopicFactory(slug="test-robots")


@pytest.fixture
def vision() -> Topic:
    return TopicFactory(slug="test-vision")


def entry(edition: Edition, **fields: Any) -> Paper:
    """A paper of the edition; by default about nothing, and not trending."""
    paper: Paper = EditionPaperFactory(**{"edition": edition, "trend": 0.0} | fields).paper
    return paper


def ids(edition: Edition, reader: Subscriber) -> list[int]:
    return [choice.paper_id for choice in digest(edition, reader)]


def digest(edition: Edition, reader: Subscriber) -> list[Choice]:
    return choose(load_pool(edition), [reader], NOW)[reader.pk]


def test_a_reader_gets_papers_of_their_topics_best_first(edition: Edition, robots: Topic) -> None:
    some = entry(edition, topics={robots.slug: 0.4})
    much = entry(edition, topics={robots.slug: 0.9})
    entry(edition, topics={"test-vision": 0.9})
    assert ids(edition, SubscriberFactory(topics=[robots])) == [much.pk, some.pk]


def test_a_score_is_the_sum_of_its_parts_and_says_what_they_are(edition: Edition, robots: Topic, vision: Topic) -> None:
    entry(
        edition,
        topics={robots.slug: 0.5, vision.slug: 0.3, "other": 0.2},
        trend=0.7,
        decision=Decision.PINNED,
        shift=0.01,
    )
    (choice,) = digest(edition, SubscriberFactory(topics=[robots, vision]))
    assert choice.parts == (("editor", 1.01), ("trend", 0.28), ("topic:test-robots", 0.25), ("topic:test-vision", 0.15))
    assert choice.score == pytest.approx(1.69, abs=1e-9)


def test_a_reader_without_topics_gets_what_trends_before_what_is_about_any_topic(edition: Edition) -> None:
    on_topic = entry(edition, topics={"a": 1.0})
    trending = entry(edition, trend=0.8)
    noise = entry(edition, trend=0.1, topics={"a": 0.05})
    assert ids(edition, SubscriberFactory()) == [trending.pk, on_topic.pk]
    assert noise.pk not in ids(edition, SubscriberFactory())


def test_to_a_reader_who_follows_topics_other_papers_come_only_if_they_trend_or_are_an_editors_pick(
    edition: Edition, robots: Topic
) -> None:
    trending = entry(edition, trend=0.8)
    pinned = entry(edition, decision=Decision.PINNED)
    entry(edition, trend=0.29)
    entry(edition, topics={robots.slug: 0.29})
    assert ids(edition, SubscriberFactory(topics=[robots])) == [pinned.pk], "what trends is no digest by itself"
    about = entry(edition, topics={robots.slug: 0.3})
    assert ids(edition, SubscriberFactory(topics=[robots])) == [pinned.pk, about.pk, trending.pk]


@pytest.mark.parametrize(("length", "off_topic"), [(1, 1), (3, 1), (7, 1), (8, 2), (30, 7)])
def test_at_most_a_quarter_of_a_digest_and_at_least_one_is_off_topic(
    edition: Edition, robots: Topic, length: int, off_topic: int
) -> None:
    loud = {entry(edition, trend=0.9 - number / 100).pk for number in range(12)}
    for _ in range(30):
        entry(edition, topics={robots.slug: 0.35})
    chosen = ids(edition, SubscriberFactory(topics=[robots], digest_length=length))
    assert len(chosen) == length
    assert len(loud.intersection(chosen)) == off_topic
    assert chosen[len(chosen) - off_topic :] == sorted(loud)[:off_topic]


def test_a_digest_is_as_long_as_the_reader_wants_and_shorter_when_there_is_no_more(edition: Edition) -> None:
    for _ in range(5):
        entry(edition, trend=0.5)
    assert len(ids(edition, SubscriberFactory(digest_length=3))) == 3
    assert len(ids(edition, SubscriberFactory(digest_length=30))) == 5


def test_of_equal_papers_the_one_that_came_later_goes_first(edition: Edition) -> None:
    papers = [entry(edition, trend=0.5).pk for _ in range(4)]
    assert ids(edition, SubscriberFactory()) == papers[::-1]


def test_editors_decide_for_everyone(edition: Edition, robots: Topic) -> None:
    entry(edition, topics={robots.slug: 1.0}, decision=Decision.HIDDEN)
    best = entry(edition, topics={robots.slug: 0.9})
    lifted = entry(edition, topics={robots.slug: 0.2}, shift=0.6)
    assert ids(edition, SubscriberFactory(topics=[robots])) == [lifted.pk, best.pk]


def test_an_empty_pool_gives_empty_digests(edition: Edition) -> None:
    assert digest(edition, SubscriberFactory()) == []
    assert choose(load_pool(edition), [], NOW) == {}


def test_topics_that_are_retired_or_unknown_to_the_pool_do_no_harm(edition: Edition, robots: Topic) -> None:
    paper = entry(edition, topics={"other": 1.0})
    retired = TopicFactory(slug="test-retired", is_active=False)
    assert ids(edition, SubscriberFactory(topics=[retired])) == [paper.pk]
    assert ids(edition, SubscriberFactory(topics=[robots])) == []


# Never twice


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - {"queued", "rejected", "skipped"}))
def test_a_paper_that_was_or_may_have_been_sent_does_not_come_again(edition: Edition, state: str) -> None:
    reader, paper = SubscriberFactory(), entry(edition, trend=0.9)
    send(edition, reader, state)
    weekly = EditionFactory(published=True, kind="weekly")
    entry(weekly, paper=paper, trend=0.9)
    other = entry(weekly, trend=0.5)
    assert ids(weekly, reader) == [other.pk]
    assert ids(weekly, SubscriberFactory()) == [paper.pk, other.pk]


@pytest.mark.parametrize("state", ["rejected", "skipped", "queued"])
def test_a_paper_that_never_left_is_free_for_the_next_digest(edition: Edition, state: str) -> None:
    reader, paper = SubscriberFactory(), entry(edition, trend=0.9)
    send(edition, reader, state)
    following = EditionFactory(published=True)
    entry(following, paper=paper, trend=0.9)
    assert ids(following, reader) == [paper.pk]


@pytest.mark.parametrize("direction", ["sent into pool", "pool into sent", "both into a third", "through a chain"])
def test_a_paper_does_not_come_again_under_another_id(edition: Edition, direction: str) -> None:
    reader, sent = SubscriberFactory(), entry(edition, trend=0.9)
    send(edition, reader)
    following = EditionFactory(published=True)
    twin = entry(following, trend=0.9)
    third = PaperFactory()
    merges = {
        "sent into pool": [(sent, twin)],
        "pool into sent": [(twin, sent)],
        "both into a third": [(sent, third), (twin, third)],
        "through a chain": [(sent, third), (third, twin)],
    }
    assert ids(following, reader) == [twin.pk]
    for paper, target in merges[direction]:
        Paper.objects.filter(pk=paper.pk).update(merged_into=target)
    assert ids(following, reader) == []


def test_of_two_papers_that_turn_out_to_be_one_only_one_is_sent(edition: Edition) -> None:
    first, second = entry(edition, trend=0.9), entry(edition, trend=0.8)
    Paper.objects.filter(pk=first.pk).update(merged_into=second)
    assert ids(edition, SubscriberFactory()) == [second.pk]


@pytest.mark.parametrize("fate", [{"is_hidden": True}, {"withdrawn_at": NOW}])
def test_a_paper_hidden_or_withdrawn_after_publishing_is_sent_to_nobody_else(edition: Edition, fate: Any) -> None:
    paper, other = entry(edition, trend=0.9), entry(edition, trend=0.8)
    Paper.objects.filter(pk=paper.pk).update(**fate)
    assert ids(edition, SubscriberFactory()) == [other.pk]


def test_memory_can_be_given_an_end(edition: Edition, settings: LazySettings) -> None:
    reader, paper = SubscriberFactory(), entry(edition, trend=0.9)
    Delivery.objects.filter(pk=send(edition, reader).pk).update(claimed_at=NOW - timedelta(days=40))
    following = EditionFactory(published=True)
    entry(following, paper=paper, trend=0.9)
    settings.MEMORY_DAYS = 60
    assert ids(following, reader) == []
    settings.MEMORY_DAYS = 30
    assert ids(following, reader) == [paper.pk]


# Replay


def test_a_delivered_digest_can_be_chosen_again_whatever_changed_since(edition: Edition, robots: Topic) -> None:
    reader = SubscriberFactory(topics=[robots], digest_length=6)
    for number in range(12):
        entry(edition, topics={robots.slug: 0.95 - number / 20}, trend=number / 30)
        entry(edition, trend=0.5)
    send(edition, reader)
    following = EditionFactory(published=True)
    for number, paper in enumerate(edition.papers.order_by("id")):
        entry(following, paper=paper, topics={robots.slug: number / 24}, trend=0.4)
    delivery = send(following, reader)
    stored = [Choice.from_json(item) for item in delivery.selection]
    assert len(stored) == 6

    reader.topics.clear()
    Subscriber.objects.filter(pk=reader.pk).update(digest_length=1)
    Delivery.objects.exclude(pk=delivery.pk).update(state=DeliveryState.REJECTED)
    Paper.objects.filter(pk=stored[0].paper_id).update(is_hidden=True, title="Another title")
    delivery.refresh_from_db()
    assert replay(delivery) == stored


def test_a_paper_that_was_withheld_then_is_withheld_in_the_replay(edition: Edition) -> None:
    gone = entry(edition, trend=0.9)
    entry(edition, trend=0.8)
    Paper.objects.filter(pk=gone.pk).update(withdrawn_at=NOW)
    delivery = send(edition, SubscriberFactory())
    Paper.objects.filter(pk=gone.pk).update(withdrawn_at=None)
    delivery.refresh_from_db()
    assert [choice.as_json() for choice in replay(delivery)] == delivery.selection


@pytest.mark.parametrize(
    ("preferences", "why"),
    [({}, "Nothing is stored"), ({"rules": 0, "topics": [], "length": 5, "withheld": []}, "rules in force")],
)
def test_what_was_chosen_by_other_rules_or_is_erased_is_not_replayed(
    edition: Edition, preferences: Any, why: str
) -> None:
    with pytest.raises(DeliveryError, match=f"{why}.*cannot be replayed"):
        replay(DeliveryFactory(edition=edition, preferences=preferences))


def test_what_is_chosen_by_a_reader_s_own_interests_is_replayed(edition: Edition) -> None:
    """As the sending loop would store it."""
    for number in range(6):
        entry(edition, trend=0.1 * number)
    stored = load_pool(edition)
    part = ProfilePart(Side(as_bytes(np.eye(6))), 0.5, floor=0.1, enough=0.3)
    pool = replace(stored, table=replace(stored.table, own=(part, AuthorPart.of([frozenset({"ada"})] * 6))))
    mine = Interests((), 4, frozenset(), (Profile("mine", as_bytes(np.eye(6)[1]).tobytes()),), (("ada", 100),))
    first = choose_for(pool, [mine])[0]
    assert first[0].paper_id == stored.paper_ids[1]
    assert {name for name, _ in first[0].parts} == {"interest:mine", "author:ada", "trend"}
    assert selection_as_text(first) == json.dumps([choice.as_json() for choice in first])
    again = choose_for(replace(pool, shared={}), [Interests.from_json(json.loads(mine.as_text()))] * 3)
    assert again == [first] * 3


def test_many_topics_are_told_apart_as_well(edition: Edition) -> None:
    papers = [entry(edition, topics={f"t{number:03}": 0.9}) for number in range(70)]
    wishes = [Interests((f"t{number:03}",), 5) for number in (0, 63, 69)]
    chosen = choose_for(load_pool(edition), wishes)
    assert [[choice.paper_id for choice in digest] for digest in chosen] == [[papers[n].pk] for n in (0, 63, 69)]
    assert [digest[0].parts[0][0] for digest in chosen] == ["topic:t000", "topic:t063", "topic:t069"]


# Many readers


def test_the_number_of_queries_does_not_grow_with_readers(edition: Edition, robots: Topic, vision: Topic) -> None:
    for number in range(20):
        entry(edition, topics={robots.slug: number / 20, vision.slug: number / 20}, trend=0.5)
    readers = [SubscriberFactory(topics=topics) for topics in ([], [robots], [vision], [robots, vision]) * 3]
    with CaptureQueriesContext(connection) as loading:
        pool = load_pool(edition)
    with CaptureQueriesContext(connection) as one:
        choose(pool, readers[:1], NOW)
    with CaptureQueriesContext(connection) as many:
        choose(pool, readers, NOW)
    assert (len(loading), len(one), len(many)) == (3, 9, 9)


def test_vectors_are_read_once_for_an_edition_that_no_longer_changes(
    edition: Edition, robots: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def stored(space: Space, papers: Sequence[int]) -> dict[int, bytes]:
        read.append(len(papers))
        return {}

    monkeypatch.setattr(Space, "stored", stored)
    for issue in (edition, EditionFactory()):
        EditionPaperFactory(edition=issue, topics={robots.slug: 0.5})
        for _ in range(2):
            load_pool(issue)
    assert len(read) == 1 + 2


def test_a_reader_gets_the_same_digest_alone_and_among_others(edition: Edition, robots: Topic, vision: Topic) -> None:
    for number in range(40):
        shares = {robots.slug: (number % 7) / 10, vision.slug: (number % 3) / 10}
        entry(edition, topics=shares, trend=(number % 5) / 5, shift=(number % 4) / 100)
    pool = load_pool(edition)
    wishes = [
        Interests(topics, length, frozenset(pool.paper_ids[:length].tolist()))
        for topics in ((), (robots.slug,), (vision.slug,), (robots.slug, vision.slug), ("unknown",))
        for length in (1, 5, 30)
    ]
    assert choose_for(pool, wishes) == [choose_for(load_pool(edition), [wish])[0] for wish in wishes]


def test_every_digest_is_what_a_slow_and_plain_reading_of_the_rules_gives(edition: Edition) -> None:
    dice = random.Random(7)
    for _ in range(60):
        shares = {slug: dice.choice([0.02, 0.2, 0.3, 0.6]) for slug in dice.sample("abcde", dice.choice([0, 1, 2]))}
        decision = dice.choice(["", "", "", "", Decision.PINNED, Decision.HIDDEN])
        entry(
            edition,
            topics=shares,
            trend=dice.choice([0.0, 0.2, 0.3, 0.9]),
            decision=decision,
            shift=dice.choice([0, -0.3, 0.01]),
        )
    pool = load_pool(edition)
    wishes = [
        Interests(
            tuple(dice.sample("abcdef", dice.choice([0, 1]))),
            dice.randint(1, 30),
            frozenset(dice.sample(pool.paper_ids.tolist(), 20)),
        )
        for _ in range(60)
    ]
    for wish, chosen in zip(wishes, choose_for(pool, wishes), strict=True):
        assert [choice.paper_id for choice in chosen] == plainly_chosen(edition, wish)
        assert all(abs(choice.score - sum(value for _, value in choice.parts)) < 1e-9 for choice in chosen)


def plainly_chosen(edition: Edition, wish: Interests) -> list[int]:
    """For who follows one topic at most: shares are `tests/ranking/test_choosing.py`'s."""
    ranked = []
    for row in edition.entries.exclude(decision=Decision.HIDDEN).exclude(paper__in=wish.withheld):
        editor = (row.decision == Decision.PINNED) + row.shift
        theirs = sum(share for slug, share in row.topics.items() if slug in wish.topics)
        match = theirs if wish.topics else max(row.topics.values(), default=0)
        score = (0.5 if wish.topics else 0.05) * match + 0.4 * row.trend + editor
        notable = row.trend >= 0.3 or editor > 0
        about = [share for slug, share in row.topics.items() if slug in wish.topics or not wish.topics]
        on_topic = max(about, default=0) >= 0.3 or (notable and not wish.topics)
        if on_topic or notable:
            ranked.append((round(score, 4), row.paper_id, on_topic, editor > 0))
    digest: list[int] = []
    elsewhere: list[int] = []
    off_topic_left = max(1, wish.length // 4)
    for _, paper_id, on_topic, picked in sorted(ranked, reverse=True):
        if len(digest) + len(elsewhere) < wish.length and (on_topic or off_topic_left):
            off_topic_left -= not on_topic
            (digest if on_topic or picked else elsewhere).append(paper_id)
    return digest + elsewhere


# Near-duplicates


def test_near_duplicates_are_told_when_the_pool_is_built_and_the_folded_one_does_not_come_tomorrow(
    robots: Topic,
) -> None:
    abstract = "Robots that learn to fold towels from a single film of a person who folds one, without any reward."
    later = NOW - timedelta(hours=1)
    for number in range(8):
        PaperFactory(title=f"Filler {number}", abstract=f"word{number} " * 9, first_seen_at=later)
    twins = [PaperFactory(title=f"Folding towels {part}", abstract=abstract, first_seen_at=later) for part in "AB"]
    built = build("daily", NOW.date(), NOW)
    groups = dict(built.entries.values_list("paper", "group"))
    assert {groups[twin.pk] for twin in twins} == {twins[0].pk}
    assert set(groups.values()) == {0, twins[0].pk}

    built.entries.filter(paper__in=twins).update(trend=0.9)
    built.entries.exclude(paper__in=twins).delete()
    reader = SubscriberFactory()
    delivery = send(built, reader)
    assert [(item["paper"], item["similar"]) for item in delivery.selection] == [(twins[1].pk, [twins[0].pk])]
    assert [choice.as_json() for choice in replay(delivery)] == delivery.selection
    following = EditionFactory(published=True, kind="weekly")
    entry(following, paper=twins[0], trend=0.9)
    assert ids(following, reader) == []
    assert ids(following, SubscriberFactory()) == [twins[0].pk]


def test_what_an_editor_pinned_stands_by_itself(edition: Edition, robots: Topic) -> None:
    pinned = entry(edition, topics={robots.slug: 0.4}, group=1, decision=Decision.PINNED)
    better = entry(edition, topics={robots.slug: 0.9}, group=1)
    folded = entry(edition, topics={robots.slug: 0.8}, group=1)
    (first, second) = digest(edition, SubscriberFactory(topics=[robots]))
    assert (first.paper_id, first.similar) == (pinned.pk, ())
    assert (second.paper_id, second.similar) == (better.pk, (folded.pk,))
