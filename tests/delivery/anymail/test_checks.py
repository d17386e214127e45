"""What `manage.py check` says about the provider that the settings name."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from digest.delivery.checks import provider


def said(settings: LazySettings, backend: str) -> list[str]:
    settings.EMAIL_BACKEND = backend
    return [str(message.id) for message in provider(None)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postmark", []),
        ("amazon_ses", []),
        ("sparkpost", ["digest.W011"]),
        ("unisender_go", ["digest.W011"]),
        ("mailersend", ["digest.W011"]),
        ("resend", ["digest.I011"]),
        ("nobody", ["digest.E011"]),
    ],
)
def test_what_a_provider_does_to_a_digest_is_told_at_start(
    settings: LazySettings, name: str, expected: list[str]
) -> None:
    assert said(settings, f"anymail.backends.{name}.EmailBackend") == expected


def test_nothing_is_said_of_backends_that_are_no_providers(settings: LazySettings) -> None:
    assert said(settings, "django.core.mail.backends.smtp.EmailBackend") == []


def test_many_messages_a_call_are_advised_only_where_they_are_not_yet_used(settings: LazySettings) -> None:
    settings.PROVIDER_BATCH = 100
    assert said(settings, "anymail.backends.resend.EmailBackend") == []
