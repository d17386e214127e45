"""Adding a source at the desk: a trial first, then the source as it was tried, for those who may."""

from __future__ import annotations

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from digest.models import Source, SourceRun
from tests.sources.replies import reply

pytestmark = pytest.mark.django_db
ADD = "/admin/digest/source/add/"


@pytest.fixture
def tried(admin_client, loopback):
    loopback.serve("/notes", reply("openreview"))
    return admin_client.post(ADD, {"address": f"{loopback.url}/notes", "kind": ""}).content.decode()


def test_the_list_s_button_leads_to_the_trial(admin_client):
    assert reverse("admin:digest_source_add") == ADD
    page = admin_client.get(ADD).content.decode()
    assert "Try it out" in page
    assert 'name="save"' not in page
    assert admin_client.get(f"{ADD}by-hand/").status_code == 200


def test_a_trial_shows_papers_counts_and_refusals_and_saves_nothing(tried):
    before = set(Source.objects.values_list("url", flat=True))
    assert "Lanterns as Policies, $O(n)$ of Them" in tried
    assert "Ada Invented, Bo Made-Up" in tried
    assert "5 March 2026" in tried
    assert 'href="https://openreview.net/forum?id=Inv3ntedF0"' in tried
    assert "OpenReview venue" in tried
    assert "visited every 12 hours" in tried
    assert "a comment on a paper" in tried
    assert not any("127.0.0.1" in url for url in before)
    assert not SourceRun.objects.exists()


def test_looking_at_the_page_changes_and_fetches_nothing(admin_client, loopback):
    admin_client.get(ADD, {"address": loopback.serve("/feed", reply("feed"))})
    assert loopback.requests == []


def test_what_was_tried_is_added_and_due_at_once(admin_client, loopback, tried):
    values = {"save": "yes", "name": "A venue", "slug": "venue", "kind": "openreview", "url": f"{loopback.url}/notes"}
    answer = admin_client.post(ADD, values, follow=True)
    assert "Added “A venue”." in answer.content.decode()
    source = Source.objects.get(slug="venue")
    assert (source.kind, source.url, source.is_enabled, source.next_check_at) == (
        "openreview",
        f"{loopback.url}/notes",
        True,
        None,
    )
    assert source.interval_minutes == 720
    assert LogEntry.objects.get().object_repr == "A venue"
    assert len(loopback.requests) == 1


def test_a_name_that_is_taken_is_asked_for_again(admin_client):
    Source.objects.create(name="A venue", slug="other", kind="feed", url="https://journal.example/")
    values = {"save": "yes", "name": "A venue", "slug": "venue", "kind": "feed", "url": "https://journal.example/2"}
    page = admin_client.post(ADD, values).content.decode()
    assert "already exists" in page
    assert 'value="https://journal.example/2"' in page
    assert not Source.objects.filter(slug="venue").exists()


def test_a_kind_that_does_not_exist_cannot_be_saved(admin_client):
    values = {"save": "yes", "name": "A", "slug": "a", "kind": "nonsense", "url": "https://journal.example/2"}
    assert "not one of the available choices" in admin_client.post(ADD, values).content.decode()


def test_a_mistake_is_shown_with_what_to_do_and_the_address_stays(admin_client):
    page = admin_client.post(ADD, {"address": "not an address"}).content.decode()
    assert "is no address of the web" in page
    assert 'value="not an address"' in page


def test_titles_of_strangers_are_shown_as_text(admin_client, loopback):
    papers = [
        {"title": "<script>alert(1)</script>2 < 3 & co", "url": "https://journal.example/1"},
        {"title": "Nowhere", "url": "javascript:alert(1)"},
    ]
    url = loopback.serve("/x", json.dumps(papers).encode())
    page = admin_client.post(ADD, {"address": url}).content.decode()
    assert "2 &lt; 3 &amp; co" in page
    assert "alert(1)" not in page
    assert "javascript:alert" not in page


def test_only_those_who_may_add_sources_get_to_try(client, loopback):
    editor = User.objects.create_user("editor", password="irrelevant", is_staff=True)
    client.force_login(editor)
    url = loopback.serve("/feed", reply("feed"))
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, {"address": url}).status_code == 403
    assert loopback.requests == []
    editor.user_permissions.add(Permission.objects.get(codename="add_source"))
    client.force_login(User.objects.get(pk=editor.pk))
    assert client.post(ADD, {"address": url}).status_code == 200
