"""What is paused, in words; and resuming it, with the rows that were put off meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.delivery import breaker, pauses
from digest.delivery.health import Health
from digest.delivery.outcomes import Fault, Outcome, Result
from digest.models import Breaker, Delivery
from tests.factories import NOW, DeliveryFactory, EditionFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        ("smtp:mail.example.org:587:ada", "All mail through mail.example.org:587 as ada"),
        ("smtp:localhost:25:", "All mail through localhost:25"),
        ("anymail.backends.postmark.EmailBackend:example.org", "All mail from example.org through postmark"),
        ("django.core.mail.backends.smtp.EmailBackend:", "All mail through smtp"),
        ("to:example.net", "Mail to example.net"),
        ("edition:999999", "Edition 999999"),
        ("something else", "All mail through something else"),
    ],
)
def test_a_scope_has_a_name(scope, named):
    breaker.trip(scope, Fault.PROVIDER, "down", NOW)
    [pause] = pauses.current()
    assert pause.what == named
    assert pause.why
    assert pause.remedy


def test_a_destination_s_trouble_is_not_said_to_be_ours():
    breaker.trip("to:example.net", Fault.PROVIDER, "421 4.7.0 too many connections", NOW)
    [pause] = pauses.current()
    assert pause.why.startswith("Its mail server is down")
    assert "doctor" not in pause.remedy
    assert "DESTINATION_LIMITS" in pause.remedy


def test_what_is_closed_is_no_pause_and_the_way_out_comes_first():
    edition = EditionFactory(published=True)
    for scope in ("to:a.example", breaker.edition(edition.pk), "smtp:h:25:", "to:closed.example"):
        breaker.trip(scope, Fault.PROVIDER, "down", NOW)
    breaker.close("to:closed.example", NOW)
    assert [pause.what for pause in pauses.current()] == [
        "All mail through h:25",
        f"The {edition}",
        "Mail to a.example",
    ]


def test_resuming_an_edition_makes_its_rows_due():
    edition = EditionFactory(published=True)
    mine, other = DeliveryFactory(edition=edition, due_at=LATER), DeliveryFactory(due_at=LATER)
    scope = breaker.edition(edition.pk)
    breaker.trip(scope, Fault.OURS, "TemplateSyntaxError", NOW)
    assert pauses.waiting(scope) == 1
    assert pauses.resume(scope, NOW) == 1
    due = dict(Delivery.objects.values_list("pk", "due_at"))
    assert (due[mine.pk], due[other.pk]) == (NOW, LATER)
    assert breaker.open_until([scope], NOW) == {}


def test_resuming_a_destination_makes_the_rows_put_off_for_it_due():
    mine = DeliveryFactory(due_at=LATER, detail="Mail to a.example is paused")
    other = DeliveryFactory(due_at=LATER, detail="421 come back later")
    breaker.trip("to:a.example", Fault.POLICY, "421", NOW)
    assert pauses.waiting("to:a.example") == 1
    assert pauses.resume("to:a.example", NOW) == 1
    due = dict(Delivery.objects.values_list("pk", "due_at"))
    assert (due[mine.pk], due[other.pk]) == (NOW, LATER)
    assert breaker.destinations(NOW) == {}


def test_resuming_what_is_not_paused_changes_nothing():
    DeliveryFactory(due_at=LATER, detail="Mail to a.example is paused")
    assert pauses.resume("to:a.example", NOW) is None
    assert Delivery.objects.get().due_at == LATER


def test_a_destination_closes_with_the_first_message_it_takes_after_its_pause():
    breaker.trip("to:a.example", Fault.MESSAGE, "451 later", NOW)
    health = Health("smtp:h:25:", lambda: LATER)
    health.admits()
    health.judge(1, Result(Outcome.ACCEPTED), "a.example")
    assert Breaker.objects.get().state == "closed"
