"""bioRxiv's and medRxiv's API: versions, journals' DOIs, cursors that go on by what was received."""

import json
from datetime import UTC, date, datetime

import pytest

from digest.errors import SourceError
from digest.sources import ADAPTERS
from digest.sources.biorxiv import authors
from tests.sources.replies import reply

BIORXIV = ADAPTERS["biorxiv"]
DAYS = "https://api.biorxiv.org/details/biorxiv/2026-03-01/2026-03-02/0?category=genomics"


def test_a_preprint_is_read_whole():
    paper = BIORXIV.parse(reply("biorxiv")).papers[0]
    assert paper.title == "Lantern proteins of the invented moth"
    assert paper.authors == ("A. B. Invented", "B. Made-Up", "The Lantern Consortium")
    assert paper.doi == "10.64898/2026.03.01.900001"
    assert paper.url == "https://www.biorxiv.org/content/10.64898/2026.03.01.900001v1"
    assert paper.license_url == "https://creativecommons.org/licenses/by-nc-nd/4.0/"
    assert (paper.categories, paper.listed_on) == (("genomics",), date(2026, 3, 1))
    assert paper.published_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert not paper.is_replacement
    assert paper.identifiers == ()


def test_the_journal_s_doi_is_a_second_name_of_the_preprint():
    revised = BIORXIV.parse(reply("biorxiv")).papers[1]
    assert revised.doi == "10.1101/2025.09.09.900002"
    assert revised.identifiers == (("doi", "10.9999/journal.2026.7"),)


def test_a_later_version_says_nothing_of_the_papers_age():
    revised = BIORXIV.parse(reply("biorxiv")).papers[1]
    assert (revised.is_replacement, revised.published_at, revised.license_url) == (True, None, "")


def test_a_withdrawn_preprint_is_one():
    assert [paper.is_withdrawn for paper in BIORXIV.parse(reply("biorxiv")).papers] == [False, False, True]


def test_the_cursor_goes_on_by_what_was_received_until_the_total():
    document = json.loads(reply("biorxiv"))
    feed = BIORXIV.parse(reply("biorxiv"), url=DAYS)
    assert (feed.total, feed.next_url) == (5, DAYS.replace("/0?", "/3?"))
    assert BIORXIV.further_urls(DAYS, feed, datetime(2026, 3, 2, tzinfo=UTC)) == (feed.next_url,)
    document["messages"][0]["cursor"] = "3"
    assert BIORXIV.parse(json.dumps(document).encode(), url=feed.next_url).next_url == ""


def test_the_cursor_follows_an_interval_of_days_too():
    url = "https://api.biorxiv.org/details/medrxiv/2d?category=neurology"
    feed = BIORXIV.parse(reply("biorxiv"), url=url)
    assert feed.next_url == "https://api.biorxiv.org/details/medrxiv/2d/3?category=neurology"


def test_a_window_stays_within_server_and_collection():
    (request,) = BIORXIV.window(
        "https://api.biorxiv.org/details/medrxiv/2d/100?category=neurology", date(2026, 3, 1), date(2026, 3, 4)
    )
    assert request.url == "https://api.biorxiv.org/details/medrxiv/2026-03-01/2026-03-04/0?category=neurology"


def test_a_day_without_papers_is_empty_and_a_mistaken_question_an_error():
    quiet = b'{"messages": [{"status": "no posts found"}], "collection": []}'
    assert BIORXIV.parse(quiet).papers == ()
    with pytest.raises(SourceError, match="bioRxiv answered: Interval not recognizable"):
        BIORXIV.parse(b'{"messages": [{"status": "Interval not recognizable"}], "collection": []}')


def test_names_are_turned_the_way_people_write_them():
    assert authors("Doe, J. M.; Plato;; de la Cruz , M.") == ("J. M. Doe", "Plato", "M. de la Cruz")
