"""Every kind of failure, made for real, is known by its kind and comes with what a person can do."""

from __future__ import annotations

import socket
import time

import pytest

from digest.errors import SourceError
from digest.ingestion import faults, refresh
from digest.models import Fault, Host, Outcome, Source
from tests.factories import NOW, SourceFactory
from tests.sources.loopback import Answer
from tests.sources.test_adapters import atom, atom_entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fast(settings):
    settings.FETCH_ALLOW_PRIVATE = ["127.0.0.1"]
    settings.FETCH_TIMEOUT_SECONDS = 1
    settings.FETCH_MAX_BYTES = 200_000


def slow():
    for _ in range(100):
        time.sleep(0.1)
        yield b" "


def failed(url: str, kind: str = "arxiv_atom"):
    Host.objects.all().delete()
    run = refresh(SourceFactory(url=url, kind=kind), NOW)
    assert run.outcome == Outcome.FAILED
    return run


@pytest.mark.parametrize(
    ("answer", "kind", "fault"),
    [
        (Answer(status=401), "feed", Fault.PASSWORD),
        (Answer(status=403), "feed", Fault.FORBIDDEN),
        (Answer(status=403, headers={"Retry-After": "60"}), "feed", Fault.TOO_MANY),
        (Answer(status=404), "feed", Fault.NOT_FOUND),
        (Answer(status=410), "feed", Fault.GONE),
        (Answer(status=418), "feed", Fault.REFUSES),
        (Answer(status=429), "feed", Fault.TOO_MANY),
        (Answer(status=500), "feed", Fault.SERVER),
        (Answer(status=503), "feed", Fault.SERVER),
        (Answer(slow()), "feed", Fault.TIMEOUT),
        (Answer(b"plain words, nothing else"), "feed", Fault.NO_FEED),
        (Answer(b""), "feed", Fault.NO_FEED),
        (Answer(b"<feed><entry>"), "arxiv_atom", Fault.DAMAGED),
        (Answer(b"<rss version='2.0'/>"), "arxiv_api", Fault.NO_FEED),
        (Answer(b"[]"), "biorxiv", Fault.NO_FEED),
        (Answer(b"{"), "huggingface_daily", Fault.DAMAGED),
        (Answer(b'<!DOCTYPE feed [<!ENTITY a "b">]><feed/>'), "arxiv_atom", Fault.UNSAFE),
        (Answer(b"<!DOCTYPE html><html><title>Sign in</title></html>"), "feed", Fault.HTML),
        (Answer(b"<html><title>Sign in</title></html>"), "arxiv_atom", Fault.HTML),
        (Answer(b"x" * 300_000), "feed", Fault.TOO_LARGE),
        (Answer([b"x"], headers={"Content-Length": "999999999"}), "feed", Fault.TOO_LARGE),
        (Answer(atom(atom_entry(title=""))), "arxiv_atom", Fault.NO_PAPER),
        (Answer(status=302, headers={"Location": "/feed"}), "feed", Fault.REDIRECTS),
        (Answer(b"{}"), "no such kind", Fault.ADDRESS),
    ],
)
def test_what_a_server_does_wrong_is_known_by_its_kind(loopback, answer, kind, fault):
    loopback.serve("/feed", answer)
    run = failed(f"{loopback.url}/feed", kind)
    assert run.fault == fault, run.message
    assert faults.remedy(run.fault).endswith(".")
    assert run.message  # the technical words


def test_a_server_that_hangs_up_broke_off(loopback):
    loopback.serve("/feed", Answer([b"<feed>"], headers={"Content-Length": "5000"}))
    assert failed(f"{loopback.url}/feed").fault == Fault.CUT_OFF


def test_a_port_where_nobody_listens_refuses():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    assert failed(f"http://127.0.0.1:{port}/feed").fault == Fault.REFUSED


def test_a_name_that_nobody_knows_is_not_found():
    assert failed("http://nowhere.invalid/feed").fault == Fault.DNS


def test_a_private_address_is_refused(settings):
    settings.FETCH_ALLOW_PRIVATE = []
    assert failed("http://127.0.0.1:8080/feed").fault == Fault.PRIVATE


def test_what_takes_too_long_to_read_is_too_slow(loopback, monkeypatch):
    monkeypatch.setattr("digest.sources.parsing.limits.SECONDS", 0.1)
    monkeypatch.setattr("digest.sources.parsing.limits.SECONDS_PER_MEGABYTE", 0.0)
    loopback.serve("/feed", b'<rss version="2.0"><channel>' + b"<item/>" * 20_000 + b"</channel></rss>")
    assert failed(f"{loopback.url}/feed", "feed").fault == Fault.TOO_SLOW


def test_our_own_mistake_is_called_so(loopback, monkeypatch):
    monkeypatch.setattr("digest.ingestion.visits.look", lambda *args: 1 / 0)
    assert failed(f"{loopback.url}/feed").fault == Fault.OURS


def test_a_run_that_did_not_fail_has_no_fault(loopback):
    loopback.serve("/feed", atom(atom_entry()))
    run = refresh(SourceFactory(url=f"{loopback.url}/feed"), NOW)
    assert (run.outcome, run.fault, faults.remedy(run.fault)) == (Outcome.FRESH, "", "")
    assert Source.objects.filter(failures=0).exists()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", Fault.CERTIFICATE),
        ("nothing is fetched from port 25", Fault.ADDRESS),
        ("compressed data ends early", Fault.DAMAGED),
        ("reading it ended the parser (SIGKILL)", Fault.TOO_SLOW),
        ("reading it needs more than 512 MB", Fault.TOO_SLOW),
        ("more than 100,000 entries", Fault.TOO_LARGE),
        ("words that nobody foresaw", Fault.OTHER),
    ],
)
def test_words_of_other_failures_are_known_too(said, fault):
    assert faults.of(SourceError(said)) == fault


def test_every_kind_has_its_sentence():
    assert set(faults.REMEDIES) == set(Fault)
