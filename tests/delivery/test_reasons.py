"""What became of a delivery, in words an operator understands."""

from __future__ import annotations

import pytest

from digest.delivery.reasons import of_delivery
from digest.models import DeliveryState


@pytest.mark.parametrize(
    ("state", "detail", "key"),
    [
        ("skipped", "Unsubscribed", "unsubscribed"),
        ("skipped", "Suppressed", "suppressed"),
        ("skipped", "The reader was deleted", "deleted"),
        ("skipped", "No papers", "no-papers"),
        ("skipped", "A newer edition came first", "newer-edition"),
        ("rejected", "550 5.1.1 <a@example.org>: Recipient address rejected: User unknown", "no-mailbox"),
        ("rejected", "554 5.7.1 Service unavailable; client host blocked", "blocked"),
        ("rejected", "550 No such user here", "no-mailbox"),
        ("rejected", "553 sorry", "refused"),
        ("rejected", "No mail can be addressed to this reader: ValueError: newline", "unmailable"),
        ("rejected", "The provider says: rejected", "other"),
        ("rejected", "Given up after 12 hours: 451 4.7.1 Greylisted", "given-up-busy"),
        ("rejected", "Given up after 12 hours: 452 4.2.2 Mailbox full", "given-up-full"),
        ("bounced", "smtp; 550-5.1.1 The email account that you tried to reach does not exist", "no-mailbox"),
        ("bounced", "552 5.2.2 over quota", "full"),
        ("bounced", "5.1.2 Host unknown", "no-domain"),
        ("bounced", "Delivery failed at 192.0.2.5.1", "other"),
        ("queued", "Mail to example.net is paused", "paused-example.net"),
        ("queued", "The Daily edition of 2026-07-14 cannot be composed: E", "paused-edition"),
        ("queued", "421 4.3.2 Service not available", "put-off-system"),
        ("queued", "450 4.2.1 The user is receiving mail too quickly", "put-off-mailbox-not-now"),
        ("rejected", "550 5.2.1 The account is disabled", "disabled"),
        ("queued", "Waits for its turn: 5/second to blocket.se", "limit"),
        ("queued", "Waits until the limits can be counted again", "uncounted"),
        ("queued", "450 4.7.1 Greylisted, try again in 300 s", "put-off-busy"),
        ("queued", "450 4.7.1 too many from you", "put-off-blocked"),
        ("queued", "Something odd", "put-off"),
        ("unknown", "The worker was gone before it could record an answer", "worker-gone"),
        ("unknown", "The worker ended while the message was on the wire", "worker-gone"),
        ("unknown", "ReadTimeout: 30 s", "no-answer"),
        ("accepted", "left over", "accepted"),
    ],
)
def test_words_are_understood(state, detail, key):
    assert of_delivery(state, detail).key == key


@pytest.mark.parametrize("state", DeliveryState.values)
@pytest.mark.parametrize("detail", ["", "gibberish", "Given up after 12 hours: gibberish", "\x00", "5" * 2000])
def test_every_state_has_a_sentence_whatever_was_said(state, detail):
    reason = of_delivery(state, detail)
    assert reason.text.endswith(".")
    assert reason.text[0].isupper()
    assert len(reason.key) < 80


def test_only_what_a_server_put_off_is_said_to_be_tried_again():
    """What waits for its turn, or for the end of a pause, was not tried."""
    for detail in (
        "Waits for its turn: 5/day",
        "Mail to example.net is paused",
        "The Daily edition cannot be composed: E",
    ):
        assert "again" not in of_delivery("queued", detail).text
    for detail in ("452 4.2.2 Mailbox full", "421 4.3.2 Service not available", "Something odd"):
        assert of_delivery("queued", detail).text.endswith("tried again later.")


def test_what_may_have_arrived_says_so():
    for detail in ("", "The worker ended while the message was on the wire", "ReadTimeout"):
        assert "may have arrived" in of_delivery("unknown", detail).text
