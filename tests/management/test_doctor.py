"""`manage.py doctor`: what it finds, and that its exit code says so."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, timedelta
from email.utils import format_datetime
from io import StringIO
from types import SimpleNamespace

import httpx
import pytest
from celery import current_app
from django.core.cache import cache
from django.core.management import call_command
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from digest import tasks
from digest.management.diagnosis import STEPS, Level, examine
from digest.models import Source
from subscriptions.models import Topic
from tests.factories import BreakerFactory, EditionFactory, HostFactory, SourceFactory
from tests.services import PROJECT, free_port, process_environment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_asked(db):
    Source.objects.update(is_enabled=False)


@pytest.fixture(autouse=True)
def _no_heartbeat():
    cache.delete(tasks.HEARTBEAT)
    yield
    cache.delete(tasks.HEARTBEAT)


def findings(*steps: str) -> list[tuple[Level, str]]:
    found = list(examine(list(steps), timezone.now()))
    assert all(finding.remedy for _, finding in found if finding.level is not Level.FINE)
    return [(finding.level, finding.text) for _, finding in found]


def test_a_healthy_database_queue_and_clock_are_fine():
    assert {level for level, _ in findings("database", "keys", "disk", "clock", "broker", "configuration")} == {
        Level.FINE
    }


def test_what_the_settings_silence_is_not_brought_up(settings):
    settings.SITE_URL = "https://papers.example.org"
    shown = "".join(text for _, text in findings("configuration"))
    assert "security.W" in shown  # these settings are not a production site's
    assert [code for code in settings.SILENCED_SYSTEM_CHECKS if code in shown] == []


def test_without_a_topic_readers_could_not_choose():
    Topic.objects.update(is_active=False)
    assert (Level.WRONG, "No topic is active.") in findings("database")


def test_a_clock_that_is_off_is_noticed(monkeypatch):
    monkeypatch.setattr("digest.management.diagnosis.machine.CLOCK_TOLERANCE_SECONDS", -1)
    assert [level for level, _ in findings("clock")] == [Level.WRONG]


@pytest.mark.parametrize(("hours", "level"), [(0, Level.FINE), (1, Level.WRONG), (-1, Level.WRONG)])
def test_a_clock_that_is_an_hour_off_is_noticed_by_others_replies(monkeypatch, hours, level):
    SourceFactory.create()
    told = format_datetime(timezone.now().astimezone(UTC) + timedelta(hours=hours), usegmt=True)
    monkeypatch.setattr("httpx.head", lambda url, timeout: httpx.Response(405, headers={"Date": told}))
    assert [each for each, _ in findings("clock")] == [Level.FINE, level]


def test_a_network_that_is_away_only_leaves_the_clock_unchecked(monkeypatch):
    def fail(url, timeout):
        raise httpx.ConnectError("no route")

    SourceFactory.create()
    monkeypatch.setattr("httpx.head", fail)
    assert [each for each, _ in findings("clock")] == [Level.FINE, Level.NOTE]


def test_a_disk_that_is_full_or_closed_is_noticed(monkeypatch):
    assert [level for level, _ in findings("disk")] == [Level.FINE]
    monkeypatch.setattr("digest.management.diagnosis.machine.FREE_MEGABYTES", 10**9)
    [(level, text)] = findings("disk")
    assert (level, "MB left" in text) == (Level.WRONG, True)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    [(level, text)] = findings("disk")
    assert (level, "cannot be written to" in text) == (Level.WRONG, True)


def test_migrations_that_are_not_applied_are_wrong(monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [object(), object()])
    assert findings("database") == [(Level.WRONG, "2 migrations are not applied.")]


@pytest.mark.parametrize(
    ("served", "level", "words"),
    [
        (None, Level.WRONG, "No worker answers."),
        (["control", "urgent", "ingestion"], Level.WRONG, "No worker takes from: bulk."),
        (["control", "urgent", "ingestion", "bulk"], Level.FINE, "Every queue is worked off, by: celery@here."),
    ],
)
def test_a_queue_that_no_worker_serves_is_wrong(monkeypatch, served, level, words):
    answer = served and {"celery@here": [{"name": name} for name in served]}
    monkeypatch.setattr(
        type(current_app.control), "inspect", lambda self, timeout: SimpleNamespace(active_queues=lambda: answer)
    )
    assert findings("workers") == [(level, words)]


def test_a_tick_leaves_its_heartbeat(settings, monkeypatch):
    assert findings("heartbeat") == [(Level.WRONG, "No worker has ever taken a tick.")]
    tasks._note_heartbeat(timezone.now())
    [(level, text)] = findings("heartbeat")
    assert level is Level.FINE
    assert text.startswith("A worker took a tick")


def test_the_tick_begins_with_the_heartbeat(monkeypatch):
    taken = []
    monkeypatch.setattr(tasks, "_guarded", lambda step, now: taken.append(step))
    tasks.tick()
    assert taken[0] is tasks._note_heartbeat


def test_an_old_heartbeat_is_wrong():
    tasks._note_heartbeat(timezone.now() - timedelta(minutes=30))
    assert findings("heartbeat") == [(Level.WRONG, "The last tick was taken 30 minutes ago.")]


def test_editions_that_have_stopped_are_noticed():
    assert [level for level, _ in findings("editions")] == [Level.NOTE]
    then = timezone.now() - timedelta(days=5)
    EditionFactory(state="published", published_at=then, date=then.date(), publish_at=then)
    assert findings("editions") == [(Level.WRONG, "The newest edition is 5 days old.")]


def test_an_smtp_server_that_is_not_there_is_wrong(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    [(level, text)] = findings("mail")
    assert level is Level.WRONG
    assert "does not take mail" in text


def test_what_is_paused_is_wrong_and_says_why_and_what_to_do():
    assert findings("sending") == [(Level.FINE, "Nothing is paused.")]
    BreakerFactory(scope="smtp:mail.example.org:587:ada")
    [(level, text)] = findings("sending")
    assert level is Level.WRONG
    assert text.startswith("All mail through mail.example.org:587 as ada: paused since 14 July 2026, 05:00 UTC.")
    assert "wrong password" in text
    assert "535 5.7.8" in text


def test_a_host_that_is_paused_is_wrong_and_says_what_it_said():
    HostFactory()
    assert findings("sources") == [(Level.FINE, "No source's host is paused.")]
    HostFactory(name="down.example", paused=True)
    [(level, text)] = findings("sources")
    assert level is Level.WRONG
    assert "down.example has not been visited since" in text
    assert "no complete reply within 30 s" in text


@pytest.mark.smtp_sink
@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_an_smtp_server_that_would_refuse_our_mail_is_wrong(settings, smtp_sink, command):
    sink = smtp_sink("-r", command)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
    [(level, text)] = findings("mail")
    assert level is Level.WRONG
    assert "would refuse our mail: 450" in text


@pytest.mark.smtp_sink
def test_an_smtp_server_that_greets_is_fine_and_gets_no_mail(settings, smtp_sink):
    sink = smtp_sink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
    assert [level for level, _ in findings("mail")] == [Level.FINE]
    assert sink.messages() == []


def test_the_exit_code_tells_and_json_can_be_read():
    output = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("doctor", only=["database", "heartbeat"], json=True, stdout=output)
    assert stopped.value.code == 1
    assert [found["level"] for found in json.loads(output.getvalue())["findings"]] == ["fine", "wrong"]
    call_command("doctor", only=["database"], stdout=output)
    assert "SQLite answers" in output.getvalue() or "PostgreSQL answers" in output.getvalue()


def test_everything_can_be_examined_without_a_database(tmp_path):
    """Nothing is up: every step says what is missing, none of them fails to."""
    environment = process_environment(
        DATABASE_URL=f"postgres://postgres@127.0.0.1:{free_port()}/nothing",
        CELERY_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0",
        CACHE_URL=f"redis://127.0.0.1:{free_port()}/1",
        DATA_DIR=str(tmp_path),
    )
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    wrong = {each["step"] for each in found if each["level"] == "wrong"}
    assert {"database", "broker", "heartbeat"} <= wrong
    assert {each["step"] for each in found} <= set(STEPS)
