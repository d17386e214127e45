"""The service fixtures themselves."""

import smtplib

import psycopg
import pytest
import redis
from django.conf import settings
from playwright.sync_api import Page

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
