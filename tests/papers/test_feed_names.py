"""An entry of a feed is known by its address and by the feed's own name of it, whichever of the two changes."""

from __future__ import annotations

import pytest

from digest.models import Paper
from digest.papers import ingest
from digest.sources import ADAPTERS
from tests.factories import NOW

pytestmark = pytest.mark.django_db
FEED = "https://lab.example/feed.xml"
MONDAY, NEXT_MONDAY = "Mon, 01 Jun 2026 08:00:00 GMT", "Mon, 08 Jun 2026 08:00:00 GMT"


def entry(*, guid="17", link="https://lab.example/lanterns", title="A column of ours", day=MONDAY):
    return f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid><pubDate>{day}</pubDate></item>"


def rss(*entries):
    return f'<rss version="2.0"><channel><title>Lab</title>{"".join(entries)}</channel></rss>'.encode()


def come(body, url=FEED, kind="feed"):
    return ingest(ADAPTERS[kind].parse(body, url=url).papers, source=None, now=NOW).new


def test_a_feed_that_changes_its_names_and_its_format_at_once_gives_nothing_anew():
    assert come(rss(entry())) == 1
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Lab</title><entry><title>A column, edited</title>
        <id>tag:lab.example,2026:9</id><link href="https://lab.example/lanterns?utm_source=atom"/>
        <published>2026-06-01T08:00:00Z</published></entry></feed>"""
    assert come(atom) == 0
    json = b"""{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "n9", "title": "A column of ours",
        "url": "https://lab.example/lanterns", "date_published": "2026-06-01T08:00:00Z"}]}"""
    assert come(json, kind="json_feed") == 0
    assert Paper.objects.canonical().count() == 1


def test_an_entry_that_moves_is_known_by_its_name():
    assert come(rss(entry())) == 1
    assert come(rss(entry(link="https://www.lab.example/2026/lanterns"))) == 0
    assert Paper.objects.canonical().count() == 1


@pytest.mark.parametrize("link", ["https://lab.example/lanterns", "https://lab.example/lanterns-again"])
def test_an_edited_title_is_the_same_paper(link):
    assert come(rss(entry())) == 1
    assert come(rss(entry(title="Another title altogether", link=link))) == 0


@pytest.mark.parametrize("guid", ["17", "https://lab.example/column", "tag:lab.example,2026:column"])
def test_a_column_that_bears_its_name_again_on_another_day_at_a_new_address_is_a_new_item(guid):
    assert come(rss(entry(guid=guid))) == 1
    assert come(rss(entry(guid=guid, link="https://lab.example/moths", day=NEXT_MONDAY))) == 1
    assert Paper.objects.canonical().count() == 2


def test_a_column_of_the_same_title_with_new_names_is_a_new_item():
    assert come(rss(entry(), entry(guid="18", link="https://lab.example/moths"))) == 2


def test_a_day_that_changes_makes_nothing_new_at_the_same_address():
    """Some feeds say of every entry that it is of today."""
    assert come(rss(entry())) == 1
    assert come(rss(entry(day=NEXT_MONDAY))) == 0


def test_marks_of_the_visitor_s_session_are_no_part_of_an_address():
    assert come(rss(entry(link="https://lab.example/lanterns;jsessionid=4F2A?PHPSESSID=1"))) == 1
    assert come(rss(entry(guid="18", link="https://lab.example/lanterns;jsessionid=77B0"))) == 0


def test_numbers_of_two_feeds_do_not_meet_where_their_entries_are_on_one_host():
    linked = entry(link="https://journal.example/1"), entry(link="https://journal.example/2")
    assert come(rss(linked[0]), url="https://one.example/feed") == 1
    assert come(rss(linked[1]), url="https://two.example/feed") == 1
    assert Paper.objects.canonical().count() == 2


def test_a_stored_feed_is_known_by_the_address_it_gives_itself():
    head = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://lab.example/feed.xml"/>'
    stored = rss(head, entry(link="https://elsewhere.example/lanterns"))
    [paper] = ADAPTERS["feed"].parse(stored).papers
    assert ("guid", "lab.example 17 2026-06-01") in paper.identifiers
    assert come(rss(entry(link="https://elsewhere.example/moved"))) == 1
    assert come(stored, url="") == 0
