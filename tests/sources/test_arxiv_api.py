"""arXiv's query API: addresses for days and ids, pages that follow each other, errors in the shape of papers."""

from datetime import date

from digest.sources import ADAPTERS, Request
from digest.sources.addresses import parts
from digest.sources.arxiv_api import categories_query, look_up_urls, window_url
from tests.sources.replies import reply

API = ADAPTERS["arxiv_api"]
PAGE = "https://export.arxiv.org/api/query?search_query=cat:cs.CL&start=2&max_results=2"


def test_a_page_leads_to_the_next_one_until_the_list_is_read():
    feed = API.parse(reply("arxiv_api"), url=PAGE)
    assert (feed.total, len(feed.papers)) == (5, 2)
    assert feed.next_url == "https://export.arxiv.org/api/query?search_query=cat:cs.CL&max_results=2&start=4"
    last = reply("arxiv_api").replace(b">5</opensearch:totalResults>", b">4</opensearch:totalResults>")
    assert API.parse(last, url=PAGE).next_url == ""


def test_a_page_that_comes_back_empty_ends_the_list():
    body = reply("arxiv_api")
    body = body[: body.index(b"<entry>")] + b"</feed>"
    assert (API.parse(body, url=PAGE).total, API.parse(body, url=PAGE).next_url) == (5, "")


def test_a_stored_reply_leads_nowhere():
    assert API.parse(reply("arxiv_api")).next_url == ""


def test_a_window_is_whole_days_oldest_first():
    query = parts(window_url("cat:cs.CL OR cat:cs.LG", date(2026, 3, 1), date(2026, 3, 31))).query
    assert query["search_query"] == "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202603010000 TO 202603312359]"
    assert (query["sortBy"], query["sortOrder"], query["start"]) == ("submittedDate", "ascending", "0")


def test_the_days_of_a_category_s_feed_are_asked_of_the_api():
    (request,) = ADAPTERS["arxiv_atom"].window(
        "https://rss.arxiv.org/atom/cs.CL+math", date(2026, 3, 1), date(2026, 3, 1)
    )
    assert request == Request("arxiv_api", window_url("cat:cs.CL OR cat:math.*", date(2026, 3, 1), date(2026, 3, 1)))


def test_categories_are_asked_for_in_arxiv_s_notation():
    assert categories_query(["cs.CL", "hep-ex", "cs", "not a category", "x) OR all:y"]) == (
        "cat:cs.CL OR cat:hep-ex OR cat:cs.*"
    )


def test_papers_are_looked_up_a_hundred_at_a_time():
    urls = list(look_up_urls([f"2603.{number:05}" for number in range(250)] + ["hep-ex/0307015"]))
    assert [len(parts(url).query["id_list"].split(",")) for url in urls] == [100, 100, 51]
    assert all(parts(url).query["max_results"] == "100" for url in urls)
    assert API.address(urls[2]) == urls[2]
    assert API.parse(reply("arxiv_api"), url=urls[2]).next_url == ""
