"""build_edition, publish_edition and explain: what they print, and that their exit codes tell the truth."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from digest.models import Digest, Edition
from subscriptions.models import Subscriber
from tests.digests import send
from tests.factories import (
    NOW,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SignalFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command(*arguments, stdout=output)
    return output.getvalue()


def test_an_edition_is_built_and_published_by_hand() -> None:
    SignalFactory.create_batch(3)
    assert run("build_edition") == "Daily edition of 2026-07-14: 3 papers, goes out 2026-07-14 06:00 UTC\n"
    assert run("publish_edition") == "Daily edition of 2026-07-14: published 2026-07-14 05:00 UTC, 3 papers\n"
    assert "was already published" in run("publish_edition")
    with pytest.raises(CommandError, match="no longer changes"):
        run("build_edition")


def test_a_weekly_edition_may_be_named_by_any_of_its_days() -> None:
    PaperFactory()
    assert run("build_edition", "--kind", "weekly", "--date", "2026-07-16").startswith("Weekly edition of 2026-07-13")
    assert run("publish_edition", "--kind=weekly", "--date=2026-07-19").startswith("Weekly edition of 2026-07-13")


def test_what_cannot_be_built_or_published_is_an_error() -> None:
    with pytest.raises(CommandError, match="no paper"):
        run("build_edition")
    with pytest.raises(CommandError, match="build_edition makes one"):
        run("publish_edition", "--date", "2026-07-14")
    with pytest.raises(CommandError, match="is no date"):
        run("build_edition", "--date", "yesterday")


@pytest.fixture
def edition() -> Edition:
    edition: Edition = EditionFactory(published=True, date=NOW.date())
    robots = PaperFactory(title="Robots that read " + "very " * 40 + "much")
    EditionPaperFactory(edition=edition, paper=robots, topics={"test-robots": 0.9}, trend=0.21)
    EditionPaperFactory(edition=edition, trend=0.5)
    return edition


@pytest.fixture
def reader() -> Subscriber:
    topic = TopicFactory(slug="test-robots", name="Test robots")
    reader: Subscriber = SubscriberFactory(email="ada@example.org", topics=[topic])
    return reader


def test_a_digest_to_come_is_explained(edition: Edition, reader: Subscriber) -> None:
    output = run("explain", "Ada@Example.org")
    assert "not sent; this is what would be chosen now" in output
    assert "  1.  0.5340  Robots that read very" in output
    assert "      = Test robots 0.4500 + trend 0.0840" in output
    assert "Topics: test-robots. Length: 10. Withheld: 0 papers" in output


def test_a_sent_digest_is_shown_as_it_was_and_replayed(edition: Edition, reader: Subscriber) -> None:
    delivery = send(edition, reader)
    reader.topics.clear()
    output = run("explain", reader.email, "--edition", "daily/2026-07-14")
    assert "accepted, sent 2026-07-14 06:00 UTC" in output
    assert "Test robots 0.4500 + trend 0.0840" in output
    assert "the same papers, order and reasons" in output
    Digest.objects.filter(pk=delivery.pk).update(selection=delivery.selection[::-1])
    with pytest.raises(CommandError, match="comes out different"):
        run("explain", reader.email)


def test_a_digest_that_was_stored_without_its_grounds_is_still_shown(edition: Edition, reader: Subscriber) -> None:
    delivery = send(edition, reader)
    Digest.objects.filter(pk=delivery.pk).update(preferences={})
    output = run("explain", reader.email)
    assert "not on record" in output
    assert "cannot be replayed" in output


def test_a_reader_for_whom_there_is_nothing_is_told_so(edition: Edition, reader: Subscriber) -> None:
    edition.entries.all().delete()
    assert "No paper of this edition is for this reader, nor any of the week before: no mail is sent." in run(
        "explain", reader.email
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody@example.org"], "no reader with the address"),
        (["not an address"], "looks like name@example.org"),
        (["ada@example.org", "--edition", "daily/2020-01-01"], "no daily edition of 2020-01-01"),
        (["ada@example.org", "--edition", "monthly/2020-01-01"], "is no edition like"),
        (["ada@example.org", "--edition", "daily/soon"], "is no date like"),
    ],
)
def test_what_is_not_there_is_an_error(
    edition: Edition, reader: Subscriber, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        run("explain", *arguments)


def test_without_any_edition_there_is_nothing_to_explain(reader: Subscriber) -> None:
    with pytest.raises(CommandError, match="No edition was published"):
        run("explain", reader.email)


def test_a_weekly_readers_newest_edition_is_the_weekly_one(edition: Edition, reader: Subscriber) -> None:
    EditionFactory(published=True, kind="weekly", date=NOW.date() - timedelta(days=1))
    assert run("explain", reader.email).startswith("Daily edition")
    Subscriber.objects.filter(pk=reader.pk).update(frequency="weekly")
    assert run("explain", reader.email).startswith("Weekly edition")
