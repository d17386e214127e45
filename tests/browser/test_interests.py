"""A reader's story in Chromium, without scripts: asks for a subject, sees what it catches, votes, looks, takes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from digest import learning
from digest.models import Edition, Interest, Paper, RankingModel, Vote
from digest.selection import choose, load_pool
from subscriptions import links
from tests.factories import NOW, EditionFactory, EditionPaperFactory, PaperFactory, SubscriberFactory, TopicFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

GRAPHS = ("Graph neural networks for molecules", "We learn message passing on graphs of molecules.")

TURTLES = ("Sea turtles and their way home", "Turtles find beaches by magnetic fields.")


@pytest.fixture
def edition(live_server: Any, settings: Any) -> Edition:
    settings.SITE_URL = live_server.url
    papers = [PaperFactory(title=title, abstract=abstract) for title, abstract in (GRAPHS, TURTLES)]
    return published(learning.first_words(timezone.now()), papers, trend=0.4)


def published(model: RankingModel | None, papers: list[Paper], trend: float) -> Edition:
    """An edition whose papers can be compared with interests, by words alone."""
    assert model
    learning.vectors.ensured(model, [paper.pk for paper in papers])
    issue: Edition = EditionFactory(published=True, meaning=model)
    for paper in papers:
        EditionPaperFactory(edition=issue, paper=paper, trend=trend)
    return issue


def test_a_reader_asks_sees_votes_and_takes_back(edition: Edition, browser: Browser) -> None:
    reader = SubscriberFactory(topics=[TopicFactory(slug="robotics")])
    page = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    page.goto(links.preferences_url(reader.pk))
    page.get_by_label("Follow a subject").fill("graphs of molecules")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text("Added: graphs of molecules.")
    page.get_by_text("1 of today’s papers").click()
    expect(page.get_by_role("link", name=GRAPHS[0])).to_be_visible()

    near = PaperFactory(title="Sea turtles and currents", abstract="Turtles find beaches.", authors=["Someone Else"])
    following = published(edition.meaning, [near], trend=0.0)
    assert near.pk not in [each.paper_id for each in choose(load_pool(following), [reader], NOW)[reader.pk]]

    turtles = Paper.objects.get(title=TURTLES[0])
    page.goto(f"{links.ReaderLinks().votes(reader.pk)}/{turtles.pk}/more")
    expect(page.get_by_text("Nothing has changed yet")).to_be_visible()
    assert not Vote.objects.exists()
    page.get_by_role("button", name="More like this").click()
    expect(page.get_by_role("status")).to_contain_text("Noted: more like this")
    tomorrow = choose(load_pool(following), [reader], NOW)[reader.pk][0]
    assert (tomorrow.paper_id, tomorrow.parts[0][0]) == (near.pk, "interest:papers you liked")

    page.goto(f"{links.preferences_url(reader.pk)}/interests")
    votes = page.get_by_role("region", name="Your votes")
    expect(votes.get_by_role("link", name=TURTLES[0])).to_be_visible()
    votes.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status")).to_contain_text("Your vote is taken back.")
    assert not Vote.objects.exists()
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    assert Vote.objects.get().wants_more

    page.get_by_role("button", name="Remove graphs of molecules").click()
    assert Interest.objects.get().removed_at
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="graphs of molecules")).to_be_visible()
    assert page.context.cookies() == []
