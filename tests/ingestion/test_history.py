"""The past is asked for day by day, politely; each day is stored once, as seen on its own day, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.ingestion import history
from digest.ingestion.manners import hosts
from digest.models import BackfilledDay, Host, Listing, Paper, Signal, SignalKind, Source, SourceRun
from digest.sources import ADAPTERS, arxiv_api
from tests.factories import SourceFactory
from tests.sources.loopback import Answer, running
from tests.sources.test_adapters import daily

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 14, 5, tzinfo=UTC)
SINCE, UNTIL = date(2026, 6, 1), date(2026, 6, 5)  # Monday to Friday
DAY = timedelta(days=1)


class Api:
    """arXiv's query API, as far as back-fill knows it: windows of submission, pages, totals; and what goes wrong."""

    def __init__(self, a_day: int = 5, page: int = 2) -> None:
        self.a_day, self.page, self.asked, self.trouble = a_day, page, [], list[Answer | int]()

    def __call__(self, request) -> Answer:
        query = parse_qs(urlsplit(request.path).query)
        day = query["search_query"][0].split("submittedDate:[")[1][:8]
        start = int(query["start"][0])
        self.asked.append((day, start))
        trouble = self.trouble.pop(0) if self.trouble else None
        if isinstance(trouble, Answer):
            return trouble
        numbers = range(start, min(start + self.page, self.a_day))
        return Answer(reply(day, [] if trouble == 0 else numbers, self.a_day, start))


def reply(day: str, numbers, total: int, start: int) -> bytes:
    written = f"{day[:4]}-{day[4:6]}-{day[6:]}T12:00:00Z"
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{day[2:6]}.{day[6:]}{number:03}v1</id><published>{written}</published>"
        f"<title>Paper {number} of {day}</title><summary>Words.</summary><author><name>A. Name</name></author></entry>"
        for number in numbers
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"<id>http://arxiv.org/api/x</id><opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    ).encode()


@pytest.fixture
def loopback(settings, monkeypatch) -> Iterator:
    settings.FETCH_ALLOW_PRIVATE, settings.FETCH_PAUSE_SECONDS = ["127.0.0.1"], 0
    monkeypatch.setattr(hosts, "HICCUP", timedelta(seconds=0.02))
    monkeypatch.setattr(hosts, "FIRST_PAUSE", timedelta(seconds=0.05))
    with running() as server:
        monkeypatch.setattr(arxiv_api, "API", f"{server.url}/api/query")
        yield server


@pytest.fixture
def api(loopback) -> Api:
    served = Api()
    loopback.serve("/api/query", served)
    return served


@pytest.fixture
def category() -> Source:
    return SourceFactory(name="A category", kind="arxiv_atom", url="https://rss.arxiv.org/atom/cs.CL")


def fill(source: Source, since: date = SINCE, until: date = UNTIL, now: datetime = NOW, **options) -> tuple[bool, list]:
    steps: list[history.Step] = []
    done = history.fill(source, history.pending(source, since, until), now, steps.append, **options)
    return done, steps


def test_a_category_is_filled_through_the_query_api_page_by_page(api, category):
    done, steps = fill(category)
    assert done
    assert [(step.day.day, step.counts.new) for step in steps] == [(day, 5) for day in range(1, 6)]
    assert api.asked[:3] == [("20260601", 0), ("20260601", 2), ("20260601", 4)]
    assert Paper.objects.count() == Listing.objects.filter(source=category).count() == 25
    assert set(BackfilledDay.objects.values_list("day", "new", "is_settled")) == {
        (SINCE + DAY * number, 5, True) for number in range(5)
    }
    assert not SourceRun.objects.exists()  # a visit of today's, which would teach the source's habit, was not made


def test_papers_count_as_seen_on_the_day_that_announced_them(api, category):
    """Submitted on Friday at 12:00 UTC, 8:00 there: announced on Sunday evening, in Monday's feed."""
    fill(category, date(2026, 6, 5), date(2026, 6, 5))
    paper, listing = Paper.objects.first(), Listing.objects.first()
    assert paper.first_seen_at == listing.first_seen_at == datetime(2026, 6, 8, 12, tzinfo=UTC)
    assert listing.listed_on == date(2026, 6, 8)
    assert paper.published_at.date() == date(2026, 6, 5)


def test_a_second_run_asks_for_nothing_and_a_longer_one_only_for_the_rest(api, category):
    fill(category)
    asked = len(api.asked)
    assert history.pending(category, SINCE, UNTIL) == []
    assert history.pending(category, SINCE - DAY, UNTIL + DAY) == [SINCE - DAY, UNTIL + DAY]
    fill(category, SINCE - DAY, UNTIL)
    assert {day for day, _ in api.asked[asked:]} == {"20260531"}


def test_whoever_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(api, category, monkeypatch):
    """The worst moment: the papers are stored, the day is not yet noted. One transaction holds both."""
    note, noted = history.note, []

    def die_on_the_third(*args):
        if len(noted) == 2:
            raise SystemExit
        noted.append(args)
        note(*args)

    with monkeypatch.context() as patched:
        patched.setattr(history, "note", die_on_the_third)
        with pytest.raises(SystemExit):
            fill(category)
    assert (Paper.objects.count(), BackfilledDay.objects.count()) == (10, 2)
    asked = len(api.asked)
    done, steps = fill(category)
    assert (done, [step.day.day for step in steps]) == (True, [3, 4, 5])
    assert len(api.asked) - asked == 3 * 3
    assert (Paper.objects.count(), Listing.objects.count(), BackfilledDay.objects.count()) == (25, 25, 5)


def test_429_and_503_in_the_middle_are_waited_for(api, category):
    api.trouble = [
        1,
        Answer(b"", status=503),
        Answer(b"slow down", status=429, headers={"Retry-After": "1"}),
        Answer(b"", status=503, headers={"Retry-After": "0"}),
    ]
    done, steps = fill(category)
    assert done
    assert [step.waits.partition(" ")[0] for step in steps if step.waits][:1] == ["HTTP"]
    assert (Paper.objects.count(), Host.objects.get().failures) == (25, 0)
    assert api.asked[:6] == [("20260601", 0)] + [("20260601", 2)] * 4 + [("20260601", 4)]


def test_a_host_that_stays_down_ends_the_attempt_and_what_was_done_stays(api, category):
    api.trouble = [1, 1, 1] + [Answer(b"", status=503)] * 500
    done, steps = fill(category, patience=0.3)
    assert not done
    assert [step.day.day for step in steps if not step.waits] == [1, 2, 3, 4]
    assert [bool(step.error) for step in steps if not step.waits] == [False, True, True, True]
    assert BackfilledDay.objects.count() == 1


def test_a_page_that_comes_back_empty_in_the_middle_is_asked_for_again(api, category):
    api.trouble = [1, 0]
    done, steps = fill(category, SINCE, SINCE)
    assert done
    assert steps[0].waits == "only 2 of 5 papers came; asked for again"
    assert Paper.objects.count() == 5


def test_a_day_that_stays_incomplete_is_not_done(api, category):
    api.trouble = [1, 0] * history.ATTEMPTS
    done, steps = fill(category, SINCE, SINCE)
    assert not done
    assert steps[-1].error == "only 2 of 5 papers came"
    assert (Paper.objects.count(), BackfilledDay.objects.count()) == (0, 0)


def test_one_day_that_is_refused_does_not_cost_the_others(api, category):
    api.trouble = [Answer(b"bad query", status=400)]
    done, steps = fill(category)
    assert not done
    assert [bool(step.error) for step in steps] == [True, False, False, False, False]
    assert history.pending(category, SINCE, UNTIL) == [SINCE]


def test_young_days_are_asked_for_again_as_they_may_grow(api, category):
    now = datetime(2026, 6, 9, 5, tzinfo=UTC)
    fill(category, now=now)
    assert history.pending(category, SINCE, UNTIL) == [date(2026, 6, day) for day in (3, 4, 5)]
    api.a_day = 6
    fill(category, now=now + 30 * DAY)
    assert (Paper.objects.count(), history.pending(category, SINCE, UNTIL)) == (28, [])


def test_hugging_faces_lists_are_filled_by_day_with_their_votes_on_that_day(loopback):
    def answer(request) -> Answer:
        day = parse_qs(urlsplit(request.path).query)["date"][0]
        item = daily(id=f"2606.000{day[-2:]}", upvotes=7, submittedOnDailyAt=f"{day}T00:00:00Z")
        return Answer(json.dumps([item]).encode())

    loopback.serve("/api/daily_papers", answer)
    source = SourceFactory(kind="huggingface_daily", url=f"{loopback.url}/api/daily_papers")
    done, _ = fill(source)
    assert done
    seen = Paper.objects.order_by("first_seen_at").values_list("first_seen_at", flat=True)
    assert [moment.day for moment in seen] == [1, 2, 3, 4, 5]
    votes = Signal.objects.filter(kind=SignalKind.UPVOTES).order_by("observed_on").values_list("value", "observed_on")
    assert list(votes) == [(7, SINCE + DAY * number) for number in range(5)]


def test_biorxiv_is_filled_by_date_windows(loopback, monkeypatch):
    def answer(request) -> Answer:
        *_, since, _, cursor = urlsplit(request.path).path.split("/")
        numbers = range(int(cursor), min(int(cursor) + 2, 3))
        papers = [
            {"doi": f"10.1101/{since}.{number}", "title": f"Of {since}, {number}", "date": since, "version": "1",
             "server": "bioRxiv", "authors": "Roe, R.", "abstract": "Words.", "category": "genomics"}
            for number in numbers
        ]  # fmt: skip
        message = {"status": "ok", "cursor": cursor, "count": len(papers), "total": "3"}
        return Answer(json.dumps({"messages": [message], "collection": papers}).encode())

    for day in range(1, 6):
        for cursor in (0, 2):
            loopback.serve(f"/details/biorxiv/2026-06-0{day}/2026-06-0{day}/{cursor}", answer)
    monkeypatch.setattr(type(ADAPTERS["biorxiv"]), "address", lambda self, url: url)
    source = SourceFactory(kind="biorxiv", url=f"{loopback.url}/details/biorxiv/2d")
    done, _ = fill(source)
    assert done
    assert Paper.objects.count() == 15
    assert {moment.day for moment in Paper.objects.values_list("first_seen_at", flat=True)} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("kind", ["feed", "papers_json", "json_feed", "github_stars", "no such kind"])
def test_other_sources_say_that_their_past_cannot_be_asked_for(kind):
    with pytest.raises(history.NoPast, match="past cannot be asked for"):
        history.pending(SourceFactory(kind=kind), SINCE, UNTIL)


def test_a_list_without_end_is_left(loopback, category, api, monkeypatch):
    monkeypatch.setattr(history, "MOST_PAGES", 2)
    done, steps = fill(category, SINCE, SINCE)
    assert not done
    assert "a list without end" in steps[-1].error
