"""What is paused is on the front desk, and is resumed from there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from digest.models import Breaker, Delivery
from tests.factories import BreakerFactory, DeliveryFactory, EditionFactory

pytestmark = pytest.mark.django_db


def paused(**fields) -> Breaker:
    row: Breaker = BreakerFactory(**{"until": timezone.now() + timedelta(minutes=30), **fields})
    return row


def front(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_what_is_paused_is_told_with_why_its_words_and_a_way_out(editor: Client) -> None:
    assert "Sending is paused" not in front(editor)
    row = paused(scope="smtp:mail.example.org:587:ada", reason="535 5.7.8 <bad> password")
    page = front(editor)
    for part in ("Sending is paused", "All mail through mail.example.org:587 as ada", "wrong password", "&lt;bad&gt;"):
        assert part in page
    assert f"/admin/digest/breaker/{row.pk}/resume/" in page


def test_a_pause_that_has_just_begun_has_not_been_for_0_minutes(editor: Client) -> None:
    paused(opened_at=timezone.now() - timedelta(seconds=20))
    page = front(editor)
    assert "0\xa0minutes" not in page
    assert "seconds ago." in page


def test_what_is_closed_is_not_on_the_front_desk_but_in_the_list(chief: Client) -> None:
    BreakerFactory(scope="smtp:closed.example.org:25:", state="closed", until=None)
    assert "closed.example.org" not in front(chief)
    assert "closed.example.org" in chief.get("/admin/digest/breaker/").content.decode()


def test_of_many_destinations_a_few_are_shown_and_the_others_counted(chief: Client) -> None:
    for number in range(8):
        paused(scope=f"to:d{number}.example")
    paused(scope="smtp:mail.example.org:25:")
    context = chief.get("/admin/").context
    assert len(context["pauses"]) == 6
    assert context["more_pauses"] == 3


def test_resuming_is_a_press_of_a_button_and_on_record(editor: Client) -> None:
    edition = EditionFactory(published=True)
    DeliveryFactory(edition=edition, due_at=timezone.now() + timedelta(hours=1))
    row = paused(scope=f"edition:{edition.pk}", fault="ours")
    reply = editor.post(f"/admin/digest/breaker/{row.pk}/resume/", follow=True)
    page = reply.content.decode()
    assert f"The {edition} is tried again with the next run. 1 digest that waited for it is due now." in page
    assert Delivery.objects.get().due_at <= timezone.now()
    assert "Tried again with the next message." in page
    assert LogEntry.objects.get().object_id == str(row.pk)
    row.refresh_from_db()
    assert row.until <= timezone.now()


def test_resuming_what_works_changes_nothing(editor: Client) -> None:
    row = BreakerFactory(state="closed", until=None)
    reply = editor.post(f"/admin/digest/breaker/{row.pk}/resume/", follow=True)
    assert "works already" in reply.content.decode()
    assert not LogEntry.objects.exists()


def test_only_editors_see_and_resume_it_and_a_link_does_not(editor: Client) -> None:
    row = paused()
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", "", "irrelevant", is_staff=True))
    assert "Sending is paused" not in front(clerk)
    assert clerk.post(f"/admin/digest/breaker/{row.pk}/resume/").status_code == 403
    assert editor.get(f"/admin/digest/breaker/{row.pk}/resume/").status_code == 405
    row.refresh_from_db()
    assert row.until > timezone.now()
