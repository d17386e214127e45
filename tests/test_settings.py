"""Settings: documented without gaps, read from variables and files, and their mistakes reported by name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from config.environment import Environment, Variables
from subscriptions import addresses, tokens
from subscriptions.tokens import Purpose
from tests.services import PROJECT, process_environment

COMPOSE_ONLY = {"POSTGRES_PASSWORD", "WEB_PORT"}


def variables_read() -> set[str]:
    """Every name that settings.py asks the environment for."""
    tree = ast.parse((PROJECT / "config" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func.value, ast.Name) and call.func.value.id == "env" and call.func.attr != "prefixed"
        if call.args and isinstance(call.args[0], ast.Constant)
    }


def variables_documented() -> set[str]:
    return set(re.findall(r"^### ([A-Z_]+)$", (PROJECT / "docs" / "settings.md").read_text(), re.MULTILINE))


def variables_in_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))


def test_settings_are_found_at_all():
    assert {"SECRET_KEY", "DATABASE_URL", "EMAIL_BACKEND"} <= variables_read()


def test_every_setting_has_its_heading_and_every_heading_its_setting():
    assert variables_documented() == variables_read() | COMPOSE_ONLY


def test_every_setting_stands_in_the_example_and_nothing_else_does():
    assert variables_in_example() == variables_read() | COMPOSE_ONLY


def test_every_heading_is_followed_by_its_default_or_says_there_is_none():
    text = (PROJECT / "docs" / "settings.md").read_text()
    sections = re.findall(r"^### ([A-Z_]+)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert [name for name, body in sections if not re.match(r"(Default|No default)", body)] == []


# Reading


@pytest.fixture
def env(monkeypatch) -> Environment:
    environment = Environment()
    monkeypatch.setattr(environment, "ENVIRON", Variables())
    return environment


def test_a_file_stands_for_its_variable_and_wins_over_it(env, monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from-the-file\n")
    monkeypatch.setenv("SOME_KEY", "from-the-variable")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert env.str("SOME_KEY") == "from-the-file"


def test_a_file_works_for_numbers_lists_and_urls(env, monkeypatch, tmp_path):
    for name, value in {"PORT": "587", "KEYS": "a,b", "URL": "postgres://u:p@h:1/n"}.items():
        (tmp_path / name).write_text(f"{value}\n")
        monkeypatch.setenv(f"SOME_{name}_FILE", str(tmp_path / name))
    assert env.int("SOME_PORT", default=25) == 587
    assert env.list("SOME_KEYS", default=[]) == ["a", "b"]
    assert env.db_url("SOME_URL")["PASSWORD"] == "p"


def test_anymail_variables_are_found_by_prefix_in_both_forms(env, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    monkeypatch.setenv("ANYMAIL_POSTMARK_SERVER_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("ANYMAIL_WEBHOOK_SECRET", "name:password")
    assert env.prefixed("ANYMAIL_") == {"POSTMARK_SERVER_TOKEN": "secret", "WEBHOOK_SECRET": "name:password"}


def test_anymail_variables_may_be_more_than_text(env, monkeypatch):
    monkeypatch.setenv("ANYMAIL_AMAZON_SES_CLIENT_PARAMS", '{"region_name": "eu-west-1"}')
    monkeypatch.setenv("ANYMAIL_DEBUG_API_REQUESTS", "False")
    values = env.prefixed("ANYMAIL_")
    assert values == {"AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1"}, "DEBUG_API_REQUESTS": False}
    monkeypatch.setenv("ANYMAIL_AMAZON_SES_CLIENT_PARAMS", "{region}")
    with pytest.raises(ImproperlyConfigured, match="ANYMAIL_AMAZON_SES_CLIENT_PARAMS"):
        env.prefixed("ANYMAIL_")


def test_an_empty_variable_counts_as_not_set(env, monkeypatch):
    monkeypatch.setenv("SOME_PORT", "")
    assert env.int("SOME_PORT", default=25) == 25


@pytest.mark.parametrize("secret", ["$ecret", r"a\$b", "$$", "a$b$c", "pä$$"])
def test_a_secret_may_contain_any_character(env, monkeypatch, secret):
    monkeypatch.setenv("SOME_SECRET", secret)
    assert env.str("SOME_SECRET") == secret


@pytest.mark.parametrize(("name", "value"), [("SOME_PORT", "many"), ("SOME_PORT_FILE", "/nowhere/at/all")])
def test_a_value_that_cannot_be_read_is_named(env, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match="SOME_PORT"):
        env.int("SOME_PORT", default=25)


def test_the_whole_settings_read_secrets_from_files(tmp_path):
    (tmp_path / "key").write_text("a-key-from-a-file\n")
    (tmp_path / "token").write_text("a-token\n")
    environment = process_environment(
        SECRET_KEY="",
        SECRET_KEY_FILE=str(tmp_path / "key"),
        ANYMAIL_POSTMARK_SERVER_TOKEN_FILE=str(tmp_path / "token"),
        DATA_DIR=str(tmp_path),
    )
    program = (
        "from config import settings; print(settings.SECRET_KEY, settings.ANYMAIL['POSTMARK_SERVER_TOKEN'], "
        "settings.SUPPRESSION_KEY)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["a-key-from-a-file", "a-token", "a-key-from-a-file"]


# Mistakes

PUBLIC = {
    "SITE_URL": "https://papers.example.org",
    "POSTAL_ADDRESS": "1 Example Street",
    "DEFAULT_FROM_EMAIL": "digest@example.org",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "c"}},
    "DEBUG": False,
    "ALLOWED_HOSTS": [".example.org"],
}


def found(*, deploy: bool = False) -> set[str]:
    messages = checks.run_checks(include_deployment_checks=deploy)
    assert all(message.hint for message in messages if message.id and message.id.startswith("paperboy."))
    return {message.id or "" for message in messages}


def test_the_suite_s_own_settings_are_without_fault():
    assert found() == set()


def test_a_proper_public_site_is_without_fault():
    with override_settings(**PUBLIC):
        assert found() == set()


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        ({"SECRET_KEY": ""}, "paperboy.E001"),
        ({"DAILY_PUBLISH_HOUR": 24}, "paperboy.E002"),
        ({"WEEKLY_PUBLISH_WEEKDAY": 7}, "paperboy.E002"),
        ({"DELIVERY_WINDOW": 0}, "paperboy.E002"),
        ({"UNKNOWN_DELIVERIES": "maybe"}, "paperboy.E003"),
        ({"SITE_URL": "papers.example.org"}, "paperboy.E004"),
        ({"SITE_URL": "https://example.org/papers"}, "paperboy.E004"),
        ({"SITE_URL": "http://papers.example.org"}, "paperboy.E005"),
        ({"EMAIL_USE_TLS": True, "EMAIL_USE_SSL": True}, "paperboy.E006"),
        ({"LIST_ID": "not a name"}, "paperboy.E007"),
        ({"POSTAL_ADDRESS": ""}, "paperboy.E008"),
        ({"DEFAULT_FROM_EMAIL": "Paperboy <digest@paperboy.localhost>"}, "paperboy.E009"),
        ({"EMAIL_BACKEND": "digest.delivery.outbox.EmailBackend"}, "paperboy.E010"),
        ({"DEBUG": True}, "paperboy.E011"),
        ({"ALLOWED_HOSTS": ["www.example.org"]}, "paperboy.E028"),
        ({"SUPPRESSION_KEY": "a", "SUPPRESSION_KEY_FORMER": ["b", "a"]}, "paperboy.E027"),
        ({"BOUNCE_ADDRESS": "Bounces <bounces@example.org>"}, "paperboy.E012"),
        ({"BOUNCE_ADDRESS": "x" * 32 + "@example.org"}, "paperboy.E012"),
        ({"ALERT_ADDRESSES": ["ada@example.org", "Grace"]}, "paperboy.E020"),
        ({"ALERT_EMAIL_BACKEND": "no.such.Backend"}, "paperboy.E021"),
        ({"SOFT_BOUNCE_LIMIT": 0}, "paperboy.E002"),
        ({"SOFT_BOUNCE_LIMIT": 6}, "paperboy.E023"),
        ({"FETCH_ALLOW_PRIVATE": ["true"]}, "paperboy.E026"),
        ({"FETCH_ALLOW_PRIVATE": ["feeds.internal", "http://feeds.internal/"]}, "paperboy.E026"),
        ({"FETCH_ALLOW_PRIVATE": ["10.0.0.0/8"]}, "paperboy.E026"),
        ({"FETCH_PAUSE_SECONDS": -1}, "paperboy.E002"),
        ({"UNSUBSCRIBE_ADDRESS": "x" * 37 + "@example.org"}, "paperboy.E024"),
        ({"UNSUBSCRIBE_ADDRESS": "Leave <leave@example.org>"}, "paperboy.E024"),
        ({"BOUNCE_IMAP_URL": "imap://u:p@mail.example.org"}, "paperboy.E025"),
        ({"BOUNCE_IMAP_URL": "imaps://mail.example.org/INBOX"}, "paperboy.E025"),
        ({"BOUNCE_IMAP_URL": "imaps://u:p@mail.example.org:port"}, "paperboy.E025"),
        ({"SITE_URL": "https://a-rather-long-name-for-a-newsletter.example.org"}, "paperboy.W001"),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, "paperboy.W002"),
    ],
)
def test_a_mistake_is_reported_with_its_remedy(mistake, expected):
    with override_settings(**PUBLIC | mistake):
        assert found() == {expected}


def test_a_site_of_this_machine_alone_needs_no_postal_address():
    with override_settings(SITE_URL="http://127.0.0.1:8000", POSTAL_ADDRESS=""):
        assert "paperboy.E008" not in found()


def test_a_deployment_over_https_has_strict_transport_security():
    with override_settings(**PUBLIC, SECURE_HSTS_SECONDS=0):
        assert "security.W004" in found(deploy=True)


def test_health_checks_may_always_ask_by_this_machine_s_names(tmp_path):
    environment = process_environment(DATA_DIR=str(tmp_path), ALLOWED_HOSTS="papers.example.org")
    program = "from config import settings; print(*settings.ALLOWED_HOSTS)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["papers.example.org", "127.0.0.1", "localhost", "[::1]"]


def test_a_deployment_needs_a_suppression_key_of_its_own():
    with override_settings(**PUBLIC):
        assert "paperboy.E014" in found(deploy=True)  # not set, it is SECRET_KEY
    with override_settings(**PUBLIC, SUPPRESSION_KEY="one-of-its-own"):
        assert "paperboy.E014" not in found(deploy=True)


def test_a_deployment_without_any_key_is_told_of_the_first():
    with override_settings(**PUBLIC | {"SECRET_KEY": "", "SUPPRESSION_KEY": ""}):
        assert found(deploy=True) & {"paperboy.E001", "paperboy.E014"} == {"paperboy.E001"}


def test_the_remedy_for_a_shared_key_keeps_suppressions_and_links():
    with override_settings(**PUBLIC, SECRET_KEY="shared", SUPPRESSION_KEY="shared"):
        known, token = addresses.address_hash("ada@example.org"), tokens.make(Purpose.UNSUBSCRIBE, 7)
    remedy = {"SUPPRESSION_KEY": "shared", "SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["shared"]}
    with override_settings(**PUBLIC, **remedy):
        assert "paperboy.E014" not in found(deploy=True)
        assert addresses.address_hash("ada@example.org") == known
        assert tokens.read(Purpose.UNSUBSCRIBE, token) == 7


def test_a_deployment_behind_a_proxy_must_say_so():
    with override_settings(**PUBLIC, BEHIND_PROXY=False):
        assert "paperboy.W003" in found(deploy=True)
    with override_settings(**PUBLIC, BEHIND_PROXY=True):
        assert "paperboy.W003" not in found(deploy=True)
