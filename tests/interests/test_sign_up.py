"""A first interest, typed in the sign-up form: it waits for the confirmation, and counts in the first digest."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from digest.models import Interest
from digest.selection import choose, load_pool
from subscriptions import forms, services, tokens, views
from subscriptions.models import Subscriber, SubscriberStatus
from subscriptions.services import Origin, Preferences
from subscriptions.tokens import Purpose
from tests.factories import EditionFactory, EditionPaperFactory, PaperFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(views, "ANSWER_SECONDS", 0)
    monkeypatch.setattr(forms, "MINIMUM_SECONDS", -1)
    monkeypatch.setattr(views, "enqueue_confirmation", lambda pk: None)


def signed_up(client: Client, interest: str) -> Subscriber:
    opened = client.get("/subscribe").context["form"]["opened"].value()
    page = client.post("/subscribe", {"email": "ada@example.org", "interest": interest, "opened": opened})
    assert page.status_code == 302
    return Subscriber.objects.get()


def confirm(client: Client, reader: Subscriber) -> None:
    assert services.claim_confirmation(reader.pk, timezone.now())
    assert client.post(f"/c/{tokens.make(Purpose.CONFIRM, reader.pk, reader.opt_in_round)}").status_code == 200
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.ACTIVE


def test_it_becomes_an_interest_when_they_confirm_and_not_before(client: Client) -> None:
    edition = EditionFactory(published=True)
    paper = PaperFactory(title="Sea turtles and their way home", abstract="Turtles find beaches.")
    EditionPaperFactory(edition=edition, paper=paper, trend=0.0)
    reader = signed_up(client, "sea turtles")
    assert reader.interest == "sea turtles"
    assert not Interest.objects.exists()
    confirm(client, reader)
    assert (Interest.objects.get().name, reader.interest) == ("sea turtles", "")
    (choice,) = choose(load_pool(edition), [reader], timezone.now())[reader.pk]
    assert choice.paper_id == paper.pk


@pytest.mark.parametrize("typed", ["", "  ", "?!"])
def test_nothing_that_says_something_is_no_interest_and_no_hindrance(client: Client, typed: str) -> None:
    confirm(client, signed_up(client, typed))
    assert not Interest.objects.exists()


def test_too_much_is_said_beside_the_field(client: Client) -> None:
    page = client.post("/subscribe", {"email": "ada@example.org", "interest": "x" * 501})
    assert page.status_code == 422
    assert "500 characters" in page.text.split('id="id_interest_error"')[1][:200]
    assert not Subscriber.objects.exists()


def test_a_stranger_s_sign_up_changes_nothing_of_an_active_reader(client: Client) -> None:
    reader = signed_up(client, "sea turtles")
    confirm(client, reader)
    services.request_subscription(reader.email, Preferences(interest="spam"), Origin("form"), timezone.now())
    reader.refresh_from_db()
    assert reader.interest == ""
    assert Interest.objects.count() == 1
