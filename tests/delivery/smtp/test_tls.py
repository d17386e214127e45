"""TLS from the first octet and by STARTTLS, certificates that are verified, and logging in."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from digest.delivery.transports.base import TransportUnavailable
from digest.delivery.transports.smtp import SmtpTransport
from tests.delivery.conftest import Mailbox, smtp_server
from tests.delivery.smtp.authority import Authority
from tests.delivery.smtp.letters import ACCEPTED, RETURNED, UNKNOWN, Letter, letters, outcomes, send
from tests.delivery.smtp.server import DEAF, HANG_UP, following


@contextmanager
def with_login() -> Iterator[int]:
    options = {"authenticator": let_in, "auth_required": True, "auth_require_tls": False}
    with warnings.catch_warnings(action="ignore"), smtp_server(Mailbox(), **options) as port:
        yield port


def let_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data.login == b"paperboy" and data.password == b"secret", handled=False)


def refusal(transport: Any) -> str:
    with pytest.raises(TransportUnavailable) as caught:
        send(transport, letters(1))
    assert caught.value.result.outcome is RETURNED
    return caught.value.result.fault


@pytest.mark.parametrize("extensions", ["PIPELINING|SIZE 99999999", "SIZE 99999999"], ids=["pipelined", "lockstep"])
def test_messages_of_any_size_go_over_tls_as_they_are(transport_to, trusted, extensions):
    pile = [*letters(5), Letter("big@example.org", octets=3_000_000), *letters(3, octets=40_000)]
    with following({"extensions": extensions}, context=trusted.context("127.0.0.1")) as server:
        transport = transport_to(server.port, use_ssl=True, timeout=20)
        assert outcomes(send(transport, pile)) == [ACCEPTED] * len(pile)
        assert outcomes(send(transport, pile[:2])) == [ACCEPTED] * 2
        assert server.contents == [letter.as_bytes() for letter in [*pile, *pile[:2]]]
        assert len(server.peers) == 1


@pytest.mark.parametrize("end", [HANG_UP, DEAF], ids=str)
def test_over_tls_too_content_that_was_sent_in_part_was_not_accepted(transport_to, trusted, end):
    big = Letter("reader@example.org", octets=30_000_000)
    with following({"inside content": end}, {}, context=trusted.context("127.0.0.1")) as server:
        results = send(transport_to(server.port, use_ssl=True, timeout=0.8), [big, *letters(2)])
    assert outcomes(results) == [RETURNED, RETURNED, ACCEPTED]


def test_over_tls_too_content_without_an_answer_is_unknown(transport_to, trusted):
    with following({".": ["250 OK", HANG_UP]}, {}, context=trusted.context("127.0.0.1")) as server:
        results = send(transport_to(server.port, use_ssl=True), letters(4))
    assert outcomes(results) == [ACCEPTED, UNKNOWN, ACCEPTED, ACCEPTED]


def test_content_arrives_as_it_was_made(transport_to):
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        pile = [Letter(f"reader{octets}@example.org", octets=octets) for octets in (50, 1000, 16_384, 70_000)]
        assert outcomes(send(transport_to(port, connections=2), pile)) == [ACCEPTED] * 4
    assert dict(mailbox.received) == {letter.recipient: letter.as_bytes() for letter in pile}


def test_a_certificate_of_an_unknown_authority_is_not_accepted(transport_to, authority):
    with following(context=authority.context("127.0.0.1")) as server:
        assert refusal(transport_to(server.port, use_ssl=True)) == "provider"


def test_a_certificate_for_another_name_is_not_accepted(transport_to, trusted):
    with following(context=trusted.context("mail.example.com")) as server:
        assert refusal(transport_to(server.port, use_ssl=True)) == "provider"


def test_a_server_without_starttls_is_told_nothing(transport_to):
    with following() as server:
        assert refusal(transport_to(server.port, use_tls=True)) == "provider"
        assert "MAIL" not in server.peers[0].heard


# Certificates of our own, which the server asks for


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
class TestClientCertificates:
    """In TLS 1.2 a server refuses within the handshake, in 1.3 only after it, when the greeting is read."""

    @pytest.fixture
    def demanding(self, trusted: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
        """A server's that lets in whoever has a certificate of the authority."""
        context = trusted.context("127.0.0.1", clients_of=trusted)
        context.minimum_version = context.maximum_version = version
        return context

    def test_who_has_one_of_the_right_authority_may_send(self, transport_to, trusted, demanding):
        with following(context=demanding) as server:
            transport = transport_to(server.port, use_ssl=True, ssl_certfile=str(trusted.certify("client.example")))
            assert outcomes(send(transport, letters(5))) == [ACCEPTED] * 5

    def test_it_is_shown_after_starttls_too(self, transport_to, trusted, demanding):
        mailbox = Mailbox()
        with smtp_server(mailbox, tls_context=demanding, require_starttls=True) as port:
            transport = transport_to(port, use_tls=True, ssl_certfile=str(trusted.certify("client.example")))
            assert outcomes(send(transport, letters(2))) == [ACCEPTED] * 2
        assert len(mailbox.received) == 2

    def test_the_settings_name_it_and_its_key(self, trusted, demanding, settings):
        certificate, key = trusted.certify_apart("client.example")
        settings.EMAIL_HOST, settings.EMAIL_USE_SSL, settings.EMAIL_TIMEOUT = "127.0.0.1", True, 2
        settings.EMAIL_SSL_CERTFILE, settings.EMAIL_SSL_KEYFILE = str(certificate), str(key)
        with following(context=demanding) as server:
            settings.EMAIL_PORT = server.port
            transport = SmtpTransport.from_settings(1)
            assert outcomes(send(transport, letters(2))) == [ACCEPTED] * 2
            transport.close()

    def test_who_has_none_is_refused_and_no_message_is_to_blame(self, transport_to, demanding):
        with following(context=demanding) as server:
            assert refusal(transport_to(server.port, use_ssl=True)) == "provider"
            assert not server.lines

    def test_who_has_one_of_another_authority_is_refused_too(self, transport_to, demanding, tmp_path):
        stranger = Authority(tmp_path, "Somebody").certify("client.example")
        with following(context=demanding) as server:
            assert refusal(transport_to(server.port, use_ssl=True, ssl_certfile=str(stranger))) == "provider"
            assert not server.lines


@pytest.mark.parametrize("tls", ["use_tls", "use_ssl"])
def test_a_certificate_that_cannot_be_read_is_named(transport_to, trusted, tmp_path, tls):
    (tmp_path / "nothing.pem").write_text("not a certificate")
    extensions = {"extensions": "PIPELINING|STARTTLS"}
    with following(extensions, context=trusted.context("127.0.0.1") if tls == "use_ssl" else None) as server:
        for name in ("nothing.pem", "missing.pem"):
            transport = transport_to(server.port, **{tls: True}, ssl_certfile=str(tmp_path / name))
            with pytest.raises(TransportUnavailable, match="EMAIL_SSL_CERTFILE") as caught:
                send(transport, letters(1))
            assert (caught.value.result.outcome, caught.value.result.fault) == (RETURNED, "credentials")


def test_who_logs_in_may_send(transport_to):
    with with_login() as port:
        transport = transport_to(port, user="paperboy", password="secret")
        assert outcomes(send(transport, letters(2))) == [ACCEPTED] * 2


@pytest.mark.parametrize("password", ["wrong", "corréct horse"])
def test_a_wrong_password_is_a_matter_of_credentials(transport_to, password):
    with with_login() as port:
        assert refusal(transport_to(port, user="paperboy", password=password)) == "credentials"


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ({"AUTH": "535 5.7.8 wrong"}, "credentials"),
        ({"AUTH": "454 4.7.0 cannot tell now"}, "provider"),
        ({"AUTH": HANG_UP}, "provider"),
        ({"extensions": "PIPELINING"}, "credentials"),
    ],
)
def test_who_cannot_log_in_is_told_whose_fault_it_is(transport_to, script, fault):
    with following({"extensions": "PIPELINING|AUTH PLAIN", **script}) as server:
        assert refusal(transport_to(server.port, user="paperboy", password="secret")) == fault


def test_a_server_that_wants_a_login_and_gets_none_is_a_matter_of_credentials(transport_to):
    with with_login() as port:
        results = send(transport_to(port), letters(2))
    assert {(result.outcome, result.fault) for result in results.values()} == {(RETURNED, "credentials")}
