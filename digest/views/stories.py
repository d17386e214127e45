"""Takes ranked papers, gives what a page shows of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from digest.editions import RankedEntry
from digest.models import Paper, SignalKind
from subscriptions.queries import active_topics

TOPICS_SHOWN = 2
SHARE_SHOWN = 0.15  # below this a topic is a passing mention


@dataclass(frozen=True, slots=True)
class Story:
    """One paper on a page: its place (0 for none), its topics by name, the community's counters as they stood last."""

    position: int
    paper: Paper
    topics: tuple[str, ...]
    blurb: str
    upvotes: int
    stars: int


def from_ranking(entries: Iterable[RankedEntry]) -> list[Story]:
    names = dict(active_topics().values_list("slug", "name"))
    return [
        _story(entry.position or 0, entry.paper, _topics(entry.entry.topics, names), entry.entry.blurb)
        for entry in entries
    ]


def from_paper(paper: Paper) -> Story:
    """One paper by itself, without a place in any order."""
    return _story(0, paper, (), "")


def from_papers(papers: Iterable[Paper]) -> list[Story]:
    return [_story(position, paper, (), "") for position, paper in enumerate(papers, start=1)]


def _topics(shares: Mapping[str, float], names: Mapping[str, str]) -> tuple[str, ...]:
    best = sorted(shares.items(), key=lambda share: (-share[1], share[0]))
    return tuple(names[slug] for slug, share in best if share >= SHARE_SHOWN and slug in names)[:TOPICS_SHOWN]


def _story(position: int, paper: Paper, topics: tuple[str, ...], blurb: str) -> Story:
    counters = {signal.kind: signal.value for signal in sorted(paper.signals.all(), key=lambda row: row.observed_on)}
    return Story(position, paper, topics, blurb, counters.get(SignalKind.UPVOTES, 0), counters.get(SignalKind.STARS, 0))
