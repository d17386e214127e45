"""Addresses on the wire: as they are, in ASCII, in UTF-8, or not at all."""

from __future__ import annotations

import pytest

from digest.delivery.transports.smtp.envelope import Extensions, UnfitAddress, UnfitSender, envelope_of, path
from tests.delivery.smtp.letters import ACCEPTED, REJECTED, RETURNED, Letter, outcomes, send
from tests.delivery.smtp.server import following


@pytest.mark.parametrize(
    ("address", "octets"),
    [
        ("reader@example.org", b"reader@example.org"),
        (f"{'x' * 64}@example.org", b"x" * 64 + b"@example.org"),
        ("o'hara+papers@example.org", b"o'hara+papers@example.org"),
        ('"two words"@example.org', b'"two words"@example.org'),
        (r'"a\"b@c"@example.org', rb'"a\"b@c"@example.org'),
        ("reader@[192.0.2.1]", b"reader@[192.0.2.1]"),
        ("reader@bücher.example", b"reader@xn--bcher-kva.example"),
        ("reader@straße.example", b"reader@xn--strae-oqa.example"),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example".encode()),
    ],
)
def test_an_address_is_told_as_servers_expect_it(address, octets):
    assert path(address) == octets


@pytest.mark.parametrize(
    "address",
    [
        "reader@example.org\r\nRCPT TO:<other@example.org",
        "reader\n@example.org",
        "reader@example.org\n",
        "reader\r@example.org",
        "rea\0der@example.org",
        "rea\u2028der@example.org",
        "rea\u200bder@example.org",
        "rea\ud800der@example.org",
        "<reader@example.org>",
        "reader>@example.org",
        '"rea>der"@example.org',
        '"rea\r\nder"@example.org',
        "two words@example.org",
        "reader@example.org SIZE=1",
        "reader@exa mple.org",
        "reader@example.org>",
        "a@b@example.org",
        "@example.org",
        "reader@",
        "reader",
        "",
        "reader@" + "x" * 320,
        "reader@\u2028.example",
    ],
)
def test_what_would_break_out_of_its_command_never_reaches_the_wire(address):
    with pytest.raises(UnfitAddress):
        path(address)


def test_parameters_are_given_only_to_servers_that_offer_them():
    letter = Letter("reader@example.org")
    assert envelope_of(letter, Extensions()).mail == b"MAIL FROM:<digest@example.com>\r\n"
    size = len(letter.as_bytes())
    assert envelope_of(letter, Extensions(size=True)).mail == b"MAIL FROM:<digest@example.com> SIZE=%d\r\n" % size


def test_utf8_is_announced_only_for_an_address_that_needs_it():
    able = Extensions(smtputf8=True)
    assert envelope_of(Letter("jürgen@example.org"), able).mail.endswith(b" SMTPUTF8\r\n")
    assert b"SMTPUTF8" not in envelope_of(Letter("reader@bücher.example"), able).mail
    with pytest.raises(UnfitAddress, match="SMTPUTF8"):
        envelope_of(Letter("jürgen@example.org"), Extensions())


def test_a_sender_that_no_server_can_be_told_is_not_the_messages_fault():
    with pytest.raises(UnfitSender):
        envelope_of(Letter("reader@example.org", sender="a\r\nb@example.com"), Extensions())
    with pytest.raises(UnfitSender):
        envelope_of(Letter("reader@example.org", sender="jürgen@example.com"), Extensions())


def test_the_null_sender_is_told_as_such():
    assert envelope_of(Letter("reader@example.org", sender=""), Extensions()).mail == b"MAIL FROM:<>\r\n"


def test_unfit_addresses_cost_only_their_own_message(transport_to):
    hostile = "reader@example.org>\r\nRCPT TO:<victim@example.org"
    pile = [Letter("first@example.org"), Letter(hostile), Letter("last@example.org", sender="x y@example.com")]
    with following() as server:
        results = send(transport_to(server.port), [*pile, Letter("end@example.org")])
        assert outcomes(results) == [ACCEPTED, REJECTED, RETURNED, ACCEPTED]
        assert results[2].fault == "ours"
        assert not [line for line in server.lines if "victim" in line]


def test_composing_that_fails_is_our_fault_and_costs_nothing(transport_to):
    class Broken(Letter):
        def as_bytes(self) -> bytes:
            raise TypeError("no such paper")

    with following() as server:
        results = send(transport_to(server.port), [Letter("a@example.org"), Broken("b@example.org")])
    assert outcomes(results) == [ACCEPTED, RETURNED]
    assert (results[1].fault, results[1].detail) == ("ours", "TypeError: no such paper")


@pytest.mark.parametrize("extensions", ["PIPELINING|SMTPUTF8", "SIZE 100"])
def test_a_local_part_beyond_ascii_is_sent_where_the_server_can_take_it(transport_to, extensions):
    with following({"extensions": extensions}) as server:
        results = send(transport_to(server.port), [Letter("jürgen@bücher.example"), Letter("b@example.org")])
        assert outcomes(results) == [ACCEPTED if "UTF8" in extensions else REJECTED, ACCEPTED]
        told = [line for line in server.lines if line.startswith("RCPT")]
    utf8 = ["RCPT TO:<jürgen@xn--bcher-kva.example>"] if "UTF8" in extensions else []
    assert told == [*utf8, "RCPT TO:<b@example.org>"]
