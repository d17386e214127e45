"""JSON Feed 1.1: a paper an item, markup gone, links made whole, an older author form read too."""

from datetime import UTC, datetime

from digest.sources import ADAPTERS
from tests.sources.replies import reply

URL = "https://laboratory.example/feed.json"


def test_an_item_is_read_whole():
    feed = ADAPTERS["json_feed"].parse(reply("json_feed"), url=URL)
    paper, liked = feed.papers
    assert (paper.title, paper.abstract) == ("Why lanterns count", "Because $a<b$.")
    assert paper.url == "https://laboratory.example/lanterns"
    assert paper.authors == ("Ada Invented",)
    assert paper.published_at == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert paper.categories == ("lanterns",)
    assert paper.identifiers == (("url", "laboratory.example/lanterns"),)
    assert liked.identifiers == ()
    assert (liked.arxiv_id, liked.version, liked.authors) == ("2603.90001", 2, ("Bo Made-Up",))
    assert feed.next_url == "https://laboratory.example/feed.json?page=2"


def test_a_stored_feed_makes_links_whole_by_its_home_page():
    assert ADAPTERS["json_feed"].parse(reply("json_feed")).papers[0].url == "https://laboratory.example/lanterns"


def test_a_bare_number_is_no_arxiv_id():
    body = reply("json_feed").replace(b'"id": "2"', b'"id": "2603.90003"').replace(b"arxiv.org/abs/", b"other.example/")
    assert ADAPTERS["json_feed"].parse(body, url=URL).papers[1].arxiv_id is None
