import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from digest import editions, queries
from digest.models import Edition, EditionState, SignalKind
from subscriptions.forms import consent_text
from tests.factories import NOW, EditionFactory, EditionPaperFactory, PaperFactory, SignalFactory, TopicFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def published(papers: int = 3, **fields: Any) -> Edition:
    fields.setdefault("date", date(2026, 7, 14))
    edition = EditionFactory.create(state=EditionState.PUBLISHED, published_at=NOW, **fields)
    for number in range(papers):
        paper = PaperFactory.create(title=f"Paper number {number}", abstract=f"Abstract number {number}")
        EditionPaperFactory.create(edition=edition, paper=paper, trend=1 - number / 1000)
    return edition


def page_of(client: Client, path: str = "/") -> str:
    with time_machine.travel(NOW, tick=False):
        response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_the_form_comes_first_and_the_newest_daily_edition_below(client: Client) -> None:
    published(date=date(2026, 7, 13))
    edition = published(date=date(2026, 7, 14), note="Good morning & good reading")
    published(kind="weekly", date=date(2026, 7, 13))
    page = page_of(client)
    assert page.index("Get trending papers in your email inbox") < page.index('name="email"') < page.index("Abstract")
    assert "Tuesday, 14 July 2026" in page
    assert "Good morning &amp; good reading" in page
    shown = [place.paper.title for place in editions.ranked_entries(edition)]
    assert [page.index(title) for title in shown] == sorted(page.index(title) for title in shown)
    assert consent_text() in page


def test_a_paper_is_shown_whole(client: Client) -> None:
    edition = published(papers=0)
    TopicFactory.create(slug="robotics", name="Robotics")
    paper = PaperFactory.create(
        title="Hands at $10^{-3}$ N <script>alert(1)</script>",
        abstract="A & B",
        authors=[f"Author {number}" for number in range(3304)],
        code_url="https://github.com/example/hands",
    )
    SignalFactory.create(paper=paper, kind=SignalKind.UPVOTES, value=12, observed_on=date(2026, 7, 12))
    SignalFactory.create(paper=paper, kind=SignalKind.UPVOTES, value=1234, observed_on=date(2026, 7, 13))
    EditionPaperFactory.create(edition=edition, paper=paper, topics={"robotics": 0.8}, blurb="Worth a look")
    page = page_of(client)
    for words in (
        "Hands at 10⁻³ N &lt;script&gt;", "A &amp; B", "and 3,298 others", "https://github.com/example/hands",
        "1,234 upvotes", '<li class="topic">Robotics</li>', "Worth a look",
    ):  # fmt: skip
        assert words in page
    assert "<script>alert" not in page


def test_hidden_and_withdrawn_papers_are_not_shown(client: Client) -> None:
    edition = published(papers=3)
    hidden, withdrawn, _ = edition.entries.order_by("id")
    edition.entries.filter(pk=hidden.pk).update(decision="hidden")
    withdrawn.paper.withdrawn_at = NOW
    withdrawn.paper.save()
    for path in ("/", "/editions/daily/2026-07-14"):
        page = page_of(client, path)
        assert "Paper number 2" in page
        assert "Paper number 0" not in page
        assert "Paper number 1" not in page


def test_papers_but_the_first_are_shown_by_the_sentence_that_states_their_result(client: Client) -> None:
    edition = published(papers=0)
    abstract = "Moths are studied. Our method outperforms all others by 12% in experiments. More is to come."
    for number in range(2):
        paper = PaperFactory.create(title=f"Moths {number}", abstract=abstract)
        EditionPaperFactory.create(edition=edition, paper=paper, trend=1 - number / 10)
    first, second = re.findall(r"<article>.*?</article>", page_of(client), re.DOTALL)
    assert f'<p class="abstract">{abstract}</p>' in first
    assert "<details" not in first
    assert '<span class="key">Our method outperforms all others by 12% in experiments.</span>' in second
    assert f"<p>{abstract}</p>" in second


def test_the_front_page_takes_few_queries_however_many_papers(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    published(papers=40)
    with django_assert_max_num_queries(6):
        page = page_of(client)
    assert page.count("<article>") == 15


def test_before_there_is_an_edition_the_best_voted_recent_papers_are_shown(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    old = PaperFactory.create(title="Long ago", first_seen_at=NOW - 40 * DAY)
    SignalFactory.create(paper=old, kind=SignalKind.UPVOTES, value=900)
    quiet = PaperFactory.create(title="Overlooked", first_seen_at=NOW - DAY)
    loud = PaperFactory.create(title="Applauded", first_seen_at=NOW - 3 * DAY)
    SignalFactory.create(paper=loud, kind=SignalKind.UPVOTES, value=9)
    SignalFactory.create(paper=quiet, kind=SignalKind.COMMENTS, value=99)
    PaperFactory.create(title="Hidden", first_seen_at=NOW, is_hidden=True)
    assert [paper.title for paper in queries.trending_papers(NOW)] == ["Applauded", "Overlooked"]
    with django_assert_max_num_queries(5):
        page = page_of(client)
    assert page.index("Applauded") < page.index("Overlooked")
    assert "Hidden" not in page


def test_an_empty_site_still_takes_sign_ups(client: Client) -> None:
    page = page_of(client)
    assert "The first papers are on their way" in page
    assert 'name="email"' in page


def test_public_pages_set_no_cookie_and_load_nothing_from_elsewhere(client: Client) -> None:
    published()
    for path in ("/", "/editions/", "/editions/daily/2026-07-14", "/subscribe", "/subscribe/done"):
        response = client.get(path)
        assert response.status_code == 200
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")
        page = response.content.decode()
        assert 'style="' not in page
        assert "<style" not in page
        assert 'src="http' not in page


def test_an_open_edition_cannot_be_seen(client: Client) -> None:
    EditionFactory.create(date=date(2026, 7, 14))
    assert client.get("/editions/daily/2026-07-14").status_code == 404
    assert "2026" not in client.get("/editions/").content.decode()


@pytest.mark.parametrize(
    "path", ["daily/2026-07-15", "daily/2026-13-01", "daily/x", "hourly/2026-07-14", "%00/2026-07-14", "daily/20260714"]
)
def test_an_edition_that_is_not_there_is_a_helpful_404(client: Client, path: str) -> None:
    published()
    response = client.get(f"/editions/{path}")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_a_long_edition_comes_in_pages_that_number_on(client: Client) -> None:
    published(papers=40)
    first, second = (page_of(client, f"/editions/daily/2026-07-14?page={number}") for number in (1, 2))
    assert (first.count("<article>"), second.count("<article>")) == (25, 15)
    assert 'aria-label="Number 26"' in second
    assert page_of(client, "/editions/daily/2026-07-14?page=x")


def test_the_archive_lists_what_was_published(client: Client) -> None:
    published(date=date(2026, 7, 14))
    published(kind="weekly", date=date(2026, 7, 13))
    page = page_of(client, "/editions/")
    assert page.index("/editions/daily/2026-07-14") < page.index("/editions/weekly/2026-07-13")


def test_an_error_of_ours_has_a_page_that_needs_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError

    monkeypatch.setattr(queries, "newest_daily", fail)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "on our side" in response.content.decode()
