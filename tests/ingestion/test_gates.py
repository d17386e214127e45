"""Requests go through their host's gate: by the clock, in many processes, and whatever becomes of one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from django.utils import timezone

from digest import stopping
from digest.errors import HostError, Interrupted, NoTurn, SourceError
from digest.ingestion import refresh, refresh_if_due
from digest.ingestion.fetching import get
from digest.ingestion.manners import gates, hosts, names
from digest.models import Host, Outcome, Source, SourceRun
from tests import services
from tests.factories import SourceFactory
from tests.services import PROJECT, process_environment
from tests.sources.loopback import Answer, running
from tests.sources.test_adapters import atom, atom_entry

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loopback_allowed(settings) -> None:
    settings.FETCH_ALLOW_PRIVATE = ["127.0.0.1", "localhost"]
    settings.FETCH_TIMEOUT_SECONDS = 5


@pytest.fixture
def to_end() -> Iterator[None]:
    yield
    stopping.forget()


def source(url: str, **fields) -> Source:
    row: Source = SourceFactory(url=url, **fields)
    return row


@pytest.mark.parametrize(
    ("host", "gate"),
    [
        ("arxiv.org", "arxiv.org"),
        ("rss.arxiv.org", "arxiv.org"),
        ("Export.arXiv.org.", "arxiv.org"),
        ("notarxiv.org", "notarxiv.org"),
        ("arxiv.org.example", "arxiv.org.example"),
        ("::1", "::1"),
    ],
)
def test_hosts_of_one_name_are_behind_one_gate(host, gate):
    assert names.gate_of(host) == gate


def test_arxiv_gets_its_three_seconds_whatever_the_settings(settings):
    settings.FETCH_PAUSE_SECONDS = 1.0
    assert names.pause("arxiv.org") == timedelta(seconds=3)
    assert names.pause("feeds.example") == timedelta(seconds=1)
    settings.FETCH_PAUSE_SECONDS = 10
    assert names.pause("arxiv.org") == timedelta(seconds=10)


def test_subdomains_of_arxiv_wait_for_one_another(monkeypatch):
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        Host.objects.update(next_turn_at=hosts.clock())

    monkeypatch.setattr(stopping, "sleep", sleep)
    for host in ("rss.arxiv.org", "export.arxiv.org", "arxiv.org", "elsewhere.example"):
        with gates.gate(host):
            pass
    assert waits == pytest.approx([3, 3], abs=0.5)
    assert set(Host.objects.values_list("name", flat=True)) == {"arxiv.org", "elsewhere.example"}


def test_the_error_decides_what_is_learned_of_the_host():
    learned = []
    for error in (HostError("down"), Interrupted("end"), HostError("down"), SourceError("gone", permanent=True)):
        Host.objects.update(next_turn_at=hosts.clock())
        with pytest.raises(type(error)), gates.gate("feeds.example"):
            raise error
        learned.append(Host.objects.get().failures)
    assert learned == [1, 1, 2, 0]


def test_who_cannot_have_a_turn_in_time_is_told_so_at_once(monkeypatch):
    with gates.gate("feeds.example"):
        monkeypatch.setattr(gates, "PATIENCE", timedelta(seconds=0.6))
        started = time.monotonic()
        with pytest.raises(NoTurn, match="others are asking feeds") as error, gates.gate("feeds.example"):
            pass
        assert 0.2 < time.monotonic() - started < 2
        assert error.value.until is None
    with pytest.raises(HostError), gates.gate("feeds.example"):
        raise HostError("busy", retry_after=600)
    started = time.monotonic()
    with (
        pytest.raises(NoTurn, match=r"feeds.example is paused until .* UTC: busy") as error,
        gates.gate("feeds.example"),
    ):
        pass
    assert time.monotonic() - started < 0.5
    assert error.value.until > timezone.now() + timedelta(minutes=9)


@pytest.mark.parametrize("host", ["arxiv.org", "elsewhere.example"])
def test_a_worker_that_is_to_end_begins_no_request(host, to_end):
    stopping.ask()
    with pytest.raises(Interrupted, match="is to end"), gates.gate(host):
        pytest.fail("it began")
    assert not Host.objects.exists()


# Visits


@pytest.mark.parametrize("as_date", [False, True])
def test_a_pause_asked_of_one_source_holds_for_the_others_of_its_host(loopback, as_date):
    asked = format_datetime(timezone.now() + timedelta(seconds=600), usegmt=True) if as_date else "600"
    loopback.serve("/busy", Answer(status=429, headers={"Retry-After": asked}))
    loopback.serve("/fine", atom(atom_entry()))
    busy, fine = source(loopback.url + "/busy"), source(loopback.url + "/fine", next_check_at=NOW)
    assert refresh(busy, NOW).outcome == Outcome.FAILED
    with pytest.raises(NoTurn):
        refresh_if_due(fine.pk, NOW)
    assert [path for path, _ in loopback.requests] == ["/busy"]
    fine.refresh_from_db()
    host = Host.objects.get()
    assert (fine.failures, fine.checked_at, fine.next_check_at) == (0, None, host.next_turn_at)
    assert host.next_turn_at >= timezone.now() + timedelta(seconds=595)
    assert not SourceRun.objects.filter(source=fine).exists()
    elsewhere = source(loopback.url.replace("127.0.0.1", "localhost") + "/fine")
    assert refresh(elsewhere, NOW).outcome == Outcome.FRESH


def test_a_host_that_is_down_is_asked_three_times_and_then_left_alone_until_one_visit_finds_it_well(
    loopback, monkeypatch
):
    monkeypatch.setattr(hosts, "HICCUP", timedelta())
    answers = [Answer(b"down", 500)] * 3 + [Answer(atom(atom_entry()))] * 2
    loopback.serve("/feed", lambda request: answers[len(loopback.requests) - 1])
    now = timezone.now()
    first, second, third, fourth = (source(f"{loopback.url}/feed?{n}", next_check_at=now) for n in range(4))
    for each in (first, second, third):
        assert refresh_if_due(each.pk, now).outcome == Outcome.FAILED
    with pytest.raises(NoTurn, match=r"paused until .* HTTP 500"):
        refresh_if_due(fourth.pk, now)
    assert len(loopback.requests) == 3
    later = Host.objects.get().next_turn_at
    Host.objects.update(next_turn_at=hosts.clock())  # so that nobody has to wait for it
    assert refresh_if_due(fourth.pk, later).outcome == Outcome.FRESH
    now = timezone.now()
    assert set(Source.objects.due(now).filter(failures=1)) == {first, second, third}  # it was not their fault
    assert refresh_if_due(first.pk, now).outcome != Outcome.FAILED


def test_a_visit_that_has_to_wait_is_due_again_and_does_not_grow_rarer(loopback, monkeypatch):
    monkeypatch.setattr(gates, "PATIENCE", timedelta())
    loopback.serve("/feed", atom(atom_entry()))
    waiting = source(loopback.url + "/feed", next_check_at=NOW, failures=2)
    with gates.gate("127.0.0.1"), pytest.raises(NoTurn):
        refresh_if_due(waiting.pk, NOW)
    waiting.refresh_from_db()
    assert (waiting.failures, waiting.checked_at, waiting.next_check_at) == (2, None, NOW)
    assert not SourceRun.objects.exists()
    assert refresh_if_due(waiting.pk, NOW).outcome == Outcome.FRESH


def test_a_redirect_takes_its_turn_at_the_host_it_leads_to(loopback):
    away = loopback.url.replace("127.0.0.1", "localhost") + "/there"
    url = loopback.serve("/here", Answer(status=302, headers={"Location": away}))
    loopback.serve("/there", b"end")
    assert get(url).url == away
    assert set(Host.objects.values_list("name", flat=True)) == {"127.0.0.1", "localhost"}
    Host.objects.filter(name="localhost").update(
        failures=1, reason="busy", next_turn_at=timezone.now() + timedelta(minutes=5)
    )
    with pytest.raises(NoTurn, match="localhost is paused"):
        get(url)


# Processes

REQUESTS = """
import sys, threading, django
django.setup()
from digest.ingestion.fetching import get
threads = [threading.Thread(target=get, args=[sys.argv[1]]) for _ in range(4)]
print("ready", flush=True)
sys.stdin.read(1)
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def arrivals(environment: dict[str, str]) -> tuple[list[float], int]:
    """When each of eight requests came in, from two processes of four threads, and how many were answered at most at a
    time."""
    came, present, most = list[float](), 0, 0

    def answer(request) -> Answer:
        nonlocal present, most
        came.append(time.monotonic())
        present += 1
        most = max(most, present)
        time.sleep(0.05)
        present -= 1
        return Answer(b"<feed/>")

    with running() as server:
        command = [sys.executable, "-c", REQUESTS, server.serve("/feed", answer)]
        options = {"cwd": PROJECT, "env": environment, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes = [subprocess.Popen(command, **options) for _ in range(2)]
        for process in processes:
            assert process.stdout.readline() == b"ready\n"
        for process in processes:
            process.communicate(b"\n", timeout=60)
    return came, most


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.django_db(databases=[])
def test_eight_workers_in_two_processes_keep_the_pause_by_the_server_s_clock(database, tmp_path, request):
    url = request.getfixturevalue("postgres_url") if database == "postgres" else f"sqlite:///{tmp_path}/gate.sqlite3"
    environment = process_environment(
        DATA_DIR=str(tmp_path),
        DATABASE_URL=url,
        CACHE_URL="locmemcache://",
        DJANGO_SETTINGS_MODULE="config.settings",
        FETCH_ALLOW_PRIVATE="127.0.0.1",
        FETCH_PAUSE_SECONDS="0.4",
    )
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=PROJECT, env=environment, check=True)
    came, most = arrivals(environment)
    assert len(came) == 8
    assert most == 1
    assert min(later - earlier for earlier, later in pairwise(came)) >= 0.4


@pytest.mark.redis
def test_a_redis_that_comes_back_empty_changes_nobody_s_turn(loopback, settings, tmp_path):
    """Turns are where nothing empties them."""
    server = services.RedisServer(tmp_path)
    settings.CELERY_BROKER_URL, settings.FETCH_PAUSE_SECONDS = server.url, 0.5
    came = []
    url = loopback.serve("/feed", lambda request: (came.append(time.monotonic()), Answer(b"<feed/>"))[1])
    server.start()
    get(url)
    server.stop()
    get(url)
    server.start()
    try:
        get(url)
    finally:
        server.stop()
    assert min(later - earlier for earlier, later in pairwise(came)) >= 0.5
