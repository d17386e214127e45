"""Connections are shared by all workers, and a worker that is gone does not keep its part."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from digest.delivery import ledger, share
from digest.delivery.sending import send_due
from digest.delivery.share import Share
from tests.delivery.conftest import issue, readers
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def six_connections(settings, tmp_path):
    settings.DATA_DIR, settings.SENDING_CONNECTIONS, settings.SMTP_CONNECTIONS = tmp_path, 6, 4


def test_runs_share_what_there_is_and_give_it_back():
    first, second, third = (Share(UUID(int=number), lambda: NOW) for number in (1, 2, 3))
    assert [each.take(4) for each in (first, second, third)] == [4, 2, 0]
    first.give_back()
    assert third.take(4) == 4


def test_a_share_is_asked_for_again_in_time_and_a_dead_workers_is_free_after_a_minute(monkeypatch):
    moment = NOW
    alive, dead, other = (Share(UUID(int=number), lambda: moment) for number in (1, 2, 3))
    assert (alive.take(3), dead.take(3)) == (3, 3)
    monkeypatch.setattr(share, "RENEW_SECONDS", 0.0)
    moment = NOW + timedelta(seconds=50)
    alive.keep()
    moment = NOW + timedelta(seconds=70)
    assert other.take(6) == 3


def test_a_run_without_any_connection_ends_and_leaves_everything_queued(mailbox):
    issue()
    readers(2)
    ledger.plan(NOW)
    Share(UUID(int=1), lambda: NOW).take(6)
    assert "connections" in send_due(NOW).stopped
    assert send_due(NOW + timedelta(minutes=2)).accepted == 2


def test_a_run_that_cannot_begin_leaves_no_journal(settings, tmp_path):
    settings.DELIVERY_TRANSPORT = "pigeon"
    with pytest.raises(KeyError):
        send_due(NOW)
    assert not list(tmp_path.glob("wire/*"))
