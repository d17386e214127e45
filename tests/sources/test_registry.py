"""Whoever adds an adapter adds the rest: a sample reply, an example address, a line in the document."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.errors import SourceError
from digest.ingestion.visits import LABELS
from digest.sources import ADAPTERS
from digest.sources.sniff import feeds_of, is_page, recognised, sniff
from tests.sources.replies import reply

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-source.md"
ANYBODYS = {"feed", "json_feed", "papers_json"}  # formats that say nothing of who publishes in them
KINDS = sorted(ADAPTERS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_adapter_reads_its_sample_and_knows_it_among_all_others(kind):
    body = reply(kind)
    assert sniff(body) == kind
    assert sniff(b"\xef\xbb\xbf\n " + body) == kind
    papers = ADAPTERS[kind].parse(body, url=ADAPTERS[kind].example).papers
    assert papers
    assert all(paper.title and paper.url for paper in papers)


@pytest.mark.parametrize("kind", sorted(LABELS))
def test_every_kind_of_source_has_a_line_in_the_document(kind):
    assert f"| `{kind}` | {LABELS[kind]} |" in DOCUMENT.read_text()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - ANYBODYS))
def test_an_adapter_is_guessed_from_its_own_address_which_stays_as_it_is(kind):
    request = recognised(ADAPTERS[kind].example)
    assert request
    assert request.kind == kind
    assert recognised(request.url) == request


@pytest.mark.parametrize("kind", sorted(set(KINDS) - ANYBODYS))
def test_an_adapter_asks_by_https_and_for_what_was_asked(kind):
    """Also where the question itself has an address in it."""
    example = ADAPTERS[kind].example.replace("https://", "HTTP://")
    request = recognised(f"{example}{'&' if '?' in example else '?'}q=http://a")
    assert request
    assert request.url.startswith("https://")
    assert "q=https:" not in request.url


@pytest.mark.parametrize("kind", KINDS)
def test_no_adapter_takes_a_stranger_s_address_for_its_own(kind):
    for url in ("https://journal.example/feed", "https://journal.example/", "ftp://arxiv.org/list/cs.CL/new", "", "x["):
        assert ADAPTERS[kind].address(url) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_is_made_of_requests_that_adapters_know(kind):
    adapter = ADAPTERS[kind]
    requests = adapter.window(adapter.example, date(2026, 3, 1), date(2026, 3, 3))
    assert bool(requests) == (kind not in ANYBODYS)
    for request in requests:
        assert recognised(request.url) == request
    assert adapter.window("https://journal.example/feed", date(2026, 3, 1), date(2026, 3, 3)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_odd_entries_never_cost_a_good_one(kind):
    """Nothing, numbers, lists and empty objects among the entries, and values of every wrong type within them."""
    if not reply(kind).lstrip().startswith((b"{", b"[")):
        pytest.skip("not JSON")
    document = json.loads(reply(kind))
    entries = document if isinstance(document, list) else next(v for k, v in document.items() if k in LISTS)
    good = len(ADAPTERS[kind].parse(reply(kind)).papers)
    wrong = [dict.fromkeys(entries[0], value) for value in (None, 7, "x", [], {}, [[]], {"value": {}}, True)]
    entries[:0] = [None, 1, "text", [], {}, *wrong]
    feed = ADAPTERS[kind].parse(json.dumps(document).encode(), url=ADAPTERS[kind].example)
    titles = [paper.title for paper in feed.papers]
    assert len([title for title in titles if title not in ("x", "7")]) == good
    assert all(refusal.reason for refusal in feed.refused)


LISTS = {"notes", "collection", "recommendedPapers", "items", "papers"}


@pytest.mark.parametrize(
    ("pasted", "kind", "url"),
    [
        ("https://arxiv.org/list/cs.CL/recent", "arxiv_atom", "https://rss.arxiv.org/atom/cs.CL"),
        ("https://www.arxiv.org/list/math.OC/new?skip=0", "arxiv_atom", "https://rss.arxiv.org/atom/math.OC"),
        ("http://export.arxiv.org/rss/hep-ex", "arxiv_atom", "https://rss.arxiv.org/atom/hep-ex"),
        ("https://rss.arxiv.org/rss/cs.AI+cs.CL", "arxiv_atom", "https://rss.arxiv.org/atom/cs.AI+cs.CL"),
        (
            "https://arxiv.org/search/?query=lantern+fish&searchtype=title",
            "arxiv_api",
            "https://export.arxiv.org/api/query?search_query=ti:%22lantern%20fish%22&sortBy=submittedDate"
            "&sortOrder=descending&start=0&max_results=100",
        ),
        ("https://huggingface.co/papers", "huggingface_daily", "https://huggingface.co/api/daily_papers"),
        (
            "https://huggingface.co/papers/date/2026-03-05",
            "huggingface_daily",
            "https://huggingface.co/api/daily_papers?date=2026-03-05&limit=100",
        ),
        (
            "https://huggingface.co/papers/week/2026-W10",
            "huggingface_daily",
            "https://huggingface.co/api/daily_papers?week=2026-W10&limit=100",
        ),
        (
            "https://huggingface.co/papers/month/2026-03",
            "huggingface_daily",
            "https://huggingface.co/api/daily_papers?month=2026-03&limit=100",
        ),
        (
            "https://www.biorxiv.org/collection/cell-biology",
            "biorxiv",
            "https://api.biorxiv.org/details/biorxiv/2d?category=cell_biology",
        ),
        ("https://www.medrxiv.org/", "biorxiv", "https://api.biorxiv.org/details/medrxiv/2d"),
        (
            "https://openreview.net/group?id=ICLR.cc/2026/Conference#tab-accept-oral",
            "openreview",
            "https://api2.openreview.net/notes?content.venueid=ICLR.cc/2026/Conference&sort=tmdate:desc&limit=1000",
        ),
        (
            "https://www.semanticscholar.org/paper/Some-Title/00112233445566778899aabbccddeeff00112233",
            "semantic_scholar",
            "https://api.semanticscholar.org/recommendations/v1/papers/forpaper/"
            "00112233445566778899aabbccddeeff00112233?limit=100&fields="
            "externalIds,corpusId,url,title,abstract,venue,publicationDate,authors,journal,openAccessPdf",
        ),
    ],
)
def test_a_page_for_people_leads_to_the_feed_or_api_behind_it(pasted, kind, url):
    request = recognised(pasted)
    assert request
    assert (request.kind, request.url) == (kind, url)


@pytest.mark.parametrize(
    "pasted",
    [
        "https://arxiv.org/abs/2603.90001",
        "https://arxiv.org/list/",
        "https://arxiv.org/list/..%2fx/new",
        "https://huggingface.co/papers/2603.90001",
        "https://huggingface.co/papers/date/yesterday",
        "https://openreview.net/forum?id=x",
        "https://www.biorxiv.org/content/10.1101/2026.02.02.900003v1",
        "https://arxiv.org.evil.example/list/cs.CL/new",
    ],
)
def test_what_is_no_list_of_papers_is_left_to_its_content(pasted):
    assert recognised(pasted) is None


def test_a_page_names_its_feeds():
    page = b"""<!DOCTYPE html><html><head><title>x</title>
    <link rel="stylesheet" href="/style.css"><link rel="alternate" hreflang="de" href="/de/">
    <LINK REL="Alternate" TYPE="application/rss+xml" HREF="/feed?a=1&amp;b=2">
    <link rel="alternate" type="application/feed+json" href="https://other.example/feed.json">
    <link rel="alternate" type="application/atom+xml" href="javascript:alert(1)">
    <link rel="alternate" type="application/atom+xml" href="http://[x"></head><body>"""
    assert is_page(page)
    assert feeds_of(page, "https://laboratory.example/news/") == (
        "https://laboratory.example/feed?a=1&b=2",
        "https://other.example/feed.json",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_no_sample_is_a_page(kind):
    assert not is_page(reply(kind))


def test_a_page_among_stored_replies_says_so():
    with pytest.raises(SourceError, match="HTML page"):
        sniff(b"<!DOCTYPE html><html></html>", "feed.xml")


@pytest.mark.parametrize("kind", KINDS)
def test_a_visit_asks_for_nothing_more_where_the_reply_is_all_there_is(kind):
    empty = ADAPTERS[kind].parse(reply(kind))
    now = datetime(2026, 3, 5, tzinfo=UTC)
    assert ADAPTERS[kind].further_urls("https://journal.example/stored", empty, now) == ()
