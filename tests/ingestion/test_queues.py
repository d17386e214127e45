"""Which sources may be visited now: one task a gate, none where it would wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from digest.ingestion.manners import queues
from digest.models import Host, Source
from tests.factories import SourceFactory, SourceRunFactory

NOW = timezone.now()

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_sources() -> None:
    Source.objects.all().delete()


def due(url: str, **fields) -> int:
    pk: int = SourceFactory(url=url, next_check_at=NOW, **fields).pk
    return pk


def paused(name: str, **fields) -> Host:
    values = {"failures": 3, "next_turn_at": NOW + timedelta(minutes=5), "touched_at": NOW, **fields}
    return Host.objects.create(name=name, **values)


def test_sources_behind_one_gate_are_one_queue():
    ids = [due(f"https://{host}/{host}") for host in ("rss.arxiv.org", "export.arxiv.org", "feeds.example")]
    odd = due("https://[::1/")
    assert queues.ready(NOW) == [ids[:2], ids[2:], [odd]]


def test_a_paused_host_s_sources_stay_due_and_occupy_nobody():
    due("https://down.example/a")
    fine = due("https://fine.example/a")
    host = paused("down.example")
    paused("fine.example", failures=0)  # between two requests
    assert queues.ready(NOW) == [[fine]]
    assert len(queues.ready(host.next_turn_at)) == 2
    Host.objects.update(touched_at=NOW + timedelta(hours=1))  # the clock was set back
    assert len(queues.ready(NOW)) == 2


def test_a_gate_where_a_visit_is_under_way_gets_no_second_worker():
    visited = SourceFactory(url="https://rss.arxiv.org/a", next_check_at=NOW + timedelta(minutes=15))
    due("https://export.arxiv.org/b")
    run = SourceRunFactory(source=visited, started_at=NOW, outcome="", finished_at=None)
    assert queues.ready(NOW) == []
    assert len(queues.ready(NOW + queues.UNDER_WAY)) == 1  # its worker was killed
    run.source = None
    run.save()
    assert len(queues.ready(NOW)) == 1


def test_what_waited_for_a_host_is_due_when_it_works_again_and_nothing_else():
    later = NOW + timedelta(hours=8)
    failed, put_off, fine, other, off, visited = (
        SourceFactory(url=f"https://{host}/{number}", failures=failures, next_check_at=at, is_enabled=is_enabled)
        for number, (host, failures, at, is_enabled) in enumerate(
            [
                ("down.example", 3, later, True),
                ("down.example", 0, NOW + timedelta(minutes=5), True),
                ("down.example", 0, later, True),
                ("other.example", 3, later, True),
                ("down.example", 3, later, False),
                ("down.example", 3, later, True),
            ]
        )
    )
    SourceRunFactory(source=visited, started_at=NOW, outcome="", finished_at=None)
    assert queues.try_now(paused("down.example"), NOW) is True
    changed = Source.objects.filter(next_check_at=NOW)
    assert set(changed) == {failed, put_off}
    assert fine.next_check_at == other.next_check_at == off.next_check_at == later
