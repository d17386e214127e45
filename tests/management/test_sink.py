"""The recording mail server: what it takes, what it says, and what it does on demand."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from digest.management.sink import Behaviour, Sink
from tests.services import PROJECT

ENVELOPE = b"MAIL FROM:<us@example.org>\r\nRCPT TO:<%b>\r\nDATA\r\n"
CONTENT = b"Subject: Hello\r\nMessage-ID: <%b@example.org>\r\n\r\n" + b"Papers.\r\n" * 5000 + b".\r\n"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


class Client:
    """Speaks SMTP octet by octet."""

    def __init__(self, sink: Sink) -> None:
        self.socket = socket.create_connection(("127.0.0.1", sink.port), timeout=10)
        self.replies = self.socket.makefile("rb")
        self.says(b"EHLO test\r\n")
        while self.next()[3:4] != b" " or self.last.startswith(b"220"):
            pass

    def says(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def next(self) -> bytes:
        self.last = self.replies.readline()
        return self.last

    def codes(self, number: int) -> list[bytes]:
        return [self.next()[:3] for _ in range(number)]

    def close(self) -> None:
        self.replies.close()
        self.socket.close()


def send(sink: Sink, *recipients: str, user: str = "", password: str = "") -> None:
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as client:
        if user:
            client.login(user, password)
        for number, recipient in enumerate(recipients):
            client.sendmail("us@example.org", [recipient], f"Message-Id: <m{number}@example.org>\n\n.dot\n")


def test_who_was_sent_which_message_is_recorded(sink):
    send(sink, "ada@example.org", "ben@example.org")
    found = [(receipt.recipient, receipt.message_id) for receipt in sink.record.accepted]
    assert found == [("ada@example.org", "<m0@example.org>"), ("ben@example.org", "<m1@example.org>")]
    assert sink.record.cuts == []


def test_messages_come_in_a_pipeline_and_each_gets_its_answers(sink):
    with closing(Client(sink)) as client:
        client.says(ENVELOPE % b"r0@example.org")
        assert client.codes(3) == [b"250", b"250", b"354"]
        for number in range(1, 50):
            client.says(CONTENT % b"%d" % (number - 1) + ENVELOPE % (b"r%d@example.org" % number))
            assert client.codes(4) == [b"250", b"250", b"250", b"354"]
        client.says(CONTENT % b"49" + b"QUIT\r\n")
        assert client.codes(2) == [b"250", b"221"]
    assert [receipt.message_id for receipt in sink.record.accepted] == [f"<{n}@example.org>" for n in range(50)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 4096])
def test_the_final_dot_is_found_wherever_the_network_cuts(sink, size):
    content = CONTENT[:200] % b"0" + b"\r\nx" + b"\r\n.\r\n" + b"NOOP\r\n"
    with closing(Client(sink)) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.says(ENVELOPE % b"ada@example.org")
        assert client.codes(3) == [b"250", b"250", b"354"]
        for begin in range(0, len(content), size):
            client.says(content[begin : begin + size])
        assert client.codes(2) == [b"250", b"250"]
    assert sink.record.messages == 1


def test_an_empty_message_is_a_lone_dot(sink):
    with closing(Client(sink)) as client:
        client.says(ENVELOPE % b"ada@example.org" + b".\r\n")
        assert client.codes(4) == [b"250", b"250", b"354", b"250"]


def test_a_held_message_is_taken_and_its_sender_never_told_if_they_go(sink):
    sink.behaviour.hold_from = 1
    client = Client(sink)
    client.says(ENVELOPE % b"ada@example.org")
    client.codes(3)
    client.says(CONTENT % b"0" + ENVELOPE % b"ben@example.org")
    wait(lambda: sink.held)
    client.close()
    wait(lambda: sink.record.cuts)
    assert [receipt.recipient for receipt in sink.record.unanswered] == ["ada@example.org"]
    assert sink.record.received == {"ada@example.org": 1}
    assert sink.record.accepted == []


def test_a_released_message_is_answered_and_what_came_behind_it_too(sink):
    sink.behaviour.hold_from = 1
    with closing(Client(sink)) as client:
        client.says(ENVELOPE % b"ada@example.org")
        client.codes(3)
        client.says(CONTENT % b"0" + ENVELOPE % b"ben@example.org")
        wait(lambda: sink.held)
        sink.release()
        assert client.codes(4) == [b"250", b"250", b"250", b"354"]


@pytest.mark.parametrize(("behaviour", "taken"), [({"hang_up_before": 1}, 0), ({"hang_up_after": 1}, 1)])
def test_hanging_up_takes_the_message_or_does_not(sink, behaviour, taken):
    sink.behaviour = Behaviour(**behaviour)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(sink, "ada@example.org")
    wait(lambda: sink.record.cuts)
    assert (sink.record.hung_up, len(sink.record.unanswered), len(sink.record.accepted)) == (1, taken, 0)


def test_hanging_up_does_not_swallow_what_was_answered(sink):
    sink.behaviour.hang_up_before = 2
    with closing(Client(sink)) as client:
        client.says(ENVELOPE % b"ada@example.org")
        client.codes(3)
        client.says(CONTENT % b"0" + ENVELOPE % b"ben@example.org")
        assert client.codes(3) == [b"250", b"250", b"250"]
        assert client.next() == b""


def test_recipients_are_put_off_and_refused_in_turn(sink):
    sink.behaviour = Behaviour(defer_every=2, refuse_every=3)
    answers = []
    for number in range(1, 7):
        try:
            send(sink, f"r{number}@example.org")
            answers.append(250)
        except smtplib.SMTPRecipientsRefused as error:
            answers.append(next(iter(error.recipients.values()))[0])
    assert answers == [250, 450, 550, 450, 250, 550]
    assert set(sink.record.refused) == {"r3@example.org", "r6@example.org"}


def test_the_same_seed_gives_the_same_answers(sink):
    def answers() -> list[bytes]:
        behaviour = Behaviour(busy_rate=0.2, unwanted_rate=0.2, closing_rate=0.2)
        return [behaviour.of_message()[:3] for _ in range(200)]

    assert answers() == answers()
    assert {b"250", b"451", b"554", b"421"} == set(answers())


def test_421_closes_the_connection_and_takes_nothing(sink):
    sink.behaviour.closing_rate = 1.0
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        send(sink, "ada@example.org")
    assert caught.value.smtp_code == 421
    assert not sink.record.received


def test_a_block_is_everybodys_and_counts_as_nobodys_refusal(sink):
    sink.behaviour.blocks = True
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sink, "ada@example.org")
    assert not sink.record.refused


def test_the_password_can_be_changed_while_it_runs(sink):
    sink.behaviour.password = "one"
    send(sink, "ada@example.org", user="paperboy", password="one")
    sink.behaviour.password = "two"
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(sink, "ben@example.org", user="paperboy", password="one")
    with pytest.raises(smtplib.SMTPSenderRefused):
        send(sink, "ben@example.org")
    send(sink, "cleo@example.org", user="paperboy", password="two")
    assert list(sink.record.received) == ["ada@example.org", "cleo@example.org"]


def test_it_comes_back_at_the_same_port_with_its_record(sink):
    send(sink, "ada@example.org")
    sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send(sink, "ben@example.org")
    sink.start()
    send(sink, "ben@example.org")
    assert len(sink.record.accepted) == 2


def test_as_a_program_it_says_where_it_is_and_in_the_end_what_came():
    command = [sys.executable, "-m", "digest.management.sink", "--refuse-every", "2"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2])
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client, suppress(smtplib.SMTPRecipientsRefused):
        client.sendmail("us@example.org", ["ada@example.org"], "Hello\n")
        client.sendmail("us@example.org", ["ben@example.org"], "Hello\n")
    process.terminate()
    said, _ = process.communicate(timeout=10)
    assert '"messages": 1, "recipients": 2' in said
    assert process.returncode == 0


def wait(happened) -> None:

    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
