"""Semantic Scholar's lists: recommendations, searches and their tokens; most fields may be null."""

from datetime import UTC, date, datetime

import pytest

from digest.errors import SourceError
from digest.sources import ADAPTERS
from digest.sources.addresses import parts
from tests.sources.replies import reply

SCHOLAR = ADAPTERS["semantic_scholar"]
BULK = "https://api.semanticscholar.org/graph/v1/paper/search/bulk?query=moths"


def test_a_paper_carries_all_its_names():
    first, second = SCHOLAR.parse(reply("semantic_scholar")).papers
    assert (first.arxiv_id, first.doi) == ("2603.90001", None)
    assert first.identifiers == (
        ("semantic_scholar", "00112233445566778899aabbccddeeff00112233"),
        ("semantic_scholar", "corpus:900000001"),
    )
    assert first.url == "https://arxiv.org/abs/2603.90001"
    assert first.authors == ("Ada Invented", "Bo Made-Up")
    assert first.published_at == datetime(2026, 3, 4, tzinfo=UTC)
    assert (second.doi, second.journal_reference) == ("10.9999/journal.2026.7", "J. Inv. Moths")
    assert (second.published_at, second.authors, second.abstract) == (None, (), "")


def test_bulk_search_goes_on_by_its_token():
    body = reply("semantic_scholar").replace(b'{\n  "recommendedPapers"', b'{"total": 3007, "token": "ABC=", "data"')
    feed = SCHOLAR.parse(body, url=BULK)
    assert (feed.total, feed.next_url) == (3007, f"{BULK}&token=ABC%3D")
    assert SCHOLAR.parse(body.replace(b'"ABC="', b"null"), url=feed.next_url).next_url == ""


def test_plain_search_goes_on_by_its_offset():
    body = reply("semantic_scholar").replace(b'{\n  "recommendedPapers"', b'{"total": 3, "next": 2, "data"')
    assert SCHOLAR.parse(body, url=BULK).next_url == f"{BULK}&offset=2"


def test_an_address_of_the_api_gets_the_fields_that_are_read():
    assert "abstract" in parts(SCHOLAR.address(BULK)).query["fields"]


def test_a_window_of_a_search_is_its_days():
    (request,) = SCHOLAR.window(f"{BULK}&token=old", date(2026, 3, 1), date(2026, 3, 4))
    query = parts(request.url).query
    assert query["publicationDateOrYear"] == "2026-03-01:2026-03-04"
    assert "token" not in query


def test_an_error_is_told_in_the_api_s_words():
    with pytest.raises(SourceError, match="Paper with id x not found"):
        SCHOLAR.parse(b'{"error": "Paper with id x not found"}')
