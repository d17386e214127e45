"""`/search/`: the page that anyone may ask, whatever they type."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from digest.models import Paper
from tests.factories import NOW

pytestmark = pytest.mark.django_db

Indexed = Callable[..., Paper]


def page_of(client: Client, text: str = "", **parameters: str) -> str:
    response = client.get("/search/", {"q": text, **parameters})
    assert response.status_code == 200
    return response.content.decode()


def test_what_was_asked_is_marked_and_escaped(client: Client, indexed: Indexed) -> None:
    indexed(
        title="Robots <script>alert(1)</script> & reward",
        abstract=f"{'Other words. ' * 80}A robot earns <b>rewards</b> here.",
        authors=["Ada Lovelace"], published_at=NOW,
    )  # fmt: skip
    page = page_of(client, "reward robots")
    for words in (
        "<mark>Robots</mark> &lt;script&gt;", "&amp; <mark>reward</mark>", "&lt;b&gt;<mark>rewards</mark>",
        "Ada Lovelace",
        "1 paper<", "14 July 2026",
    ):  # fmt: skip
        assert words in page, words
    assert "<script>alert" not in page


def test_the_question_stays_in_the_field(client: Client, indexed: Indexed) -> None:
    assert 'value="&quot;a&quot; &lt;b&gt;"' in page_of(client, '"a" <b>')


def test_results_come_in_pages_that_keep_the_question(client: Client, indexed: Indexed) -> None:
    for number in range(25):
        indexed(title=f"Robot number {number}")
    first = page_of(client, "robot number", order="new")
    assert first.count("<li>\n<h2") == 20
    assert "q=robot+number&amp;order=new&amp;page=2" in first
    second = page_of(client, "robot number", order="new", page="2")
    assert second.count("<li>\n<h2") == 5
    assert "Best first</a>" in second
    assert page_of(client, "robot number", page="x")
    assert page_of(client, "robot number", page="99")


def test_before_anything_is_asked_the_page_says_how(client: Client) -> None:
    page = page_of(client)
    assert "author:lecun" in page
    assert "Nothing found" not in page


def test_nothing_found_says_what_to_try(client: Client, indexed: Indexed) -> None:
    indexed(title="Robots")
    page = page_of(client, 'robots "no such phrase" author:nobody from:2026 to:2025')
    for advice in ("Nothing found", "Without quotation marks", "author:nobody", "ends before it begins", "How to ask"):
        assert advice in page


def test_a_slip_is_told(client: Client, indexed: Indexed) -> None:
    for _ in range(2):
        indexed(title="Reinforcement")
    page = page_of(client, "reinforcemnt from:never")
    assert "“reinforcemnt”" in page
    assert "“reinforcement”" in page
    assert "<mark>Reinforcement</mark>" in page
    assert "<code>from:never</code>" in page


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "\x00robots", "a" * 50_000, "x " * 10_000, "机器学习", '"', "'", "the of and", "author:x",
     "'; DROP TABLE digest_paper; --", "a:* & !b | <->", "{title}: NEAR(", "\ud800", "-", "%", "\\", "to:9999-12-31"],
)  # fmt: skip
def test_whatever_is_typed_gets_a_page(client: Client, indexed: Indexed, text: str) -> None:
    indexed(title="Robots")
    assert client.get("/search/", {"q": text.encode("utf-8", "replace")}).status_code == 200


def test_a_search_takes_few_queries_and_changes_nothing(
    client: Client, indexed: Indexed, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        indexed(title=f"Robot number {number}")
    with django_assert_max_num_queries(20) as captured:
        response = client.get("/search/", {"q": "robots number three"})
    changing = re.compile(r"INSERT|UPDATE|DELETE", re.IGNORECASE)
    assert not [query["sql"] for query in captured.captured_queries if changing.match(query["sql"])]
    assert not response.cookies
    assert "max-age=60" in response["Cache-Control"]
    assert client.post("/search/").status_code == 405


def test_every_public_page_leads_to_it(client: Client) -> None:
    for path in ("/", "/editions/", "/subscribe"):
        assert 'href="/search/"' in client.get(path).content.decode()


def test_the_desk_finds_what_readers_may_not_see(admin_client: Client, indexed: Indexed) -> None:
    indexed(title="Hidden robots", is_hidden=True, arxiv_id="2607.00009", key="arxiv:2607.00009")
    indexed(title="Cats")
    for text in ("robot", "2607.00009", "hidden -cats"):
        page = admin_client.get("/admin/digest/paper/", {"q": text}).content.decode()
        assert "Hidden robots" in page, text
        assert "Cats" not in page
