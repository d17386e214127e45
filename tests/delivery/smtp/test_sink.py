"""Postfix's smtp-sink at the other end: a real server's framing, and its refusals."""

from __future__ import annotations

import pytest

from digest.delivery.transports import TRANSPORTS, SmtpTransport
from tests.delivery.smtp.letters import ACCEPTED, DEFERRED, REJECTED, RETURNED, Letter, letters, outcomes, send

pytestmark = pytest.mark.smtp_sink


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("options", [[], ["-p"]], ids=["pipelined", "lockstep"])
def test_everything_arrives_once(transport_to, smtp_sink, connections, options):
    sink = smtp_sink(*options)
    pile = letters(60, octets=38_000)
    transport = transport_to(sink.port, connections=connections, messages_per_connection=7)
    assert outcomes(send(transport, pile)) == [ACCEPTED] * 60
    transport.close()
    received = [message.replace(b"\n", b"\r\n") for message in sink.messages()]
    for letter in pile:
        assert sum(letter.as_bytes().strip() in message for message in received) == 1


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (["-r", "RCPT"], DEFERRED),
        (["-f", "RCPT"], REJECTED),
        (["-r", "DATA"], DEFERRED),
        (["-f", "DATA"], REJECTED),
        (["-r", "."], DEFERRED),
        (["-f", "."], REJECTED),
        (["-r", "MAIL"], RETURNED),
        (["-f", "MAIL"], RETURNED),
    ],
)
def test_refusals_at_every_stage_leave_the_connection_usable(transport_to, smtp_sink, options, outcome):
    sink = smtp_sink(*options)
    assert outcomes(send(transport_to(sink.port), letters(6))) == [outcome] * 6


def test_the_settings_name_the_server(settings, smtp_sink):
    sink = smtp_sink()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.SMTP_CONNECTIONS = sink.host, sink.port, 2
    transport = TRANSPORTS["smtp"](2)
    assert isinstance(transport, SmtpTransport)
    try:
        assert outcomes(send(transport, [Letter("reader@example.org")])) == [ACCEPTED]
    finally:
        transport.close()
