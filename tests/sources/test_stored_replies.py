"""Real replies of every format: all of them are read, and the same paper comes out of each the same."""

import gzip
import json
import re
import tarfile
import time
from urllib.parse import urlsplit

import pytest
from msgspec.structs import fields, replace

from digest.errors import SourceError
from digest.sources import ADAPTERS
from digest.sources.sniff import sniff
from digest.sources.text import UNWANTED

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def archive(shared_data):
    def read(name):
        with tarfile.open(shared_data / "feeds" / name) as stored:
            return {member.name: stored.extractfile(member).read() for member in stored if member.isreg()}

    return read


@pytest.fixture(scope="module")
def arxiv(archive):
    return archive("arxiv.tar.gz")


def parsed(body, kind=None):
    return ADAPTERS[kind or sniff(body)].parse(body)


def test_every_arxiv_reply_is_told_apart_and_read_without_a_loss(arxiv):
    papers = errors = 0
    for name, body in arxiv.items():
        expected = "arxiv_api" if "-api-" in name else "feed" if "biorxiv" in name else "arxiv_atom"
        assert sniff(body, name) == expected, name
        try:
            feed = parsed(body)
        except SourceError:
            assert "ERROR" in name or "_abc_" in name
            errors += 1
            continue
        entries = body.count(b"<entry>") + body.count(b"<item>") + body.count(b"<item ")
        assert (len(feed.papers), feed.refused) == (entries, ()), name
        papers += len(feed.papers)
    assert errors == 3
    assert papers > 2000


def test_an_empty_announcement_is_read_as_empty(arxiv):
    for name in ("gen_atom_EMPTY_cs.CL.xml", "gen_rss_EMPTY_cs.CL.xml"):
        feed = parsed(arxiv[f"arxiv-rss/{name}"])
        assert (feed.papers, feed.refused) == ((), ())
        assert feed.claim


@pytest.mark.parametrize("day", ["cs.CL_2026-06-24", "cs.AI_2026-06-30", "cs.CV_2026-06-30"])
def test_rss_and_atom_and_feedparser_tell_the_same_of_every_paper(arxiv, day):
    rss, atom = (arxiv[f"arxiv-rss/gen_{form}_{day}.xml"] for form in ("rss", "atom"))
    expected = {paper.arxiv_id: paper for paper in parsed(atom).papers}
    assert {paper.arxiv_id: paper for paper in parsed(rss).papers} == expected
    for body in (rss, atom):
        for paper in parsed(body, "feed").papers:
            assert replace(paper, listed_on=expected[paper.arxiv_id].listed_on) == expected[paper.arxiv_id]


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_the_primary_category_of_an_announcement_is_the_first(arxiv, form):
    papers = parsed(arxiv[f"arxiv-rss/gen_{form}_cs.CL_2026-06-24.xml"]).papers
    assert papers
    assert all(paper.primary_category == paper.categories[0] for paper in papers)


def test_the_old_rdf_gives_the_id_authors_and_abstract_back(arxiv):
    first, second, third = parsed(arxiv["arxiv-rss/old_rdf_physBiblio_1.xml"]).papers
    assert first.title == "Measurement of Transverse Single Spin Asymmetries"
    assert (first.arxiv_id, first.version, first.primary_category) == ("1805.08875", 1, "hep-ex")
    assert first.authors == ("Christopher Dilks",)
    assert r"range of $2.6<\eta<4$. Within" in first.abstract
    assert (second.is_replacement, third.is_replacement, third.version) == (False, True, 2)


def test_a_biorxiv_feed_gives_its_doi(arxiv):
    (paper,) = parsed(arxiv["biorxiv/rss1_genomics_feed-rs.xml"]).papers
    assert paper.doi == "10.1101/2023.12.16.571984"
    assert paper.authors[:2] == ("N. Lapalu", "A. Simon")
    assert paper.title.startswith("Complete genome of the Medicago")
    assert paper.published_at.isoformat() == "2023-12-16T00:00:00+00:00"


def test_recorded_pages_of_a_query_lead_to_each_other(arxiv):
    """Their names tell the page (`s` is where it starts, `m` how many were asked for)."""
    pages = {name: page for name in arxiv if (page := re.search(r"arxivpy_q_testing_s(\d+)_m(\d+)_", name))}
    for name, page in pages.items():
        start, most = int(page[1]), int(page[2])
        url = f"https://export.arxiv.org/api/query?search_query=all:testing&max_results={most}&start={start}"
        feed = ADAPTERS["arxiv_api"].parse(arxiv[name], url=url)
        assert feed.total > 200_000
        following = url.replace(f"start={start}", f"start={start + most}")
        assert feed.next_url == (following if feed.papers else ""), name
    assert len(pages) >= 10


def test_an_unknown_id_is_an_empty_list_and_a_wrong_one_an_error(arxiv):
    empty, wrong = (
        next(body for name, body in arxiv.items() if f"arxivpy_id_{number}_" in name) for number in ("0000.0000", "abc")
    )
    assert (parsed(empty).papers, parsed(empty).total) == ((), 0)
    with pytest.raises(SourceError, match="incorrect id format for abc"):
        parsed(wrong)


def test_an_old_style_id_keeps_its_archive(arxiv):
    name = next(name for name in arxiv if "astro-ph_0601001" in name)
    (paper,) = parsed(arxiv[name]).papers
    assert (paper.arxiv_id, paper.version) == ("astro-ph/0601001", 1)
    assert "$" not in paper.title
    assert paper.authors[:2] == ("Andrew Gould", "Susan Dorsher")


def test_every_day_of_daily_papers_is_read_with_its_signals(archive):
    days = archive("hf-daily-papers.tar.gz")
    assert len(days) == 22
    for name, body in days.items():
        feed = parsed(body)
        assert (len(feed.papers), feed.refused) == (len(json.loads(body)), ())
        assert {f"{paper.listed_on}" for paper in feed.papers} == {name[-15:-5]}
        assert all(paper.arxiv_id and paper.abstract and "upvotes" in paper.signals for paper in feed.papers)


def test_the_nasty_papers_come_through_unharmed(shared_data):
    body = (shared_data / "feeds" / "nasty_300.jsonl").read_bytes()
    feed = parsed(body)
    records = [json.loads(line) for line in body.splitlines()]
    assert (len(feed.papers), feed.refused) == (300, ())
    for paper, record in zip(feed.papers, records, strict=True):
        assert paper.title == " ".join(record["title"].split())
        assert "".join(paper.abstract.split()) == "".join(record["abstract"].split())
    assert max(len(paper.authors) for paper in feed.papers) > 3000


def test_the_seed_papers_are_read(shared_data):
    feed = parsed((shared_data / "seed" / "seed_54_papers.json").read_bytes())
    assert (len(feed.papers), feed.refused) == (54, ())
    assert all(paper.abstract for paper in feed.papers)


def test_the_communitys_lists_are_read_line_by_line(shared_data):
    with gzip.open(shared_data / "eval" / "listed.jsonl.gz") as stored:
        body = b"".join(line for line, _ in zip(stored, range(200), strict=False))
    feed = parsed(body)
    assert (len(feed.papers), feed.refused) == (200, ())
    assert all(paper.listed_on and paper.arxiv_id for paper in feed.papers)


def test_nothing_in_the_hostile_collection_crashes_hangs_or_poisons(archive):
    """3,240 files written to break feed readers. Each ends as papers, refusals or a SourceError, soon."""
    slowest, papers = 0.0, 0
    for name, body in archive("hostile.tar.gz").items():
        started = time.monotonic()
        for kind in sorted({sniffed(body, name), "feed"}):
            try:
                feed = ADAPTERS[kind].parse(body, url="https://feeds.example/feed")
            except SourceError:
                continue
            for paper in feed.papers:
                assert_harmless(paper)
            papers += len(feed.papers)
        slowest = max(slowest, time.monotonic() - started)
    assert papers > 400  # entries without a link are refused
    assert slowest < 5


def sniffed(body, name):
    try:
        return sniff(body, name)
    except SourceError:
        return "feed"


def assert_harmless(paper):
    assert any(character.isalnum() for character in paper.title)
    for link in (paper.url, paper.license_url, paper.code_url, paper.project_url):
        assert not link or urlsplit(link).scheme.lower() in ("http", "https")
        assert not set(link) & set("\"'<> \n")
    for field in fields(paper):
        value = getattr(paper, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                text.encode()
                assert not UNWANTED.search(text)
                assert "<script" not in text.lower()
                assert len(text) <= 20_000
