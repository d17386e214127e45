"""Words of topics as rows: fitted on our own papers, named by editions, anew when a topic changes, done without."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from digest import editions, learning
from digest.errors import ModelError
from digest.learning import about, fitting, keeping
from digest.models import Edition, ModelKind, Paper, RankingModelData
from digest.ranking.table import RELEVANT
from subscriptions.models import Topic
from tests.factories import NOW, PaperFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_papers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEAST_PAPERS", 20)
    keeping._opened.cache_clear()
    Topic.objects.all().delete()


def stored() -> Topic:
    for number in range(240):
        PaperFactory(
            title=f"Alignment of assistants {number}" if number % 3 == 0 else f"Measured {number}",
            abstract="Harmful prompts are refused." if number % 3 == 0 else "Galaxies, dust and stars.",
            categories=["cs.CY"] if number % 3 == 0 else ["physics.gen-ph"],
            first_seen_at=NOW - timedelta(days=20),
        )
    topic: Topic = TopicFactory(
        slug="safety", categories=["cs.CY"], keywords=["alignment"], changed_at=NOW - timedelta(days=30)
    )
    return topic


def built() -> tuple[Edition, float]:
    """An edition with a paper that has the keyword and means another thing, and its relevance."""
    paper, _ = Paper.objects.get_or_create(
        key="arxiv:2607.99999",
        defaults={
            "title": "Alignment of galaxies",
            "abstract": "Galaxies, dust and stars.",
            "first_seen_at": NOW,
        },
    )
    edition = editions.build("daily", NOW.date(), NOW)
    return edition, edition.entries.get(paper=paper).topics.get("safety", 0.0)


def test_it_is_fitted_on_our_own_rows_and_named_by_the_next_edition() -> None:
    stored()
    edition, by_keyword = built()
    assert (edition.context, by_keyword >= RELEVANT) == (None, True)
    model = learning.fit(ModelKind.CONTEXT, NOW)
    assert (model.papers, model.is_in_use) == (241, True)
    edition, by_context = built()
    assert edition.context == model
    assert by_context < RELEVANT


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_absent_or_damaged_it_is_logged_and_done_without(damage: str, caplog: pytest.LogCaptureFixture) -> None:
    stored()
    model = learning.fit(ModelKind.CONTEXT, NOW)
    rows = RankingModelData.objects.filter(model=model)
    rows.delete() if damage == "gone" else rows.update(data=b"PK, but no more")
    keeping._opened.cache_clear()
    with caplog.at_level(logging.ERROR):
        _, share = built()
    assert share >= RELEVANT
    assert "is done without" in caplog.text


def test_without_topics_or_papers_there_is_nothing_to_fit() -> None:
    with pytest.raises(ModelError, match="20 are needed"):
        learning.fit(ModelKind.CONTEXT, NOW)
    stored().delete()
    with pytest.raises(ModelError, match="no topic"):
        learning.fit(ModelKind.CONTEXT, NOW)


def test_a_topic_that_changed_has_it_fitted_anew_before_the_week_is_over() -> None:
    topic = stored()
    learning.fit(ModelKind.CONTEXT, NOW)
    later = NOW + timedelta(hours=2)
    assert ModelKind.CONTEXT not in learning.due(later)
    Topic.objects.filter(pk=topic.pk).update(changed_at=NOW + timedelta(hours=1))
    assert ModelKind.CONTEXT in learning.due(later)
    Topic.objects.filter(pk=topic.pk).update(is_active=False)
    assert ModelKind.CONTEXT not in learning.due(later)


def test_seeds_are_found_by_arxiv_id_doi_or_address() -> None:
    by_arxiv = PaperFactory(key="arxiv:2401.01234")
    assert about.seed_name("https://arxiv.org/abs/2401.01234v2") == "2401.01234"
    assert about.seed_name("https://doi.org/10.1234/ABC.5") == "10.1234/abc.5"
    assert about.seed_name("robots") is None
    assert about.seed_papers(["2401.01234", "2401.99999"]) == {"2401.01234": by_arxiv}
    assert about.seed_name_of(by_arxiv) == "2401.01234"
    topic = TopicFactory(seeds=["2401.01234", "2401.99999"])
    (profile,) = about.offered(with_seeds=True)
    assert [paper.title for paper in profile.seeds] == [by_arxiv.title]
    assert about.profile(topic).seeds == []
