"""What counts how much: tried on what went out, used from now on, and never for what was published before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from digest.editions import build, weights
from digest.models import Delivery, Edition, EditionPaper, RankingWeights, Vote
from digest.ranking import WEIGHTS
from digest.selection import again
from subscriptions.models import Topic
from tests.digests import send
from tests.factories import (
    EditionFactory,
    EditionPaperFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
URL = "/admin/digest/edition/weights/"
OTHERS = {name: getattr(WEIGHTS, name) for name in weights.SETTABLE} | {"topic": 0.1, "trend": 2}


@pytest.fixture
def edition() -> Edition:
    """One paper is about robots, one trends; two readers of one paper a day follow robots, and got the first."""
    now = timezone.now()
    robots = TopicFactory.create(slug="robots-2", name="Robots, the second")
    issue = EditionFactory.create(published=True, date=timezone.localdate(now), published_at=now - timedelta(hours=1))
    EditionPaperFactory.create(edition=issue, topics={robots.slug: 0.9}, trend=0.0, paper__title="About robots")
    EditionPaperFactory.create(edition=issue, topics={robots.slug: 0.35}, trend=0.5, paper__title="It trends")
    for _ in range(2):
        reader = SubscriberFactory.create(digest_length=1, topics=[robots])
        send(issue, reader, now=now)
    return issue


def page(client: Client, **values: float) -> str:
    reply = client.get(URL, values)
    assert reply.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def test_other_weights_are_tried_and_nothing_changes(editor: Client, edition: Edition) -> None:
    rows = list(Delivery.objects.values()), list(RankingWeights.objects.values()), list(Edition.objects.values())
    told = page(editor, **OTHERS)
    assert "0 % of the papers stay; 2 of 2 digests begin with another" in told
    assert re.search(r"Would come into digests It trends 2 digests Would leave digests About robots 2 digests", told)
    assert "No votes yet" in told
    assert "Use them from now on" in told
    same = list(Delivery.objects.values()), list(RankingWeights.objects.values()), list(Edition.objects.values())
    assert rows == same
    held = page(editor, **OTHERS | {"topic": WEIGHTS.topic, "trend": WEIGHTS.trend})
    assert "100 % of the papers stay; 0 of 2 digests begin with another" in held
    assert "Use them from now on" not in held


def test_votes_cast_since_say_who_was_right(editor: Client, edition: Edition) -> None:
    sent = edition.entries.get(paper__title="About robots").paper
    first, second = (delivery.subscriber for delivery in edition.deliveries.order_by("pk"))
    Vote.objects.create(subscriber=first, paper=sent, wants_more=False)
    known = Vote.objects.create(subscriber=second, paper=sent, wants_more=True)
    Vote.objects.filter(pk=known.pk).update(cast_at=edition.published_at - timedelta(days=1))
    told = page(editor, **OTHERS)
    assert "Papers they wanted less like were in 1 digest, in place 1.0 on average; they would be in 0." in told
    assert "wanted more like" not in told


def test_weights_in_use_hold_for_what_is_open_and_what_comes(editor: Client, edition: Edition) -> None:
    tomorrow = edition.date + timedelta(days=1)
    opened = EditionFactory.create(date=tomorrow)
    EditionPaperFactory.create(edition=opened, topics={"robots-2": 0.9}, trend=0.0)
    reply = editor.post(URL, OTHERS, follow=True)
    assert "From now on: A followed topic 0.1 instead of 0.5, Trending now 2 instead of 0.4." in reply.content.decode()
    opened.refresh_from_db()
    edition.refresh_from_db()
    assert (weights.of(opened).trend, weights.of(opened).topic, weights.of(opened).pin) == (2, 0.1, WEIGHTS.pin)
    assert edition.weights is None
    assert again.replayed(edition).same == 2
    row = RankingWeights.objects.get()
    assert str(row.set_by) == "editor"
    assert LogEntry.objects.get().object_id == str(row.pk)
    Edition.objects.filter(pk=opened.pk).update(weights=None)
    assert build("daily", tomorrow, timezone.now()).weights == row


def test_what_is_ranked_by_other_weights_is_sent_and_replayed_by_them(edition: Edition) -> None:
    row = weights.use(weights.from_values(OTHERS), None)
    Edition.objects.filter(pk=edition.pk).update(weights=row)
    edition.refresh_from_db()
    Delivery.objects.all().delete()
    reader = SubscriberFactory.create(digest_length=1, topics=[Topic.objects.get(slug="robots-2")])
    send(edition, reader)
    chosen = reader.deliveries.get().selection
    trending = EditionPaper.objects.get(paper__title="It trends").paper_id
    assert [each["paper"] for each in chosen] == [trending]
    assert dict(chosen[0]["parts"]) == {"trend": 1.0, "topic:robots-2": 0.035}
    weights.use(WEIGHTS, None)
    assert again.replayed(edition).same == 1
    assert again.what_if(edition, WEIGHTS).kept == 0


def test_the_same_weights_again_make_no_version(editor: Client, edition: Edition) -> None:
    editor.post(URL, OTHERS)
    reply = editor.post(URL, OTHERS, follow=True)
    assert "nothing was changed" in reply.content.decode()
    assert RankingWeights.objects.count() == 1


@pytest.mark.parametrize("value", ["", "-1", "3", "nan", "much", "1e999"])
def test_what_is_no_weight_is_refused(editor: Client, edition: Edition, value: str) -> None:
    reply = editor.post(URL, OTHERS | {"trend": value})
    assert reply.status_code == 200
    assert 'role="alert"' in reply.content.decode()
    assert not RankingWeights.objects.exists()


def test_only_who_may_change_editions_may_open_it(client: Client, edition: Edition, django_user_model) -> None:
    user = django_user_model.objects.create_user("guest", "", "irrelevant", is_staff=True)
    client.force_login(user)
    assert client.get(URL).status_code == 403
    assert client.post(URL, OTHERS).status_code == 403


def test_of_many_digests_some_are_tried(edition: Edition) -> None:
    for _ in range(6):
        send(edition, SubscriberFactory.create(digest_length=1, topics=[Topic.objects.get(slug="robots-2")]))
    some = again.what_if(edition, WEIGHTS, most=4)
    assert 2 <= some.digests <= 4
    assert again.what_if(edition, WEIGHTS).digests == 8
