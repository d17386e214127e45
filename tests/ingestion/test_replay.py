"""The account of real days, visited in order: 22 of Hugging Face, arXiv's of June 2026. With -s it prints tables."""

from __future__ import annotations

import re
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.ingestion import refresh
from digest.models import Fault, Host, Outcome, Source, SourceRun
from tests.sources.loopback import Answer, Loopback

pytestmark = [pytest.mark.django_db, pytest.mark.shared_data]
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture(autouse=True)
def _only_ours(db):
    Source.objects.all().delete()


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isreg()}


def source(loopback: Loopback, name: str, kind: str, path: str) -> Source:
    row: Source = Source.objects.create(name=name, slug=name.lower(), kind=kind, url=loopback.url + path)
    return row


def made(feed: bytes, now: datetime) -> bytes:
    """The feed as if generated at that moment: these were all made on one afternoon."""
    return re.sub(rb"<updated>[^<]*</updated>", f"<updated>{now.isoformat()}</updated>".encode(), feed, count=1)


def show(title: str) -> None:
    print(f"\n{title}\n{'visited':17} {'':3} {'outcome':8} received   new known  upd. ref.  why")
    for run in SourceRun.objects.order_by("started_at", "id"):
        counts = f"{run.received:8} {run.new:5} {run.known:5} {run.updated:5} {run.refused:4}"
        why = run.message.splitlines()[0][:70] if run.message else ""
        print(f"{run.started_at:%Y-%m-%d %H:%M}  {run.started_at:%a} {run.outcome:8} {counts}  {run.fault} {why}")


def test_hugging_faces_march_is_fresh_on_working_days_and_rests_on_weekends(loopback, shared_data):
    days = {DAY.search(name)[0]: body for name, body in members(shared_data / "feeds/hf-daily-papers.tar.gz").items()}
    daily = source(loopback, "Hugging Face", "huggingface_daily", "/api/daily_papers")
    now, expected = datetime(2026, 3, 2, 20, tzinfo=UTC), {}
    while now.date() <= datetime(2026, 3, 31, tzinfo=UTC).date():
        body = days.get(f"{now:%Y-%m-%d}", b"[]")
        loopback.serve(
            "/api/daily_papers", lambda request, body=body: Answer(b"[]" if "date" in request.path else body)
        )
        run = refresh(daily, now)
        expected[now] = Outcome.FRESH if body != b"[]" else Outcome.HOLIDAY
        assert run.outcome == expected[now], (now, run.message)
        if run.outcome == Outcome.FRESH:
            again = refresh(daily, now + timedelta(hours=2))
            assert (again.outcome, again.new) == (Outcome.QUIET, 0)
        now += timedelta(days=1)
    show("Hugging Face daily papers, March 2026")
    assert list(expected.values()).count(Outcome.FRESH) == len(days) == 22
    assert list(expected.values()).count(Outcome.HOLIDAY) == 8


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_arxivs_days_end_as_they_should(loopback, shared_data, form):
    feeds = members(shared_data / "feeds/arxiv.tar.gz")

    def feed(name: str) -> bytes:
        return feeds[f"arxiv-rss/gen_{form}_{name}.xml"]

    category = source(loopback, "cs.CL", "arxiv_atom", "/cs.CL")
    visits = [
        ("2026-06-24 14:00", feed("cs.CL_2026-06-24"), Outcome.FRESH, ""),
        ("2026-06-24 20:00", feed("cs.CL_2026-06-24"), Outcome.QUIET, ""),
        ("2026-06-26 14:00", feed("cs.CL_2026-06-26"), Outcome.FRESH, ""),
        ("2026-06-27 14:00", feed("cs.CL_2026-06-27"), Outcome.STALE, ""),  # Friday's papers under Saturday's date
        ("2026-06-28 14:00", feed("EMPTY_cs.CL"), Outcome.HOLIDAY, ""),
        ("2026-06-30 14:00", feed("cs.CL_2026-06-30"), Outcome.FRESH, ""),
        ("2026-07-01 02:00", Answer(feed("ERROR_http400"), status=400), Outcome.FAILED, Fault.REFUSES),
        ("2026-07-01 14:00", feed("cs.CL_2026-07-01"), Outcome.FRESH, ""),
        ("2026-07-02 02:00", feed("ERROR_http400"), Outcome.FAILED, Fault.NO_FEED),  # the same with status 200
        ("2026-07-02 14:00", feed("cs.CL_2026-07-01"), Outcome.STALE, ""),
        ("2026-07-06 14:00", feed("EMPTY_cs.CL"), Outcome.HOLIDAY, ""),  # the Monday after Independence Day
        ("2026-07-07 14:00", feed("EMPTY_cs.CL"), Outcome.QUIET, ""),
    ]
    for written, body, outcome, fault in visits:
        now = datetime.fromisoformat(written).replace(tzinfo=UTC)
        if isinstance(body, bytes):
            body = made(body, now).replace(b"Sun, 22 Nov 2026 11", now.strftime("%a, %d %b %Y %H").encode(), 1)
        loopback.serve("/cs.CL", body)
        Host.objects.all().delete()
        run = refresh(category, now)
        assert (run.outcome, run.fault) == (outcome, fault), (written, run.message)
    show(f"arXiv cs.CL, {form}")


def test_a_category_of_the_same_day_says_which_was_first(loopback, shared_data):
    feeds = members(shared_data / "feeds/arxiv.tar.gz")
    body = feeds["arxiv-rss/gen_atom_cs.CL_2026-06-30.xml"]
    loopback.serve("/a", body)
    loopback.serve("/b", body)
    now = datetime(2026, 6, 30, 14, tzinfo=UTC)
    first, second = (source(loopback, name, "arxiv_atom", f"/{name}") for name in "ab")
    count = refresh(first, now).new
    run = refresh(second, now + timedelta(hours=1))
    assert run.message == f"all {count} came through a first"
    assert (run.new, run.listed) == (0, count)
