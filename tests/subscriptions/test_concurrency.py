"""Two of everything at once. SQLite lets one writer in at a time, so only PostgreSQL can show a race."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from subscriptions import services, signups
from subscriptions.models import ConsentRecord, SignupRequest, SignupState, SubscriberStatus
from subscriptions.services import Origin, Preferences
from subscriptions.signups import Letter
from tests.factories import NOW, SignupRequestFactory, SubscriberFactory

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.postgres]

ORIGIN = Origin("form")
THREADS = 8


@pytest.fixture(autouse=True)
def needs_real_concurrency() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: run with TEST_DATABASE=postgres")


def at_once(work: Callable[[], Any]) -> list[Any]:
    """The results of many threads that begin together."""
    barrier = Barrier(THREADS)

    def run() -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(THREADS)]]


def test_one_address_signing_up_many_times_at_once_is_one_request_and_one_mail() -> None:
    def sign_up() -> Letter | None:
        signups.ask("ada@example.org", Preferences(), ORIGIN, NOW)
        signups.decide(NOW)
        (pk,) = SignupRequest.objects.filter(state=SignupState.OPEN).values_list("pk", flat=True)
        return signups.claim(pk, NOW)

    letters = at_once(sign_up)
    assert len([letter for letter in letters if letter]) == 1
    assert SignupRequest.objects.get().mails == 1


def test_spellings_of_a_mailbox_that_are_decided_about_at_once_lead_to_one_mail(monkeypatch: Any) -> None:
    monkeypatch.setattr(signups, "AT_ONCE", 3)
    for number in range(40):
        signups.ask(f"ada+{number}@example.org", Preferences(), ORIGIN, NOW)

    def decide() -> None:
        while signups.decide(NOW):
            pass

    at_once(decide)
    assert SignupRequest.objects.count() == 1


def test_a_mail_that_leaves_while_the_same_address_asks_again_is_not_sent_twice() -> None:
    pk = SignupRequestFactory.create(email="ada@example.org", due=True).pk

    def ask_and_claim() -> Letter | None:
        signups.ask("ada@example.org", Preferences(), ORIGIN, NOW)
        signups.decide(NOW)
        return signups.claim(pk, NOW)

    assert len([letter for letter in at_once(ask_and_claim) if letter]) == 1


def test_confirming_twice_at_once_confirms_once() -> None:
    request = SignupRequestFactory.create()
    results = at_once(lambda: signups.confirm(request.pk, ORIGIN, NOW))
    assert len([result for result in results if result]) == 1
    assert ConsentRecord.objects.count() == 2


def test_unsubscribing_twice_at_once_is_recorded_once() -> None:
    reader = SubscriberFactory.create()
    assert sum(at_once(lambda: services.unsubscribe(reader.pk, ORIGIN, NOW))) == 1
    assert ConsentRecord.objects.count() == 1
    reader.refresh_from_db()
    assert reader.status == SubscriberStatus.UNSUBSCRIBED


def test_suppressing_twice_at_once_is_one_row() -> None:
    reader = SubscriberFactory.create()
    rows = at_once(lambda: services.suppress(reader.address_hash, "complaint", "", NOW))
    assert len({row.pk for row in rows}) == 1
    assert ConsentRecord.objects.count() == 1
