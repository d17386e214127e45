"""The service fixtures themselves."""

import gc
import smtplib
import socket
import threading
import warnings
from contextlib import suppress

import psycopg
import pytest
import redis
from aiosmtpd.handlers import Sink as Swallower
from django.conf import settings
from playwright.sync_api import Page

from digest.management.sink import Sink
from tests import services


def test_settings_are_the_suites_own():
    assert settings.SECRET_KEY == "only-for-tests"
    assert "paperboy-tests-" in str(settings.DATA_DIR)


@pytest.mark.postgres
def test_postgres_database_is_empty_and_ours(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


@pytest.mark.redis
def test_redis_is_empty_and_ours(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


@pytest.mark.smtp_sink
def test_smtp_sink_keeps_what_it_receives(smtp_sink):
    sink = smtp_sink()
    with smtplib.SMTP(sink.host, sink.port) as client:
        client.sendmail("a@example.org", ["b@example.org"], b"Subject: one\r\n\r\nbody\r\n")
    [message] = sink.messages()
    assert b"Subject: one" in message


@pytest.mark.smtp_sink
def test_smtp_sink_refuses_when_told_to(smtp_sink):
    sink = smtp_sink("-r", "RCPT")
    with smtplib.SMTP(sink.host, sink.port) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("a@example.org", ["b@example.org"], b"Subject: one\r\n\r\nbody\r\n")


@pytest.mark.parametrize("make", [lambda: services.MailServer(Swallower()), Sink], ids=["aiosmtpd", "sink"])
def test_a_mail_server_that_stops_closes_the_connections_it_has_only_just_accepted(make):
    stopped = threading.Event()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        with make() as server:
            callers = [threading.Thread(target=call_again_and_again, args=[server.port, stopped]) for _ in range(8)]
            for caller in callers:
                caller.start()
        stopped.set()
        for caller in callers:
            caller.join()
        gc.collect()
    assert [str(warning.message) for warning in told] == []


def call_again_and_again(port, stopped):
    while not stopped.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            stopped.wait(0.001)


@pytest.mark.browser
def test_browser_renders(page: Page):
    page.set_content("<h1>Morning</h1>")
    assert page.inner_text("h1") == "Morning"


def test_a_missing_service_skips_or_fails(monkeypatch):
    monkeypatch.delenv("PAPERBOY_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such thing"):
        services.missing("no such thing")
    monkeypatch.setenv("PAPERBOY_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="no such thing"):
        services.missing("no such thing")
