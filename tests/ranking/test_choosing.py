"""Digests as a whole: every interest's share, near-duplicates folded, what trends elsewhere last. Against a plain
reading of the same rules, which looks at one reader and one paper at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.ranking import Interests, Profile, table
from digest.ranking.choosing import choose_for
from digest.ranking.parts import AuthorPart, LoweredPart, ProfilePart
from digest.ranking.pool import Choice, Pool, papers_as_text, selection_as_text
from digest.ranking.side import Side
from digest.ranking.telling import sentence
from digest.ranking.vectors import as_bytes

SLUGS = ("a", "b", "c")
ENOUGH = 0.3
FIRST_ID = 10


class Paper(NamedTuple):
    relevance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    trend: float = 0.0
    shift: float = 0.0
    vector: tuple[float, float] = (0.0, 0.0)
    authors: frozenset[str] = frozenset()
    group: int = 0


def pool_of(papers: Sequence[Paper]) -> Pool:
    count = len(papers)
    relevance, trend, shift, vectors, authors, groups = zip(*papers, strict=True)
    own = [ProfilePart(Side(as_bytes(vectors)), 0.5, floor=0.1, enough=ENOUGH), AuthorPart.of(authors)]
    points = table(SLUGS, relevance, trend, [False] * count, shift, own)
    points = replace(points, own=(*own, *(LoweredPart(part) for part in points.common)))
    ids = np.arange(FIRST_ID, FIRST_ID + count)
    places = [np.flatnonzero(np.array(groups) == group) for group in sorted(set(groups) - {0})]
    groups = [each for each in places if len(each) > 1]
    return Pool(0, ids, points, np.ones(count, dtype=bool), frozenset(), {}, groups)


def about(*relevance: float, **fields: Any) -> Paper:
    return Paper((*relevance, 0.0, 0.0, 0.0)[:3], **fields)


def ids(digest: Sequence[Choice]) -> list[int]:
    return [choice.paper_id for choice in digest]


def places(pool: Pool, reader: Interests) -> list[int]:
    return [paper_id - FIRST_ID for paper_id in ids(choose_for(pool, [reader])[0])]


# Shares


def test_every_topic_has_its_share_and_what_is_left_over_goes_by_score() -> None:
    papers = [about(0.9 - n / 100) for n in range(10)] + [about(0, 0.5 - n / 100) for n in range(10)]
    pool = pool_of(papers)
    assert places(pool, Interests(("a", "b"), 6)) == [0, 1, 2, 10, 11, 12]
    assert places(pool, Interests(("a", "b"), 7)) == [0, 1, 2, 3, 10, 11, 12]


def test_what_one_topic_has_no_papers_for_goes_to_the_others() -> None:
    pool = pool_of([about(0.9 - n / 100) for n in range(10)] + [about(0, 0.5)])
    assert places(pool, Interests(("a", "b"), 6)) == [0, 1, 2, 3, 4, 10]
    assert places(pool, Interests(("a", "b", "c"), 6)) == [0, 1, 2, 3, 4, 10]


def test_interests_and_authors_have_shares_beside_topics() -> None:
    loud = [about(0.9 - n / 100, trend=0.9) for n in range(12)]
    quiet = [Paper(vector=(0.0, 1.0)), Paper(authors=frozenset({"ada"})), Paper(vector=(0.0, 1.0))]
    profile = Profile("mine", as_bytes([0.0, 1.0]).tobytes())
    reader = Interests(("a",), 6, frozenset(), (profile,), (("ada", 3000),))
    assert places(pool_of(loud + quiet), reader) == [0, 1, 2, 14, 12, 13]


def test_a_paper_does_not_come_for_an_author_of_one_paper_that_was_liked_alone() -> None:
    pool = pool_of([about(0.9), Paper(authors=frozenset({"ada"})), about(0.4, authors=frozenset({"ada"}))])
    liked_one, liked_two = (("ada", 2000),), (("ada", 3333),)
    assert places(pool, Interests(("a",), 6, authors=liked_one)) == [0, 2]
    assert places(pool, Interests(("a",), 6, authors=liked_two)) == [2, 0, 1]


def test_who_asked_for_more_than_there_are_places_gets_the_best_of_each_by_score() -> None:
    pool = pool_of([about(0.8), about(0.9), about(0, 0.7), about(0, 0, 0.6)])
    assert places(pool, Interests(("a", "b", "c"), 2)) == [1, 2]


def test_only_places_that_trends_from_elsewhere_leave_are_shared_out() -> None:
    papers = [about(0.9 - n / 100) for n in range(5)] + [about(0, 0.6 - n / 100) for n in range(5)]
    papers += [about(0, 0, 0.35)] * 5 + [Paper(trend=1.0)] * 2
    digest = places(pool_of(papers), Interests(("a", "b", "c"), 9))
    assert digest == [0, 1, 2, 5, 6, 14, 13, 16, 15]


def test_a_share_far_down_the_list_is_found() -> None:
    """Beyond the papers that are looked through at first."""
    pool = pool_of([about(0.99 - n / 1000) for n in range(300)] + [about(0, 0.31)])
    assert places(pool, Interests(("a", "b"), 4)) == [0, 1, 2, 300]


# What trends elsewhere


def test_what_trends_elsewhere_comes_after_all_that_fits_and_an_editors_pick_where_its_score_puts_it() -> None:
    pool = pool_of([about(0.4), Paper(trend=1.0), Paper(shift=0.15), about(0.32)])
    assert places(pool, Interests(("a",), 8)) == [0, 3, 2, 1]


def test_the_same_trending_pair_opens_no_digest_of_who_has_papers_of_their_own() -> None:
    pair = [Paper(trend=1.0), Paper(trend=0.95)]
    pool = pool_of([*pair, *(about(0.3) for _ in range(5)), *(about(0, 0.3) for _ in range(5))])
    for topics in (("a",), ("b",), ("a", "b")):
        digest = places(pool, Interests(topics, 8))
        assert digest[-2:] == [0, 1]
        assert set(digest[:-2]).isdisjoint({0, 1})
    assert places(pool, Interests(("c",), 8)) == [], "a digest of nothing but what others discuss is none"
    assert places(pool, Interests((), 8))[:2] == [0, 1]


# Less of this


def test_what_a_reader_wants_less_of_counts_half_and_brings_nothing_by_itself() -> None:
    pool = pool_of([about(0.5, trend=0.5), about(0.6), Paper(trend=1.0), Paper(shift=0.5)])
    assert places(pool, Interests(("a",), 8)) == [3, 0, 1, 2]
    less = Interests(("a",), 8, lowered=("trend",))
    (digest,) = choose_for(pool, [less])
    assert ids(digest) == [13, 10, 11]
    assert digest[1].parts == (("topic:a", 0.25), ("trend", 0.2), ("less:what is much discussed", -0.1))
    assert places(pool, Interests(("a",), 8, lowered=("editor", "trend"))) == [0, 1]
    assert places(pool, Interests((), 8, lowered=("trend",))) == [3, 0, 1]


def test_lowering_is_stored_with_the_digest_and_chooses_it_again() -> None:
    less = Interests(("a",), 8, lowered=("trend",))
    again = Interests.from_json(json.loads(less.as_text()))
    assert again == less
    pool = pool_of([about(0.5, trend=0.5), about(0.6), Paper(trend=1.0)])
    assert choose_for(pool, [again, Interests(("a",), 8)])[0] == choose_for(pool, [less])[0]


# A surprise


def test_a_surprise_comes_last_is_near_and_not_of_it_and_says_so() -> None:
    papers = [about(0.9 - n / 100) for n in range(6)]
    near = about(0.2, trend=0.2)
    pool = pool_of([*papers, near, about(0.25), about(0.05, trend=0.25), Paper(trend=0.25), about(0.2, trend=0.3)])
    assert places(pool, Interests(("a",), 4)) == [0, 1, 2, 3]
    wanted = Interests(("a",), 4, surprises=1)
    (digest,) = choose_for(pool, [wanted])
    assert ids(digest) == [10, 11, 12, 16]
    assert digest[-1].parts == (("topic:a", 0.1), ("trend", 0.08), ("surprise", 0.01))
    assert sentence(digest[-1].parts, {"a": "Kites"}) == (
        "A surprise, near what you asked for; about Kites; discussed today"
    )
    assert places(pool, Interests(("a",), 9, surprises=1)) == [0, 1, 2, 3, 4, 5, 10, 6]
    again = Interests.from_json(json.loads(wanted.as_text()))
    assert choose_for(pool, [again])[0] == digest


def test_no_surprise_where_nothing_is_good_enough_or_there_is_no_digest() -> None:
    near = about(0.2, trend=0.2)
    assert places(pool_of([near]), Interests(("a",), 4, surprises=1)) == []
    assert places(pool_of([near, about(0.9)]), Interests(("a",), 1, surprises=1)) == [1]
    assert places(pool_of([near, about(0.9)]), Interests(("a",), 4, frozenset({10}), surprises=1)) == [1]
    twins = [about(0.2, trend=0.2, group=1), about(0.9, group=1)]
    assert places(pool_of(twins), Interests(("a",), 4, surprises=1)) == [1]
    assert places(pool_of([near, Paper(trend=0.9)]), Interests((), 4, surprises=1)) == places(
        pool_of([near, Paper(trend=0.9)]), Interests((), 4)
    )


# Near-duplicates


def test_a_near_duplicate_is_folded_under_the_better_one_and_its_place_goes_to_another() -> None:
    pool = pool_of([about(0.5, group=1), about(0.9, group=1), about(0.7), about(0.4, group=1), about(0.1, group=1)])
    (digest,) = choose_for(pool, [Interests(("a",), 5)])
    assert ids(digest) == [11, 12]
    assert [choice.similar for choice in digest] == [(10, 13), ()]  # what is not about the topic is not named
    assert papers_as_text(digest) == "[11, 12, 10, 13]"


def test_which_of_a_group_stands_for_it_depends_on_the_reader() -> None:
    pool = pool_of([about(0.9, 0.4, group=1), about(0.4, 0.9, group=1)])
    wishes = [Interests(("a",), 5), Interests(("b",), 5), Interests(("a",), 5, frozenset({10}))]
    digests = choose_for(pool, wishes)
    assert [ids(digest) for digest in digests] == [[10], [11], [11]]
    assert [digest[0].similar for digest in digests] == [(11,), (10,), ()]


def test_a_paper_that_fits_stands_for_its_group_before_one_that_only_trends() -> None:
    pool = pool_of([about(0.4, group=1), Paper(trend=1.0, group=1)])
    (digest,) = choose_for(pool, [Interests(("a",), 5)])
    assert (ids(digest), digest[0].similar) == ([10], (11,))


def test_readers_share_a_choice_with_its_folded_papers() -> None:
    pool = pool_of([about(0.9, group=1), about(0.4, group=1)])
    first, second = choose_for(pool, [Interests(("a",), 5)] * 2)
    assert first[0] is second[0]


def test_a_digest_with_folded_papers_survives_storage() -> None:
    pool = pool_of([about(0.9, group=1, authors=frozenset({"ada"})), about(0.4, group=1), about(0.5)])
    wishes = [Interests(("a",), 5), Interests(("a",), 5, authors=(("ada", 700),))]
    for digest in choose_for(pool, wishes):
        stored = json.loads(selection_as_text(digest))
        assert stored == [choice.as_json() for choice in digest]
        assert [Choice.from_json(item) for item in stored] == digest
        assert stored[0]["similar"] == [11]
        assert "similar" not in stored[1]


# All rules at once

SHARES = st.sampled_from([0.0, 0.05, 0.2, 0.3, 0.5, 0.9])
PAPERS = st.lists(
    st.builds(
        Paper,
        st.tuples(SHARES, SHARES, SHARES),
        st.sampled_from([0.0, 0.2, 0.3, 0.9]),
        st.sampled_from([0.0, 0.0, 0.0, 0.2, -0.3]),
        st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
        st.frozensets(st.sampled_from(["ada", "bo"])),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=40,
)
READERS = st.lists(
    st.builds(
        lambda topics, length, withheld, vectors, authors, lowered: Interests(
            tuple(sorted(topics)),
            length,
            withheld,
            tuple(Profile(str(number), as_bytes(vector).tobytes()) for number, vector in enumerate(vectors)),
            tuple(authors),
            lowered=tuple(sorted(lowered)),
        ),
        st.frozensets(st.sampled_from([*SLUGS, "unknown"])),
        st.integers(1, 9),
        st.frozensets(st.integers(FIRST_ID, FIRST_ID + 50), max_size=10),
        st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=2),
        st.lists(st.tuples(st.sampled_from(["ada", "bo"]), st.integers(1, 4000)), max_size=1),
        st.frozensets(st.sampled_from(["trend", "editor"]), max_size=2),
    ),
    min_size=1,
    max_size=5,
)


@given(papers=PAPERS, readers=READERS)
@settings(max_examples=150)
def test_every_digest_is_what_a_plain_reading_of_the_rules_gives(papers: list[Paper], readers: list[Interests]) -> None:
    pool = pool_of(papers)
    digests = choose_for(pool, readers)
    for reader, digest in zip(readers, digests, strict=True):
        assert [(each.paper_id, each.similar) for each in digest] == Plain(pool, papers, reader).digest()
        assert choose_for(pool_of(papers), [reader]) == [digest]  # alone, and by a process that knows nothing yet


@given(papers=PAPERS, readers=READERS)
@settings(max_examples=100)
def test_no_digest_breaks_a_promise(papers: list[Paper], readers: list[Interests]) -> None:
    pool = pool_of(papers)
    for reader, digest in zip(readers, choose_for(pool, readers), strict=True):
        named = [each for choice in digest for each in (choice.paper_id, *choice.similar)]
        assert len(named) == len(set(named))
        assert reader.withheld.isdisjoint(named)
        assert len(digest) <= reader.length
        assert all(abs(choice.score - sum(value for _, value in choice.parts)) < 1e-9 for choice in digest)
        for places in pool.groups:
            assert len(set(pool.paper_ids[places].tolist()).intersection(ids(digest))) <= 1
        off_topic = Plain(pool, papers, reader).off_topic(ids(digest))
        assert sum(off_topic) <= max(1, reader.length // 4)
        trends = [off and papers[each - FIRST_ID].shift <= 0 for off, each in zip(off_topic, ids(digest), strict=True)]
        assert trends == sorted(trends)
        for late in (False, True):
            scores = [choice.score for choice, trend in zip(digest, trends, strict=True) if trend == late]
            assert scores == sorted(scores, reverse=True)


class Plain:
    """The rules as `docs/ranking.md` has them, for one reader."""

    def __init__(self, pool: Pool, papers: Sequence[Paper], reader: Interests) -> None:
        self.papers, self.reader, self.groups = papers, reader, [set(places.tolist()) for places in pool.groups]
        scored = pool.table.meet([reader]).scored
        self.scores = scored.points[0].tolist()
        self.notable = [
            (paper.trend >= 0.3 and "trend" not in reader.lowered)
            or (paper.shift > 0 and "editor" not in reader.lowered)
            for paper in papers
        ]
        fits = scored.fits[0].tolist()
        self.fits = [fit or (notable and reader.is_general) for fit, notable in zip(fits, self.notable, strict=True)]
        self.asked = [slug for n, slug in enumerate(SLUGS) if slug in reader.topics and self._has_papers(n)]
        self.asked += [f"interest:{profile.name}" for profile in reader.profiles]
        self.asked += ["author"] * any(paper.authors & {name for name, _ in reader.authors} for paper in papers)
        self.why = [self._reason(pool, place) for place in range(len(papers))]
        near = [[why == name and fit for why, fit in zip(self.why, self.fits, strict=True)] for name in self.asked]
        self.asked = [
            name
            for name, papers_of in zip(self.asked, near, strict=True)
            if not name.startswith("interest:") or self._near(pool, name) or any(papers_of)
        ]

    def _has_papers(self, column: int) -> bool:
        return any(paper.relevance[column] >= 0.3 for paper in self.papers)

    def _near(self, pool: Pool, name: str) -> bool:
        (profile,) = [each for each in self.reader.profiles if f"interest:{each.name}" == name]
        alone = pool.table.meet([Interests(profiles=(profile,))]).scored
        return bool(alone.fits[0].any())

    def _reason(self, pool: Pool, place: int) -> str:
        parts = dict(pool.table.explained(place, self.reader)[1])
        worth = {name: parts.get(f"topic:{name}", parts.get(name, 0)) for name in self.asked if name != "author"}
        worth["author"] = max((value for name, value in parts.items() if name.startswith("author:")), default=0)
        best = max(worth.values(), default=0)
        return next(name for name, value in worth.items() if value == best) if best > 0 else ""

    def off_topic(self, digest: Sequence[int]) -> list[bool]:
        return [not self.fits[paper_id - FIRST_ID] for paper_id in digest]

    def digest(self) -> list[tuple[int, tuple[int, ...]]]:
        order = sorted(range(len(self.papers)), key=lambda place: (-self.scores[place], -place))
        there = [
            place
            for place in order
            if (self.fits[place] or self.notable[place]) and place + FIRST_ID not in self.reader.withheld
        ]
        folded = self._folded(there)
        there = [place for place in there if not any(place in under for under in folded.values())]
        off_topic = [place for place in there if not self.fits[place]][: max(1, self.reader.length // 4)]
        if not any(self.fits[place] for place in there):
            off_topic = [place for place in off_topic if self.papers[place].shift > 0]
        there = [place for place in there if self.fits[place] or place in off_topic]
        chosen = self._shared_out(there)
        late = [place for place in chosen if place in off_topic and self.papers[place].shift <= 0]
        ordered = [place for place in there if place in chosen and place not in late] + late
        under = {place: tuple(sorted(each + FIRST_ID for each in folded.get(place, ()))) for place in ordered}
        return [(place + FIRST_ID, under[place]) for place in ordered]

    def _folded(self, there: list[int]) -> dict[int, list[int]]:
        folded = {}
        for group in self.groups:
            members = [place for place in there if place in group]
            if len(members) > 1:
                head = next((place for place in members if self.fits[place]), members[0])
                folded[head] = [place for place in members if place != head]
        return folded

    def _shared_out(self, there: list[int]) -> list[int]:
        length, asked = self.reader.length, [] if self.reader.is_general else self.asked
        if len(asked) < 2:
            return there[:length]
        chosen = [place for place in there[:length] if not self.fits[place]]
        rooms = length - len(chosen)
        share = max(1, rooms // len(asked))
        theirs = [[p for p in there if self.fits[p] and self.why[p] == name][:share] for name in asked]
        best = [place for place in there if any(place in group for group in theirs)][:rooms]
        chosen += best
        rest = [place for place in there if place not in chosen]
        chosen += rest[: length - len(chosen)]
        return [place for place in there if place in chosen]


@pytest.mark.parametrize("count", [1, 3])
def test_a_pool_of_one_or_three_papers_is_no_trouble(count: int) -> None:
    pool = pool_of([about(0.9, 0.9, group=1)] * count)
    assert len(places(pool, Interests(("a", "b"), 30))) == 1
