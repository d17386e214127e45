"""A published edition is compiled once a process, and again as soon as anything in it is another."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digest.errors import DeliveryError
from digest.models import Edition, EditionState
from digest.rendering import assemble, compiled_edition, recent
from digest.rendering.cards import FULL
from subscriptions.models import Topic
from tests.factories import EditionFactory, PaperFactory
from tests.rendering.conftest import picks, reader
from tests.rendering.templates import HTML, OWN
from tests.rendering.test_equality import site

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def published(day: int = 22) -> Edition:
    return EditionFactory(date=date(2026, 11, day), state=EditionState.PUBLISHED, published_at=NOON)


@pytest.fixture
def edition() -> Edition:
    return published()


def test_the_next_chunk_of_readers_gets_the_same_compiled_edition(
    edition: Edition, django_assert_num_queries: Any
) -> None:
    ids = [PaperFactory().pk for _ in range(3)]
    first = compiled_edition(edition, ids)
    with django_assert_num_queries(1):  # the names of topics
        again = compiled_edition(edition, ids[:2])
    assert again is first


def test_papers_that_come_later_are_added_and_the_rest_stays(edition: Edition) -> None:
    one, two = PaperFactory(), PaperFactory()
    compiled = compiled_edition(edition, [one.pk])
    card = compiled.entry(*picks(one.pk), FULL).html.start
    assert compiled_edition(edition, [one.pk, two.pk]) is compiled
    assert compiled.entry(*picks(one.pk), FULL).html.start is card
    assert two.title[:20] in " ".join(assemble(compiled, reader(), picks(two.pk, one.pk)).as_email().body.split())


def test_a_paper_that_does_not_exist_is_named_and_the_rest_stays(edition: Edition) -> None:
    paper = PaperFactory()
    compiled_edition(edition, [paper.pk])
    with pytest.raises(DeliveryError, match="4711"):
        compiled_edition(edition, [paper.pk, 4711])
    assert assemble(compiled_edition(edition, [paper.pk]), reader(), picks(paper.pk))


def test_an_edition_that_is_still_open_is_compiled_each_time() -> None:
    edition, paper = EditionFactory(), PaperFactory()
    assert edition.published_at is None
    assert compiled_edition(edition, [paper.pk]) is not compiled_edition(edition, [paper.pk])


@pytest.mark.parametrize("change", ["note", "published_at"])
def test_another_note_or_publication_compiles_it_anew(edition: Edition, change: str) -> None:
    before = compiled_edition(edition, [])
    setattr(edition, change, "Another." if change == "note" else NOON + timedelta(hours=1))
    after = compiled_edition(edition, [])
    assert after is not before
    assert after.facts.note == edition.note


def test_a_renamed_topic_compiles_it_anew(edition: Edition) -> None:
    before = compiled_edition(edition, [])
    topic = Topic.objects.order_by("pk").first()
    assert topic
    topic.name = "Renamed"
    topic.save()
    paper = PaperFactory()
    after = compiled_edition(edition, [paper.pk])
    assert after is not before
    choices = picks(paper.pk, parts=((f"topic:{topic.slug}", 0.5),))
    assert "Why: you follow Renamed" in assemble(after, reader(), choices).as_email().body


def test_a_mended_template_is_seen_by_a_worker_that_runs_on(edition: Edition) -> None:
    paper = PaperFactory()
    with site(OWN) as folder:
        before = compiled_edition(edition, [paper.pk])
        assert compiled_edition(edition, [paper.pk]) is before
        path = folder / "email" / "digest" / "body.html"
        path.write_text(HTML.replace("</body>", "<p>Mended.</p></body>"))
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
        after = compiled_edition(edition, [paper.pk])
        assert "Mended." in str(assemble(after, reader(), picks(paper.pk)).as_email().alternatives[0].content)


def test_only_the_last_few_are_kept() -> None:
    editions = [published(day) for day in range(1, recent.KEPT + 2)]
    compiled = [compiled_edition(edition, []) for edition in editions]
    assert compiled_edition(editions[-1], []) is compiled[-1]
    assert compiled_edition(editions[1], []) is compiled[1]
    assert compiled_edition(editions[0], []) is not compiled[0]
