"""Topics at the desk: what a change would do shows before it is saved, and seeds are papers that are stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from digest import search
from digest.editions import effect
from digest.models import Paper, Unindexed
from subscriptions.models import Topic
from tests.factories import PaperFactory, TopicFactory

pytestmark = pytest.mark.django_db


def typed(**fields: Any) -> dict[str, Any]:
    return {"name": "Robots", "slug": "robots", "description": "Of them", "position": "7", "is_active": "on", **fields}


def recent(title: str) -> Paper:
    paper: Paper = PaperFactory(
        title=title, abstract="", categories=[], first_seen_at=timezone.now() - timedelta(hours=1)
    )
    return paper


def shown(client: Client, topic: Topic | None, **fields: Any) -> str:
    query = f"?topic={topic.pk}" if topic else ""
    reply = client.post(reverse("admin:topic_effect") + query, typed(**fields))
    assert reply.status_code == 200
    return reply.content.decode()


def test_what_a_change_would_have_gained_and_lost_shows_and_nothing_is_saved(chief: Client) -> None:
    recent("Grasping by hand")
    recent("Kernel of a system")
    recent("Nothing of both")
    topic = TopicFactory(name="Robots", slug="robots", categories=[], keywords=["kernel"])
    page = shown(chief, topic, keywords="grasping")
    gained, lost = page.split("Lost")
    assert "Grasping by hand" in gained
    assert "keywords 0.00 → 0.40" in gained
    assert "Kernel of a system" in lost
    assert "Nothing of both" not in page
    topic.refresh_from_db()
    assert topic.keywords == ["kernel"]


def test_an_exclusion_says_that_it_is_one(chief: Client) -> None:
    recent("Kernel of an operating system")
    topic = TopicFactory(name="Robots", slug="robots", categories=[], keywords=["kernel"])
    page = shown(chief, topic, keywords="kernel", exclusions="operating system")
    assert "0.40 → 0.00: excluded" in page


def test_a_new_topic_shows_what_is_about_it_by_its_name(chief: Client) -> None:
    recent("Robots that walk")
    older = recent("Older robots")
    Paper.objects.filter(pk=older.pk).update(first_seen_at=timezone.now() - timedelta(days=8))
    page = shown(chief, None)
    assert "Robots that walk" in page
    assert "Older robots" not in page
    assert not Topic.objects.filter(slug="robots").exists()


def test_what_is_not_understood_is_said_instead(chief: Client) -> None:
    assert "wildcards" in shown(chief, None, keywords="robot*")


def test_the_newest_of_a_busy_week_are_looked_at(chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effect, "MOST_PAPERS", 2)
    for number in range(3):
        recent(f"Robots {number}")
    assert "Of 2 papers of the last week, 2 would be about it" in shown(chief, None)


def test_seeds_are_stored_papers_by_their_ids_and_a_save_has_models_fitted_anew(chief: Client) -> None:
    PaperFactory(key="arxiv:2401.01234")
    topic = TopicFactory(name="Robots", slug="robots", description="Of them", categories=[], keywords=[], position=7)
    url = reverse("admin:subscriptions_topic_change", args=[topic.pk])
    refused = chief.post(url, typed(seeds="https://arxiv.org/abs/2401.01234\n2401.99999"))
    assert "Not among the stored papers: 2401.99999." in refused.content.decode()
    before = topic.changed_at
    chief.post(url, typed(position="9"))
    topic.refresh_from_db()
    assert (topic.position, topic.changed_at) == (9, before)  # where it stands in a list is nothing of how it looks
    chief.post(url, typed(seeds="https://arxiv.org/abs/2401.01234v3"))
    topic.refresh_from_db()
    assert topic.seeds == ["2401.01234"]
    assert topic.changed_at > before


def test_papers_are_found_by_words_to_be_seeds(chief: Client) -> None:
    paper = PaperFactory(key="arxiv:2401.01234", title="Walking machines")
    Unindexed.objects.create(paper=paper)
    search.catch_up()
    page = chief.get(reverse("admin:topic_papers"), {"q": "walking"}).content.decode()
    assert 'data-seed="2401.01234"' in page
    assert "No stored paper" in chief.get(reverse("admin:topic_papers"), {"q": "zebras"}).content.decode()


def test_nobody_without_the_right_to_change_topics_is_told_anything(client: Client) -> None:
    topic = TopicFactory()
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    assert client.post(reverse("admin:topic_effect") + f"?topic={topic.pk}", typed()).status_code == 403
    assert client.post(reverse("admin:topic_effect"), typed()).status_code == 403
    assert client.get(reverse("admin:topic_papers"), {"q": "a"}).status_code == 403
    assert client.get(reverse("admin:topic_effect")).status_code == 405
