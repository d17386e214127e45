"""`/healthz`."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client

from digest.management.diagnosis import Level, examine
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_health_is_ok_while_the_database_answers(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


def test_a_database_that_does_not_answer_is_503_without_its_reason(client, monkeypatch, caplog):
    def fail():
        raise OperationalError("password of paperboy at db.internal is wrong")

    monkeypatch.setattr(connection, "cursor", fail)
    with caplog.at_level(logging.CRITICAL):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (503, b"unwell\n")


def test_health_needs_one_query_and_no_session(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert not response.cookies


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
