"""The account of sources at the desk: charts that can be read without being seen, the week, trouble, visits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from digest.admin.run_chart import chart, words
from digest.admin.source_facts import facts
from digest.delivery import sent
from digest.models import BackfilledDay, Decision, DeliveryState, Digest, Fault, Outcome, Source
from tests.factories import (
    NOW,
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    ListingFactory,
    PaperFactory,
    SourceFactory,
    SourceRunFactory,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = "/admin/digest/source/account/"


@pytest.fixture(autouse=True)
def _only_ours(db):
    Source.objects.all().delete()


def ran(source: Source, outcome: str, ago: timedelta = HOUR, new: int = 0, **facts: object):
    return SourceRunFactory(
        source=source, outcome=outcome, started_at=timezone.now() - ago, received=new, new=new, known=0, **facts
    )


def runs(*told: tuple[str, int]):
    return [
        SourceRunFactory.build(source=None, outcome=outcome, new=new, started_at=NOW + HOUR * place)
        for place, (outcome, new) in enumerate(told)
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], "No visits yet."),
        ([("fresh", 1_204)], "One visit: fresh with 1,204 new."),
        (
            [("fresh", 12), ("fresh", 30), *[("quiet", 0)] * 3, ("failed", 0), *[("stale", 0)] * 2, ("", 0)],
            "The last 9 visits, oldest first: fresh with 12 and 30 new, quiet 3 times, failed, stale twice, running.",
        ),
    ],
)  # fmt: skip
def test_the_words_say_what_the_chart_shows(told, expected):
    assert words(runs(*told)) == expected


def test_bars_stand_from_left_to_right_the_newest_last_and_the_tallest_has_most_papers():
    drawn = chart(runs(("fresh", 100), ("fresh", 25), ("fresh", 0), ("failed", 0)))
    assert [bar.x for bar in drawn.bars] == [260, 270, 280, 290]
    assert [bar.height for bar in drawn.bars[:3]] == [34, 19, 5]
    assert [bar.y + bar.height for bar in drawn.bars] == [40] * 4
    assert drawn.bars[0].title == "14 July, 05:00: fresh with 100 new"


def test_only_the_last_thirty_are_drawn(chief):
    source = SourceFactory()
    for number in range(33):
        ran(source, "fresh", ago=HOUR * number, new=number)
    page = chief.get(PAGE).content.decode()
    assert page.count('<g class="runs-fresh" transform') == 30
    assert "The last 30 visits, oldest first: fresh with 29, 28," in page
    assert "fresh with 0 new" in page


def test_a_source_s_own_page_shows_its_chart_and_says_it_in_words(chief, editor):
    source, other = SourceFactory(), SourceFactory()
    for number in range(33):
        ran(source, "fresh", ago=HOUR * number, new=number)
    page = reverse("admin:digest_source_change", args=[source.pk])
    body = chief.get(page).content.decode()
    assert body.count('<g class="runs-fresh" transform') == 30
    assert f'<desc id="runs-{source.pk}">The last 30 visits, oldest first: fresh with 29, 28,' in body
    assert PAGE in body
    assert "No visits yet." in chief.get(reverse("admin:digest_source_change", args=[other.pk])).content.decode()
    assert editor.get(page).status_code == 403
    assert chief.get(reverse("admin:digest_source_change", args=[other.pk + 1])).status_code == 302


def test_each_outcome_has_a_form_of_its_own(chief):
    source = SourceFactory()
    for outcome in (*Outcome.values, ""):
        ran(source, outcome)
    drawn = re.findall(
        r'<g class="runs-(\w+)" transform[^>]*><title>[^<]*</title><(\w+)', chief.get(PAGE).content.decode()
    )
    assert sorted(drawn) == [
        ("failed", "path"), ("fresh", "rect"), ("holiday", "circle"),
        ("quiet", "rect"), ("running", "circle"), ("stale", "rect"),
    ]  # fmt: skip


def test_a_week_tells_what_came_and_what_became_of_it(chief):
    source = SourceFactory(name="cs.LG")
    ran(source, "fresh", new=3, listed=3)
    ran(source, "fresh", ago=8 * DAY, new=50)
    papers = [PaperFactory() for _ in range(3)]
    for paper in papers:
        ListingFactory(paper=paper, source=source, first_seen_at=timezone.now() - HOUR)
    first, second = EditionFactory(), EditionFactory()
    EditionPaperFactory(edition=first, paper=papers[0])
    EditionPaperFactory(edition=second, paper=papers[0])  # twice in an edition, once a paper
    EditionPaperFactory(edition=first, paper=papers[1], decision=Decision.PINNED)
    page = text(chief.get(PAGE))
    assert "3 new, 0 updated this week. Of 3 that it listed, 2 reached an edition, 1 picked by editors." in page


@pytest.mark.parametrize(("sample", "told"), [(2, "2 sent in digests."), (1, "at least 1 sent in digests.")])
def test_a_week_tells_how_many_papers_readers_were_sent(chief, monkeypatch, sample, told):
    """Once a paper, however many got it; by its name of today; not what was refused, or sent before."""
    monkeypatch.setattr(sent, "SAMPLE", sample)
    source, now = SourceFactory(), timezone.now()
    papers = [PaperFactory() for _ in range(4)]
    for paper in papers:
        ListingFactory(paper=paper, source=source, first_seen_at=now - HOUR)
    old_name = PaperFactory(merged_into=papers[1])
    edition = EditionFactory(published=True, published_at=now - HOUR)
    carry(edition, papers[0], old_name)
    carry(edition, papers[0], state=DeliveryState.DELIVERED)
    carry(edition, papers[2], state=DeliveryState.REJECTED)
    carry(EditionFactory(published=True, published_at=now - 8 * DAY), papers[3])
    if sample == 1:
        carry(edition, papers[0], state=DeliveryState.COMPLAINED)
        Digest.objects.filter(delivery__state=DeliveryState.ACCEPTED).update(papers=f"[{papers[0].pk}]")
    assert told in text(chief.get(PAGE))


def carry(edition, *papers, state=DeliveryState.ACCEPTED):
    selection = [{"paper": paper.pk, "score": 1.0, "parts": []} for paper in papers]
    DeliveryFactory(edition=edition, state=state, selection=selection)


def test_a_category_whose_papers_all_came_through_another_says_so(chief):
    lg, cl = SourceFactory(name="cs.LG"), SourceFactory(name="cs.CL")
    for _ in range(4):
        paper = PaperFactory()
        ListingFactory(paper=paper, source=lg, first_seen_at=timezone.now() - 2 * HOUR)
        ListingFactory(paper=paper, source=cl, first_seen_at=timezone.now() - HOUR)
    rows = {row.source.name: row for row in facts(timezone.now())}
    assert rows["cs.CL"].week.elsewhere == "all 4 came through cs.LG first"
    assert rows["cs.LG"].week.elsewhere == ""
    assert "all 4 came through cs.LG first." in text(chief.get(PAGE))
    ListingFactory(source=cl, first_seen_at=timezone.now())
    assert {row.week.elsewhere for row in facts(timezone.now())} == {""}


def test_trouble_comes_first_with_what_one_can_do_and_the_technical_words(chief):
    SourceFactory(name="A disabled one", is_enabled=False)
    ran(SourceFactory(name="A good one"), "quiet")
    source = SourceFactory(name="Zoology", next_check_at=timezone.now() + 3 * HOUR)
    for number in range(2):
        ran(source, "failed", ago=HOUR * number, fault=Fault.FORBIDDEN, message="HTTP 403 Forbidden: <b>no robots</b>")
    page = text(chief.get(PAGE))
    assert [row.source.name for row in facts(timezone.now())] == ["Zoology", "A good one", "A disabled one"]
    assert "Turned away (403), for 2 visits since" in page
    assert "Set FETCH_CONTACT, so that it knows who asks" in page
    assert "HTTP 403 Forbidden: &lt;b&gt;no robots&lt;/b&gt;" in page
    assert "Next visit in 2 hours, 59 minutes" in page


def test_back_filled_days_are_told():
    source = SourceFactory()
    for day in range(3):
        BackfilledDay.objects.create(source=source, day=NOW.date() + day * DAY, finished_at=NOW, new=400)
    [row] = facts(NOW)
    assert row.past == "14 July 2026 to 16 July 2026, 3 days, 1,200 new papers"


def test_the_number_of_queries_does_not_grow_with_sources_runs_or_papers():
    counts = []
    for number in (2, 9):
        for _ in range(number):
            source = SourceFactory()
            for outcome in ("fresh", "quiet", "failed"):
                ran(source, outcome, new=2)
            paper = PaperFactory()
            ListingFactory(paper=paper, source=source, first_seen_at=timezone.now())
            EditionPaperFactory(paper=paper)
        with CaptureQueriesContext(connection) as queries:
            assert len(facts(timezone.now())) >= number
        counts.append(len(queries))
    assert counts[0] == counts[1] == 10


def test_a_visit_on_demand_is_due_at_once(chief, monkeypatch):
    asked = []
    monkeypatch.setattr("digest.tasks.visit_sources", asked.append)
    source = SourceFactory(next_check_at=timezone.now() + DAY)
    address = reverse("admin:digest_source_visit", args=[source.pk])
    assert chief.get(address).status_code == 405
    answer = chief.post(address, follow=True)
    assert "is visited within a minute" in answer.content.decode()
    source.refresh_from_db()
    assert source.next_check_at <= timezone.now()
    assert len(asked) == 1


def test_a_disabled_source_is_not_visited(chief, monkeypatch):
    monkeypatch.setattr("digest.tasks.visit_sources", pytest.fail)
    source = SourceFactory(is_enabled=False, next_check_at=None)
    answer = chief.post(reverse("admin:digest_source_visit", args=[source.pk]), follow=True)
    assert "is disabled" in answer.content.decode()
    assert b"Visit now" not in answer.content


def test_each_sees_and_does_what_they_may(editor):
    source = SourceFactory()
    visit = reverse("admin:digest_source_visit", args=[source.pk])
    assert [editor.get(PAGE).status_code, editor.post(visit).status_code] == [403, 403]
    user = User.objects.get(username="editor")
    user.user_permissions.add(Permission.objects.get(codename="view_source"))
    page = editor.get(PAGE)
    assert page.status_code == 200
    assert b"Visit now" not in page.content
    assert editor.post(visit).status_code == 403
    assert Client().get(PAGE).status_code == 302


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"</?(?:strong|p|a|div)\b[^>]*>", "", answer.content.decode()))
