"""The delivery's settings: mistakes are named when a command starts."""

from __future__ import annotations

from django.core import checks

from digest.delivery import checks as delivery_checks


def test_a_provider_without_a_webhook_secret_is_an_error(settings):
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
    (error,) = delivery_checks.webhooks(None)
    assert (error.id, error.level) == ("digest.E002", checks.ERROR)
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:password"}
    assert list(delivery_checks.webhooks(None)) == []


def test_mail_that_stays_here_needs_none(settings):
    for backend in ("digest.delivery.outbox.EmailBackend", "anymail.backends.test.EmailBackend"):
        settings.EMAIL_BACKEND, settings.ANYMAIL = backend, {}
        assert list(delivery_checks.webhooks(None)) == []


def test_an_unknown_transport_is_named(settings):
    settings.DELIVERY_TRANSPORT = "pigeon"
    (error,) = delivery_checks.transport(None)
    assert "pigeon" in error.msg
