"""Many people leave at once: the same follows for each as if they had left alone, in a few statements."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import services
from subscriptions.departures import Dismissal
from subscriptions.models import ConsentRecord, Subscriber, SubscriberStatus, Suppression, SuppressionReason
from tests.factories import NOW, SubscriberFactory

pytestmark = pytest.mark.django_db

SOFT, HARD = SuppressionReason.SOFT_BOUNCE, SuppressionReason.HARD_BOUNCE
COMPLAINT, MANUAL = SuppressionReason.COMPLAINT, SuppressionReason.MANUAL


def test_statements_do_not_grow_with_the_number_of_addresses():
    def cost(number: int) -> int:
        readers = [SubscriberFactory() for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            services.suppress_all([Dismissal(reader.address_hash, COMPLAINT) for reader in readers], NOW)
        return len(queries)

    assert cost(2) == cost(30)
    assert Suppression.objects.count() == ConsentRecord.objects.count() == 32
    assert not Subscriber.objects.filter(status=SubscriberStatus.ACTIVE).exists()


@pytest.mark.parametrize(
    ("reasons", "stays"),
    [
        ([SOFT, HARD], HARD),
        ([HARD, SOFT], HARD),
        ([SOFT, COMPLAINT], COMPLAINT),
        ([HARD, MANUAL], MANUAL),
        ([COMPLAINT, MANUAL], COMPLAINT),
        ([MANUAL, COMPLAINT], MANUAL),
    ],
)
def test_the_graver_reason_stays_and_what_people_said_is_not_rewritten(reasons, stays):
    for reason in reasons:
        services.suppress("hash", reason, reason, NOW)
    row = Suppression.objects.get()
    assert (row.reason, row.detail) == (stays, stays)


def test_of_several_reasons_at_once_the_gravest_counts():
    assert services.suppress_all([Dismissal("hash", reason) for reason in (SOFT, COMPLAINT, HARD)], NOW) == 1
    assert Suppression.objects.get().reason == COMPLAINT


def test_who_left_already_leaves_no_second_record():
    reader, gone = SubscriberFactory(), SubscriberFactory(unsubscribed=True)
    hashes = [reader.address_hash, gone.address_hash, "nobody"]
    assert services.unsubscribe_all(hashes, services.Origin("provider"), NOW) == 1
    assert services.unsubscribe_all(hashes, services.Origin("provider"), NOW) == 0
    assert ConsentRecord.objects.get().subscriber == reader
