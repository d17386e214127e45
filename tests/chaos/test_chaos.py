"""One scenario of `make chaos` for every run of the suite, and proof that its audit finds what is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.audit import Expected, Facts, faults
from tests.chaos.scenarios import worker_killed
from tests.chaos.site import CHUNK, Site, seed


@pytest.mark.postgres
@pytest.mark.redis
def test_a_killed_celery_worker_leaves_one_window_in_doubt_and_another_goes_on(
    tmp_path: Path, postgres_url: str, redis_url: str
):
    seed(postgres_url, 2 * CHUNK, tmp_path)
    with Site(tmp_path, postgres_url, redis_url) as site:
        expected = worker_killed(site)
        assert faults(site.facts(), expected) == []
        assert site.facts().received.total() > CHUNK


WELL = [("ada@example.org", "accepted"), ("ben@example.org", "unknown"), ("cleo@example.org", "skipped")]


def audit(ledger: list[tuple[str, str]], received: list[str], readers: int = 3) -> list[str]:
    return faults(Facts(readers, ledger, Counter(received)), Expected(0, 1, skipped=1))


@pytest.mark.parametrize("received", [["ada@example.org"], ["ada@example.org", "ben@example.org"]])
def test_what_is_unknown_may_have_arrived_or_not(received):
    assert audit(WELL, received) == []


@pytest.mark.parametrize(
    ("ledger", "received", "fault"),
    [
        (WELL, ["ada@example.org"] * 2, "1 got more than one message: ada@example.org"),
        (WELL, [], "1 accepted, though the server never took it: ada@example.org"),
        (
            WELL,
            ["ada@example.org", "cleo@example.org"],
            "1 received, though the ledger says otherwise: cleo@example.org",
        ),
        ([*WELL[:2], ("cleo@example.org", "claimed")], ["ada@example.org"], "1 neither ended nor queued: cleo@"),
        ([*WELL[:2], ("cleo@example.org", "rejected")], ["ada@example.org"], "1 rejected, though nobody refused it"),
        (WELL[:2], ["ada@example.org"], "2 rows for 3 readers"),
        ([*WELL, ("ada@example.org", "accepted")], ["ada@example.org"], "4 rows for 3 readers"),
        ([WELL[1], ("ada@example.org", "unknown"), WELL[2]], [], "2 unknown, not 0 to 1"),
        ([*WELL[:2], ("cleo@example.org", "queued")], ["ada@example.org"], "0 skipped, not 1"),
    ],
)
def test_the_audit_says_what_is_wrong(ledger, received, fault):
    assert any(words.startswith(fault) for words in audit(ledger, received)), audit(ledger, received)


def test_a_message_for_someone_unheard_of_is_a_fault():
    assert audit(WELL, ["ada@example.org", "eve@example.org"]) == [
        "1 received, though the ledger says otherwise: eve@example.org"
    ]
