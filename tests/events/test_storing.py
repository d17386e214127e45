"""Events are stored once, in one statement, whatever they hold; and worked off without one holding up the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from anymail.signals import tracking
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from digest import events
from digest.events import handling, reports
from digest.models import ProviderEvent
from subscriptions.models import Suppression
from tests.events.making import HARD, event, record, sent, store
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def snapshot() -> list[dict]:
    return list(ProviderEvent.objects.order_by("pk").values())


def test_an_event_is_stored_once_however_often_it_is_replayed():
    delivery = sent()
    for same in (event(delivery, event_type="delivered"), event(delivery, event_type="deferred", event_id=None)):
        assert record(same) == 1
        stored = snapshot()
        assert record(same, now=NOW + timedelta(days=1)) == 0
        assert snapshot() == stored
    assert ProviderEvent.objects.count() == 2


def test_a_replay_does_not_undo_what_happened_since():
    bounce = event(sent(), **HARD)
    record(bounce)
    Suppression.objects.all().delete()
    record(bounce)
    assert not Suppression.objects.exists()


def test_a_request_is_stored_in_one_statement_and_worked_off_in_a_few():
    def happened(number: int) -> list:
        return [event(sent(), event_type="delivered") for _ in range(number)]

    few, many = happened(3), happened(40)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        store(*few)
    assert [query["sql"].split()[0] for query in queries if "providerevent" in query["sql"]] == ["INSERT"]
    with CaptureQueriesContext(connection) as for_few:
        events.handle(NOW)
    store(*many)
    with CaptureQueriesContext(connection) as for_many:
        assert events.handle(NOW) == 40
    assert len(for_many) == len(for_few)


def test_one_notice_about_two_recipients_is_two_events():
    record(*(event(event_type="bounced", event_id="notice-1", recipient=f"{name}@example.org") for name in "ab"))
    assert ProviderEvent.objects.count() == 2
    assert ProviderEvent.objects.values("address_hash").distinct().count() == 2


def test_what_a_reader_does_with_a_mail_is_not_kept():
    delivery = sent(state="unknown")
    record(event(delivery, event_type="opened"), event(delivery, event_type="clicked", click_url="https://arxiv.org"))
    assert not ProviderEvent.objects.exists()
    delivery.refresh_from_db()
    assert delivery.state == "accepted"


def test_junk_is_stored_without_harm():
    junk = event(
        event_type="bounced",
        event_id="x" * 500 + "\0\ud800",
        recipient="not an address\r\n",
        reject_reason="y" * 50,
        description="\0\ud800" + "z" * 9000,
        message_id="\0\udfff" + "m" * 400,
        metadata=["no", "mapping"],
        timestamp=None,
        esp_event=b"bytes",
    )
    assert record(junk, now=NOW) == 0
    assert events.handle(NOW + timedelta(hours=1)) == 1
    row = ProviderEvent.objects.get()
    assert len(row.key) <= 100
    assert row.address_hash == ""
    assert not Suppression.objects.exists()


def test_no_address_is_kept_in_the_words_of_a_server():
    record(event(sent(), **{**HARD, "mta_response": "550 5.1.1 <ada@example.org> ada@example.org: unknown"}))
    assert "ada@" not in ProviderEvent.objects.get().description
    assert "ada@" not in Suppression.objects.get().detail


@pytest.mark.parametrize(
    ("reported", "stored"),
    [
        (NOW + timedelta(days=400), NOW),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))), NOW),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=12))), None),
        (datetime(2026, 7, 1), datetime(2026, 7, 1, tzinfo=UTC)),  # noqa: DTZ001
        ("yesterday", None),
        (1752000000, None),
    ],
)
def test_a_date_that_cannot_be_meant_is_now_or_unknown(reported, stored):
    record(event(sent(), event_type="delivered", timestamp=reported))
    assert ProviderEvent.objects.get().occurred_at == stored


def test_the_receiver_never_raises(caplog):
    tracking.send(sender=object, event=object(), esp_name="Test")
    assert "could not be understood" in caplog.text


def test_outside_of_a_request_a_signal_is_stored_at_once():
    tracking.send(sender=object, event=event(sent(), event_type="delivered"), esp_name="Test")
    assert ProviderEvent.objects.get().handled_at is None


class TestTrouble:
    def test_one_event_that_cannot_be_handled_holds_up_no_other(self, monkeypatch, caplog):
        good, bad = sent(), sent()
        store(event(bad, event_type="delivered"), event(good, event_type="delivered"))
        poison = ProviderEvent.objects.get(uid=bad.uid).pk
        move = handling.move

        def fail_for_one(ids, *rest):
            if poison in ids:
                raise ValueError("poison")
            move(ids, *rest)

        monkeypatch.setattr(handling, "move", fail_for_one)
        events.handle(NOW)
        good.refresh_from_db()
        assert good.state == "delivered"
        assert not events.are_waiting()
        assert f"Event {poison} could not be handled" in caplog.text

    def test_while_the_database_is_away_nothing_is_set_aside(self, monkeypatch):
        store(event(sent(), event_type="delivered"))
        monkeypatch.setattr(handling, "react", lambda *_: (_ for _ in ()).throw(OperationalError("gone")))
        with pytest.raises(OperationalError):
            events.handle(NOW)
        assert events.are_waiting()

    def test_it_stops_between_batches_when_asked(self, monkeypatch):
        monkeypatch.setattr(handling, "BATCH", 1)
        store(*(event(sent(), event_type="delivered") for _ in range(3)))
        answers = iter([True, False])
        assert events.handle(NOW, goes_on=lambda: next(answers)) == 1
        assert events.handle(NOW, limit=1) == 1


def test_a_report_says_the_same_whenever_it_is_made():
    same = event(sent(), event_type="delivered")
    assert reports.of_event(same, "Test", NOW) == reports.of_event(same, "Test", NOW + timedelta(days=3))
