"""What interests, votes and muting do to a digest: found, explained, replayed, in a fixed number of queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest import interests
from digest.delivery import composing
from digest.delivery.ledger import Leased
from digest.models import (
    Decision,
    Delivery,
    DeliveryState,
    Edition,
    Interest,
    MutedKind,
    Paper,
    ReaderProfile,
)
from digest.selection import Choice, caught, choose, interests_of, load_pool, replay
from subscriptions.models import Subscriber, Topic
from tests.digests import composed, send
from tests.factories import (
    NOW,
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
    return TopicFactory(slug="test-robots", name="Robots")


GRAPHS = ("Graph neural networks for molecules", "We learn message passing on graphs of molecules.")
TURTLES = ("Sea turtles and their way home", "Turtles find beaches by magnetic fields.")
MARKETS = ("Order books of electronic markets", "Liquidity and prices in order books.")


def entry(edition: Edition, text: tuple[str, str] = TURTLES, authors: Sequence[str] = (), **fields: Any) -> Paper:
    paper = PaperFactory(title=text[0], abstract=text[1], authors=list(authors))
    EditionPaperFactory(**{"edition": edition, "paper": paper, "trend": 0.0, "authors": list(authors)} | fields)
    return paper


def digest(edition: Edition, reader: Subscriber) -> list[Choice]:
    return choose(load_pool(edition), [reader], NOW)[reader.pk]


def ids(edition: Edition, reader: Subscriber) -> list[int]:
    return [choice.paper_id for choice in digest(edition, reader)]


def parts(edition: Edition, reader: Subscriber) -> dict[int, dict[str, float]]:
    return {choice.paper_id: dict(choice.parts) for choice in digest(edition, reader)}


def test_an_interest_brings_its_papers_and_nothing_else_of_no_note(edition: Edition) -> None:
    paper = entry(edition, GRAPHS)
    entry(edition, TURTLES)
    reader = SubscriberFactory()
    interests.add_text(reader, "graph networks of molecules", NOW)
    assert ids(edition, reader) == [paper.pk]
    assert list(parts(edition, reader)[paper.pk]) == ["interest:graph networks of molecules"]


def test_what_says_the_very_same_is_worth_less_than_an_editor_s_pin(edition: Edition) -> None:
    same = entry(edition, GRAPHS)
    pinned = entry(edition, MARKETS, decision="pinned")
    reader = SubscriberFactory()
    interests.add_text(reader, " ".join((GRAPHS[0], *GRAPHS)), NOW)
    assert ids(edition, reader) == [pinned.pk, same.pk]
    assert digest(edition, reader)[1].score == 0.8


def test_an_interest_in_chinese_finds_chinese_papers(edition: Edition) -> None:
    paper = entry(edition, ("面向机器人的强化学习", "我们研究机器人的强化学习方法。"))
    entry(edition, TURTLES)
    reader = SubscriberFactory()
    interests.add_text(reader, "机器人强化学习", NOW)
    assert ids(edition, reader) == [paper.pk]


def test_an_interest_in_papers_finds_what_is_like_them_and_by_their_authors(edition: Edition) -> None:
    given = PaperFactory(arxiv_id="2401.00001", title=GRAPHS[0], abstract=GRAPHS[1], authors=["Ann One"])
    another = PaperFactory(arxiv_id="2401.00002", title=GRAPHS[0], abstract=GRAPHS[1], authors=["A. Nother", "Ann One"])
    like = entry(edition, ("Message passing on molecules", "Graph neural networks learn molecules."))
    by_author, _ = entry(edition, MARKETS, ["ANN One"]), entry(edition, TURTLES, ["A. Nother"])
    reader = SubscriberFactory()
    interests.add_papers(reader, f"{given.arxiv_id} {another.arxiv_id}", NOW, "Thesis")
    found = parts(edition, reader)
    assert set(found) == {like.pk, by_author.pk}
    assert found[by_author.pk] == {"author:ANN One": 0.3333}
    assert "interest:Thesis" in found[like.pk]


def test_papers_that_a_reader_gave_themselves_do_not_come_back_as_news(edition: Edition) -> None:
    given = entry(edition, GRAPHS)
    like = entry(edition, ("Message passing on molecules", GRAPHS[1]))
    twin = entry(edition, GRAPHS)
    target = PaperFactory()
    Paper.objects.filter(pk=twin.pk).update(merged_into=target)
    reader, other = SubscriberFactory(), SubscriberFactory()
    interests.add_papers(reader, f"{given.arxiv_id} {target.arxiv_id}", NOW, "Mine")
    interests.add_text(other, " ".join(GRAPHS), NOW)
    assert ids(edition, reader) == [like.pk]
    assert set(ids(edition, other)) == {given.pk, like.pk, twin.pk}


def test_titles_of_papers_that_did_not_come_yet_count(edition: Edition) -> None:
    like = entry(edition, GRAPHS)
    entry(edition, TURTLES)
    reader = SubscriberFactory()
    interests.add_papers(reader, "@article{a, title={Molecules as graphs: networks for message passing}}", NOW)
    assert ids(edition, reader) == [like.pk]


def test_a_followed_author_brings_their_papers(edition: Edition, robots: Topic) -> None:
    paper = entry(edition, authors=["Emmy Noether", "Ada Lovelace"])
    entry(edition, authors=["Emmy Noethers"])
    about = entry(edition, topics={robots.slug: 0.9})
    reader = SubscriberFactory(topics=[robots])
    interests.follow(reader, "Noether, Emmy", NOW)
    assert set(ids(edition, reader)) == {paper.pk, about.pk}
    assert parts(edition, reader)[paper.pk] == {"author:Emmy Noether": 0.5}


def test_who_follows_an_author_alone_is_not_sent_everything_while_they_write_nothing(edition: Edition) -> None:
    followed = TopicFactory(slug="test-general")
    entry(edition, MARKETS, trend=0.9, topics={followed.slug: 0.9})
    entry(edition, GRAPHS, authors=["Kurt Hensel"], topics={followed.slug: 0.9})
    entry(edition, TURTLES, topics={followed.slug: 0.9})
    reader = SubscriberFactory()
    author = interests.follow(reader, "Emmy Noether", NOW).interest
    assert ids(edition, reader) == []
    assert caught(edition, reader).interests[author.pk].count == 0


def test_who_follows_an_author_alone_is_not_filled_up_with_a_week_of_everything(edition: Edition) -> None:
    earlier = EditionFactory(published=True, date=edition.date - timedelta(days=1))
    topic = TopicFactory(slug="test-general")
    entry(earlier, TURTLES, topics={topic.slug: 0.9})
    written = entry(earlier, GRAPHS, authors=["Emmy Noether"], topics={topic.slug: 0.9})
    entry(edition, MARKETS, topics={topic.slug: 0.9})
    reader = SubscriberFactory()
    interests.follow(reader, "Emmy Noether", NOW)
    assert ids(edition, reader) == [written.pk]


def test_one_vote_is_felt_in_the_next_digest_and_does_not_narrow_it(edition: Edition) -> None:
    voted = PaperFactory(title=GRAPHS[0], abstract=GRAPHS[1], authors=[])
    like = entry(edition, ("Graph neural networks for molecules, again", GRAPHS[1]), trend=0.4)
    others = [entry(edition, MARKETS, trend=0.5 + number / 100) for number in range(3)]
    reader, same = SubscriberFactory(), SubscriberFactory()
    assert ids(edition, reader)[-1] == like.pk
    interests.cast(reader, voted, NOW, wants_more=True)
    assert ids(edition, reader)[0] == like.pk
    assert set(ids(edition, reader)) == {like.pk, *(other.pk for other in others)}, "what trends still comes"
    interests.cast(reader, voted, NOW, wants_more=False)
    assert ids(edition, reader)[-1] == like.pk
    assert parts(edition, reader)[like.pk]["less:papers you voted down"] < -0.1
    interests.withdraw(reader, voted, NOW)
    assert digest(edition, reader) == digest(edition, same)


def test_ten_votes_weigh_more_than_one(edition: Edition) -> None:
    subjects = (
        "proteins",
        "crystals",
        "enzymes",
        "polymers",
        "drugs",
        "catalysts",
        "solvents",
        "alloys",
        "dyes",
        "salts",
    )
    voted = [
        PaperFactory(title=f"Networks for {subject}", abstract=f"We learn {subject} by passing messages.", authors=[])
        for subject in subjects
    ]
    like = entry(edition, ("Networks", "We learn by passing messages in many ways and for many things."))
    reader = SubscriberFactory(topics=[TopicFactory(slug="test-none")])
    interests.cast(reader, voted[0], NOW, wants_more=True)
    one = parts(edition, reader)[like.pk]["interest:papers you liked"]
    for paper in voted[1:]:
        interests.cast(reader, paper, NOW, wants_more=True)
    ten = parts(edition, reader)[like.pk]["interest:papers you liked"]
    assert ten > 1.1 * one
    assert one > 0.2


def test_an_interest_that_counts_for_less_keeps_only_what_is_nearest(edition: Edition) -> None:
    near = entry(edition, GRAPHS)
    reader = SubscriberFactory()
    interest = interests.add_text(reader, "molecules and proteins", NOW).interest
    before = digest(edition, reader)[0].score
    interests.act(reader, f"weaken:{interest.pk}", NOW)
    assert ids(edition, reader) == [near.pk]
    assert digest(edition, reader)[0].score < before


# Muting


def test_what_is_muted_is_kept_away_whoever_picked_it(edition: Edition, robots: Topic) -> None:
    kept = entry(edition, TURTLES, topics={robots.slug: 0.5}, authors=["Ann One"])
    word = entry(edition, ("A Survey of things", "Many."), topics={robots.slug: 0.9}, decision="pinned")
    author = entry(edition, MARKETS, topics={robots.slug: 0.9}, authors=["Ada Lovelace"])
    topic = entry(edition, GRAPHS, topics={robots.slug: 0.9, "test-chemistry": 0.3})
    TopicFactory(slug="test-chemistry")
    reader = SubscriberFactory(topics=[robots])
    assert set(ids(edition, reader)) == {kept.pk, word.pk, author.pk, topic.pk}
    interests.mute(reader, MutedKind.WORD, "surveys", NOW)
    interests.mute(reader, MutedKind.AUTHOR, "ada LOVELACE", NOW)
    interests.mute(reader, MutedKind.TOPIC, "test-chemistry", NOW)
    assert ids(edition, reader) == [kept.pk]


def test_a_phrase_is_muted_as_a_whole_and_within_one_text(edition: Edition) -> None:
    phrase = entry(edition, ("On large language models", "x"), trend=0.9)
    parted = entry(edition, ("Models that are large", "Language is hard"), trend=0.9)
    across = entry(edition, ("Something large", "language model"), trend=0.9)
    reader = SubscriberFactory()
    interests.mute(reader, MutedKind.WORD, "large language model", NOW)
    assert set(ids(edition, reader)) == {parted.pk, across.pk}
    assert phrase.pk in interests_of(load_pool(edition), {reader.pk: 5}, NOW)[reader.pk].withheld


def test_who_mutes_everything_gets_an_empty_digest(edition: Edition) -> None:
    for text in (GRAPHS, TURTLES):
        entry(edition, text, trend=0.9, authors=["Ada Lovelace"])
    reader = SubscriberFactory()
    interests.mute(reader, MutedKind.AUTHOR, "Ada Lovelace", NOW)
    assert ids(edition, reader) == []
    assert caught(edition, reader).is_all_muted


# Replay


def test_a_digest_by_interests_is_replayed_whatever_changed_since(edition: Edition) -> None:
    entry(edition, GRAPHS, authors=["Emmy Noether"])
    entry(edition, MARKETS, trend=0.9)
    entry(edition, TURTLES, trend=0.5)
    reader = SubscriberFactory()
    liked, disliked = (PaperFactory(title=text[0], abstract=text[1]) for text in (GRAPHS, MARKETS))
    interests.add_text(reader, "molecules", NOW)
    interests.follow(reader, "Emmy Noether", NOW)
    interests.mute(reader, MutedKind.WORD, "turtle", NOW)
    interests.cast(reader, liked, NOW, wants_more=True)
    interests.cast(reader, disliked, NOW, wants_more=False)
    delivery = send(edition, reader)
    stored = [Choice.from_json(item) for item in delivery.selection]
    assert {name for choice in stored for name, _ in choice.parts} >= {
        "author:Emmy Noether",
        "less:papers you voted down",
    }

    interests.withdraw(reader, liked, NOW)
    Interest.objects.all().delete()
    ReaderProfile.objects.all().delete()
    Paper.objects.update(authors=["Somebody Else"])
    delivery.refresh_from_db()
    assert replay(delivery) == stored


def test_whoever_is_erased_leaves_none_of_their_words_in_what_they_were_sent(edition: Edition) -> None:
    entry(edition, GRAPHS)
    reader, other = SubscriberFactory(), SubscriberFactory()
    for each in (reader, other):
        interests.add_text(each, "my own words on molecules", NOW)
    delivery, kept = send(edition, reader), send(edition, other)
    assert "my own words" in json.dumps([delivery.preferences, delivery.selection])
    reader.delete()
    delivery = Delivery.objects.get(pk=delivery.pk)
    assert (delivery.subscriber_id, delivery.state) == (None, DeliveryState.ACCEPTED)
    assert (delivery.preferences, delivery.selection) == ({}, [])
    assert Delivery.objects.get(pk=kept.pk).selection


def test_what_a_reader_wants_less_of_is_chosen_by_stored_and_replayed(edition: Edition, robots: Topic) -> None:
    entry(edition, topics={robots.slug: 0.6}, trend=0.9)
    elsewhere = entry(edition, TURTLES, trend=0.9)
    reader = SubscriberFactory(topics=[robots])
    assert elsewhere.pk in [choice.paper_id for choice in composed(edition, reader).choices]
    interests.mute(reader, MutedKind.PART, "trend", NOW)
    delivery = send(edition, reader)
    (choice,) = replay(delivery)
    assert choice.parts[-1] == ("less:what is much discussed", -0.18)
    assert delivery.preferences["lowered"] == ["trend"]
    assert [choice.as_json()] == delivery.selection


def test_a_surprise_is_for_who_wants_it_and_is_replayed(edition: Edition, robots: Topic) -> None:
    entry(edition, topics={robots.slug: 0.6})
    near = entry(edition, TURTLES, topics={robots.slug: 0.2}, trend=0.2)
    readers = [SubscriberFactory(topics=[robots], surprises=wanted) for wanted in (0, 1)]
    chosen = [[choice.paper_id for choice in composed(edition, reader).choices] for reader in readers]
    assert [near.pk in each for each in chosen] == [False, True]
    delivery = send(edition, readers[1])
    assert [choice.as_json() for choice in replay(delivery)] == delivery.selection


# Many readers


def test_the_number_of_queries_does_not_grow_with_readers_or_interests(edition: Edition, robots: Topic) -> None:
    for number in range(12):
        entry(edition, (GRAPHS, TURTLES, MARKETS)[number % 3], topics={robots.slug: number / 12}, authors=["Ann One"])
    readers = [SubscriberFactory(topics=[robots]) for _ in range(9)]
    for number, reader in enumerate(readers[3:]):
        interests.add_text(reader, f"graphs of molecules {number}", NOW)
        interests.follow(reader, "Ann One", NOW)
        interests.mute(reader, MutedKind.WORD, f"survey {number}", NOW)
        interests.cast(reader, PaperFactory(), NOW, wants_more=number % 2 == 0)
    pool = load_pool(edition)
    counts = []
    for some in (readers[:1], readers[:3], readers[3:4], readers):
        with CaptureQueriesContext(connection) as queries:
            choose(pool, some, NOW)
        counts.append(len(queries))
    assert counts == [9, 9, 12, 12]


def test_rows_of_another_model_are_made_anew_for_all_at_once(edition: Edition) -> None:
    paper = entry(edition, GRAPHS)
    readers = [SubscriberFactory() for _ in range(5)]
    for reader in readers:
        interests.add_text(reader, "graphs of molecules", NOW)
        interests.cast(reader, PaperFactory(title=GRAPHS[0], abstract=GRAPHS[1]), NOW, wants_more=True)
    pool = load_pool(edition)
    before = choose(pool, readers, NOW)
    ReaderProfile.objects.update(model="gone", vectors=b"\x01" * 7)
    with CaptureQueriesContext(connection) as queries:
        assert choose(pool, readers, NOW) == before
    assert len(queries) < 21
    assert all(choice.paper_id == paper.pk for digests in before.values() for choice in digests)


# The mail


@pytest.mark.parametrize(
    "damage", [{"vectors": b"abc"}, {"vectors": b""}, {"away": b"abc"}, {"names": "[[1,"}, {"muted": "{"}]
)
def test_a_row_that_is_damaged_is_made_anew_and_stops_no_send(
    edition: Edition, damage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    graphs, turtles = entry(edition, GRAPHS), entry(edition, TURTLES)
    readers = [SubscriberFactory(topics=[]) for _ in range(2)]
    for reader in readers:
        interests.add_text(reader, "graph neural networks for molecules", NOW)
        interests.cast(reader, turtles, NOW, wants_more=False)
    before = choose(load_pool(edition), readers, NOW)
    assert all([choice.paper_id for choice in chosen] == [graphs.pk] for chosen in before.values())
    ReaderProfile.objects.filter(subscriber=readers[0]).update(**damage)
    assert choose(load_pool(edition), readers, NOW) == before
    assert f"The profile of reader {readers[0].pk} is done without" in caplog.text


def test_the_mail_says_that_it_is_chosen_for_what_the_reader_asked_for(edition: Edition, robots: Topic) -> None:
    entry(edition, GRAPHS)
    reader = SubscriberFactory(topics=[robots])
    interests.add_text(reader, "graphs of molecules", NOW)
    row = Leased(1, str(uuid4()), edition.pk, reader.pk, reader.email, "daily", "UTC", 10, "full", was_claimed=False)
    batch = composing.compose(edition, [row], NOW)
    message = batch.message(batch.drafts[0], NOW).as_email()
    assert "1 paper, about a minute, chosen for your own interests and Robots" in message.body
    assert "Why: near “graphs of molecules”, your interest" in message.body


def test_a_mail_of_nothing_but_a_pick_is_not_called_chosen_for_the_reader_s_interests(edition: Edition) -> None:
    entry(edition, TURTLES, decision=Decision.PINNED)
    reader = SubscriberFactory()
    interests.add_text(reader, "graphs of molecules", NOW)
    row = Leased(1, str(uuid4()), edition.pk, reader.pk, reader.email, "daily", "UTC", 10, "full", was_claimed=False)
    batch = composing.compose(edition, [row], NOW)
    body = batch.message(batch.drafts[0], NOW).as_email().body
    assert "1 paper, about a minute, from all topics" in body
    assert "your own interests" not in body
