"""`manage.py replay`: digests that went out are proved, tampering is found, other weights are tried without a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from digest.models import Delivery, Digest, Edition, EditionPaper
from subscriptions.models import Topic
from tests.digests import send
from tests.factories import NOW, EditionFactory, EditionPaperFactory, SubscriberFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    """One paper is about robots, one trends; two readers follow robots."""
    robots = TopicFactory(slug="robots-2", name="Robots, the second")
    issue = EditionFactory(published=True, date=NOW.date())
    EditionPaperFactory(edition=issue, topics={robots.slug: 0.9}, trend=0.0, paper__title="About robots")
    EditionPaperFactory(edition=issue, topics={robots.slug: 0.35}, trend=0.5, paper__title="It trends")
    for _ in range(2):
        reader = SubscriberFactory(digest_length=1)
        reader.topics.add(robots)
        send(issue, reader)
    return issue


def test_digests_that_went_out_are_chosen_again_the_same(
    edition: Edition, capsys: pytest.CaptureFixture[str], django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(6):
        call_command("replay", edition=("daily", edition.date))
    assert "2 digests chosen again, 2 the same" in capsys.readouterr().out


def test_a_digest_that_the_week_filled_is_chosen_again_the_same(
    edition: Edition, capsys: pytest.CaptureFixture[str]
) -> None:
    issue = EditionFactory(published=True, date=edition.date + timedelta(days=1))
    EditionPaperFactory(edition=issue, topics={}, trend=0.0)
    reader = SubscriberFactory(topics=list(Topic.objects.filter(slug__startswith="robots")), digest_length=4)
    send(issue, reader)
    assert [name for item in reader.deliveries.get().selection for name, _ in item["parts"]].count("week") == 2
    call_command("replay", edition=("daily", issue.date))
    assert "1 digests chosen again, 1 the same" in capsys.readouterr().out


def test_a_digest_that_a_deleted_edition_filled_stops_no_other(
    edition: Edition, capsys: pytest.CaptureFixture[str]
) -> None:
    robots = list(Topic.objects.filter(slug__startswith="robots"))
    before = EditionFactory(published=True, date=edition.date - timedelta(days=1))
    EditionPaperFactory(edition=before, topics={robots[0].slug: 0.9}, trend=0.0)
    filled = send(edition, SubscriberFactory(topics=robots, digest_length=4))
    assert filled.preferences["week"]
    before.delete()
    call_command("replay", edition=("daily", edition.date))
    assert "2 digests chosen again, 2 the same, 1 of other rules" in capsys.readouterr().out
    call_command("replay", edition=("daily", edition.date), weights={"trend": 0.1})
    assert "2 digests" in capsys.readouterr().out


def test_a_number_that_was_changed_afterwards_is_found(edition: Edition) -> None:
    EditionPaper.objects.filter(paper__title="About robots").update(topics={"robots-2": 0.8})
    with pytest.raises(CommandError, match="2 digests come out different"):
        call_command("replay", since=edition.date)


def test_digests_of_other_rules_are_counted_apart(edition: Edition, capsys: pytest.CaptureFixture[str]) -> None:
    first = Digest.objects.order_by("pk").first()
    assert first
    Digest.objects.filter(pk=first.pk).update(preferences={"rules": 0})
    call_command("replay", since=edition.date)
    assert "1 digests chosen again, 1 the same, 1 of other rules" in capsys.readouterr().out


def test_other_weights_tell_what_would_have_changed_and_store_nothing(
    edition: Edition, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list(Delivery.objects.values()), list(Digest.objects.values())
    call_command("replay", "--edition", f"daily/{edition.date}", "--weights", "trend=2,topic=0.1")
    told = capsys.readouterr().out
    assert "0% of them stay, 2 digests begin with another" in told
    assert "into 2: It trends" in told
    assert "out of 2: About robots" in told
    assert before == (list(Delivery.objects.values()), list(Digest.objects.values()))


@pytest.mark.parametrize("weights", ["trend", "love=1", "trend=much", "trend=-1", "trend=nan"])
def test_odd_weights_are_refused(weights: str) -> None:
    with pytest.raises(CommandError):
        call_command("replay", "--weights", weights)


def test_without_an_edition_it_says_so() -> None:
    with pytest.raises(CommandError, match="No edition"):
        call_command("replay")
