"""A merge at the desk: shown with its reason, undone after one more question, by those who may change papers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from digest.models import Merge, Paper, Separation
from digest.papers import ingest
from digest.sources import FetchedPaper

pytestmark = pytest.mark.django_db


@pytest.fixture
def merge() -> Merge:
    records = [
        FetchedPaper(title="What the journal called it in the end", doi="10.1/x"),
        FetchedPaper(title="A preprint under its first title", arxiv_id="2606.00001", doi="10.1/x"),
    ]
    ingest(records, source=None, now=timezone.now())
    return Merge.objects.get()


def test_the_paper_shows_what_was_merged_with_it_and_why(admin_client, merge):
    page = admin_client.get(reverse("admin:digest_paper_change", args=[merge.winner_id])).content.decode()
    assert "What the journal called it in the end" in page
    assert "the same DOI: 10.1/x" in page
    assert reverse("admin:digest_paper_part", args=[merge.pk]) in page


def test_the_names_of_a_paper_can_be_read(admin_client, merge):
    page = admin_client.get(reverse("admin:digest_paper_change", args=[merge.winner_id])).content.decode()
    assert "the words of a title" in page
    assert not any(name.value in page for name in merge.winner.identifiers.filter(scheme="title"))
    assert merge.winner.identifiers.filter(scheme="title").exists()


def test_undoing_asks_first_and_then_parts_the_two_for_good(admin_client, merge):
    url = reverse("admin:digest_paper_part", args=[merge.pk])
    assert "the same DOI: 10.1/x" in admin_client.get(url).content.decode()
    assert Merge.objects.exists()
    answer = admin_client.post(url, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("admin:digest_paper_change", args=[merge.loser_id])
    assert "They stay two papers" in answer.content.decode()
    assert not Paper.objects.exclude(merged_into=None).exists()
    assert Separation.objects.count() == 1
    assert admin_client.post(url).status_code == 404


def test_a_merge_that_is_too_old_is_left_and_said_so(admin_client, merge):
    Merge.objects.update(made_at=timezone.now() - timedelta(days=31))
    answer = admin_client.post(reverse("admin:digest_paper_part", args=[merge.pk]), follow=True)
    assert "older than 30 days" in answer.content.decode()
    assert Paper.objects.exclude(merged_into=None).exists()


@pytest.mark.parametrize("permission", ["view_paper", "view_merge"])
def test_who_may_only_look_at_papers_may_not_part_them(client, merge, permission):
    reader = User.objects.create_user("looker", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(reader)
    assert client.post(reverse("admin:digest_paper_part", args=[merge.pk])).status_code == 403
    assert Merge.objects.exists()
