"""OpenReview's notes, in both versions of its API: submissions are papers, what is said about them is not."""

import json
from datetime import UTC, date, datetime

import pytest

from digest.errors import SourceError
from digest.sources import ADAPTERS
from digest.sources.addresses import parts
from tests.sources.replies import reply

OPENREVIEW = ADAPTERS["openreview"]
VENUE = "https://api2.openreview.net/notes?content.venueid=ICLV.example/2026/Conference&limit=3"


def version_1():
    """The same notes with plain values."""
    document = json.loads(reply("openreview"))
    for note in document["notes"]:
        note["content"] = {name: field["value"] for name, field in note["content"].items()}
    return json.dumps(document).encode()


def test_an_accepted_paper_is_read_whole():
    paper = OPENREVIEW.parse(reply("openreview")).papers[0]
    assert paper.title == "Lanterns as Policies, $O(n)$ of Them"
    assert paper.authors == ("Ada Invented", "Bo Made-Up")
    assert paper.abstract == "We train lanterns.\n\nThey shine."
    assert paper.url == "https://openreview.net/forum?id=Inv3ntedF0"
    assert (paper.journal_reference, paper.comment) == ("ICLV 2026 Oral", "")
    assert paper.code_url == "https://github.com/invented/lanterns"
    assert paper.published_at == datetime(2025, 9, 15, 8, tzinfo=UTC)
    assert paper.listed_on == date(2026, 3, 5)
    assert paper.identifiers == (("openreview", "Inv3ntedF0"),)


def test_both_versions_of_the_api_say_the_same():
    assert OPENREVIEW.parse(version_1()).papers == OPENREVIEW.parse(reply("openreview")).papers


def test_a_paper_in_review_is_not_published_anywhere():
    paper = OPENREVIEW.parse(reply("openreview")).papers[1]
    assert (paper.journal_reference, paper.comment) == ("", "Submitted to ICLV 2026")


def test_a_review_is_refused_as_one():
    assert [refusal.reason for refusal in OPENREVIEW.parse(reply("openreview")).refused] == ["a comment on a paper"]


def test_a_withdrawn_submission_is_withdrawn():
    body = reply("openreview").replace(b"Conference/Submission", b"Conference/Withdrawn_Submission")
    assert [paper.is_withdrawn for paper in OPENREVIEW.parse(body).papers] == [False, True]


def test_pages_follow_each_other_until_the_count_is_reached():
    feed = OPENREVIEW.parse(reply("openreview"), url=VENUE)
    assert (feed.total, feed.next_url) == (5, f"{VENUE}&offset=3")
    assert OPENREVIEW.parse(reply("openreview"), url=feed.next_url).next_url == ""


def test_a_full_page_has_a_next_one_where_no_count_is_given():
    body = reply("openreview").replace(b'"count": 5', b'"other": 5')
    assert OPENREVIEW.parse(body, url=VENUE).next_url == f"{VENUE}&offset=3"
    assert OPENREVIEW.parse(body, url=VENUE.replace("limit=3", "limit=4")).next_url == ""


def test_a_window_begins_at_the_first_millisecond_of_its_day():
    (request,) = OPENREVIEW.window(VENUE, date(2026, 3, 5), date(2026, 3, 6))
    assert parts(request.url).query["mintcdate"] == "1772668800000"


def test_a_refusal_is_told_in_the_api_s_words():
    body = b'{"name": "ForbiddenError", "message": "You have no permission to read this", "status": 403}'
    with pytest.raises(SourceError, match="OpenReview answered: You have no permission"):
        OPENREVIEW.parse(body)
