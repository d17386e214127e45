"""What a reply says, however it is cut into pieces, and what it means for the message."""

from __future__ import annotations

import pytest

from digest.delivery.outcomes import Fault, Outcome
from digest.delivery.transports.smtp.replies import MAX_REPLY, ReplyReader, Stage, Unreadable, acceptance, judge, parse

MAIL, RCPT, DATA, CONTENT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT
REJECTED, DEFERRED, RETURNED = Outcome.REJECTED, Outcome.DEFERRED, Outcome.RETURNED
MESSAGE, POLICY, CREDENTIALS, PROVIDER = Fault.MESSAGE, Fault.POLICY, Fault.CREDENTIALS, Fault.PROVIDER

STREAM = b"250 2.1.0 Ok\r\n250-first\r\n250-second\r\n250 last\r\n354 go on\r\n250\r\n"


def test_a_stream_is_cut_into_the_same_replies_wherever_it_is_cut_into_pieces():
    whole = [reply.split() for reply in ReplyReader().feed(STREAM)]
    assert [words[0] for words in whole] == [b"250", b"250-first", b"354", b"250"]
    for size in range(1, len(STREAM)):
        reader = ReplyReader()
        pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
        assert [reply.split() for piece in pieces for reply in reader.feed(piece)] == whole


def test_lines_that_end_with_lf_alone_are_understood():
    assert len(ReplyReader().feed(b"250 one\n250 two\n")) == 2


@pytest.mark.parametrize(
    "junk", [b"HTTP/1.1 400 Bad Request\r\n", b"\r\n", b"25x no\r\n", b"250_no\r\n", b"\x16\x03\x01\n"]
)
def test_what_is_not_smtp_is_unreadable(junk):
    with pytest.raises(Unreadable):
        ReplyReader().feed(junk)


@pytest.mark.parametrize("endless", [b"x" * 1000, b"250-more\r\n" * 100])
def test_an_answer_without_an_end_is_not_kept(endless):
    reader = ReplyReader()
    with pytest.raises(Unreadable):
        reader.feed(endless * (2 * MAX_REPLY // len(endless)))


def test_enhanced_codes_are_read_once_from_a_reply_of_several_lines():
    reply = parse(b"550-5.1.1 The account\r\n550-5.1.1 does not exist\r\n550 5.1.1 here.\r")
    assert reply == (550, "1.1", "550 5.1.1 The account does not exist here.")


@pytest.mark.parametrize(
    ("reply", "queue_id"),
    [
        (b"250 2.0.0 Ok: queued as 4XyZ1\r", "4XyZ1"),
        (b"250 OK id=1tAbCd-0001-Xy\r", "1tAbCd-0001-Xy"),
        (b"250 Ok 0102018f3b2c4d5e-aaaa-000000\r", "0102018f3b2c4d5e-aaaa-000000"),
        (b"250 2.0.0 Ok\r", ""),
    ],
)
def test_the_queue_id_is_kept_where_the_server_tells_it(reply, queue_id):
    assert acceptance(reply) == (Outcome.ACCEPTED, "", queue_id, MESSAGE, None, False)


@pytest.mark.parametrize(
    ("stage", "reply", "outcome", "fault"),
    [
        (RCPT, "450 4.2.0 try later", DEFERRED, MESSAGE),
        (RCPT, "451 4.7.1 greylisted, come back in 5 minutes", DEFERRED, MESSAGE),
        (RCPT, "450 4.7.1 too many from you", DEFERRED, POLICY),
        (RCPT, "550 5.7.1 not allowed", DEFERRED, POLICY),
        (CONTENT, "550 5.7.515 access denied, sending domain is not authenticated", DEFERRED, POLICY),
        (CONTENT, "550-5.7.26 unauthenticated\r\n550 5.7.26 more words", DEFERRED, POLICY),
        (RCPT, "554 blocked using zen.spamhaus.org", DEFERRED, POLICY),
        (RCPT, "550 blocked, there is no such user anyway", DEFERRED, POLICY),
        (RCPT, "554 Relay access denied", DEFERRED, POLICY),
        (RCPT, "552 5.2.2 mailbox full", DEFERRED, MESSAGE),
        (RCPT, "552 quota exceeded", DEFERRED, MESSAGE),
        (RCPT, "452 4.2.2 mailbox full", DEFERRED, MESSAGE),
        (CONTENT, "552 5.2.2 mailbox full", DEFERRED, MESSAGE),
        (CONTENT, "552 message size exceeds limit", REJECTED, MESSAGE),
        (CONTENT, "552 5.3.4 message too big", REJECTED, MESSAGE),
        (CONTENT, "552 5.2.3 message length exceeds administrative limit", REJECTED, MESSAGE),
        (MAIL, "552 5.3.4 message size exceeds fixed limit", REJECTED, MESSAGE),
        (MAIL, "552 too much mail data", REJECTED, MESSAGE),
        (RCPT, "550 5.1.1 user unknown", REJECTED, MESSAGE),
        (RCPT, "550 5.2.1 mailbox disabled", REJECTED, MESSAGE),
        (RCPT, "500 5.3.0 command failed", REJECTED, MESSAGE),
        (CONTENT, "554 5.6.0 bad content", REJECTED, MESSAGE),
        (DATA, "554 5.5.1 no valid recipients", REJECTED, MESSAGE),
        (DATA, "451 4.3.0 queue file write error", DEFERRED, MESSAGE),
        (MAIL, "553 5.6.7 address needs SMTPUTF8", REJECTED, MESSAGE),
        (MAIL, "550 5.1.8 sender domain not found", RETURNED, POLICY),
        (RCPT, "450 4.1.8 sender domain not found", RETURNED, POLICY),
        (MAIL, "550 5.7.1 not allowed", RETURNED, POLICY),
        (MAIL, "451 4.7.1 later", RETURNED, POLICY),
        (MAIL, "550 sender refused", RETURNED, POLICY),
        (MAIL, "452 4.3.1 insufficient system storage", RETURNED, PROVIDER),
        (MAIL, "530 5.7.0 authentication required", RETURNED, CREDENTIALS),
        (RCPT, "530 5.7.0 must issue STARTTLS first", RETURNED, CREDENTIALS),
        (MAIL, "535 5.7.8 bad credentials", RETURNED, CREDENTIALS),
        (RCPT, "538 5.7.11 encryption required", RETURNED, CREDENTIALS),
        (CONTENT, "421 4.3.2 shutting down", RETURNED, PROVIDER),
        (MAIL, "503 5.5.1 nested MAIL command", RETURNED, PROVIDER),
    ],
)
def test_a_refusal_is_judged_by_its_code_and_stage(stage, reply, outcome, fault):
    result = judge(stage, reply.encode() + b"\r")
    assert (result.outcome, result.fault) == (outcome, fault)
    assert result.detail.startswith(reply[:3])


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 <a@b.c>: Recipient address rejected: User unknown in local recipient table",
        "550 5.1.10 recipient not found",
        "553 5.1.2 bad domain",
        "550 5.1.6 moved",
        "501 5.1.3 bad address syntax",
        "550 no such user here",
        "550 User unknown",
        "550 The mailbox you tried does not exist",
        "551 unknown recipient",
    ],
)
def test_a_mailbox_that_does_not_exist_is_a_hard_bounce(reply):
    result = judge(RCPT, reply.encode())
    assert (result.outcome, result.is_hard_bounce) == (REJECTED, True)


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        (RCPT, "450 4.1.1 user unknown, perhaps"),
        (RCPT, "550 5.7.1 user unknown to our block list"),
        (RCPT, "550 5.2.1 no such user any more"),
        (RCPT, "550 blacklisted: user unknown"),
        (CONTENT, "550 user unknown, says a filter"),
        (RCPT, "550 requested action not taken"),
        (MAIL, "550 5.1.1 user unknown"),
    ],
)
def test_nothing_else_is_a_hard_bounce(stage, reply):
    assert not judge(stage, reply.encode()).is_hard_bounce
