"""Each adapter on small replies: what it reads, what it refuses, what it calls an error."""

import json
import time
from datetime import UTC, date, datetime

import pytest

from digest.errors import SourceError
from digest.sources import ADAPTERS
from digest.sources.sniff import sniff
from tests.sources.replies import reply

NAMESPACES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
ATOM_ENTRY = """<entry><id>oai:arXiv.org:{identifier}</id><title>{title}</title>
<updated>2026-06-30T04:00:01+00:00</updated><link href="https://arxiv.org/abs/{bare}" rel="alternate"/>
<summary>arXiv:{identifier} Announce Type: {kind} \nAbstract: Let $a &lt; b$ and $\\alpha$ be.</summary>
<category term="cs.CL"/><category term="cs.LG"/><published>2026-06-30T00:00:00-04:00</published>
<arxiv:announce_type>{kind}</arxiv:announce_type><dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
<arxiv:DOI>10.1000/XYZ</arxiv:DOI><dc:creator>Andr\\'e Dupont (CNRS, Paris), Jane Doe</dc:creator></entry>"""


def atom(*entries, title="cs.CL updates on arXiv.org"):
    head = f'<?xml version="1.0" encoding="UTF-8"?><feed {NAMESPACES} xmlns="http://www.w3.org/2005/Atom">'
    return f"{head}<title>{title}</title>{''.join(entries)}</feed>".encode()


def atom_entry(identifier="2606.24841v1", *, kind="new", title="A paper of ours"):
    return ATOM_ENTRY.format(identifier=identifier, bare=identifier.split("v")[0], kind=kind, title=title)


def only(kind, body, **context):
    feed = ADAPTERS[kind].parse(body, **context)
    assert feed.refused == ()
    (paper,) = feed.papers
    return paper


def test_an_arxiv_announcement_is_read_whole():
    paper = only("arxiv_atom", atom(atom_entry()))
    assert (paper.arxiv_id, paper.version, paper.doi) == ("2606.24841", 1, "10.1000/xyz")
    assert paper.title == "A paper of ours"
    assert paper.abstract == r"Let $a < b$ and $\alpha$ be."
    assert paper.authors == ("André Dupont", "Jane Doe")
    assert paper.categories == ("cs.CL", "cs.LG")
    assert paper.url == "https://arxiv.org/abs/2606.24841"
    assert paper.license_url == "http://creativecommons.org/licenses/by/4.0/"
    assert paper.published_at == datetime(2026, 6, 30, 4, tzinfo=UTC)
    assert paper.listed_on == date(2026, 6, 30)
    assert not paper.is_replacement


def test_a_replacement_says_nothing_about_the_papers_age():
    paper = only("arxiv_atom", atom(atom_entry("2401.00001v4", kind="replace-cross")))
    assert paper.is_replacement
    assert paper.published_at is None


def test_a_late_cross_listing_keeps_its_papers_age_unknown():
    assert only("arxiv_atom", atom(atom_entry("2401.00001v1", kind="cross"))).published_at is None


def test_an_entry_without_title_is_refused_and_costs_no_other():
    feed = ADAPTERS["arxiv_atom"].parse(atom(atom_entry(title=" "), atom_entry("2606.00002v1")))
    assert [paper.arxiv_id for paper in feed.papers] == ["2606.00002"]
    assert [refusal.reason for refusal in feed.refused] == ["no title"]


def test_an_arxiv_feed_about_a_wrong_category_is_an_error():
    with pytest.raises(SourceError, match="Feed error") as error:
        ADAPTERS["arxiv_atom"].parse(atom(title="Feed error for query: cx"))
    assert error.value.permanent


def test_an_api_error_is_no_paper():
    entry = "<entry><id>https://arxiv.org/api/errors#bad</id><title>Error</title><summary>bad id</summary></entry>"
    with pytest.raises(SourceError, match="bad id"):
        ADAPTERS["arxiv_api"].parse(atom(entry))


def test_an_api_entry_keeps_every_author_and_only_arxiv_categories():
    entry = """<entry><id>http://arxiv.org/abs/hep-ex/0307015v2</id><title>Old\n  paper</title>
    <published>2003-07-07T13:46:39Z</published><summary>  One\ntwo.\n  </summary>
    <author><name>A. One</name><arxiv:affiliation>X, Y</arxiv:affiliation></author><author><name>B. Two</name></author>
    <category term="hep-ex" scheme="http://arxiv.org/schemas/atom"/>
    <category term="62M45" scheme="http://purl.org/msc"/><arxiv:primary_category term="hep-ex"/>
    <arxiv:doi>10.1103/PhysRevD.70</arxiv:doi><arxiv:journal_ref>Phys.Rev.</arxiv:journal_ref>
    <arxiv:comment>9 pages</arxiv:comment></entry>"""
    paper = only("arxiv_api", atom(entry))
    assert (paper.arxiv_id, paper.version, paper.doi) == ("hep-ex/0307015", 2, "10.1103/physrevd.70")
    assert (paper.title, paper.abstract) == ("Old paper", "One two.")
    assert paper.authors == ("A. One", "B. Two")
    assert (paper.categories, paper.primary_category) == (("hep-ex",), "hep-ex")
    assert (paper.comment, paper.journal_reference) == ("9 pages", "Phys.Rev.")


def test_a_withdrawn_paper_is_recognised_by_its_comment():
    entry = """<entry><id>http://arxiv.org/abs/2606.00001v2</id><title>Gone</title>
    <arxiv:comment>This paper has been withdrawn by the author</arxiv:comment></entry>"""
    assert only("arxiv_api", atom(entry)).is_withdrawn


def daily(**fields):
    paper = {"id": "2603.25040", "title": "Scaling", "summary": "We scale.", "upvotes": 12, **fields}
    return {"paper": paper, "numComments": 3, "publishedAt": "2020-01-01T00:00:00.000Z"}


def test_a_daily_paper_is_dated_by_its_listing_and_carries_its_signals():
    item = daily(
        submittedOnDailyAt="2026-03-27T00:00:00.000Z",
        publishedAt="2026-03-26T11:00:00.000Z",
        githubRepo="https://github.com/x/y",
        githubStars=7,
        authors=[{"name": "A One", "hidden": False}, {"name": "B Two", "hidden": True}],
    )
    paper = only("huggingface_daily", json.dumps([item]).encode())
    assert paper.listed_on == date(2026, 3, 27)
    assert paper.published_at == datetime(2026, 3, 26, 11, tzinfo=UTC)
    assert dict(paper.signals) == {"upvotes": 12, "comments": 3, "stars": 7}
    assert paper.code_url == "https://github.com/x/y"
    assert paper.authors == ("A One",)


def test_a_daily_paper_without_optional_fields_is_still_a_paper():
    paper = only("huggingface_daily", json.dumps([{"paper": {"id": "2603.25040", "title": "Scaling"}}]).encode())
    assert (paper.title, dict(paper.signals), paper.listed_on) == ("Scaling", {}, None)


def test_odd_daily_items_are_refused_one_by_one():
    body = json.dumps([None, 1, {}, {"paper": []}, {"paper": {"id": 7, "title": ["x"]}}, daily()]).encode()
    feed = ADAPTERS["huggingface_daily"].parse(body)
    assert len(feed.papers) == 1
    assert len(feed.refused) == 5


def test_yesterdays_list_is_asked_for_only_when_the_reply_does_not_reach_it():
    adapter, now = ADAPTERS["huggingface_daily"], datetime(2026, 3, 27, 15, tzinfo=UTC)
    address = "https://huggingface.co/api/daily_papers"
    today = adapter.parse(json.dumps([daily(submittedOnDailyAt="2026-03-27T00:00:00Z")]).encode())
    older = adapter.parse(json.dumps([daily(submittedOnDailyAt="2026-03-26T00:00:00Z")]).encode())
    assert adapter.further_urls(address, today, now) == (f"{address}?date=2026-03-26",)
    assert adapter.further_urls(address, older, now) == ()
    assert adapter.further_urls(f"{address}?date=2026-03-27", today, now) == ()
    assert adapter.further_urls("http://127.0.0.1/2026-03-27.json", today, now) == ()


def test_an_error_object_is_an_error():
    with pytest.raises(SourceError, match="Invalid date"):
        ADAPTERS["huggingface_daily"].parse(b'{"error": "Invalid date"}')


def test_a_generic_feed_gives_clean_papers_with_their_doi():
    body = b"""<rss version="2.0" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel><title>J</title>
    <item><title>On &lt;i&gt;E. coli&lt;/i&gt;</title><link>https://journal.example/1</link>
    <description>&lt;p&gt;We &lt;b&gt;show&lt;/b&gt; $a&amp;lt;b$.&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;</description>
    <author>Doe, J., Roe, R.</author><prism:doi>10.1000/ABC</prism:doi>
    <pubDate>Tue, 30 Jun 2026 00:00:00 GMT</pubDate></item>
    <item><title>Bad link</title><link>JaVa&#10;Script:alert(1)</link></item></channel></rss>"""
    feed = ADAPTERS["feed"].parse(body, url="https://journal.example/feed")
    (paper,), (odd,) = feed.papers, feed.refused
    assert (paper.title, paper.abstract) == ("On E. coli", "We show $a<b$.")
    assert (paper.doi, paper.url) == ("10.1000/abc", "https://journal.example/1")
    assert paper.authors == ("J. Doe", "R. Roe")
    assert paper.published_at == datetime(2026, 6, 30, tzinfo=UTC)
    assert odd.reason == "no link"


def test_an_entrys_own_name_goes_with_it():
    paper = only("feed", reply("feed"), url="https://journal.example/feed")
    assert paper.identifiers == (("url", "journal.example/7"), ("guid", "journal.example moths-7 2026-03-05"))


def test_json_papers_need_only_a_title():
    body = json.dumps([{"title": "Only this"}, {"abstract": "no title"}, "text", None]).encode()
    feed = ADAPTERS["papers_json"].parse(body)
    assert [paper.title for paper in feed.papers] == ["Only this"]
    assert len(feed.refused) == 3


def test_json_fields_are_read_under_their_usual_names():
    record = {
        "id": "2405.15738",
        "title": "T",
        "summary": "S",
        "day": "2024-05-27",
        "upvotes": "46",
        "comments": 1,
        "github": "https://github.com/x/y",
        "github_stars": 9.0,
        "categories": "cs.CV cs.LG",
        "authors": "A One (X, Y) and B Two",
    }
    paper = only("papers_json", json.dumps(record).encode())
    assert (paper.arxiv_id, paper.abstract, paper.listed_on) == ("2405.15738", "S", date(2024, 5, 27))
    assert dict(paper.signals) == {"upvotes": 46, "comments": 1, "stars": 9}
    assert paper.categories == ("cs.CV", "cs.LG")
    assert paper.authors == ("A One", "B Two")


def test_a_bad_line_of_json_lines_costs_only_itself():
    feed = ADAPTERS["papers_json"].parse(b'{"title": "One"}\n{"title": \n\n{"title": "Two"}\n')
    assert [paper.title for paper in feed.papers] == ["One", "Two"]
    assert len(feed.refused) == 1


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"plain words",
        b"\x00\xff\xfe\x00" * 50,
        b'"just a string"',
        b"[" * 100_000,
    ],
)
def test_what_is_no_feed_is_an_error_with_every_adapter(kind, body):
    with pytest.raises(SourceError):
        ADAPTERS[kind].parse(body)


COMMENTS = b"<!-- a comment -->\n" * 24


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b'<?xml version="1.0"?>\n', b"<!---->", COMMENTS])
def test_a_page_is_told_from_a_feed_behind_any_beginning(start):
    with pytest.raises(SourceError, match="HTML page"):
        ADAPTERS["papers_json"].parse(start + b"<!-- <feed> --> <!DOCTYPE html><html></html>")


@pytest.mark.parametrize("kind", ["arxiv_atom", "arxiv_api", "feed"])
def test_comments_before_a_feed_cost_no_time(kind):
    """A pattern that backtracks takes many seconds for 24 of them, and twice as long for each one more."""
    body = COMMENTS + b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>'
    started = time.process_time()
    assert (ADAPTERS[kind].parse(body).papers, sniff(body)) == ((), "feed")
    assert time.process_time() - started < 2


@pytest.mark.parametrize("kind", ["arxiv_atom", "arxiv_api"])
def test_broken_xml_is_an_error_and_not_half_a_feed(kind):
    with pytest.raises(SourceError, match="broken XML"):
        ADAPTERS[kind].parse(atom(atom_entry())[:-200])


def test_a_feed_that_breaks_off_before_its_first_entry_is_an_error_and_an_empty_one_is_not():
    start = b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>'
    with pytest.raises(SourceError, match="broken XML"):
        ADAPTERS["feed"].parse(start + b"<entry")
    assert ADAPTERS["feed"].parse(start + b"</feed>").papers == ()


def test_a_wrongly_labelled_encoding_is_mended():
    body = atom(atom_entry(title="Schrödinger")).decode().encode("cp1252")
    assert only("arxiv_atom", body).title == "Schrödinger"


def test_exploding_entities_are_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feed><title>&b;</title></feed>'
    with pytest.raises(SourceError, match="document type"):
        ADAPTERS["arxiv_atom"].parse(bomb)


def test_lone_surrogates_and_huge_numbers_do_no_harm():
    body = b'[{"title": "a\\ud800b", "upvotes": 99999999999999999999, "abstract": "\\u0000x"}]'
    paper = only("papers_json", body)
    assert (paper.title, paper.abstract, paper.signals["upvotes"]) == ("ab", "x", 2**31 - 1)


def test_a_number_without_end_costs_no_other_paper():
    body = b'[{"title": "one", "upvotes": %s}, {"title": "two", "upvotes": 3}]' % (b"9" * 5000)
    assert [paper.signals for paper in ADAPTERS["papers_json"].parse(body).papers] == [{}, {"upvotes": 3}]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'[{"paper": {"id": "x"}}]', "huggingface_daily"),
        (b'[{"title": "x"}]', "papers_json"),
        (b'{"title": "x"}\n{"title": "y"}', "papers_json"),
        (b"<rss><channel/></rss>", "feed"),
    ],
)
def test_stored_replies_are_told_apart_by_content(body, kind):
    assert sniff(body) == kind
