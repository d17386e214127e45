"""Searches in the database: what is found, in which order, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from digest import search
from digest.models import Paper, SearchEntry, SearchWord, Unindexed
from digest.papers import ingest
from digest.search import dialects, finding, matching
from digest.sources import FetchedPaper
from tests.factories import NOW, ListingFactory, PaperFactory, SourceFactory

pytestmark = pytest.mark.django_db

Indexed = Callable[..., Paper]
Titles = Callable[..., list[str]]


def test_a_word_in_the_title_counts_more_than_in_the_abstract(indexed: Indexed, titles: Titles) -> None:
    indexed(title="Robots that walk", abstract="By reward.")
    indexed(title="On rewards", abstract="Nothing that walks.")
    indexed(title="Cats", abstract="They sleep.")
    assert titles("reward") == ["On rewards", "Robots that walk"]


def test_accents_case_plural_and_tex_make_no_difference(indexed: Indexed, titles: Titles) -> None:
    indexed(title=r"The Schr\"odinger bridges of $\mathcal{O}(n)$ cost", authors=["José Ångström"])
    for text in ("schrodinger bridge", "SCHRÖDINGER", "author:angstrom", "o(n) costs"):
        assert titles(text), text


def test_words_that_stand_side_by_side_are_found_by_a_phrase(indexed: Indexed, titles: Titles) -> None:
    indexed(title="A world model for driving")
    indexed(title="A model of the world")
    assert titles('"world models"') == ["A world model for driving"]
    assert titles("world model")[0] == "A world model for driving"
    assert titles('model -"world model"') == ["A model of the world"]


def test_filters_narrow(indexed: Indexed, titles: Titles) -> None:
    one = indexed(
        title="Robots", authors=["Ada Lovelace", "Alan Turing"], categories=["cs.RO", "cs.LG"],
        primary_category="cs.RO", published_at=datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
    )  # fmt: skip
    indexed(
        title="Robots again", authors=["Alan Kay"], categories=["hep-th"], primary_category="hep-th",
        published_at=datetime(2026, 4, 1, tzinfo=UTC),
    )  # fmt: skip
    ListingFactory(paper=one, source=SourceFactory(name="arXiv: Robotics", slug="arxiv-ro"))
    found_alone = (
        "author:lovelace robots", 'author:"alan turing"', "category:cs.LG", "category:cs", "cat:CS.ro -again",
        "to:2026-03", "year:2026 to:2026-03-31", "source:arxiv robots", "source:robotics", "-again",
    )  # fmt: skip
    for text in found_alone:
        assert titles(text) == ["Robots"], text
    assert titles("category:hep-th") == titles("from:2026-04") == ["Robots again"]
    assert titles("robots source:nowhere") == titles("category:cs.L") == titles("author:lovelace author:kay") == []


def test_a_label_is_no_word_and_a_word_no_label(indexed: Indexed, titles: Titles) -> None:
    indexed(title="Nothing", categories=["cs.LG"], primary_category="")
    indexed(title="Of cs and lg", categories=[], primary_category="")
    assert titles("cs lg") == ["Of cs and lg"]
    assert titles("category:cs") == ["Nothing"]


def test_what_readers_may_not_see_is_never_found(indexed: Indexed, titles: Titles) -> None:
    kept = indexed(title="Kept robots")
    indexed(title="Hidden robots", is_hidden=True)
    indexed(title="Withdrawn robots", withdrawn_at=NOW)
    indexed(title="Merged robots", merged_into=kept)
    assert titles("robots") == titles("-cats") == titles('"robots"') == ["Kept robots"]
    assert len(titles("robots", is_public=False)) == 4
    assert {"Hidden robots", "Merged robots"}.isdisjoint(
        Paper.objects.get(pk=pk).title for pk in search.similar(kept.pk)
    )


def test_most_of_the_words_will_do_where_no_paper_has_all(indexed: Indexed, titles: Titles) -> None:
    indexed(title="Graph networks for molecules")
    indexed(title="Networks of roads")
    assert titles("graph networks predict molecules nicely")[0] == "Graph networks for molecules"


@pytest.mark.parametrize("typed", ["reinforcment", "reinforcemnet", "reinfrocement", "reinforcementt", "reinforcemet"])
def test_a_slip_is_corrected_and_said(indexed: Indexed, titles: Titles, typed: str) -> None:
    for number in range(3):
        indexed(title=f"Reinforcement number {number}")
    found = search.find(search.parse(f"{typed} number"))
    assert len(found.papers) == 3
    assert found.corrected == {typed: "reinforcement"}


def test_two_slips_in_a_long_word_are_corrected_too(indexed: Indexed) -> None:
    for number in range(2):
        indexed(title=f"Convolutional number {number}")
    assert search.find(search.parse("convoltionel")).corrected == {"convoltionel": "convolutional"}


def test_a_word_that_papers_have_is_not_corrected(indexed: Indexed) -> None:
    for number in range(4):
        indexed(title=f"Robots, number {number}")
    indexed(title="Robust")
    assert not search.find(search.parse("robust")).corrected


def test_what_no_paper_has_is_said(indexed: Indexed, titles: Titles) -> None:
    indexed(title="Robots")
    assert list(search.find(search.parse("xyzzyx robots")).unknown) == ["xyzzyx"]
    assert titles("xyzzyx") == []


def test_a_text_that_changes_is_found_by_what_it_says_now(indexed: Indexed, titles: Titles) -> None:
    paper = indexed(title="Robots", abstract="of old")
    Paper.objects.filter(pk=paper.pk).update(title="Cats")
    Unindexed.objects.create(paper=paper)
    search.catch_up()
    assert (titles("robots"), titles("cats")) == ([], ["Cats"])
    assert dict(SearchWord.objects.filter(papers__gt=0).values_list("word", "papers")) == {
        "": 1,
        "cat": 1,
        "of": 1,
        "old": 1,
    }


def test_a_paper_that_is_gone_is_gone_from_the_index(indexed: Indexed, titles: Titles) -> None:
    paper = indexed(title="Robots")
    Unindexed.objects.create(paper=paper)
    paper.delete()
    search.catch_up()
    assert titles("robots") == []
    assert not search.waits()


def test_what_is_ingested_is_noted_and_what_is_known_already_is_not() -> None:
    paper = FetchedPaper(title="Robots that walk", arxiv_id="2607.00001", url="https://arxiv.org/abs/2607.00001")
    ingest([paper], source=None, now=NOW)
    assert Unindexed.objects.count() == 1
    search.catch_up()
    ingest([paper], source=None, now=NOW + timedelta(days=1))
    assert not search.waits()
    assert search.find(search.parse("walking robots walk")).papers


def test_indexing_goes_on_where_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.search.indexing.BATCH", 2)
    for number in range(5):
        Unindexed.objects.create(paper=PaperFactory.create(title=f"Robot {number}"))
    calls = iter([True, False])
    assert search.catch_up(lambda: next(calls)) == 2
    assert search.catch_up() == 3
    assert SearchEntry.objects.count() == 5


def test_the_newest_come_first_where_that_is_asked_for(indexed: Indexed, titles: Titles) -> None:
    indexed(title="Robots robots", abstract="robots")
    indexed(title="Of cats", abstract="and robots")
    assert titles("robots")[0] == "Robots robots"
    assert titles("robots", by_date=True)[0] == "Of cats"


def test_papers_that_share_telling_words_are_similar(indexed: Indexed) -> None:
    for number in range(5):
        indexed(title=f"A paper of something else, {number}", abstract="We show what we show.")
    paper = indexed(title="Diffusion policies for dexterous hands", abstract="We show grasping by diffusion.")
    near = indexed(title="Dexterous grasping with diffusion", abstract="Hands.")
    assert search.similar(paper.pk) == [near.pk]
    assert search.similar(paper.pk + 1000) == []


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000, "x " * 10_000, 'a "' * 5000, "机器学习", "'", '"', "\\", "%", "_",
        "'; DROP TABLE digest_paper; --",
        'title:"robots" OR 1=1', "a:* & !b | <->", "NEAR(robots, 5)", "{title abstract}: robots", "^robots*",
        "-a -b -c",
        "the of and", "author:x category:y source:z year:2026", "from:9999-12-31 to:0001-01-01", "to:9999",
        "-" * 1000, " ".join(f"author:n{n} cat:c{n} source:s{n} -w{n}" for n in range(200)), "\ud800", "🤖 ½ ²",
    ],
)  # fmt: skip
def test_nothing_that_is_typed_is_an_error_or_long_work(
    indexed: Indexed, text: str, django_assert_max_num_queries: Callable[..., object]
) -> None:
    robots = indexed(title="Robots")
    with django_assert_max_num_queries(24):  # type: ignore[attr-defined]
        found = search.find(search.parse(text))
    assert set(found.papers) <= {robots.pk}


# Both databases find the same: each finds what plain Python finds.

QUERIES = (
    "meta reinforcement learning", "learning", '"reinforcement learning"', '"meta learning" policy', "agent -meta",
    'task -"few shot"', "gradient", "neural network", "policy optimization reward", "language model", "author:chen",
    "category:cs.LG", "category:cs -learning", "robots", "the", "online adaptation 3d", "meta-rl", "q learning",
)  # fmt: skip


def matches(query: search.Query, entry: SearchEntry) -> bool:
    """By the definition: all that is asked, in any field."""
    text = entry.title + entry.authors + entry.abstract + entry.labels
    has = set(text.split())
    return (
        all(word in has for word in query.telling)
        and all(
            any(f" {' '.join(phrase)} " in each for each in (entry.title, entry.abstract)) for phrase in query.phrases
        )
        and not any(f" {' '.join(phrase)} " in text for phrase in query.without)
        and all(word in entry.authors.split() for name in query.authors for word in name)
        and all((name if "." in name else f"{name}.") in has for name in query.categories)
    )


@pytest.fixture
def seed(shared_data: Path) -> list[Paper]:
    pairs = json.loads((shared_data / "seed" / "seed_54_papers.json").read_text())
    return ingested(
        FetchedPaper(title=pair["title"], abstract=pair["abstract"], authors=("Ann Chen",) if number % 2 else (),
                     categories=("cs.LG",) if number % 3 else ("stat.ML",), arxiv_id=f"2601.{number:05}")
        for number, pair in enumerate(pairs, start=1)
    )  # fmt: skip


def ingested(papers) -> list[Paper]:
    ingest(list(papers), source=None, now=NOW)
    search.catch_up()
    return list(Paper.objects.order_by("pk"))


@pytest.mark.parametrize("text", QUERIES)
def test_the_database_finds_what_the_words_say(seed: list[Paper], text: str) -> None:
    query = search.parse(text)
    need = finding._need(query, {word: (word,) for word in [*query.telling, *sum(query.authors, ())]}, True)
    if query.words:
        need = matching.Need(
            fields=[(matching.EVERYTHING, [[(word,) for word in query.telling]]), *need.fields],
            without=need.without, phrases=need.phrases,
        )  # fmt: skip
    expected = {entry.pk for entry in SearchEntry.objects.all() if matches(query, entry)}
    assert set(matching.newest(need, 1000)) == expected
    assert expected <= set(search.find(query).papers)


def test_meta_and_reinforcement_learning_come_first(seed: list[Paper]) -> None:
    """The page's ranks 1 to 32 contain "meta", and hardly any later one does."""
    found = list(search.find(search.parse("meta reinforcement learning")).papers)
    words = [
        set((entry.title + entry.abstract).split()) for entry in map(SearchEntry.objects.in_bulk(found).get, found)
    ]
    assert all({"meta", "reinforcement", "learning"} <= each for each in words[:18])
    ranks = [1 + [paper.pk for paper in seed].index(pk) for pk in found]
    assert sum(rank <= 18 for rank in ranks[:18]) == 16
    assert sum(rank <= 32 for rank in ranks[:32]) == 31


def test_words_are_quoted_in_both_dialects() -> None:
    groups = [[("a'b\\", "c"), ('d"',)]]
    assert dialects.tsquery([groups], ["e"]) == r"""(((('a''b\\' | 'c') & ('d"'))) & !'e')"""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::tsquery", [dialects.tsquery([groups], ["e"])])
    assert (
        dialects.fts5([("title", [[("a",), ('b"', "c")]])], ["d"]) == '(title : ((("a") AND ("b""" OR "c")))) NOT ("d")'
    )
