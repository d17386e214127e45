"""A change of SUPPRESSION_KEY: nobody who was suppressed is forgotten, and what belongs together stays together."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from digest.management import rekeying
from digest.management.diagnosis import Level, examine
from digest.models import Delivery, ProviderEvent
from subscriptions import addresses, services
from subscriptions.models import ConsentRecord, Subscriber, Suppression
from tests.factories import (
    NOW,
    ConsentRecordFactory,
    DeliveryFactory,
    ProviderEventFactory,
    SubscriberFactory,
    SuppressionFactory,
)

pytestmark = pytest.mark.django_db
GONE = "gone@example.org"


@pytest.fixture
def old(settings: Any) -> str:
    """The key before; a reader with rows everywhere, and someone of whom only the suppression is left."""
    settings.SUPPRESSION_KEY = old = secrets.token_urlsafe(50)  # longer than a block of the hash
    reader = SubscriberFactory.create(email="ada@example.org", address_key="ada@example.org")
    delivery = DeliveryFactory.create(subscriber=reader)
    ConsentRecordFactory.create(subscriber=reader)
    ProviderEventFactory.create(delivery=delivery, address_hash=reader.address_hash)
    services.suppress(addresses.address_hash(GONE), "complaint", "abuse", NOW)
    return old


def rotate(settings: Any) -> None:
    settings.SUPPRESSION_KEY_FORMER = [settings.SUPPRESSION_KEY, *settings.SUPPRESSION_KEY_FORMER]
    settings.SUPPRESSION_KEY = secrets.token_urlsafe(20)


def hashes() -> set[str]:
    rows = [Subscriber.objects, Delivery.objects, ConsentRecord.objects, ProviderEvent.objects]
    return {value for each in rows for value in each.values_list("address_hash", flat=True)}


def suppressed(address: str) -> bool:
    return Suppression.objects.filter(address_hash=addresses.address_hash(address)).exists()


def level() -> Level:
    [(_, finding)] = examine(["keys"], NOW)
    return finding.level


def test_all_that_holds_hashes_is_known():
    names = {model.__name__ for model in rekeying.tables()}
    assert {"Subscriber", "ConsentRecord", "Suppression", "Delivery", "ProviderEvent"} <= names


@pytest.mark.parametrize("times", [1, 2])
def test_whoever_was_suppressed_stays_so_and_rows_still_meet(settings: Any, old: str, times: int):
    before = hashes()
    for _ in range(times):
        rotate(settings)
    assert not suppressed(GONE)
    assert level() is Level.WRONG
    assert rekeying.rehash(NOW) == 5 * times
    assert suppressed(GONE)
    assert hashes() == {addresses.address_hash("ada@example.org")}
    assert not hashes() & before
    assert level() is Level.FINE
    assert rekeying.rehash(NOW) == 0


def test_a_key_after_a_key_is_the_same_as_both_at_once(settings: Any, old: str):
    for _ in range(2):
        rotate(settings)
        call_command("rehash_addresses")
    assert suppressed(GONE)


def test_what_came_in_between_under_the_new_key_stays_as_it_is(settings: Any, old: str):
    rotate(settings)
    SubscriberFactory.create(email="new@example.org", address_key="new@example.org")
    services.suppress(addresses.address_hash(GONE), "hard_bounce", "550", NOW)
    rekeying.rehash(NOW)
    assert Suppression.objects.get().reason == "complaint"
    assert Subscriber.objects.filter(address_hash=addresses.address_hash("new@example.org")).exists()


def test_a_key_that_was_forgotten_is_asked_for_and_nothing_is_lost(settings: Any, old: str):
    settings.SUPPRESSION_KEY = "another"
    before = hashes()
    assert level() is Level.WRONG
    with pytest.raises(CommandError, match="SUPPRESSION_KEY_FORMER"):
        call_command("rehash_addresses")
    assert hashes() == before
    settings.SUPPRESSION_KEY_FORMER = [old]
    call_command("rehash_addresses")
    assert suppressed(GONE)


def test_rows_without_an_address_stay_without(settings: Any):
    ProviderEventFactory.create(delivery=None, address_hash="")
    rotate(settings)
    call_command("rehash_addresses")
    assert ProviderEvent.objects.get().address_hash == ""


def test_the_hash_of_many_suppressions_that_meet(settings: Any, old: str):
    SuppressionFactory.create_batch(3)
    rotate(settings)
    rekeying.rehash(NOW)
    assert rekeying.strange(rekeying.standing(rekeying.tables())) == 0
