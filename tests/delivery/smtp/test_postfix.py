"""A real Postfix: every message in its mailbox once, refusals judged, with and without TLS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from digest.delivery.transports.base import TransportUnavailable
from tests.delivery.smtp.letters import ACCEPTED, DEFERRED, REJECTED, Letter, letters, outcomes, send
from tests.delivery.smtp.postfix import Postfix, running

BOXES = 12
ADDRESSES = [*[f"reader{number}@example.org" for number in range(BOXES)], "jürgen@example.org", "late@example.org"]


@pytest.fixture(scope="module")
def postfix(tmp_path_factory) -> Iterator[Postfix]:
    with running(ADDRESSES, {"late@example.org": "451 4.3.0 come back later"}) as server:
        yield server


def arrived(postfix: Postfix, box: int, letter: Letter) -> list[bytes]:
    """The letter, as often as it is in the mailbox, below the lines Postfix puts on top of it.

    Postfix delivers a moment after it has accepted.
    """
    content = letter.as_bytes().replace(b"\r\n", b"\n")
    deadline = time.monotonic() + 20
    while True:
        found = [message for message in postfix.received(box) if message.endswith(content)]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


@pytest.mark.parametrize("connections", [1, 3])
def test_every_message_reaches_its_mailbox_once(transport_to, postfix, connections):
    pile = letters(BOXES, octets=38_000 + 460 * connections)
    transport = transport_to(postfix.port, timeout=20, connections=connections, messages_per_connection=5)
    results = send(transport, pile)
    assert outcomes(results) == [ACCEPTED] * BOXES
    assert len({result.provider_message_id for result in results.values()}) == BOXES
    assert [len(arrived(postfix, box, letter)) for box, letter in enumerate(pile)] == [1] * BOXES


def test_a_message_refused_before_its_content_does_not_stand_in_the_way_of_the_next(transport_to, postfix):
    """Postfix keeps the transaction open: without RSET the next message would be a nested MAIL."""
    pile = [Letter("late@example.org"), Letter("reader0@example.org"), Letter("late@example.org")]
    results = send(transport_to(postfix.port, timeout=20), [*pile, Letter("reader1@example.org")])
    assert outcomes(results) == [DEFERRED, ACCEPTED, DEFERRED, ACCEPTED]
    assert results[0].detail.startswith("451 4.3.0")


def test_a_mailbox_that_does_not_exist_is_a_hard_bounce_and_costs_nobody_else(transport_to, postfix):
    pile = [Letter("nobody@example.org"), Letter("reader0@example.org"), Letter("nobody@example.org"), *letters(2)]
    results = send(transport_to(postfix.port, timeout=20), pile)
    assert outcomes(results) == [REJECTED, ACCEPTED, REJECTED, ACCEPTED, ACCEPTED]
    assert [results[key].is_hard_bounce for key in sorted(results)] == [True, False, True, False, False]


def test_a_message_beyond_the_servers_limit_is_refused_before_it_is_sent(transport_to, postfix):
    results = send(transport_to(postfix.port, timeout=20), [Letter("reader0@example.org", octets=300_000), *letters(1)])
    assert outcomes(results) == [REJECTED, ACCEPTED]
    assert results[0].detail.startswith("552 5.3.4")


def test_an_address_beyond_ascii_reaches_its_mailbox(transport_to, postfix):
    letter = Letter("jürgen@example.org")
    assert outcomes(send(transport_to(postfix.port, timeout=20), [letter])) == [ACCEPTED]
    assert len(arrived(postfix, ADDRESSES.index("jürgen@example.org"), letter)) == 1


@pytest.fixture(scope="module")
def secure(authority) -> Iterator[Postfix]:
    with running(ADDRESSES, {}, authority.certify("127.0.0.1")) as server:
        yield server


PORTS: dict[str, Callable[[Postfix], int]] = {
    "use_tls": lambda postfix: postfix.port,
    "use_ssl": lambda postfix: postfix.wrapped_port,
}


@pytest.mark.parametrize("option", PORTS)
def test_over_tls_everything_arrives_too(transport_to, secure, trusted, option):
    letter = Letter("reader0@example.org", octets=50_000 if option == "use_tls" else 60_000)
    transport = transport_to(PORTS[option](secure), timeout=20, connections=2, **{option: True})
    assert outcomes(send(transport, [letter, *letters(BOXES, octets=38_000)])) == [ACCEPTED] * (BOXES + 1)
    assert len(arrived(secure, 0, letter)) == 1


def test_a_postfix_that_insists_on_tls_lets_nobody_in_without(transport_to, secure):
    results = send(transport_to(secure.port, timeout=20), letters(1))
    assert (results[0].outcome, results[0].fault) == ("returned", "credentials")


@pytest.mark.parametrize("option", PORTS)
def test_a_postfix_with_an_unknown_certificate_is_told_nothing(transport_to, secure, option):
    with pytest.raises(TransportUnavailable, match="certificate verify failed"):
        send(transport_to(PORTS[option](secure), **{option: True}), letters(1))
