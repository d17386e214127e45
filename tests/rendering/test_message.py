"""A message is complete bytes for the wire, and Django's own message for whoever takes messages apart."""

from __future__ import annotations

import copy
import smtplib
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope
from django.conf import LazySettings
from django.core import mail

from digest import previews
from digest.previews import DAY, PAPERS, TOPICS
from digest.rendering import CompiledEdition, DigestMessage, EditionFacts, assemble, compile_facts
from tests import services
from tests.inbox.samples import DIGESTS
from tests.rendering.conftest import UID, picks, reader


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
def test_the_bytes_and_djangos_own_message_say_the_same(slug: str) -> None:
    preview = previews.get(slug)
    assert preview
    message = preview.compose()
    assert isinstance(message, DigestMessage)
    ours = parsed(message.as_bytes())
    djangos = parsed(bytes(message.as_email().message()))
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
    raw = preview.as_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 256
    assert lines[-1] == b""
    assert not any(line.startswith((b".", b"From ")) for line in lines), "would have to be dot-stuffed or quoted"
    assert raw.isascii()


def test_it_knows_its_envelope(message: DigestMessage) -> None:
    assert (message.sender, message.recipient, message.uid) == ("digest@mail.example.org", "ada@example.org", str(UID))


def test_bounces_may_have_an_address_that_names_the_delivery(settings: LazySettings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@example.net"
    message = assemble(compile_facts(EditionFacts("daily", DAY), PAPERS, TOPICS), reader(), picks(1))
    assert message.sender == f"bounces+{UID.hex}@example.net"
    assert len(message.sender.partition("@")[0]) <= 64
    assert b"bounces" not in message.as_bytes(), "the server that delivers writes Return-Path"
    assert message.as_email().from_email == settings.DEFAULT_FROM_EMAIL


def test_djangos_message_names_the_delivery_for_anymail(message: DigestMessage) -> None:
    email = message.as_email()
    assert email.metadata == {"delivery": str(UID)}
    assert email.tags == ["daily"]
    assert email.recipients() == ["ada@example.org"]


def test_djangos_message_may_be_changed_and_the_bytes_stay(message: DigestMessage) -> None:
    before = message.as_bytes()
    email = message.as_email()
    email.subject = "changed"
    email.extra_headers["X-Test"] = "changed"
    built = email.message()
    built["X-Metadata"] = "added"
    assert bytes(built).count(b"changed") == 2
    assert built["X-Metadata"] == "added"
    assert message.as_bytes() == before
    assert message.as_email().subject != "changed"


def test_the_message_can_be_copied(message: DigestMessage) -> None:
    assert copy.deepcopy(message).as_bytes() == message.as_bytes()


@pytest.mark.parametrize("backend", ["console", "filebased", "locmem", "dummy"])
def test_djangos_own_backends_take_it(
    message: DigestMessage, backend: str, tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_FILE_PATH = tmp_path
    with mail.get_connection(f"django.core.mail.backends.{backend}.EmailBackend") as connection:
        assert connection.send_messages([message.as_email()]) == 1
    written = {
        "console": lambda: capsys.readouterr().out,
        "filebased": lambda: next(tmp_path.iterdir()).read_text(),
        "locmem": lambda: mail.outbox[0].message().as_string(),
        "dummy": lambda: message.as_email().message().as_string(),
    }[backend]()
    assert f"Message-ID: <{UID}@mail.example.org>" in written


def test_a_mail_server_receives_the_very_bytes() -> None:
    received: list[bytes] = []

    class Keeper:
        async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
            assert isinstance(envelope.original_content, bytes)
            received.append(envelope.original_content)
            return "250 OK"

    dotted = replace(PAPERS[0], abstract="....", title=".hidden", authors=("From me",))
    compiled = compile_facts(EditionFacts("daily", DAY, ".\n\n.."), [dotted], TOPICS)
    message = assemble(compiled, reader(), picks(dotted.id))
    with services.MailServer(Keeper()) as server, smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail(message.sender, [message.recipient], message.as_bytes())
    assert received == [message.as_bytes()]
