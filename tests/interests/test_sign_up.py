"""A first interest, typed in the sign-up form: it waits for the confirmation, and counts in the first digest."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from digest.models import Interest
from digest.selection import choose, load_pool
from subscriptions import forms, signups, tokens, views
from subscriptions.models import SignupRequest, Subscriber
from subscriptions.services import Preferences
from subscriptions.tokens import Purpose
from tests.asking import ask
from tests.factories import EditionFactory, EditionPaperFactory, PaperFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(forms, "MINIMUM_SECONDS", -1)
    monkeypatch.setattr(views, "enqueue_signups", lambda: None)


def signed_up(client: Client, interest: str) -> SignupRequest:
    opened = client.get("/subscribe").context["form"]["opened"].value()
    page = client.post("/subscribe", {"email": "ada@example.org", "interest": interest, "opened": opened})
    assert page.status_code == 302
    signups.decide(timezone.now())
    return SignupRequest.objects.get()


def confirm(client: Client, request: SignupRequest) -> Subscriber:
    assert signups.claim(request.pk, timezone.now())
    assert client.post(f"/c/{tokens.make(Purpose.CONFIRM, request.pk)}").status_code == 200
    return Subscriber.objects.active().get()


def test_it_becomes_an_interest_when_they_confirm_and_not_before(client: Client) -> None:
    edition = EditionFactory(published=True)
    paper = PaperFactory(title="Sea turtles and their way home", abstract="Turtles find beaches.")
    EditionPaperFactory(edition=edition, paper=paper, trend=0.0)
    request = signed_up(client, "sea turtles")
    assert signups.wanted(request).interest == "sea turtles"
    assert not Interest.objects.exists()
    reader = confirm(client, request)
    assert Interest.objects.get().name == "sea turtles"
    assert Preferences.of(reader).interest == ""
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
    assert not SignupRequest.objects.exists()


def test_a_stranger_s_sign_up_changes_nothing_of_an_active_reader(client: Client) -> None:
    reader = confirm(client, signed_up(client, "sea turtles"))
    ask(reader.email, timezone.now(), Preferences(interest="spam"))
    assert Interest.objects.count() == 1
