"""A trial: from whatever address was pasted to the papers behind it, with nothing stored, and clear words where not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from digest.ingestion import remedies, trials
from digest.ingestion.manners import gates
from digest.ingestion.trials import NoSource, try_out
from digest.models import Host, Listing, Paper, Signal, Source, SourceRun
from digest.papers import ingest
from digest.sources import ADAPTERS
from tests.sources.loopback import Answer
from tests.sources.replies import reply

NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)
PAGE = b'<!DOCTYPE html><html><head><link rel="alternate" type="%s" href="%s"></head></html>'

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(settings):
    settings.FETCH_TIMEOUT_SECONDS = 3


def nothing_stored():
    return not any(model.objects.exists() for model in (Paper, Listing, Signal, SourceRun)) and (
        not Source.objects.filter(url__contains="127.0.0.1").exists()
    )


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
def test_every_format_is_guessed_by_its_content(loopback, kind):
    trial = try_out(loopback.serve("/list", reply(kind)), NOW)
    assert (trial.kind, trial.url, trial.host) == (kind, f"{loopback.url}/list", "127.0.0.1")
    assert trial.papers == ADAPTERS[kind].parse(reply(kind), url=trial.url).papers
    assert trial.counts.received == len(trial.papers)
    assert trial.name
    assert trial.slug
    assert nothing_stored()


def test_a_page_leads_to_the_feed_that_it_names(loopback):
    loopback.serve("/feed", reply("feed"))
    trial = try_out(loopback.serve("/journal", PAGE % (b"application/rss+xml", b"/feed")), NOW)
    assert (trial.kind, trial.url, trial.name) == ("feed", f"{loopback.url}/feed", "Journal of Invented Moths")
    assert trial.pasted == f"{loopback.url}/journal"


def test_the_address_of_a_source_is_where_it_was_found_in_the_end(loopback):
    loopback.serve("/new", reply("feed"))
    url = loopback.serve("/old", Answer(status=301, headers={"Location": "/new"}))
    assert try_out(url, NOW).url == f"{loopback.url}/new"


def test_known_papers_are_counted_as_known(loopback):
    url = loopback.serve("/list", reply("huggingface_daily"))
    ingest(ADAPTERS["huggingface_daily"].parse(reply("huggingface_daily")).papers, source=None, now=NOW)
    before = Paper.objects.get().updated_at
    trial = try_out(url, NOW)
    assert (trial.counts.new, trial.counts.known) == (0, 1)
    assert Paper.objects.get().updated_at == before


def test_refused_entries_come_with_their_reasons(loopback):
    trial = try_out(loopback.serve("/notes", reply("openreview")), NOW)
    assert [refusal.reason for refusal in trial.refused] == ["a comment on a paper"]


def test_a_name_that_is_taken_gets_a_number(loopback):
    url = loopback.serve("/feed", reply("feed"))
    Source.objects.create(name="Journal of Invented Moths", slug="moths", kind="feed", url="https://journal.example/1")
    Source.objects.create(
        name="Other", slug="journal-of-invented-moths-2", kind="feed", url="https://journal.example/2"
    )
    trial = try_out(url, NOW)
    assert (trial.name, trial.slug) == ("Journal of Invented Moths 3", "journal-of-invented-moths-3")


def test_a_kind_that_is_named_is_not_guessed(loopback):
    url = loopback.serve("/list", reply("arxiv_atom"))
    assert try_out(url, NOW, kind="feed").kind == "feed"


def test_a_source_that_is_there_is_not_fetched_again(loopback):
    url = loopback.serve("/feed", reply("feed"))
    Source.objects.create(name="Moths", slug="moths", kind="feed", url=url)
    with pytest.raises(NoSource, match="“Moths” reads this address already"):
        try_out(url, NOW)
    assert loopback.requests == []


def test_a_default_source_is_found_by_the_page_of_its_category():
    with pytest.raises(NoSource, match=r"“arXiv cs\.CL” reads this address already"):
        try_out("arxiv.org/list/cs.CL/recent", NOW)


def test_a_source_that_is_disabled_is_to_be_enabled():
    with pytest.raises(NoSource, match="“bioRxiv” reads this address already") as error:
        try_out("https://www.biorxiv.org", NOW)
    assert "enable it" in error.value.advice


@pytest.mark.parametrize(
    ("answer", "said", "advice"),
    [
        (Answer(status=404), "HTTP 404", remedies.ADVICE["not_found"]),
        (Answer(status=403), "HTTP 403", remedies.ADVICE["forbidden"]),
        (Answer(status=503), "HTTP 503", remedies.ADVICE["server"]),
        (Answer(b"plain words"), "neither JSON nor a feed", remedies.NO_FEED),
        (Answer(b"<!DOCTYPE html><html></html>"), "names no feed", remedies.NO_FEED),
        (Answer(PAGE % (b"application/rss+xml", b"/feed")), "one page leads to the next", remedies.NO_FEED),
        (Answer(status=302, headers={"Location": "/feed"}), "redirects", "Open the address in a browser"),
        (
            Answer(json.dumps({"error": "no such list"}).encode()),
            "no entry of 1 is a paper: no title",
            remedies.UNKNOWN,
        ),
    ],
)
def test_what_went_wrong_comes_with_what_to_do(loopback, answer, said, advice):
    with pytest.raises(NoSource, match=said) as error:
        try_out(loopback.serve("/feed", answer), NOW)
    assert error.value.advice.startswith(advice)


def test_a_slow_site_is_left_in_time(loopback, monkeypatch):
    monkeypatch.setattr(trials, "SECONDS", 0.5)
    url = loopback.serve("/feed", Answer(b"<" for _ in iter(lambda: __import__("time").sleep(0.1), 1)))
    with pytest.raises(NoSource, match=r"within 0\.\d* s") as error:
        try_out(url, NOW)
    assert "Try again later" in error.value.advice


@pytest.mark.parametrize("pasted", ["", "   ", "javascript:alert(1)", "file:///etc/passwd", "two words", "https://"])
def test_what_is_no_address_is_said_to_be_none(pasted):
    with pytest.raises(NoSource, match="is no address of the web"):
        try_out(pasted, NOW)


def test_a_private_address_is_refused_as_for_every_visit(loopback, settings):
    settings.FETCH_ALLOW_PRIVATE = []
    with pytest.raises(NoSource, match="private address") as error:
        try_out(loopback.serve("/feed", reply("feed")), NOW)
    assert "FETCH_ALLOW_PRIVATE" in error.value.advice
    assert loopback.requests == []


def test_a_trial_waits_for_no_one_s_turn_longer_than_a_person_would(loopback, monkeypatch):
    monkeypatch.setattr(gates, "PATIENCE", timedelta(0))
    host = Host.objects.create(name="127.0.0.1", next_turn_at=timezone.now() + timedelta(hours=1), holder=uuid4())
    with pytest.raises(NoSource, match="waits for its turn") as error:
        try_out(loopback.serve("/feed", reply("feed")), NOW)
    assert error.value.advice == remedies.BUSY
    assert host.next_turn_at == Host.objects.get().next_turn_at


def test_a_page_cannot_lead_into_our_own_network(loopback, settings):
    """The address that a page names is checked like one that was pasted."""
    page = loopback.serve("/page", PAGE % (b"application/rss+xml", b"http://169.254.169.254/latest"))
    with pytest.raises(NoSource):
        try_out(page, NOW)
