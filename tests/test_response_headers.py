"""What every answer tells a browser to keep to."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from subscriptions import links
from tests.factories import SubscriberFactory

pytestmark = pytest.mark.django_db
PUBLIC = [
    "/",
    "/search/?q=moths",
    "/editions/",
    "/subscribe",
    "/healthz",
    "/no-such-page",
    "/p/forged-token-0123456789ab",
]


def kept_to(headers: Any, referrer: str = "same-origin") -> None:
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == referrer
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_answers_run_no_script_but_the_site_s_own(client: Client, path: str) -> None:
    headers = client.get(path).headers
    kept_to(headers, "no-referrer" if path.startswith("/p/") else "same-origin")
    policy = dict(line.strip().split(" ", 1) for line in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }


def test_a_reader_s_own_pages_do_not_stay_in_a_shared_cache(client: Client) -> None:
    reader = SubscriberFactory.create()
    for path in (links.preferences_path(reader.pk), links.unsubscribe_path(reader.pk)):
        headers = client.get(path).headers
        kept_to(headers, "no-referrer")
        assert "no-store" in headers["Cache-Control"] or "private" in headers["Cache-Control"]


def test_the_desk_keeps_to_the_same_but_for_its_theme_s_scripts(client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "", "irrelevant"))
    for path in ("/admin/", "/admin/auth/user/"):
        kept_to(client.get(path).headers)


def test_browsers_are_told_to_come_by_https_where_the_site_has_it(client: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000
    assert client.get("/", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"
