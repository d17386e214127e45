"""Proof that the audit finds what is wrong: each kind of fault, put into facts that are well otherwise."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.chaos.audit import Expected, Facts, Row, faults
from tests.chaos.report import account

ADA, BEN, CLEO, DAN = (f"{name}@example.org" for name in ("ada", "ben", "cleo", "dan"))
WELL = {ADA: "accepted", BEN: "unknown", CLEO: "skipped", DAN: "rejected"}
EXPECTED = Expected(on_wire=1, left=frozenset({CLEO}))


def facts(states: dict[str, str] = WELL, accepted=(ADA,), unanswered=(), refused=(DAN,), **row) -> Facts:
    rows = [Row(address, state, **row) for address, state in states.items()]
    return Facts(rows, Counter(accepted), Counter(unanswered), frozenset(refused))


def audit(*args, **kwargs) -> list[str]:
    return faults(facts(*args, **kwargs), EXPECTED)


@pytest.mark.parametrize(
    "well",
    [
        {},
        {"accepted": (ADA, BEN)},
        {"unanswered": (BEN,)},
        {"states": {**WELL, BEN: "queued"}, "detail": "450 try again later"},
        {"states": {**WELL, BEN: "queued"}, "waits": True},
        {"states": {**WELL, ADA: "delivered"}},
    ],
)
def test_what_is_in_doubt_may_have_arrived_or_not_and_what_waits_says_why(well):
    assert audit(**well) == []


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"states": {**WELL, ADA: "skipped"}, "accepted": ()}, f"1 lost: {ADA}"),
        ({"states": {**WELL, ADA: ""}, "accepted": ()}, f"1 lost: {ADA}"),
        ({"states": {**WELL, ADA: "accepted"}, "accepted": ()}, f"1 lost: {ADA}"),
        ({"refused": ()}, f"1 lost: {DAN}"),
        ({"accepted": (ADA, ADA)}, f"1 received more than one message: {ADA}"),
        ({"unanswered": (ADA,)}, f"1 received more than one message: {ADA}"),
        ({"accepted": (ADA, BEN), "unanswered": (BEN,)}, f"1 received more than one message: {BEN}"),
        ({"accepted": ()}, f"1 shown as sent, though the server never accepted it: {ADA}"),
        ({"accepted": (), "unanswered": (ADA,)}, f"1 shown as sent, though the server never accepted it: {ADA}"),
        ({"accepted": (ADA, DAN)}, f"1 accepted by the server, though the ledger says otherwise: {DAN}"),
        (
            {"states": {**WELL, BEN: "queued"}, "waits": True, "unanswered": (BEN,)},
            f"1 taken by the server, and queued all the same: {BEN}",
        ),
        ({"states": {**WELL, BEN: "claimed"}}, f"1 neither ended nor queued: {BEN}"),
        ({"states": {**WELL, BEN: "queued"}}, f"1 queued without a reason: {BEN}"),
        ({"states": {**WELL, BEN: "rejected"}}, f"1 refused, though no server refused it: {BEN}"),
        ({"states": {**WELL, BEN: "skipped"}}, f"1 skipped, though the reader wants it: {BEN}"),
        ({"accepted": (ADA, CLEO)}, f"1 written to after they had left: {CLEO}"),
        ({"accepted": (ADA, "eve@example.org")}, "1 received by nobody's reader: eve@example.org"),
        ({"states": {**WELL, ADA: "unknown"}}, "2 in doubt, with 1 on the wire"),
    ],
)
def test_the_audit_says_what_is_wrong(wrong, fault):
    assert fault in audit(**wrong)


def test_an_account_fails_for_a_fault_and_for_trouble_on_the_way():
    assert account("any", facts(), EXPECTED, 1.0).verdict == "passed"
    assert account("any", facts(accepted=()), EXPECTED, 1.0).verdict == "FAILED"
    failed = account("any", facts(), EXPECTED, 1.0, "TimeoutError: still not")
    assert (failed.verdict, failed.faults) == ("FAILED", ["TimeoutError: still not"])


def test_an_account_counts_what_the_table_shows():
    found = account("any", facts(accepted=(ADA, ADA, BEN)), EXPECTED, 1.26)
    shown = (found.readers, found.accepted, found.received, found.lost, found.doubled, found.unknown, found.on_wire)
    assert shown == (4, 1, 3, 0, 1, 1, 1)
    assert (found.rejected, found.skipped, found.seconds) == (1, 1, 1.3)
