"""An edition's rows become one compiled edition in four queries, whatever the number of papers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from digest.errors import DeliveryError
from digest.models import Edition, Paper
from digest.rendering import assemble, compile_edition
from subscriptions.models import Topic
from tests.factories import EditionFactory, EditionPaperFactory, PaperFactory, SignalFactory
from tests.rendering.conftest import email_of, picks, reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    return EditionFactory(note="A word before you read.")


@pytest.fixture
def paper(edition: Edition) -> Paper:
    paper = PaperFactory(
        title="A Study of Doors",
        abstract="Doors open.",
        authors=["Ada Knob", "Ben Hinge"],
        url="https://example.org/doors",
        code_url="https://example.org/code",
        primary_category="cs.RO",
    )
    EditionPaperFactory(edition=edition, paper=paper, blurb="Mind the gap.")
    for kind, days in {"stars": {1: 3, 9: 41}, "upvotes": {2: 5, 8: 7}}.items():
        for day, value in days.items():
            SignalFactory(paper=paper, kind=kind, value=value, observed_on=date(2026, 11, day))
    return paper


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"primary_category": "cs.CL", "categories": ["cs.AI", "cs.CL"]}, "cs.CL"),
        ({"categories": ["cs.RO", "cs.AI"]}, "cs.RO"),  # as arXiv's daily feeds say it
        ({"arxiv_id": None, "categories": ["News"]}, ""),
        ({"categories": []}, ""),
    ],
)
def test_a_paper_stands_under_its_primary_category_or_arxiv_s_first(facts: dict[str, Any], field: str) -> None:
    paper = PaperFactory.build(**{"arxiv_id": "2607.00001", "primary_category": "", **facts})
    assert paper.field == field


def test_a_paper_is_shown_with_its_newest_signals_and_the_editors_words(edition: Edition, paper: Paper) -> None:
    compiled = compile_edition(edition, [paper.pk])
    topic = Topic.objects.order_by("position").first()
    slug, name = (topic.slug, topic.name) if topic else ("gone", "gone")
    body = email_of(compiled, reader(), picks(paper.pk, parts=((f"topic:{slug}", 0.5),))).body
    for words in (
        "A word before you read.",
        "A Study of Doors",
        "Ada Knob and Ben Hinge",
        "cs.RO",
        "7 upvotes",
        "The editor: Mind the gap.",
        "Doors open.",
        f"Why: you follow {name}",
        "https://example.org/doors",
        "Code, 41 stars: https://example.org/code",
    ):
        assert words in body


def test_a_blurb_of_another_edition_stays_there(paper: Paper) -> None:
    compiled = compile_edition(EditionFactory(date=date(2026, 1, 1)), [paper.pk])
    assert "Mind the gap" not in email_of(compiled, reader(), picks(paper.pk)).body


def test_a_paper_without_an_address_is_read_on_our_own_site(edition: Edition, client: Client) -> None:
    paper = PaperFactory(url="", abstract="At length. " * 200)
    compiled = compile_edition(edition, [paper.pk])
    message = email_of(compiled, reader(), picks(paper.pk))
    address = f"https://paperboy.example.org/papers/{paper.pk}"
    assert f"Read on at paperboy.example.org: {address}" in " ".join(message.body.split())
    assert f'href="{address}"' in str(message.alternatives[0].content)
    assert client.get(f"/papers/{paper.pk}").status_code == 200


@pytest.mark.parametrize("count", [1, 12])
def test_four_queries_compile_any_number_of_papers(
    edition: Edition, count: int, django_assert_num_queries: Any
) -> None:
    ids = [PaperFactory().pk for _ in range(count)]
    with django_assert_num_queries(4):
        compiled = compile_edition(edition, [*ids, *ids])
    assert set(compiled.papers) == set(ids)
    with django_assert_num_queries(0):
        assemble(compiled, reader(), picks(*ids))


def test_a_paper_that_does_not_exist_is_named(edition: Edition) -> None:
    with pytest.raises(DeliveryError, match="4711"):
        compile_edition(edition, [4711])
