"""Reading what a source sent ends, whatever it sent: our patterns take one pass, and everything else has a budget."""

import re
import signal
import threading
import time

import pytest

from digest import stopping
from digest.errors import Interrupted, SourceError
from digest.papers import identity
from digest.sources import ADAPTERS, budget, identifiers, people, text
from digest.sources.arxiv_words import announcement
from digest.sources.papers_json import read_lines


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(budget, "SECONDS", 0.2)
    monkeypatch.setattr(budget, "SECONDS_PER_MEGABYTE", 0.0)


def spin(*args, **kwargs):
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: S112 - as parsers do
            continue


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda value: announcement(value, ""), "A title" + " " * 50_000 + "."),
        (lambda value: announcement(value, ""), "A title " + "(arXiv:" * 50_000),
        (people.split, "Jane" + " " * 100_000 + "Roe"),
        (people.split, "Jane" + ", Jr" * 400_000),
        (people.split, "\\'" + "a\u0301\u0316" * 60_000 + "\u0301\u0316" * 60_000),
        (lambda value: [identifiers.arxiv(value) for _ in range(4000)], " " * 299 + "x"),
        (lambda value: text.from_markup(value, len(value)), "<div>" * 80_000),
        (lambda value: text.from_markup(value, len(value)), "".join(f"<b a{n}>" for n in range(20_000))),
        (lambda value: identity.words_of(text.line(value, 100_000)), "a" + "\u0301\u0316" * 50_000),
    ],
)
def test_hostile_text_is_read_in_one_pass(read, value):
    """In proportion to its length each takes a fraction of a second, to its square more than eight."""
    started = time.process_time()
    read(value)
    assert time.process_time() - started < 5


def test_a_feed_that_keeps_a_library_busy_is_given_up(tiny):
    """feedparser looks each attribute up among all."""
    names = " ".join(f'a{number}="1"' for number in range(20_000))
    started = time.process_time()
    with pytest.raises(SourceError, match="CPU time") as caught:
        budget.parse(ADAPTERS["feed"], f'<rss version="2.0" {names}><channel/></rss>'.encode())
    assert caught.value.permanent
    assert time.process_time() - started < 5


def test_a_pattern_that_backtracks_is_interrupted_too(tiny):
    with pytest.raises(SourceError, match="CPU time"):
        budget.within(0, lambda: re.match(r"(?:a|a)*b", "a" * 60))


def test_a_worker_that_is_to_end_reads_no_further():
    started = time.process_time()
    stopping.ask()
    try:
        with pytest.raises(Interrupted):
            budget.within(0, spin)
    finally:
        stopping.forget()
    assert time.process_time() - started < 3


def test_the_budget_ends_with_the_work(tiny):
    assert budget.within(0, lambda: signal.getitimer(signal.ITIMER_VIRTUAL)[0]) > 0
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0
    with pytest.raises(KeyError):
        budget.within(0, lambda: {}["absent"])
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


def test_a_larger_reply_may_take_longer(monkeypatch):
    monkeypatch.setattr(budget, "SECONDS", 10.0)
    monkeypatch.setattr(budget, "STEP", 1000.0)
    left = budget.within(20_000_000, lambda: signal.getitimer(signal.ITIMER_VIRTUAL)[0])
    assert 105 < left < 111


def test_work_within_work_shares_one_budget(tiny):
    with pytest.raises(SourceError, match="CPU time"):
        budget.within(0, lambda: budget.within(10**9, spin))


def test_a_thread_that_no_signal_reaches_reads_without_a_limit(tiny):
    results = []
    thread = threading.Thread(target=lambda: results.append(budget.within(0, lambda: "read")))
    thread.start()
    thread.join()
    assert results == ["read"]


def test_a_line_that_takes_too_long_is_refused_and_costs_no_other(tiny, monkeypatch):
    monkeypatch.setattr("digest.sources.papers_json.dates.day", lambda value: spin() if value == "never" else None)
    feed = [*read_lines([b'{"title": "one"}', b'{"title": "two", "date": "never"}', b'{"title": "three"}'])]
    assert [getattr(result, "title", "refused") for result in feed] == ["one", "refused", "three"]
    assert "CPU time" in feed[1].reason
