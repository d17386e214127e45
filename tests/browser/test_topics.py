"""A topic's page in Chromium: what a change would do shows as it is typed, before anything is saved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from subscriptions.models import Topic
from tests.browser.test_admin import _signed_in
from tests.factories import PaperFactory, TopicFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_a_keyword_typed_shows_what_it_catches_and_saves_nothing(browser: Browser, live_server: Any) -> None:
    PaperFactory(title="Grasping by hand", first_seen_at=timezone.now() - timedelta(hours=1))
    topic: Topic = TopicFactory(name="Hands", categories=[], keywords=["kernel"])
    context = browser.new_context(base_url=live_server.url)
    page = _signed_in(context, live_server.url)
    page.goto(f"/admin/subscriptions/topic/{topic.pk}/change/")
    page.fill("#id_keywords", "grasping")
    expect(page.locator("#topic-effect")).to_contain_text("Grasping by hand", timeout=30_000)
    assert Topic.objects.get(pk=topic.pk).keywords == ["kernel"]
    context.close()
