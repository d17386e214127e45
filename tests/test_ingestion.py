"""A visit accounts for itself: fresh, quiet, holiday, stale or failed; and the next one is planned accordingly."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest import stopping
from digest.ingestion import import_file, refresh, refresh_if_due, visits
from digest.models import Host, Listing, Outcome, Paper, Signal, Source, SourceRun
from tests.sources.loopback import Answer
from tests.sources.test_adapters import atom, atom_entry, daily

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)  # a Tuesday
SATURDAY = datetime(2026, 7, 4, 14, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def manners(settings):
    settings.FETCH_TIMEOUT_SECONDS = 5
    settings.FETCH_CONTACT = "papers@example.org"


@pytest.fixture
def make(loopback):
    def source(kind="arxiv_atom", path="/feed", **fields):
        return Source.objects.create(name=f"{kind} {path}", slug=kind, kind=kind, url=loopback.url + path, **fields)

    return source


@pytest.fixture
def to_end() -> Iterator[None]:
    """A worker that is to end, once the test says so; the next test's is not."""
    yield
    stopping.forget()


def announced(day, *identifiers, made=None):
    """arXiv's feed of that announcement day, as generated on the day `made`."""
    body = atom(*(atom_entry(identifier) for identifier in identifiers))
    body = body.replace(b"2026-06-30T00:00:00-04:00", f"{day}T00:00:00-04:00".encode())
    return body.replace(b"</title>", f"</title><updated>{made or day}T04:00:01+00:00</updated>".encode(), 1)


def test_a_first_visit_is_fresh_and_accounts_for_every_entry(loopback, make):
    loopback.serve("/feed", atom(atom_entry("2606.00001v1"), atom_entry("2606.00002v1"), atom_entry(title="")))
    source = make()
    run = refresh(source, NOW)
    assert (run.outcome, run.http_status) == (Outcome.FRESH, 200)
    assert (run.received, run.new, run.known, run.updated, run.refused) == (3, 2, 0, 0, 1)
    assert "no title" in run.message
    assert run.received_bytes > 500
    assert run.finished_at >= run.started_at == NOW
    source.refresh_from_db()
    assert (source.checked_at, source.next_check_at, source.failures) == (NOW, NOW + timedelta(minutes=60), 0)
    assert Listing.objects.filter(source=source).count() == 2
    assert "papers@example.org" in loopback.requests[0][1]["user-agent"]


def test_an_unchanged_feed_is_quiet_and_asked_for_with_its_validators(loopback, make):
    def answer(request):
        if request.headers["If-None-Match"] == '"1"':
            return Answer(status=304)
        return Answer(atom(atom_entry()), headers={"ETag": '"1"'})

    loopback.serve("/feed", answer)
    source = make()
    assert [refresh(source, NOW).outcome for _ in range(3)] == [Outcome.FRESH, Outcome.QUIET, Outcome.QUIET]
    assert SourceRun.objects.filter(http_status=304).count() == 2
    source.url = loopback.url + "/feed?moved"
    source.save()
    assert refresh(source, NOW).http_status == 200  # another address knows nothing of these validators


def test_the_same_papers_under_the_same_date_are_quiet(loopback, make):
    loopback.serve("/feed", announced("2026-06-30", "2606.00001v1"))
    source = make()
    assert refresh(source, NOW).outcome == Outcome.FRESH
    assert refresh(source, NOW + timedelta(hours=1)).outcome == Outcome.QUIET


def test_yesterdays_papers_under_todays_date_are_stale_until_new_ones_come(loopback, make):
    source = make()
    loopback.serve("/feed", announced("2026-06-29", "2606.00001v1", "2606.00002v1"))
    refresh(source, NOW - timedelta(days=1))
    loopback.serve("/feed", announced("2026-06-30", "2606.00002v1", "2606.00001v1"))
    run = refresh(source, NOW)
    assert (run.outcome, run.known) == (Outcome.STALE, 2)
    assert "announced 2026-06-29" in run.message
    assert refresh(source, NOW + timedelta(hours=1)).outcome == Outcome.STALE
    loopback.serve("/feed", announced("2026-06-30", "2606.00002v1", "2606.00003v1"))
    assert refresh(source, NOW + timedelta(hours=2)).outcome == Outcome.FRESH


def test_a_feed_built_today_that_announces_yesterdays_batch_is_stale_too(loopback, make):
    source = make()
    loopback.serve("/feed", announced("2026-06-29", "2606.00001v1"))
    refresh(source, NOW - timedelta(days=1))
    loopback.serve("/feed", announced("2026-06-29", "2606.00001v1", made="2026-06-30"))
    assert refresh(source, NOW).outcome == Outcome.STALE


def test_fridays_papers_again_after_an_empty_weekend_are_stale(loopback, make):
    source = make()
    outcomes = []
    for day, identifiers, now in (
        ("2026-07-03", ["2606.00001v1"], SATURDAY - timedelta(days=1)),
        ("2026-07-04", [], SATURDAY),
        ("2026-07-06", ["2606.00001v1"], SATURDAY + timedelta(days=2)),
    ):
        loopback.serve("/feed", announced(day, *identifiers))
        outcomes.append(refresh(source, now).outcome)
    assert outcomes == [Outcome.FRESH, Outcome.HOLIDAY, Outcome.STALE]


@pytest.mark.parametrize(("now", "outcome"), [(SATURDAY, Outcome.HOLIDAY), (NOW, Outcome.QUIET)])
def test_an_empty_list_is_a_holiday_only_when_the_source_rests(loopback, make, now, outcome):
    loopback.serve("/feed", b"[]")
    assert refresh(make("huggingface_daily"), now).outcome == outcome


def test_arxivs_day_is_eastern(loopback, make):
    """Saturday 01:00 in UTC is still Friday evening where the announcements are made."""
    loopback.serve("/feed", atom())
    source = make()
    assert refresh(source, datetime(2026, 7, 4, 1, tzinfo=UTC)).outcome == Outcome.QUIET
    assert refresh(source, datetime(2026, 7, 4, 5, tzinfo=UTC)).outcome == Outcome.HOLIDAY


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(b"<html>Sign in</html>"), "arxiv_atom", "HTML"),
        (Answer(b"<html>Sign in</html>"), "feed", "HTML"),
        (Answer(b"<feed><entry>"), "arxiv_atom", "broken XML"),
        (Answer(b'{"error": "no"}'), "huggingface_daily", "no"),
        (Answer(b"gone", status=410), "feed", "HTTP 410"),
        (Answer([b"x"], headers={"Content-Length": "999999999"}), "feed", "larger than"),
        (Answer(atom(atom_entry(title=""))), "arxiv_atom", "none of 1 entries"),
        (Answer(b""), "feed", "empty"),
        (Answer(b"x"), "no such kind", "no adapter"),
    ],
)
def test_what_cannot_be_read_fails_with_its_reason_and_leaves_nothing(loopback, make, answer, kind, said):
    loopback.serve("/feed", answer)
    source = make(kind, etag='"old"')
    run = refresh(source, NOW)
    assert run.outcome == Outcome.FAILED
    assert said in run.message
    source.refresh_from_db()
    assert (source.failures, source.etag) == (1, '"old"')
    assert not Paper.objects.exists()


def test_a_feed_that_takes_too_long_to_read_fails_at_every_door(loopback, make, tmp_path, monkeypatch):
    monkeypatch.setattr("digest.sources.parsing.limits.SECONDS", 0.1)
    monkeypatch.setattr("digest.sources.parsing.limits.SECONDS_PER_MEGABYTE", 0.0)
    body = b'<rss version="2.0"><channel>' + b"<item/>" * 20_000 + b"</channel></rss>"
    loopback.serve("/feed", Answer(body))
    (tmp_path / "feed.xml").write_bytes(body)
    for run in (refresh(make("feed"), NOW), import_file(tmp_path / "feed.xml", NOW)):
        assert (run.outcome, "CPU time" in run.message) == (Outcome.FAILED, True)


def test_visits_grow_rarer_with_failures_and_normal_again_after_one_that_works(loopback, make):
    loopback.serve("/feed", Answer(b"down", status=500))
    source = make()
    pauses = []
    for _ in range(7):
        Host.objects.all().delete()  # whose pauses are another matter
        refresh(source, NOW)
        source.refresh_from_db()
        pauses.append((source.next_check_at - NOW) / timedelta(hours=1))
    assert pauses == [2, 4, 8, 16, 24, 24, 24]
    Host.objects.all().delete()
    loopback.serve("/feed", atom(atom_entry()))
    refresh(source, NOW)
    source.refresh_from_db()
    assert (source.failures, source.next_check_at) == (0, NOW + timedelta(hours=1))


def test_a_server_that_asks_for_a_pause_gets_it(loopback, make):
    loopback.serve("/feed", Answer(b"", status=429, headers={"Retry-After": "100000"}))
    source = make()
    refresh(source, NOW)
    source.refresh_from_db()
    assert source.next_check_at == NOW + timedelta(seconds=100000)


def test_a_visit_that_an_editor_asks_for_during_another_stays_due(loopback, make, monkeypatch):
    loopback.serve("/feed", atom(atom_entry()))
    source, look = make(next_check_at=NOW), visits.look

    def while_an_editor_asks(*args):
        Source.objects.update(next_check_at=NOW + timedelta(seconds=5))
        return look(*args)

    monkeypatch.setattr(visits, "look", while_an_editor_asks)
    assert refresh_if_due(source.pk, NOW).outcome == Outcome.FRESH
    source.refresh_from_db()
    assert (source.next_check_at, source.checked_at) == (NOW + timedelta(seconds=5), NOW)


def test_a_due_source_is_taken_once(loopback, make):
    loopback.serve("/feed", atom(atom_entry()))
    source = make(next_check_at=NOW)
    assert refresh_if_due(source.pk, NOW - timedelta(seconds=1)) is None
    assert refresh_if_due(source.pk, NOW).outcome == Outcome.FRESH
    assert refresh_if_due(source.pk, NOW) is None
    Source.objects.update(next_check_at=NOW, is_enabled=False)
    assert refresh_if_due(source.pk, NOW) is None
    assert len(loopback.requests) == 1


def test_our_own_mistake_ends_in_the_account_and_leaves_nothing_half_written(loopback, make, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("our mistake")

    monkeypatch.setattr("digest.papers.store.write_signals", fail)
    loopback.serve("/feed", atom(atom_entry()))
    run = refresh(make(), NOW)
    assert (run.outcome, run.message) == (Outcome.FAILED, "unexpected ZeroDivisionError: our mistake")
    assert "Traceback" in caplog.text
    assert not Paper.objects.exists()


def test_an_interrupted_visit_is_closed_and_the_interruption_goes_on(make, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(visits, "get", interrupt)
    with pytest.raises(KeyboardInterrupt):
        refresh(make(), NOW)
    assert (SourceRun.objects.get().outcome, SourceRun.objects.get().message) == (Outcome.FAILED, "interrupted")


def test_a_run_whose_worker_was_killed_is_closed_by_the_next(loopback, make):
    loopback.serve("/feed", atom(atom_entry()))
    source = make()
    left = SourceRun.objects.create(source=source, source_name=source.name, started_at=NOW - timedelta(hours=1))
    refresh(source, NOW)
    left.refresh_from_db()
    assert left.outcome == Outcome.FAILED
    assert "abandoned" in left.message


def test_yesterdays_list_is_fetched_on_the_same_visit_and_may_fail_alone(loopback, make):
    def answer(request):
        if "date=2026-06-29" in request.path:
            item = daily(id="2606.00002", title="Late entry of yesterday", submittedOnDailyAt="2026-06-29T00:00:00Z")
            return Answer(json.dumps([item]).encode())
        return Answer(json.dumps([daily(id="2606.00001", submittedOnDailyAt="2026-06-30T00:00:00Z")]).encode())

    loopback.serve("/api/daily_papers", answer)
    source = make("huggingface_daily", "/api/daily_papers")
    assert refresh(source, NOW).new == 2
    assert set(Listing.objects.values_list("listed_on__day", flat=True)) == {29, 30}
    run = refresh(source, NOW + timedelta(days=2))
    assert (run.outcome, run.known) == (Outcome.QUIET, 1)


def test_signals_rise_with_every_visit_while_the_paper_stays_known(loopback, make):
    source = make("huggingface_daily")
    for upvotes, day in ((5, 0), (9, 1)):
        loopback.serve("/feed", json.dumps([daily(upvotes=upvotes)]).encode())
        run = refresh(source, NOW + timedelta(days=day))
    assert (run.outcome, run.known) == (Outcome.QUIET, 1)
    assert list(Signal.objects.filter(kind="upvotes").values_list("value", flat=True)) == [5, 9]


def drip():
    """Asks the worker to end after the first byte, and goes on for a minute."""
    yield b"<"
    stopping.ask()
    for _ in range(600):
        time.sleep(0.1)
        yield b"x"


def test_a_visit_that_a_worker_s_end_interrupts_is_made_again_and_is_nobody_s_failure(loopback, make, to_end):
    loopback.serve("/feed", Answer(drip()))
    source = make(next_check_at=NOW, failures=2)
    started = time.monotonic()
    run = refresh_if_due(source.pk, NOW)
    assert time.monotonic() - started < 3
    assert (run.outcome, run.message) == (
        Outcome.FAILED,
        "interrupted: this worker is to end; another one does it again",
    )
    source.refresh_from_db()
    assert (source.failures, source.checked_at, source.next_check_at) == (2, None, NOW)
    stopping.forget()
    loopback.serve("/feed", atom(atom_entry()))
    assert refresh_if_due(source.pk, NOW).outcome == Outcome.FRESH
    assert (Paper.objects.count(), SourceRun.objects.count()) == (1, 2)


def test_a_further_reply_that_is_interrupted_is_not_left_out(loopback, make, to_end):
    item = json.dumps([daily(id="2606.00001", submittedOnDailyAt="2026-06-30T00:00:00Z")]).encode()
    loopback.serve("/api/daily_papers", lambda request: Answer(drip() if "date=2026-06-29" in request.path else item))
    source = make("huggingface_daily", "/api/daily_papers", next_check_at=NOW)
    assert "interrupted" in refresh_if_due(source.pk, NOW).message
    source.refresh_from_db()
    assert (source.next_check_at, source.fetched_url, Paper.objects.count()) == (NOW, "", 0)


@pytest.mark.shared_data
def test_a_month_of_real_replies_is_accounted_for_to_the_last_paper(shared_data, loopback, make):
    with tarfile.open(shared_data / "feeds" / "arxiv.tar.gz") as stored:
        for member in stored:
            if member.isreg() and "gen_" in member.name:
                loopback.serve("/" + member.name.split("/")[-1], stored.extractfile(member).read())
    source = make(path="/gen_atom_cs.CL_2026-06-24.xml")
    told = []
    for name in ("2026-06-24", "2026-06-26", "2026-06-27", "2026-06-30", "2026-07-01"):
        source.url = f"{loopback.url}/gen_atom_cs.CL_{name}.xml"
        source.save()
        run = refresh(source, datetime.fromisoformat(f"{name}T12:00:00+00:00"))
        told.append((run.outcome, run.received, run.received == run.new + run.known + run.updated))
    assert told == [
        (Outcome.FRESH, 78, True),
        (Outcome.FRESH, 79, True),
        (Outcome.STALE, 79, True),
        (Outcome.FRESH, 137, True),
        (Outcome.FRESH, 67, True),
    ]
    source.url = f"{loopback.url}/gen_atom_EMPTY_cs.CL.xml"
    source.save()
    assert refresh(source, SATURDAY).outcome == Outcome.HOLIDAY
    source.url = f"{loopback.url}/gen_atom_ERROR_http400.xml"
    source.save()
    assert refresh(source, SATURDAY).outcome == Outcome.FAILED


def write(path, *records):
    path.write_text("\n".join(json.dumps(record) for record in records))
    return path


def test_a_file_is_imported_once_however_often_it_is_read(tmp_path):
    path = write(tmp_path / "papers.jsonl", {"title": "One telling title of many"}, {"abstract": "no title"})
    first, second = import_file(path, NOW), import_file(path, NOW)
    assert (first.outcome, first.received, first.new, first.refused) == (Outcome.FRESH, 2, 1, 1)
    assert (second.outcome, second.known) == (Outcome.QUIET, 1)
    assert (first.source, first.source_name) == (None, "papers.jsonl")


def test_packed_files_and_archives_are_read_and_progress_is_told(tmp_path):
    path = write(tmp_path / "papers.jsonl", *({"title": f"A telling title, number {n}"} for n in range(2500)))
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    told = []
    assert import_file(packed, NOW, lambda share, received: told.append((share, received))).new == 2500
    assert [received for _, received in told] == [1000, 2000, 2500]
    assert told[-1][0] == 1.0
    archive = tmp_path / "both.tar.gz"
    (tmp_path / "junk.txt").write_text("junk")
    (tmp_path / "feed.xml").write_bytes(atom(atom_entry()))
    with tarfile.open(archive, "w:gz") as made:
        for name in ("papers.jsonl", "junk.txt", "feed.xml"):
            made.add(tmp_path / name, name)
    run = import_file(archive, NOW)
    assert (run.known, run.new, run.refused) == (2500, 1, 1)


def test_back_filled_papers_count_as_seen_on_their_own_day(tmp_path):
    records = [
        {"id": "2603.00001", "title": "First", "day": "2026-03-01", "upvotes": 4},
        {"id": "2603.00002", "title": "Second", "day": "2026-03-02"},
        {"id": "2603.00003", "title": "Third"},
    ]
    import_file(write(tmp_path / "papers.jsonl", *records), NOW, seen_at="listed")
    seen = dict(Paper.objects.values_list("title", "first_seen_at"))
    assert seen["First"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert seen["Second"] == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert seen["Third"] == NOW
    assert f"{Signal.objects.get().observed_on}" == "2026-03-01"


@pytest.mark.parametrize("content", [b"", b"junk", b"\x1f\x8bnot really packed", b"<html>no</html>", b'{"x": 1}'])
def test_a_file_that_cannot_be_read_fails_with_its_reason(tmp_path, content):
    path = tmp_path / "papers.json"
    path.write_bytes(content)
    run = import_file(path, NOW)
    assert run.outcome == Outcome.FAILED
    assert run.message


def test_a_damaged_archive_keeps_what_was_whole(tmp_path):
    packed = gzip.compress(b"".join(b'{"title": "A telling title, number %d"}\n' % n for n in range(5000)))
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    run = import_file(path, NOW)
    assert run.outcome == Outcome.FAILED
    assert run.new == Paper.objects.count() > 0


def test_names_that_cannot_be_decoded_cost_nothing_but_themselves(tmp_path):
    """In archives and on disk alike: such bytes come as lone surrogates, which no database stores."""
    archive = tmp_path / "papers\udcff.tar"
    contents = {"junk\udcff.txt": b"junk", "good\udcff.json": b'[{"title": "One telling title of many"}]'}
    with tarfile.open(archive, "w") as made:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    run = import_file(archive, NOW)
    run.refresh_from_db()
    assert (run.outcome, run.new, run.refused, run.source_name) == (Outcome.FRESH, 1, 1, "papers.tar")
    assert "junk.txt" in run.message
    (tmp_path / "junk\udcff.json").write_bytes(b"junk")
    assert import_file(tmp_path / "junk\udcff.json", NOW).outcome == Outcome.FAILED


def test_a_missing_file_is_told_of(tmp_path):
    run = import_file(tmp_path / "nowhere.json", NOW)
    assert (run.outcome, "nowhere.json" in run.message) == (Outcome.FAILED, True)
