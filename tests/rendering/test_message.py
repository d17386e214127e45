"""The encoded message says exactly what Django would say of the same attributes, and any backend can take it."""

from __future__ import annotations

import copy
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.conf import LazySettings
from django.core import mail
from django.core.mail.message import BadHeaderError

from digest import previews
from digest.previews import DAY, PAPERS, TOPICS
from digest.rendering import CompiledEdition, DigestMessage, EditionFacts, assemble, compile_facts
from digest.rendering.message import EncodedMessage
from tests import services
from tests.rendering.conftest import UID, picks, reader

DIGESTS = [preview.slug for preview in previews.all_previews() if "confirm" not in preview.slug]
DIGESTS = [slug for slug in DIGESTS if slug != "already-subscribed"]


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(message: EmailMessage) -> list[tuple[str, str, str]]:
    """Type, charset and words of every part."""
    return [
        (part.get_content_type(), part.get_content_charset(""), part.get_content().replace("\r\n", "\n"))
        for part in message.iter_parts()
        if isinstance(part, EmailMessage)
    ]


def headers(message: EmailMessage) -> dict[str, str]:
    # Django leaves the first line of a folded subject empty, so that it comes back with a space in front.
    return {name: str(value).strip() for name, value in message.items() if name != "Content-Type"}


@pytest.fixture
def message(compiled: CompiledEdition) -> DigestMessage:
    return assemble(compiled, reader(), picks(1, 2, 3))


@pytest.mark.parametrize("slug", DIGESTS)
def test_the_encoded_bytes_say_what_django_would_say(slug: str) -> None:
    preview = previews.get(slug)
    assert preview
    message = preview.compose()
    assert isinstance(message, DigestMessage)
    ours = parsed(message.message().as_bytes(linesep="\r\n"))
    djangos = parsed(message.rebuilt().as_bytes(linesep="\r\n"))
    assert headers(ours) == headers(djangos)
    assert len(ours.items()) == len(djangos.items()), "a header field is doubled"
    assert parts(ours) == parts(djangos)
    assert [kind for kind, _, _ in parts(ours)] == ["text/plain", "text/html"]
    assert ours.get_content_type() == djangos.get_content_type() == "multipart/alternative"
    assert not ours.defects


@pytest.mark.parametrize("slug", DIGESTS)
def test_the_bytes_go_over_the_wire_as_they_are(slug: str) -> None:
    preview = previews.get(slug)
    assert preview
    raw = preview.compose().message().as_bytes(linesep="\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 256
    assert not any(line.startswith((b".", b"From ")) for line in lines), "would have to be dot-stuffed or quoted"
    assert raw.isascii()


def test_other_line_ends_are_given_to_who_asks(message: DigestMessage) -> None:
    assert message.message().as_bytes() == message.message().as_bytes(linesep="\r\n").replace(b"\r\n", b"\n")
    assert message.message().as_string() == message.message().as_bytes().decode()


def test_the_encoded_message_answers_like_an_email_message(message: DigestMessage) -> None:
    encoded = message.message()
    assert encoded["To"] == "ada@example.org"
    assert "List-Unsubscribe" in encoded
    assert "Bcc" not in encoded
    assert encoded.is_multipart()
    assert list(encoded).count("Subject") == 1


@pytest.mark.parametrize("change", ["subject", "to", "header", "body", "html", "cc", "reply_to", "attachment"])
def test_whoever_changes_the_message_gets_what_they_changed(message: DigestMessage, change: str) -> None:
    assert isinstance(message.message(), EncodedMessage)
    match change:
        case "subject":
            message.subject = "[Test] changed"
        case "to":
            message.to = ["changed@example.org"]
        case "header":
            message.extra_headers["X-Test"] = "changed"
        case "body":
            message.body += "\nchanged"
        case "html":
            message.alternatives.append(mail.message.EmailAlternative("changed", "text/x-amp-html"))
        case "cc":
            message.cc.append("changed@example.org")
        case "reply_to":
            message.reply_to = ["changed@example.org"]
        case "attachment":
            message.attach("changed.txt", "changed", "text/plain")
    built = message.message()
    assert not isinstance(built, EncodedMessage)
    assert b"changed" in built.as_bytes()


def test_reading_the_attributes_changes_nothing(message: DigestMessage) -> None:
    before = message.message().as_bytes()
    assert message.body
    assert message.alternatives
    assert message.recipients() == ["ada@example.org"]
    assert isinstance(message.message(), EncodedMessage)
    assert message.message().as_bytes() == before


def test_a_line_break_put_into_the_subject_afterwards_is_refused(message: DigestMessage) -> None:
    message.subject = "Hello\nBcc: everyone@example.org"
    with pytest.raises(BadHeaderError):
        message.message()


def test_the_message_can_be_copied(message: DigestMessage) -> None:
    twin = copy.deepcopy(message)
    assert twin.message().as_bytes() == message.message().as_bytes()
    assert twin.alternatives == message.alternatives


@pytest.mark.parametrize("backend", ["console", "filebased", "locmem", "dummy"])
def test_djangos_own_backends_take_it(
    message: DigestMessage, backend: str, tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_FILE_PATH = tmp_path
    with mail.get_connection(f"django.core.mail.backends.{backend}.EmailBackend") as connection:
        assert connection.send_messages([message]) == 1
    written = {
        "console": lambda: capsys.readouterr().out,
        "filebased": lambda: next(tmp_path.iterdir()).read_text(),
        "locmem": lambda: mail.outbox[0].message().as_string(),
        "dummy": lambda: message.message().as_string(),
    }[backend]()
    assert f"Message-ID: <{UID}@mail.example.org>" in written


def test_a_mail_server_receives_the_very_bytes() -> None:
    received: list[tuple[str, list[str], bytes]] = []

    class Keeper:
        async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
            received.append((envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content or b""))
            return "250 OK"

    dotted = replace(PAPERS[0], abstract="....", title=".hidden", authors=("From me",))
    compiled = compile_facts(EditionFacts("daily", DAY, ".\n\n.."), [dotted], TOPICS)
    message = assemble(compiled, reader(), picks(dotted.id))
    port = services.free_port()
    controller = Controller(Keeper(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with mail.get_connection(
            "django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port
        ) as connection:
            assert connection.send_messages([message]) == 1
    finally:
        controller.stop()
    raw = message.message().as_bytes(linesep="\r\n")
    assert received == [("digest@mail.example.org", ["ada@example.org"], raw)]
