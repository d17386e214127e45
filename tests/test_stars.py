"""Stars of papers' repositories: asked once a day, politely, remembered when moved or gone, and accounted for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.ingestion import refresh, stars
from digest.models import Host, Outcome, Paper, Repository, Signal, Source
from tests.factories import PaperFactory
from tests.sources.loopback import Answer

NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_token(settings):
    settings.FETCH_TIMEOUT_SECONDS = 5
    settings.GITHUB_TOKEN = ""


@pytest.fixture
def github(loopback):
    source = Source.objects.get(slug="github-stars")
    assert not source.is_enabled
    source.url = loopback.url
    source.save()
    return source


def paper(link="https://github.com/Invented/Lanterns", seen=NOW, **fields) -> Paper:
    made: Paper = PaperFactory.create(code_url=link, first_seen_at=seen, **fields)
    return made


def answer(count, name="Invented/Lanterns", **headers):
    body = f'{{"full_name": "{name}", "stargazers_count": {count}}}'.encode()
    return Answer(body, headers={"ETag": '"one"', **headers})


def asked(loopback):
    return [path for path, _ in loopback.requests]


def test_every_recent_paper_of_a_repository_gets_its_stars_of_the_day(loopback, github):
    both = [paper(), paper("https://github.com/invented/lanterns/tree/main")]
    loopback.serve("/repos/invented/lanterns", answer(42))
    run = refresh(github, NOW)
    assert (run.outcome, run.received, run.updated, run.message) == (Outcome.FRESH, 1, 1, "")
    signals = Signal.objects.values_list("paper", "kind", "value", "observed_on").order_by("paper")
    assert list(signals) == [(row.pk, "stars", 42, date(2026, 3, 5)) for row in both]


def test_a_repository_is_asked_once_a_day_and_conditionally(loopback, github):
    paper()
    loopback.serve("/repos/invented/lanterns", answer(42))
    refresh(github, NOW)
    assert refresh(github, NOW + timedelta(hours=1)).received == 0
    loopback.serve("/repos/invented/lanterns", Answer(status=304))
    run = refresh(github, NOW + timedelta(days=1))
    assert (run.outcome, run.known) == (Outcome.QUIET, 1)
    assert [headers.get("if-none-match") for _, headers in loopback.requests] == [None, '"one"']
    assert list(Signal.objects.values_list("value", flat=True)) == [42, 42]


def test_a_repository_that_moved_is_asked_under_its_new_name(loopback, github):
    paper()
    moved = Answer(status=301, headers={"Location": "/repositories/7"})
    loopback.serve("/repos/invented/lanterns", moved)
    loopback.serve("/repositories/7", answer(5, "Renamed/Lamps"))
    loopback.serve("/repos/renamed/lamps", answer(6, "Renamed/Lamps"))
    refresh(github, NOW)
    refresh(github, NOW + timedelta(days=1))
    assert asked(loopback) == ["/repos/invented/lanterns", "/repositories/7", "/repos/renamed/lamps"]
    assert Repository.objects.get().moved_to == "renamed/lamps"


def test_one_that_is_gone_is_left_alone_for_a_week(loopback, github):
    paper()
    run = refresh(github, NOW)
    assert (run.outcome, run.refused, Repository.objects.get().gone_at) == (Outcome.QUIET, 1, NOW)
    refresh(github, NOW + timedelta(days=6))
    assert len(loopback.requests) == 1
    loopback.serve("/repos/invented/lanterns", answer(1))
    Paper.objects.update(first_seen_at=NOW + timedelta(days=5))
    refresh(github, NOW + timedelta(days=8))
    assert (Repository.objects.get().gone_at, Repository.objects.get().stars) == (None, 1)


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "600"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772720400"}],
)
def test_a_used_up_allowance_ends_the_visit_and_what_was_had_is_kept(loopback, github, headers):
    for number, seen in ((1, 3), (2, 2), (3, 1)):
        paper(f"https://github.com/invented/lanterns{number}", NOW - timedelta(hours=seen))
    loopback.serve("/repos/invented/lanterns1", answer(42, "invented/lanterns1"))
    used_up = {"Date": "Thu, 05 Mar 2026 14:10:00 GMT", **headers}
    loopback.serve("/repos/invented/lanterns2", Answer(b"{}", status=403, headers=used_up))
    run = refresh(github, NOW)
    github.refresh_from_db()
    assert (run.outcome, run.received) == (Outcome.FRESH, 1)
    assert "left after 1 repositories: HTTP 403" in run.message
    assert len(loopback.requests) == 2
    assert Host.objects.get().failures == 1


def test_a_visit_that_gets_nothing_is_a_failure(loopback, github):
    paper()
    loopback.serve("/repos/invented/lanterns", Answer(status=429, headers={"Retry-After": "7200"}))
    run = refresh(github, NOW)
    github.refresh_from_db()
    assert (run.outcome, github.failures) == (Outcome.FAILED, 1)
    assert github.next_check_at == NOW + timedelta(hours=2)


def test_a_visit_asks_a_bounded_number_those_first_that_waited_longest(loopback, github, monkeypatch):
    monkeypatch.setattr(stars, "MOST", 2)
    for number in range(3):
        paper(f"https://github.com/invented/lanterns{number}")
        loopback.serve(f"/repos/invented/lanterns{number}", answer(number, f"invented/lanterns{number}"))
    assert refresh(github, NOW).received == 2
    assert refresh(github, NOW + timedelta(hours=1)).received == 1
    assert len(set(asked(loopback))) == 3


def test_the_token_goes_to_github_and_a_wrong_one_is_named(loopback, github, settings):
    settings.GITHUB_TOKEN = "invented-token"
    paper()
    loopback.serve("/repos/invented/lanterns", Answer(status=401))
    run = refresh(github, NOW)
    assert loopback.requests[0][1]["authorization"] == "Bearer invented-token"
    assert (run.outcome, run.message) == (Outcome.FAILED, "GitHub does not accept GITHUB_TOKEN")


def test_a_reply_that_is_no_repository_costs_no_other(loopback, github):
    paper("https://github.com/invented/broken")
    paper()
    loopback.serve("/repos/invented/broken", b"[]")
    loopback.serve("/repos/invented/lanterns", answer(3))
    run = refresh(github, NOW)
    assert run.updated == 1
    assert run.message == "invented/broken: not a reply about a repository"


def test_only_papers_that_an_edition_may_hold_are_followed(loopback, github, settings):
    paper(seen=NOW - timedelta(days=settings.POOL_DAYS + 1))
    paper("https://gitlab.com/invented/lanterns")
    paper("https://github.com/invented/hidden", is_hidden=True)
    assert refresh(github, NOW).received == 0
    assert loopback.requests == []
