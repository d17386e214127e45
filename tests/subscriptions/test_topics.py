import importlib

import pytest
from django.apps import apps

from subscriptions.models import Topic
from subscriptions.queries import active_topics

seed = importlib.import_module("subscriptions.migrations.0002_topics")
clearer = importlib.import_module("subscriptions.migrations.0008_topics_by_context")

pytestmark = pytest.mark.django_db


def test_a_new_installation_has_topics_to_choose_from() -> None:
    assert active_topics().count() >= 14
    for topic in active_topics():
        assert topic.description
        assert topic.categories
        assert len(topic.keywords) >= 5
        assert all(keyword == keyword.strip() and "*" not in keyword for keyword in topic.keywords)


def test_seeding_again_leaves_the_editors_changes_and_reversing_keeps_them() -> None:
    Topic.objects.filter(slug="robotics").update(name="Robots")
    seed.add_topics(apps, None)
    assert Topic.objects.get(slug="robotics").name == "Robots"
    clearer.as_before(apps, None)
    seed.remove_untouched_topics(apps, None)
    assert list(Topic.objects.values_list("slug", flat=True)) == ["robotics"]


def test_a_retired_topic_is_not_offered() -> None:
    Topic.objects.filter(slug="robotics").update(is_active=False)
    assert not active_topics().filter(slug="robotics").exists()
