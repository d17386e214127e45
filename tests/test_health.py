"""`/healthz` and `/readyz`."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core import checks
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from kombu import Connection

from digest.management.diagnosis import Level, examine
from digest.tasks import HEARTBEAT
from tests.factories import NOW
from tests.services import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticking():
    cache.set(HEARTBEAT, timezone.now().timestamp())
    yield
    cache.delete(HEARTBEAT)


def test_a_process_that_lives_is_well_and_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_an_installation_that_does_its_work_is_ready(client, ticking, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/readyz")
    assert response.status_code == 200
    assert response.content == b"database: ok\nqueue: ok\nstatic files: ok\nticks: ok\n"
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_a_database_that_does_not_answer_is_told_without_its_reason(client, ticking, monkeypatch, caplog):
    def fail():
        raise OperationalError("password of paperboy at db.internal is wrong")

    monkeypatch.setattr(connection, "cursor", fail)
    with caplog.at_level(logging.CRITICAL):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert b"database: does not answer\nqueue: ok" in response.content
    assert b"internal" not in response.content
    assert client.get("/healthz").status_code == 200


def test_a_queue_that_does_not_answer_is_told(client, ticking, monkeypatch):
    def refuse(**_):
        return Connection(f"redis://127.0.0.1:{free_port()}/0")

    monkeypatch.setattr(current_app, "connection_for_write", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"queue: does not answer\n" in response.content


@pytest.mark.parametrize(("minutes", "status"), [(0, 200), (3, 200), (5, 503), (60, 503)])
def test_ticks_that_stay_away_are_told(client, ticking, minutes, status):
    cache.set(HEARTBEAT, timezone.now().timestamp() - 60 * minutes)
    assert client.get("/readyz").status_code == status


def test_before_the_first_tick_nothing_is_ready(client):
    cache.delete(HEARTBEAT)
    assert client.get("/readyz").content.endswith(b"ticks: none was taken yet\n")


# Static files


@pytest.fixture
def as_deployed(settings: Any, tmp_path: Path) -> Any:
    """Static files as a site without DEBUG serves them; calling it is a new process."""

    def start() -> None:
        settings.STATIC_ROOT = tmp_path
        backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
        settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}

    start()
    return start


def collected(folder: Path, *names: str) -> None:
    """What collectstatic leaves behind, as far as pages read it."""
    paths = {name: name for name in names}
    (folder / "staticfiles.json").write_text(json.dumps({"version": "1.1", "paths": paths, "hash": ""}))


def complaints() -> list[tuple[str, str | None]]:
    found = checks.run_checks(tags=[checks.Tags.staticfiles], include_deployment_checks=True)
    return [(message.msg, message.hint) for message in found if message.id == "paperboy.E013"]


def doctor() -> list[tuple[Level, str]]:
    return [(finding.level, finding.text) for _, finding in examine(["pages"], NOW)]


def test_a_site_that_cannot_serve_a_page_is_503_and_says_why(as_deployed, caplog):
    visitor = Client(raise_request_exception=False)
    assert visitor.get("/").status_code == 500
    response = visitor.get("/healthz")
    assert (response.status_code, response.content) == (503, b"unwell: static files are not collected\n")
    assert "manage.py collectstatic" in caplog.text
    assert b"static files: are not collected" in visitor.get("/readyz").content


def test_a_process_that_started_before_they_were_collected_needs_a_restart(as_deployed, client, tmp_path):
    assert client.get("/healthz").status_code == 503
    collected(tmp_path, "site.css", "site.js", "favicon.svg")
    assert client.get("/healthz").status_code == 503
    as_deployed()
    assert (client.get("/healthz").status_code, client.get("/").status_code) == (200, 200)


def test_files_that_were_never_collected_are_reported_with_the_remedy(as_deployed):
    [(text, hint)] = complaints()
    assert "Static files are not collected" in text
    assert "manage.py collectstatic" in str(hint)
    assert doctor() == [(Level.WRONG, text)]


def test_files_that_an_upgrade_brought_are_reported_by_name(as_deployed, tmp_path):
    call_command("collectstatic", interactive=False, verbosity=0)
    as_deployed()
    assert (complaints(), doctor()) == ([], [(Level.FINE, "Every stylesheet and script can be served.")])
    manifest = json.loads((tmp_path / "staticfiles.json").read_text())
    collected(tmp_path, *(set(manifest["paths"]) - {"site.css"}))
    as_deployed()
    [(text, _)] = complaints()
    assert "1, such as site.css" in text


def test_with_debug_nothing_needs_to_be_collected():
    assert (complaints(), [level for level, _ in doctor()]) == ([], [Level.FINE])
