"""Editions: built from the right papers, curated while open, published once, then frozen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from digest import editions
from digest.editions import build, publish, ranked_entries, run_schedule
from digest.errors import EditionClosed, EditionError
from digest.models import Decision, Edition, EditionKind, EditionState, Paper
from digest.papers import ingest
from digest.selection import Choice, choose, load_pool
from digest.sources import FetchedPaper
from subscriptions.models import Topic
from tests.factories import (
    NOW,
    EditionFactory,
    EditionPaperFactory,
    ListingFactory,
    PaperFactory,
    SignalFactory,
    SourceFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
DAILY, WEEKLY = EditionKind.DAILY, EditionKind.WEEKLY
TODAY = NOW.date()


def pool(edition: Edition) -> set[int]:
    return set(edition.entries.values_list("paper", flat=True))


def order(edition: Edition) -> list[int]:
    return [each.paper.pk for each in ranked_entries(edition)]


def frozen(edition: Edition) -> dict[str, Any]:
    """Everything about an edition that publishing freezes."""
    entries = edition.entries.order_by("id").values("paper", "trend", "topics", "decision", "shift", "blurb")
    row = Edition.objects.values("note", "state", "published_at", "built_at").get(pk=edition.pk)
    return row | {"entries": list(entries), "order": order(edition)}


# What the pool holds


def test_the_first_edition_holds_the_papers_of_the_last_days_and_an_older_one_does_not_come_in() -> None:
    fresh, old = PaperFactory(), PaperFactory(first_seen_at=NOW - timedelta(days=8))
    assert pool(build(DAILY, TODAY, NOW)) == {fresh.pk}
    assert old.pk not in pool(build(DAILY, TODAY, NOW))


def test_the_next_edition_holds_what_came_in_since_and_what_still_trends() -> None:
    forgotten, trending = (PaperFactory(first_seen_at=NOW - timedelta(days=2)) for _ in range(2))
    SignalFactory(paper=trending, value=50)
    yesterday = build(DAILY, TODAY - timedelta(days=1), NOW - timedelta(days=1))
    publish(yesterday, NOW - timedelta(days=1))
    new = PaperFactory(first_seen_at=NOW - timedelta(hours=2))
    assert pool(yesterday) == {forgotten.pk, trending.pk}
    assert pool(build(DAILY, TODAY, NOW)) == {trending.pk, new.pk}


def test_a_paper_that_was_being_stored_during_the_last_build_is_not_lost() -> None:
    yesterday = NOW - timedelta(days=1)
    PaperFactory(first_seen_at=yesterday - timedelta(hours=3))
    publish(build(DAILY, yesterday.date(), yesterday), yesterday)
    late = PaperFactory(first_seen_at=yesterday - timedelta(minutes=5))
    assert late.pk in pool(build(DAILY, TODAY, NOW))


def test_an_old_paper_that_a_community_discovers_today_comes_in_and_a_mere_new_version_does_not() -> None:
    discovered, replaced = PaperFactory.create_batch(2, first_seen_at=NOW - timedelta(days=60))
    for paper in (discovered, replaced):
        ListingFactory(paper=paper, listed_on=TODAY - timedelta(days=60), first_seen_at=NOW - timedelta(days=60))
        ListingFactory(paper=paper, listed_on=TODAY, first_seen_at=NOW - timedelta(hours=1))
    SignalFactory(paper=discovered, value=20)
    assert pool(build(DAILY, TODAY, NOW)) == {discovered.pk}


def test_a_weekly_edition_holds_the_week_and_is_named_by_its_monday() -> None:
    paper = PaperFactory(first_seen_at=NOW - timedelta(days=6))
    publish(build(DAILY, TODAY - timedelta(days=1), NOW - timedelta(days=1)), NOW)
    weekly = build(WEEKLY, TODAY, NOW)
    assert (weekly.date, pool(weekly)) == (date(2026, 7, 13), {paper.pk})


def test_what_readers_may_not_see_stays_out() -> None:
    shown = PaperFactory()
    PaperFactory(is_hidden=True)
    PaperFactory(withdrawn_at=NOW)
    PaperFactory(merged_into=shown)
    PaperFactory(first_seen_at=NOW + timedelta(seconds=1))
    assert pool(build(DAILY, TODAY, NOW)) == {shown.pk}


def test_invented_papers_stay_out_as_soon_as_there_are_real_ones_but_for_what_an_editor_chose() -> None:
    chosen, other = PaperFactory(is_sample=True), PaperFactory(is_sample=True)
    edition = build(DAILY, TODAY, NOW)
    assert pool(edition) == {chosen.pk, other.pk}
    editions.pin(edition, chosen)
    real = PaperFactory()
    assert pool(build(DAILY, TODAY, NOW)) == {chosen.pk, real.pk}


def test_a_new_version_of_an_old_paper_is_no_news() -> None:
    long_ago = NOW - timedelta(days=200)
    paper = PaperFactory(arxiv_id="2501.00001", first_seen_at=long_ago, published_at=long_ago)
    SignalFactory(paper=paper, value=300, observed_on=TODAY - timedelta(days=190))
    PaperFactory()
    again = FetchedPaper(title=paper.title, arxiv_id="2501.00001", version=2, is_replacement=True, listed_on=TODAY)
    ingest([again], source=SourceFactory(), now=NOW)
    assert paper.pk not in pool(build(DAILY, TODAY, NOW))


def test_papers_are_numbered_by_their_topics_and_by_how_they_trend() -> None:
    Topic.objects.all().delete()
    TopicFactory(slug="robots", keywords=["robot"], categories=["cs.RO"])
    TopicFactory(slug="retired", keywords=["robot"], is_active=False)
    paper = PaperFactory(title="Robots", primary_category="cs.RO")
    SignalFactory(paper=paper, value=6)
    ListingFactory(paper=paper, listed_on=TODAY)
    SignalFactory(paper=paper, value=10_000, observed_on=TODAY + timedelta(days=1))
    entry = build(DAILY, TODAY, NOW).entries.get()
    assert entry.topics == {"robots": 0.745}
    assert entry.trend == pytest.approx((1 / 3) ** 1.5, abs=1e-3)


def test_a_primary_category_that_was_never_stated_is_the_first() -> None:
    Topic.objects.all().delete()
    TopicFactory(slug="robots", categories=["cs.RO"])
    PaperFactory(categories=["cs.RO", "cs.AI"], primary_category="")
    assert build(DAILY, TODAY, NOW).entries.get().topics == {"robots": 0.5}


def test_a_new_topic_changes_nothing_for_those_of_another() -> None:
    Topic.objects.all().delete()
    robots = TopicFactory(slug="robots", categories=["cs.RO"], keywords=["robot"])
    for number in range(6):
        PaperFactory(title=f"Robots {number}", abstract="Of images. " * number, categories=["cs.RO", "cs.CV"])
    reader = SubscriberFactory(topics=[robots])

    def digest() -> list[Choice]:
        edition = build(DAILY, TODAY, NOW)
        return choose(load_pool(edition), [reader], NOW)[reader.pk]

    before = digest()
    TopicFactory(slug="vision", categories=["cs.CV", "cs.RO"], keywords=["image", "robot"])
    assert digest() == before != []


def test_a_full_pool_keeps_the_best_of_every_topic(settings: LazySettings) -> None:
    Topic.objects.all().delete()
    TopicFactory(slug="large", keywords=["large"])
    TopicFactory(slug="small", keywords=["small"])
    settings.POOL_SIZE = 6
    small = [PaperFactory(title=f"Small {number}") for number in range(3)]
    for number in range(20):
        PaperFactory(title=f"Large {number}")
    edition = build(DAILY, TODAY, NOW)
    assert len(pool(edition)) == 6
    assert len(pool(edition) & {paper.pk for paper in small}) >= 2


def test_without_papers_there_is_no_edition() -> None:
    with pytest.raises(EditionError, match="no paper"):
        build(DAILY, TODAY, NOW)
    assert not Edition.objects.exists()


def test_an_edition_of_a_day_far_ahead_is_not_made_since_it_would_stay_the_newest() -> None:
    PaperFactory.create()
    with pytest.raises(EditionError, match="too far ahead"):
        build(EditionKind.DAILY, date(2062, 7, 14), NOW)
    assert not Edition.objects.exists()
    assert build(EditionKind.DAILY, NOW.date() + timedelta(days=1), NOW).is_open


def test_building_takes_the_same_few_queries_for_any_number_of_papers() -> None:
    counts = []
    for size in (3, 60):
        for _ in range(size):
            SignalFactory()
        with CaptureQueriesContext(connection) as queries:
            build(DAILY, TODAY - timedelta(days=size), NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 25


# Rebuilding


def test_a_rebuild_keeps_decisions_blurbs_and_shifts_and_lets_the_rest_go() -> None:
    papers = [PaperFactory(title=f"Paper {number}") for number in range(6)]
    edition = build(DAILY, TODAY, NOW)
    editions.pin(edition, papers[0])
    editions.hide(edition, papers[1])
    editions.set_blurb(edition, papers[2], "Read this")
    editions.move(edition, papers[3], 1)
    Paper.objects.all().update(first_seen_at=NOW - timedelta(days=30))
    Paper.objects.filter(pk=papers[5].pk).update(first_seen_at=NOW)
    new = PaperFactory()
    rebuilt = build(DAILY, TODAY, NOW + timedelta(hours=1))
    assert rebuilt.pk == edition.pk
    assert pool(rebuilt) == {paper.pk for paper in papers} - {papers[4].pk} | {new.pk}
    rows = {entry.paper_id: entry for entry in edition.entries.all()}
    assert rows[papers[0].pk].decision == Decision.PINNED
    assert rows[papers[1].pk].decision == Decision.HIDDEN
    assert rows[papers[2].pk].blurb == "Read this"
    assert rows[papers[3].pk].shift != 0


def test_a_decision_outlasts_a_paper_being_hidden_for_a_while() -> None:
    paper = PaperFactory()
    PaperFactory()
    edition = build(DAILY, TODAY, NOW)
    editions.pin(edition, paper)
    Paper.objects.filter(pk=paper.pk).update(is_hidden=True)
    build(DAILY, TODAY, NOW)
    assert paper.pk not in order(edition)
    Paper.objects.filter(pk=paper.pk).update(is_hidden=False)
    build(DAILY, TODAY, NOW)
    assert order(edition)[0] == paper.pk


def test_a_rebuild_renews_the_numbers() -> None:
    paper = PaperFactory()
    edition = build(DAILY, TODAY, NOW)
    SignalFactory(paper=paper, value=60)
    build(DAILY, TODAY, NOW)
    assert edition.entries.get().trend > 0.4


def test_a_decision_follows_a_paper_that_turns_out_to_be_another() -> None:
    paper, same = PaperFactory(), PaperFactory()
    edition = build(DAILY, TODAY, NOW)
    editions.pin(edition, paper)
    Paper.objects.filter(pk=paper.pk).update(merged_into=same)
    build(DAILY, TODAY, NOW)
    entry = edition.entries.get()
    assert (entry.paper_id, entry.decision) == (same.pk, Decision.PINNED)


# Publishing


def test_an_edition_is_published_once() -> None:
    PaperFactory()
    edition = build(DAILY, TODAY, NOW)
    assert publish(edition, NOW).state == EditionState.PUBLISHED
    assert publish(edition, NOW + timedelta(hours=1)).published_at == NOW


def test_an_edition_whose_papers_are_all_hidden_is_not_published() -> None:
    paper = PaperFactory()
    edition = build(DAILY, TODAY, NOW)
    editions.hide(edition, paper)
    with pytest.raises(EditionError, match="no paper"):
        publish(edition, NOW)
    edition.refresh_from_db()
    assert edition.is_open


CHANGES: dict[str, Callable[[Edition, Paper], object]] = {
    "pin": editions.pin,
    "unpin": editions.unpin,
    "hide": editions.hide,
    "unhide": editions.unhide,
    "move": lambda edition, paper: editions.move(edition, paper, 1),
    "blurb": lambda edition, paper: editions.set_blurb(edition, paper, "Too late"),
    "note": lambda edition, paper: editions.set_note(edition, "Too late"),
    "build": lambda edition, paper: build(edition.kind, edition.date, NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_nothing_changes_a_published_edition(change: Callable[[Edition, Paper], object]) -> None:
    papers = [PaperFactory(), PaperFactory(), PaperFactory()]
    edition = build(DAILY, TODAY, NOW)
    editions.pin(edition, papers[1])
    stale = Edition.objects.get(pk=edition.pk)  # as another process read it while the edition was open
    publish(edition, NOW)
    before = frozen(edition)
    SignalFactory(paper=papers[0], value=500)
    PaperFactory()
    for seen in (stale, edition):
        with pytest.raises(EditionClosed, match="no longer changes"):
            change(seen, papers[0])
    assert frozen(edition) == before


# Curating


def curated(*trends: float) -> tuple[Edition, list[Paper]]:
    edition = EditionFactory()
    return edition, [EditionPaperFactory(edition=edition, trend=trend).paper for trend in trends]


def test_pinning_puts_a_paper_first_and_unpinning_back() -> None:
    edition, (first, second) = curated(0.9, 0.1)
    editions.pin(edition, second)
    assert order(edition) == [second.pk, first.pk]
    assert ranked_entries(edition)[0].parts == (("editor", 1.0), ("trend", 0.04))
    editions.unpin(edition, second)
    assert order(edition) == [first.pk, second.pk]


def test_a_hidden_paper_is_shown_to_editors_only_and_last() -> None:
    edition, (first, second) = curated(0.9, 0.1)
    editions.hide(edition, first)
    assert order(edition) == [second.pk]
    listed = ranked_entries(edition, with_hidden=True)
    assert [(each.position, each.paper.pk) for each in listed] == [(1, second.pk), (None, first.pk)]
    editions.unhide(edition, first)
    assert order(edition) == [first.pk, second.pk]


def test_taking_back_one_decision_leaves_a_later_one_alone() -> None:
    edition, (paper,) = curated(0.9)
    editions.pin(edition, paper)
    editions.hide(edition, paper)
    editions.unpin(edition, paper)
    assert edition.entries.get().decision == Decision.HIDDEN


@pytest.mark.parametrize("trends", [(0.9, 0.7, 0.5, 0.3), (0.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.4999, 0.4998)])
@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("goal", [-3, 1, 2, 3, 4, 99])
def test_a_paper_moves_exactly_where_the_editor_put_it(trends: tuple[float, ...], start: int, goal: int) -> None:
    edition, _ = curated(*trends)
    expected = order(edition)
    moved = expected.pop(start)
    expected.insert(min(max(goal, 1), 4) - 1, moved)
    editions.move(edition, Paper.objects.get(pk=moved), goal)
    assert order(edition) == expected


def test_the_editors_order_is_part_of_the_printed_sum() -> None:
    edition, papers = curated(0.9, 0.7, 0.1)
    editions.move(edition, papers[2], 2)
    moved = ranked_entries(edition)[1]
    assert moved.paper == papers[2]
    assert moved.parts == (("editor", 0.28), ("trend", 0.04))
    assert moved.score == pytest.approx(0.32)  # between 0.36 and 0.28


def test_moving_a_paper_to_its_own_place_changes_nothing() -> None:
    edition, papers = curated(0.5, 0.5, 0.5)
    editions.move(edition, papers[1], 2)
    assert set(edition.entries.values_list("shift", flat=True)) == {0.0}


def test_a_hundred_moves_between_the_same_neighbours_still_land_between_them() -> None:
    edition, _ = curated(0.9, 0.5, 0.4, 0.3)
    for _ in range(100):
        expected = order(edition)
        expected.insert(1, expected.pop())
        editions.move(edition, Paper.objects.get(pk=expected[1]), 2)
        assert order(edition) == expected


def test_a_paper_outside_the_pool_or_hidden_cannot_be_moved() -> None:
    edition, (paper, _) = curated(0.9, 0.5)
    editions.hide(edition, paper)
    for missing in (paper, PaperFactory()):
        with pytest.raises(EditionError, match="not among"):
            editions.move(edition, missing, 1)
    with pytest.raises(EditionError, match="not in the pool"):
        editions.pin(edition, PaperFactory())


def test_words_of_editors_are_kept_and_taken_away() -> None:
    edition, (paper,) = curated(0.9)
    editions.set_blurb(edition, paper, " Worth your morning. ")
    editions.set_note(edition, "Good morning!")
    assert (edition.entries.get().blurb, edition.note) == ("Worth your morning.", "Good morning!")
    editions.set_note(edition, "")
    assert Edition.objects.get(pk=edition.pk).note == ""


def test_the_ranked_list_takes_three_queries_and_brings_papers_and_signals() -> None:
    edition, papers = curated(*(number / 40 for number in range(30)))
    for paper in papers:
        SignalFactory(paper=paper)
    with CaptureQueriesContext(connection) as queries:
        listed = ranked_entries(edition, limit=10)
        assert [len(each.paper.signals.all()) for each in listed] == [1] * 10
    assert len(queries) == 3
    assert [each.paper for each in listed] == papers[::-1][:10]


def test_what_is_withdrawn_or_merged_after_publishing_is_listed_no_more() -> None:
    edition, papers = curated(0.9, 0.8, 0.7, 0.6)
    Paper.objects.filter(pk=papers[0].pk).update(withdrawn_at=NOW)
    Paper.objects.filter(pk=papers[1].pk).update(merged_into=papers[2])
    Paper.objects.filter(pk=papers[3].pk).update(is_hidden=True)
    assert order(edition) == [papers[2].pk]


# The schedule: published at 06:00, open from 02:00 on


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def papers_of_a_month() -> None:
    for day in range(30):
        PaperFactory(first_seen_at=at("2026-07-01T01:00") + timedelta(days=day))


def states(kind: str = DAILY) -> dict[str, str]:
    return {str(edition.date): edition.state for edition in Edition.objects.filter(kind=kind)}


def test_an_edition_opens_is_rebuilt_and_goes_out_by_itself() -> None:
    papers_of_a_month()
    run_schedule(at("2026-07-15T01:59"))
    assert "2026-07-15" not in states()
    run_schedule(at("2026-07-15T02:00"))
    assert states()["2026-07-15"] == "open"
    new = PaperFactory(first_seen_at=at("2026-07-15T05:30"))
    run_schedule(at("2026-07-15T05:59"))
    assert states()["2026-07-15"] == "open"
    (published,) = run_schedule(at("2026-07-15T06:00"))
    assert (str(published.date), published.state) == ("2026-07-15", "published")
    assert published.published_at == at("2026-07-15T06:00")
    assert new.pk in pool(published)


def test_the_schedule_does_nothing_twice() -> None:
    papers_of_a_month()
    assert len(run_schedule(at("2026-07-15T07:00"))) == 2
    before = [frozen(edition) for edition in Edition.objects.all()]
    assert run_schedule(at("2026-07-15T07:01")) == []
    assert [frozen(edition) for edition in Edition.objects.all()] == before


def test_an_open_edition_is_rebuilt_every_ten_minutes_and_not_more_often() -> None:
    papers_of_a_month()
    moments = ["02:00", "02:01", "02:09", "02:10", "02:19", "02:20"]
    worked = [bool(run_schedule(at(f"2026-07-15T{moment}"))) for moment in moments]
    assert worked == [True, False, False, True, False, True]


def test_after_a_standstill_readers_get_one_edition_and_not_seven() -> None:
    papers_of_a_month()
    run_schedule(at("2026-07-08T07:00"))
    run_schedule(at("2026-07-15T12:00"))
    assert states() == {"2026-07-08": "published", "2026-07-15": "published"}


def test_an_edition_left_open_by_a_standstill_goes_out_unless_a_newer_one_is_due() -> None:
    papers_of_a_month()
    run_schedule(at("2026-07-08T03:00"))
    run_schedule(at("2026-07-09T01:00"))
    assert states() == {"2026-07-08": "published"}
    run_schedule(at("2026-07-10T03:00"))
    for moment in ("2026-07-12T12:00", "2026-07-12T12:01", "2026-07-12T13:00"):
        run_schedule(at(moment))
    assert states() == {"2026-07-08": "published", "2026-07-10": "open", "2026-07-12": "published"}


def test_a_day_without_papers_has_no_edition_until_one_comes() -> None:
    assert run_schedule(at("2026-07-15T07:00")) == []
    PaperFactory(first_seen_at=at("2026-07-15T07:30"))
    run_schedule(at("2026-07-15T07:31"))
    assert states() == {"2026-07-15": "published"}


def test_an_edition_hidden_as_a_whole_stays_open_and_stops_nothing() -> None:
    paper = PaperFactory(first_seen_at=at("2026-07-15T01:00"))
    run_schedule(at("2026-07-15T02:00"))
    editions.hide(Edition.objects.get(kind=DAILY), paper)
    run_schedule(at("2026-07-15T06:00"))
    assert states() == {"2026-07-15": "open"}


def test_a_weekly_edition_goes_out_on_its_weekday(settings: LazySettings) -> None:
    settings.WEEKLY_PUBLISH_WEEKDAY = 4
    papers_of_a_month()
    run_schedule(at("2026-07-17T01:00"))
    assert "2026-07-13" not in states(WEEKLY)
    run_schedule(at("2026-07-17T03:00"))
    assert states(WEEKLY)["2026-07-13"] == "open"
    run_schedule(at("2026-07-17T06:00"))
    assert states(WEEKLY)["2026-07-13"] == "published"


def test_an_edition_that_opens_before_midnight_is_named_by_its_own_day(settings: LazySettings) -> None:
    settings.DAILY_PUBLISH_HOUR = 1
    papers_of_a_month()
    run_schedule(at("2026-07-14T21:00"))
    assert states()["2026-07-15"] == "open"


@pytest.mark.parametrize(
    ("zone", "day", "hour", "expected"),
    [
        ("UTC", date(2026, 7, 14), 6, "2026-07-14T06:00"),
        ("Europe/Berlin", date(2026, 7, 14), 6, "2026-07-14T04:00"),
        ("Europe/Berlin", date(2026, 3, 29), 2, "2026-03-29T01:00"),  # 02:00 does not exist: 03:00 summer time
        ("Europe/Berlin", date(2026, 10, 25), 2, "2026-10-25T00:00"),  # 02:00 comes twice: the first
        ("Pacific/Auckland", date(2026, 7, 14), 6, "2026-07-13T18:00"),
    ],
)
def test_the_publishing_hour_is_the_sites_own(
    settings: LazySettings, zone: str, day: date, hour: int, expected: str
) -> None:
    settings.TIME_ZONE, settings.DAILY_PUBLISH_HOUR = zone, hour
    assert editions.publish_time(DAILY, day) == at(expected)
    assert editions.newest_opened(DAILY, at(expected)) == day
    begun = at(expected) - timedelta(hours=settings.CURATION_HOURS)
    assert editions.newest_opened(DAILY, begun) == day
    assert editions.newest_opened(DAILY, begun - timedelta(seconds=1)) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "day", "goes_out", "name"),
    [
        ("daily", date(2026, 11, 23), datetime(2026, 11, 23, 6, tzinfo=UTC), "Monday, 23 November 2026"),
        ("weekly", date(2026, 11, 23), datetime(2026, 11, 23, 6, tzinfo=UTC), "The week from 16 to 22 November 2026"),
        (
            "weekly",
            date(2026, 11, 30),
            datetime(2026, 12, 4, 6, tzinfo=UTC),
            "The week from 27 November 2026 to 3 December 2026",
        ),
    ],
)
def test_an_edition_is_called_by_the_days_it_tells_of(kind: str, day: date, goes_out: datetime, name: str) -> None:
    assert Edition(kind=kind, date=day, publish_at=goes_out).name == name
