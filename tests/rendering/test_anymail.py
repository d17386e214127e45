"""A digest goes through providers' backends whole: one recipient, one-click headers, our metadata and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
import requests
from django.conf import LazySettings
from django.core import mail

from digest.rendering import CompiledEdition, assemble
from subscriptions import links
from tests.rendering.conftest import UID, picks, reader

KEYS = {"POSTMARK_SERVER_TOKEN": "x", "MAILGUN_API_KEY": "x", "RESEND_API_KEY": "x", "BREVO_API_KEY": "x"}
REPLIES: dict[str, Any] = {
    "postmark": {"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "To": "ada@example.org", "SubmittedAt": ""},
    "mailgun": {"id": "<m-1@mail.example.org>", "message": "Queued. Thank you."},
    "resend": {"id": "m-1"},
    "brevo": {"messageId": "<m-1@mail.example.org>"},
}


def _postmark(sent: dict[str, Any]) -> dict[str, Any]:
    payload = json.loads(sent["data"])
    return {
        "headers": {header["Name"]: header["Value"] for header in payload["Headers"]},
        "to": [payload["To"]],
        "metadata": payload["Metadata"],
        "text": payload["TextBody"],
        "html": payload["HtmlBody"],
        "subject": payload["Subject"],
    }


def _mailgun(sent: dict[str, Any]) -> dict[str, Any]:
    fields = sent["data"]
    return {
        "headers": {name[2:]: value for name, value in fields.items() if name.startswith("h:")},
        "to": fields["to"],
        "metadata": {name[2:]: value for name, value in fields.items() if name.startswith("v:")},
        "text": fields["text"],
        "html": fields["html"],
        "subject": fields["subject"],
    }


def _resend(sent: dict[str, Any]) -> dict[str, Any]:
    payload = json.loads(sent["data"])
    headers = payload["headers"]
    return {
        "headers": headers,
        "to": payload["to"],
        "metadata": json.loads(headers["X-Metadata"]),
        "text": payload["text"],
        "html": payload["html"],
        "subject": payload["subject"],
    }


def _brevo(sent: dict[str, Any]) -> dict[str, Any]:
    payload = json.loads(sent["data"])
    return {
        "headers": payload["headers"],
        "to": [recipient["email"] for recipient in payload["to"]],
        "metadata": json.loads(payload["headers"]["X-Mailin-custom"]),
        "text": payload["textContent"],
        "html": payload["htmlContent"],
        "subject": payload["subject"],
    }


READERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "postmark": _postmark,
    "mailgun": _mailgun,
    "resend": _resend,
    "brevo": _brevo,
}


@pytest.mark.parametrize("provider", READERS)
def test_a_provider_is_given_the_whole_digest(provider: str, compiled: CompiledEdition, settings: LazySettings) -> None:
    settings.ANYMAIL = KEYS
    message = assemble(compiled, reader(), picks(1, 2))
    reply = requests.Response()
    reply.status_code, reply._content = 200, json.dumps(REPLIES[provider]).encode()
    with patch("requests.Session.request", autospec=True, return_value=reply) as request:
        assert mail.get_connection(f"anymail.backends.{provider}.EmailBackend").send_messages([message]) == 1
    (call,) = request.call_args_list
    sent = READERS[provider](call.kwargs)
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    assert headers["list-unsubscribe"] == f"<{links.unsubscribe_url(7)}>"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["list-id"] == '"Paperboy" <digest.paperboy.example.org>'
    assert sent["to"] == ["ada@example.org"]
    assert sent["metadata"] == {"delivery": str(UID)}
    assert (sent["subject"], sent["text"]) == (message.subject, message.body)
    assert sent["html"] == message.alternatives[0].content
    assert message.anymail_status.recipients["ada@example.org"].message_id


def test_anymails_own_test_backend_sees_every_header(compiled: CompiledEdition) -> None:
    message = assemble(compiled, reader(), picks(1))
    mail.get_connection("anymail.backends.test.EmailBackend").send_messages([message])
    parameters = message.anymail_test_params
    assert parameters["metadata"] == {"delivery": str(UID)}
    assert parameters["tags"] == ["daily"]
    assert [str(address) for address in parameters["reply_to"]] == ["editor@example.org"]
    assert dict(parameters["extra_headers"]) == message.extra_headers
