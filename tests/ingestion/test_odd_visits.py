"""Sources that misbehave from one visit to the next: each ends as one clear outcome, and what was stored stays."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from digest.ingestion import refresh, visits
from digest.models import Listing, Outcome, Paper, Source, SourceRun
from digest.sources import parsing
from tests.sources.loopback import Answer
from tests.sources.test_adapters import atom, atom_entry

NOW = datetime(2026, 6, 30, 14, tzinfo=UTC)  # a Tuesday

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(settings):
    settings.FETCH_TIMEOUT_SECONDS = 5


@pytest.fixture
def source(loopback):
    return Source.objects.create(name="A source", slug="a-source", kind="feed", url=loopback.url + "/feed")


def rss(*numbers, date="Tue, 30 Jun 2026 08:00:00 GMT"):
    items = "".join(
        f"<item><title>The paper of number {number}</title><link>https://example.org/{number}</link>"
        f"<pubDate>{date}</pubDate></item>"
        for number in numbers
    )
    return f'<rss version="2.0"><channel><title>A channel</title>{items}</channel></rss>'.encode()


def visited(loopback, source, *bodies):
    """The account of each visit, an hour apart."""
    accounts = []
    for hour, body in enumerate(bodies):
        loopback.serve("/feed", body)
        accounts.append(refresh(source, NOW + timedelta(hours=hour)))
    return accounts


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (b"<!doctype html><html><body>We have moved</body></html>", "HTML page"),
        (b'{"papers": []}', "not a feed"),
        (b"%PDF-1.7", "not a feed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not a feed"),
        (b"", "empty reply"),
        (b"<rss><channel><item><title>The", "none of 1 entries is a paper"),
    ],
)
def test_a_feed_that_becomes_something_else_fails_and_is_read_again_when_it_is_back(loopback, source, other, said):
    before, between, after = visited(loopback, source, rss(1, 2), other, rss(1, 2, 3))
    assert (before.outcome, between.outcome, after.outcome) == (Outcome.FRESH, Outcome.FAILED, Outcome.FRESH)
    assert said in between.message
    assert (after.known, after.new) == (2, 1)
    source.refresh_from_db()
    assert source.failures == 0


def test_another_kind_of_feed_at_the_same_address_is_no_news(loopback, source):
    entries = "".join(
        f"<entry><id>https://example.org/{number}</id><title>The paper of number {number}</title>"
        f'<link href="https://example.org/{number}"/></entry>'
        for number in (1, 2)
    )
    as_atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A channel</title>{entries}</feed>'.encode()
    first, second = visited(loopback, source, rss(1, 2), as_atom)
    assert (first.new, second.new, second.known + second.updated) == (2, 0, 2)


def test_a_feed_that_shrinks_takes_nothing_back(loopback, source):
    runs = visited(loopback, source, rss(*range(1, 31)), rss(1), rss(), rss(*range(1, 31)))
    assert [run.outcome for run in runs] == [Outcome.FRESH, Outcome.QUIET, Outcome.QUIET, Outcome.QUIET]
    assert Paper.objects.count() == Listing.objects.count() == 30


@pytest.mark.parametrize(
    "date",
    ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Sun, 30 Jun 2126 08:00:00 GMT", "x" * 900],
)
def test_a_feed_that_jumps_in_time_stays_the_same_papers(loopback, source, date):
    first, second = visited(loopback, source, rss(1, 2), rss(1, 2, date=date))
    assert (first.new, second.new, second.refused) == (2, 0, 0)
    assert second.outcome in (Outcome.QUIET, Outcome.FRESH)


def test_entries_twice_in_a_reply_are_one_paper(loopback, source):
    (run,) = visited(loopback, source, rss(1, 1, 2, 1))
    assert run.new == 2
    assert Paper.objects.count() == 2


def test_one_bad_entry_among_good_ones_costs_only_itself(loopback, source):
    body = rss(1, 2, 3).replace(b"https://example.org/2", b"javascript:alert(2)")
    (run,) = visited(loopback, source, body)
    assert (run.new, run.refused) == (2, 1)
    assert "no link" in run.message


def test_more_entries_than_any_feed_has_fail_as_a_whole(loopback, source):
    Source.objects.update(kind="papers_json")
    (run,) = visited(loopback, source, b"[" + b"0," * 100_000 + b"0]")
    assert (run.outcome, run.received) == (Outcome.FAILED, 0)
    assert "100,000 entries" in run.message


def test_thousands_of_entries_come_in_at_once(loopback, source):
    Source.objects.update(kind="papers_json")
    records = [{"title": f"The paper of number {n}", "url": f"https://example.org/{n}"} for n in range(2_500)]
    (run,) = visited(loopback, source, json.dumps(records).encode())
    assert (run.outcome, run.new) == (Outcome.FRESH, 2_500)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/feed", "redirects"),
        ("http://127.0.0.2/feed", "private address"),
        ("http://[::1]/feed", "private address"),
        ("http://169.254.169.254/latest/meta-data", "private address"),
        ("file:///etc/passwd", "only http"),
    ],
)
def test_a_redirect_in_a_circle_or_to_where_nobody_should_go_fails(loopback, source, target, said):
    (run,) = visited(loopback, source, Answer(b"", status=302, headers={"Location": target}))
    assert run.outcome == Outcome.FAILED
    assert said in run.message
    assert not Paper.objects.exists()


@pytest.mark.parametrize("moment", ["get", "keep"])
def test_a_source_that_is_deleted_during_its_visit_leaves_an_account_and_no_papers(
    loopback, source, monkeypatch, moment
):
    then = getattr(visits, moment)

    def deleting(*args, **kwargs):
        Source.objects.filter(pk=source.pk).delete()
        return then(*args, **kwargs)

    monkeypatch.setattr(visits, moment, deleting)
    (run,) = visited(loopback, source, rss(1, 2))
    assert (run.outcome, run.source) == (Outcome.FAILED, None)
    assert "deleted during its visit" in run.message
    assert SourceRun.objects.get().source_name == "A source"
    assert not Paper.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's in-memory test database has one connection")
def test_a_source_that_is_deleted_while_its_papers_are_stored_leaves_none(loopback, source, monkeypatch):
    ingest = visits.ingest

    def while_an_editor_deletes(*args, **kwargs):
        counts = ingest(*args, **kwargs)

        def delete():
            Source.objects.filter(pk=source.pk).delete()
            connection.close()

        editor = threading.Thread(target=delete)
        editor.start()
        editor.join(10)
        return counts

    monkeypatch.setattr(visits, "ingest", while_an_editor_deletes)
    (run,) = visited(loopback, source, rss(1, 2))
    assert (run.outcome, "deleted" in run.message) == (Outcome.FAILED, True)
    assert not Paper.objects.exists()


def test_arxivs_feed_in_utf_16_with_a_document_type_is_refused(loopback, source):
    Source.objects.update(kind="arxiv_atom")
    plain = atom(atom_entry()).decode()
    start = plain.index("<feed")
    bomb = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE feed [<!ENTITY a "b">]>{plain[start:]}'
    (run,) = visited(loopback, source, bomb.encode("utf-16"))
    assert (run.outcome, "document type" in run.message) == (Outcome.FAILED, True)


def test_the_visit_reads_in_the_parsers_process(loopback, source, monkeypatch):
    """And nowhere else: what is too much for it is a failed visit."""
    monkeypatch.setattr(parsing.limits, "SECONDS", 0.1)
    monkeypatch.setattr(parsing.limits, "SECONDS_PER_MEGABYTE", 0.0)
    (run,) = visited(loopback, source, rss(*range(5_000)))
    assert (run.outcome, "CPU time" in run.message) == (Outcome.FAILED, True)
    source.refresh_from_db()
    assert source.failures == 1


def test_two_papers_that_turn_out_to_be_one_at_the_same_moment_leave_an_account(loopback):
    source = Source.objects.create(name="JSON", slug="json", kind="json_feed", url=loopback.url + "/feed")
    one = {"id": "1", "title": "A paper about doors", "url": "https://arxiv.org/abs/2606.00001"}
    other = {"id": "2", "title": "A paper about quite another thing", "url": "https://doi.org/10.1000/abc"}
    both = {**one, "content_text": "Now at https://doi.org/10.1000/abc", "external_url": other["url"]}
    accounts = []
    for items in ([one, other], [both], [{**other, "external_url": one["url"]}]):
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": items}
        loopback.serve("/feed", json.dumps(feed).encode())
        accounts.append(refresh(source, NOW))
    assert [(run.outcome, run.listed) for run in accounts] == [
        (Outcome.FRESH, 2),
        (Outcome.FRESH, 0),
        (Outcome.FRESH, 0),
    ]
    assert Listing.objects.count() == 1
