"""What is forgotten after RECORDS_DAYS, what never, and that a tick sees to it once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.core.cache import cache

from digest import housekeeping, tasks
from digest.models import (
    Delivery,
    Host,
    Interest,
    Merge,
    ProviderEvent,
    RankingModel,
    Repository,
    SourceRun,
    Throttle,
)
from subscriptions.models import ConsentRecord
from tests.factories import ConsentRecordFactory, DeliveryFactory, PaperFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def records(at: datetime) -> None:
    delivery = DeliveryFactory(created_at=at)
    ConsentRecordFactory(created_at=at, ip_address="192.0.2.7", user_agent="Browser")
    SourceRun.objects.create(source_name="A feed", started_at=at)
    ProviderEvent.objects.create(key=str(at), provider="test", kind="delivered", received_at=at, delivery=delivery)
    Host.objects.create(name=f"{at:%d%H}.example", next_turn_at=at, touched_at=at)
    Throttle.objects.create(key=str(at), window=int(at.timestamp()))
    AccessLog.objects.filter(pk=AccessLog.objects.create(username="editor").pk).update(attempt_time=at)
    Repository.objects.create(name=f"invented/{at:%d%H}", checked_at=at)
    Session.objects.create(session_key=f"{at:%d%H}", session_data="", expire_date=at + timedelta(days=90))


def test_old_records_are_forgotten_and_recent_ones_kept(settings):
    settings.RECORDS_DAYS = settings.CONSENT_IP_DAYS = 90
    records(NOW - timedelta(days=90, hours=1))
    records(NOW - timedelta(days=89))
    for days in (30, 29):  # whatever the setting: as long as a merge can be undone
        Merge.objects.create(loser=PaperFactory(), winner=PaperFactory(), made_at=NOW - timedelta(days=days))
    for hours in (25, 23):
        Interest.objects.create(
            subscriber=SubscriberFactory(), kind="text", name="graphs", removed_at=NOW - timedelta(hours=hours)
        )
    for version in (1, 2, 3):  # the newest two are kept
        RankingModel.objects.create(kind="meaning", version=version, format=1, papers=1, fitted_at=NOW)
    assert set(housekeeping.tidy(NOW).values()) == {1}
    assert Interest.objects.count() == 1
    assert Merge.objects.get().made_at == NOW - timedelta(days=29)
    old, recent = ConsentRecord.objects.order_by("created_at")
    assert (old.ip_address, old.user_agent, old.text) == (None, "", recent.text)
    assert (recent.ip_address, recent.user_agent) == ("192.0.2.7", "Browser")
    kept = (SourceRun, ProviderEvent, Throttle, AccessLog, Host, Repository, Session)
    assert [model.objects.count() for model in kept] == [1] * len(kept)
    assert SourceRun.objects.get().started_at == NOW - timedelta(days=89)


def test_soft_bounces_are_kept_for_as_long_as_they_count(settings):
    settings.RECORDS_DAYS = 7
    for bounce, days in (("soft", 30), ("hard", 30), ("soft", 43)):
        at = NOW - timedelta(days=days)
        ProviderEvent.objects.create(
            key=f"{bounce}{days}", provider="test", kind="bounced", bounce=bounce, received_at=at
        )
    housekeeping.tidy(NOW)
    assert [event.key for event in ProviderEvent.objects.all()] == ["soft30"]


def test_the_ledger_is_kept_for_ever():
    records(NOW - timedelta(days=4000))
    housekeeping.tidy(NOW)
    assert Delivery.objects.count() == 1


def test_one_tick_a_day_tidies_up(monkeypatch):
    cache.clear()
    tidied: list[datetime] = []
    monkeypatch.setattr(housekeeping, "tidy", tidied.append)
    tasks._tidy(NOW)
    tasks._tidy(NOW + timedelta(minutes=1))
    assert tidied == [NOW]
