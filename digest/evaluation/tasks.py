"""Takes a recording and rankers; gives the figures of four tasks: interests, topics, search and trend.

A ranker is shown what it may use and nothing else: no grade, no category it is to find, nothing learned after a cut.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digest.errors import EvaluationError
from digest.evaluation.streams import Candidate, Event, ListedPaper, Paper, Recording, VotedPaper
from digest.ranking import PaperText, metrics
from digest.ranking.taxonomy import NAMES

LEAST_PROFILE = 5
WINDOW = timedelta(days=6)  # the day itself and the six before it
LEAST_RELEVANT = 100
FIRST_PAGE = 15

Scores = NDArray[np.float64]
# A figure is None where the folder holds nothing to measure it on.
Figures = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Past:
    """What was known when a day began, and nothing after it. Each call reads anew."""

    day: date
    papers: Callable[[], Iterator[Paper]]
    listed: Callable[[], Iterator[ListedPaper]]


class Rankers(Protocol):
    """What is judged. Each method gives one score for each paper asked about; higher is better, equal is equal."""

    def interests(self, profile: Sequence[VotedPaper], candidates: Sequence[VotedPaper], past: Past) -> Scores:
        """How much each candidate is for who listed the profile (oldest first). Days never go back between calls."""

    def topics(self, names: Sequence[str], papers: Iterable[Paper], past: Past) -> Scores:
        """Papers x topics: how much each of the papers, of which there may be many, is about each name.

        They have no categories. Those of the past have none either, or as they were stored.
        """

    def search(self, query: str, candidates: Sequence[Candidate], past: Past) -> Scores:
        """How well each candidate answers the query; the past is that of the topics."""

    def learn_trend(self, training: Callable[[], Iterator[tuple[Paper, bool]]], past: Past) -> None:
        """Learn, if it can, from earlier papers and whether they had been listed by the cut; called once."""

    def trend(self, papers: Sequence[Paper]) -> Scores:
        """How likely each of one day's papers is to be listed."""


def evaluate(recording: Recording, rankers: Rankers) -> dict[str, Figures]:
    """Each task's figures, its counts and how many seconds it took."""
    return {task.__name__: _timed(task, recording, rankers) for task in (interests, topics, search, trend)}


def interests(recording: Recording, rankers: Rankers) -> Figures:
    """Can it find what a member will list next among all that was listed in the 7 days up to it?

    A member's events in order of time: the first three fifths, at least five, are the profile. Events of the day on
    which the profile ends are neither: they are not later. A target that is not on the list counts as not found.
    Asked twice: with all that is known of the papers, and, as `text_`, with nothing but title and abstract. Rankers see
    neither ids nor days: a paper is listed on the day of its event, so that who puts the newest papers
    first, knowing nothing of the member, has a hit10 of 0.59 on the reference recording.
    """
    listed = {paper.id: paper for paper in recording.listed()}
    by_day = _by_day(listed.values())
    found = []
    users = set()
    for user, profile, event in sorted(_later_events(recording.events()), key=lambda later: later[2].day):
        known = {each.paper for each in profile}
        shown = [paper for paper in _window(by_day, event.day) if paper.id not in known]
        liked = [listed[each.paper].content for each in profile if each.paper in listed]
        past = _past(recording, event.day, listed.values())
        candidates = [paper.content for paper in shown]
        whole = rankers.interests(liked, candidates, past)
        bare = rankers.interests(_bare(liked), _bare(candidates), past)
        found.append((*_found(whole, shown, event.paper), *_found(bare, shown, event.paper)))
        users.add(user)
    figures = dict(zip(("hit10", "mrr", "text_hit10", "text_mrr"), _means(found, 4), strict=True))
    return {**figures, "events": len(found), "users": len(users), "listed": len(listed)}


def topics(recording: Recording, rankers: Rankers, least: int = LEAST_RELEVANT) -> Figures:
    """Given the official name of a category alone, can it find the later papers that have it?

    Judged are the categories of at least `least` later papers; those whose name the taxonomy lacks are only counted.
    Asked twice: of a past without any category, from the name alone, and, as `stored_`, of a past with its papers'
    categories, which whoever stores papers has: a topic named as a category is then known by more than its name.
    """
    having: dict[str, list[int]] = defaultdict(list)
    count = 0
    for count, paper in enumerate(recording.papers(start=recording.background_before), start=1):
        for category in set(paper.text.categories):
            having[category].append(count - 1)
    frequent = sorted(category for category, places in having.items() if len(places) >= least)
    asked = [category for category in frequent if category in NAMES]
    found: dict[str, float | None] = {}
    for prefix, is_labelled in (("", False), ("stored_", True)):
        figures = []
        if asked:
            later = (_unlabelled(paper) for paper in recording.papers(start=recording.background_before))
            past = _background(recording, is_labelled=is_labelled)
            scores = rankers.topics([NAMES[category] for category in asked], later, past)
            figures = [_p50_and_ap(column, having[category]) for column, category in zip(scores.T, asked, strict=True)]
        found[f"{prefix}p50"], found[f"{prefix}ap"] = _means(figures, 2)
    return {**found, "categories": len(asked), "unnamed": len(frequent) - len(asked), "papers": count}


def search(recording: Recording, rankers: Rankers) -> Figures:
    """Can it put the candidates of a search in order? Searches without any relevant candidate are only counted."""
    found = []
    without = 0
    for each in recording.searches():
        if max(each.grades, default=0) > 0:
            scores = rankers.search(each.query, each.candidates, _background(recording))
            found.append((metrics.ndcg_at(scores, each.grades, 10),))
        else:
            without += 1
    (ndcg10,) = _means(found, 1)
    return {"ndcg10": ndcg10, "queries": len(found), "without_answer": without}


def trend(recording: Recording, rankers: Rankers) -> Figures:
    """Before anyone has voted: which of a day's papers will be listed? Each figure is the mean over the days.

    Days on which none or all were listed have no figure and are left out.
    """
    listed = list(recording.listed())
    listed_on = {paper.id: paper.day for paper in listed}
    cut = recording.train_before
    rankers.learn_trend(
        lambda: ((paper, listed_on.get(paper.id, date.max) < cut) for paper in recording.papers(end=cut)),
        _past(recording, cut, listed),
    )
    found, rates = [], []
    for papers in _days(recording.papers(start=cut)):
        relevant = np.array([paper.id in listed_on for paper in papers])
        if relevant.any() and not relevant.all():
            scores = rankers.trend(papers)
            measures = (metrics.area_under_curve, metrics.average_precision)
            figures = [measure(scores, relevant) for measure in measures]
            found.append((*figures, metrics.precision_at(scores, relevant, FIRST_PAGE)))
            rates.append((len(papers), int(relevant.sum())))
    auc, ap, p15 = _means(found, 3)
    papers_, hits = (sum(column) for column in zip(*rates, strict=True)) if rates else (0, 0)
    return {"auc": auc, "ap": ap, "p15": p15, "days": len(found), "papers": papers_, "listed": hits}


def _timed(task: Callable[[Recording, Rankers], Figures], recording: Recording, rankers: Rankers) -> Figures:
    started = time.monotonic()
    return {**task(recording, rankers), "seconds": round(time.monotonic() - started, 2)}


def _later_events(events: Iterable[Event]) -> Iterator[tuple[str, list[Event], Event]]:
    """Who, their profile, and an event to be foreseen, for every one there is."""
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_user[event.user].append(event)
    for user, unsorted in by_user.items():
        own = sorted(unsorted, key=lambda event: event.day)
        size = max(LEAST_PROFILE, len(own) * 3 // 5)
        profile = own[:size]
        yield from ((user, profile, event) for event in own[size:] if event.day > profile[-1].day)


def _by_day(papers: Iterable[ListedPaper]) -> dict[date, list[ListedPaper]]:
    days: dict[date, list[ListedPaper]] = defaultdict(list)
    for paper in papers:
        days[paper.day].append(paper)
    return days


def _window(by_day: Mapping[date, Sequence[ListedPaper]], day: date) -> list[ListedPaper]:
    days = (day - WINDOW + timedelta(days=back) for back in range(WINDOW.days + 1))
    return [paper for each in days for paper in by_day.get(each, ())]


def _found(scores: Scores, shown: Sequence[ListedPaper], target: str) -> tuple[float, float]:
    place = next((place for place, paper in enumerate(shown) if paper.id == target), None)
    if place is None:
        return 0.0, 0.0
    return metrics.hit_at(scores, place, 10), metrics.reciprocal_rank(scores, place)


def _past(recording: Recording, day: date, listed: Collection[ListedPaper]) -> Past:
    return Past(day, lambda: recording.papers(end=day), lambda: (paper for paper in listed if paper.day < day))


def _background(recording: Recording, *, is_labelled: bool = False) -> Past:
    """What topics are found by: papers alone, without their categories unless they are to be labelled by them."""
    day = recording.background_before
    seen = (lambda paper: paper) if is_labelled else _unlabelled
    return Past(day, lambda: map(seen, recording.papers(end=day)), lambda: iter(()))


def _bare(papers: Sequence[VotedPaper]) -> list[VotedPaper]:
    return [VotedPaper(PaperText(paper.text.title, paper.text.abstract)) for paper in papers]


def _unlabelled(paper: Paper) -> Paper:
    return replace(paper, text=replace(paper.text, categories=(), primary_category=""))


def _p50_and_ap(scores: Scores, having: Sequence[int]) -> tuple[float, float]:
    relevant = np.zeros(len(scores), dtype=bool)
    relevant[having] = True
    return metrics.precision_at(scores, relevant, 50), metrics.average_precision(scores, relevant)


def _days(papers: Iterable[Paper]) -> Iterator[list[Paper]]:
    """The papers of each day; a recording is in the order of days, so only one day is held."""
    last = date.min
    for day, group in groupby(papers, key=lambda paper: paper.day):
        if day < last:
            raise EvaluationError(f"The papers are not in the order of days: {day} comes after {last}")
        last = day
        yield list(group)


def _means(rows: Sequence[Sequence[float]], columns: int) -> list[float | None]:
    if not rows:
        return [None] * columns
    return [round(float(mean), 4) for mean in np.mean(rows, axis=0)]
