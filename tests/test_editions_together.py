"""Editions under several workers and editors at once: one of everything, and nothing slips past publishing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from digest import editions
from digest.editions.building import curating
from digest.errors import EditionClosed
from digest.models import Decision, Edition, EditionKind, EditionPaper, EditionState, Paper
from tests.factories import NOW, PaperFactory

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real commits, seen by every thread; what the test made is taken away at its end."""
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            pytest.skip("threads with a database each need PostgreSQL (TEST_DATABASE=postgres)")
        yield
        EditionPaper.objects.all().delete()
        Edition.objects.all().delete()
        Paper.objects.all().delete()


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Each job's result or exception, all started at the same moment."""
    results: list[Any] = [None] * len(jobs)
    start = Barrier(len(jobs))

    def work(number: int, job: Callable[[], Any]) -> None:
        start.wait()
        try:
            results[number] = job()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.parametrize("moment", [NOW, NOW + timedelta(hours=1)], ids=["opening", "publishing"])
def test_workers_that_run_the_schedule_together_make_one_edition_of_each_kind(moment: Any) -> None:
    PaperFactory.create_batch(30)
    results = at_once(*[lambda: editions.run_schedule(moment)] * 4)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert sorted(Edition.objects.values_list("kind", flat=True)) == ["daily", "weekly"]
    assert {edition.entries.count() for edition in Edition.objects.all()} == {30}


def test_an_edition_published_by_several_at_once_is_published_at_one_moment() -> None:
    PaperFactory()
    edition = editions.build(EditionKind.DAILY, NOW.date(), NOW)
    moments = [NOW + timedelta(seconds=number) for number in range(4)]
    results = at_once(
        *(lambda moment=moment: editions.publish(Edition.objects.get(pk=edition.pk), moment) for moment in moments)
    )
    assert len({result.published_at for result in results}) == 1


def test_publishing_waits_for_an_editor_who_is_half_way_and_refuses_the_next() -> None:
    paper, other = PaperFactory(), PaperFactory()
    edition = editions.build(EditionKind.DAILY, NOW.date(), NOW)
    half_way, published = Event(), Event()

    def decide() -> None:
        with curating(edition):
            half_way.set()
            assert not published.wait(0.5)
            editions.pin(edition, paper)

    def publish() -> None:
        half_way.wait(10)
        editions.publish(Edition.objects.get(pk=edition.pk), NOW)
        published.set()

    assert at_once(decide, publish) == [None, None]
    assert Edition.objects.get(pk=edition.pk).state == EditionState.PUBLISHED
    assert edition.entries.get(paper=paper).decision == Decision.PINNED
    with pytest.raises(EditionClosed):
        editions.pin(edition, other)


def test_decisions_of_two_editors_about_two_papers_are_both_kept() -> None:
    papers = PaperFactory.create_batch(8)
    edition = editions.build(EditionKind.DAILY, NOW.date(), NOW)
    results = at_once(
        *(lambda paper=paper: editions.pin(edition, paper) for paper in papers[:4]),
        *(lambda paper=paper: editions.hide(edition, paper) for paper in papers[4:]),
        lambda: editions.build(EditionKind.DAILY, NOW.date(), NOW),
        lambda: editions.move(edition, papers[0], 3),
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    decisions = dict(edition.entries.values_list("paper", "decision"))
    assert [decisions[paper.pk] for paper in papers] == [Decision.PINNED] * 4 + [Decision.HIDDEN] * 4
