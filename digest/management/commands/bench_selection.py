"""Choose digests for many made-up readers from one made-up pool; print what that costs. No database is touched."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from numpy.random import Generator

from digest import ranking
from digest.management.bench.meters import rss_mb
from digest.ranking.choosing import choose_for
from digest.ranking.interests import Interests, Profile
from digest.ranking.parts import ProfilePart
from digest.ranking.pool import Pool
from digest.ranking.side import Side, Words
from digest.ranking.taste import SAME
from digest.ranking.vectors import DIMENSIONS, HEAVIEST, Terms, as_bytes, packed_terms

TOPICS = 18
WORDS, TERMS_OF_PAPER, TERMS_OF_INTEREST = 3200, 240, 5
LENGTHS = (5, 10, 10, 10, 20)
PAPERS_FOR_A_PAIR = 200  # of near-duplicates, as on recorded days
SEEN = 8  # papers of the pool that a reader was sent before


class Command(BaseCommand):
    help = "Measure choosing: CPU a reader on top of reading rows, and memory, for a chunk of readers at a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--readers", type=int, default=20_000)
        parser.add_argument("--papers", type=int, default=400)
        parser.add_argument("--interests", type=int, default=0, help="Interests of each reader, beside three topics")
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, readers: int, papers: int, interests: int, **options: Any) -> None:
        dice = np.random.default_rng(1)
        pool = made_up_pool(papers, dice)
        cpu = chosen = 0.0
        for chunk in made_up_readers(pool, readers, interests, dice):
            started = time.process_time()
            digests = choose_for(pool, chunk)
            cpu += time.process_time() - started
            chosen += sum(map(len, digests))
        figures = {
            "readers": readers,
            "papers": papers,
            "interests_per_reader": interests,
            "cpu_us_per_reader": round(cpu / readers * 1e6, 2),
            "papers_per_digest": round(chosen / readers, 2),
            "rss_mb": rss_mb(),
        }
        if not options["json"]:
            self.stdout.writelines(f"{name:20}{value:>10}\n" for name, value in figures.items())
        self.stdout.write(json.dumps(figures))


def made_up_pool(papers: int, dice: Generator) -> Pool:
    """One paper in five is about a topic, as are those of a real day; one in ten trends."""
    relevance = np.where(dice.random((papers, TOPICS)) < 0.2, dice.uniform(0.05, 1, (papers, TOPICS)), 0.0)
    trend = np.where(dice.random(papers) < 0.1, dice.random(papers), 0.0)
    nothing = np.zeros(papers)
    vectors = as_bytes(dice.normal(size=(papers, DIMENSIONS)))
    side = Side(vectors, Words.of(made_up_terms(papers, TERMS_OF_PAPER, HEAVIEST // 16, dice)))
    part = ProfilePart(side, ranking.WEIGHTS.interest, floor=0.0, enough=0.2)
    slugs = [f"topic-{number:02}" for number in range(TOPICS)]
    table = ranking.table(slugs, relevance, trend, nothing, nothing, [part])
    ids = np.arange(1, papers + 1)
    known_as = {int(each): (int(each),) for each in ids}
    groups = [np.array(pair) for pair in dice.choice(papers, (papers // PAPERS_FOR_A_PAIR, 2), replace=False)]
    return Pool(0, ids, table, np.ones(papers, dtype=bool), frozenset(), known_as, [np.sort(pair) for pair in groups])


def made_up_terms(rows: int, many: int, weight: int, dice: Generator) -> list[Terms]:
    """As many a row, of WORDS that are as common as what readers type: 30 of 400 papers have each."""
    found = np.sort(dice.integers(0, WORDS, (rows, many)), axis=1)
    return [packed_terms(np.unique(row), np.full(len(np.unique(row)), weight)) for row in found]


def made_up_readers(pool: Pool, readers: int, interests: int, dice: Generator) -> Iterator[list[Interests]]:
    """Chunks as a sending task takes them."""
    slugs = pool.table.topics.slugs
    for start in range(0, readers, settings.DELIVERY_CHUNK):
        size = min(settings.DELIVERY_CHUNK, readers - start)
        topics = dice.integers(0, len(slugs), (size, 3))
        seen = dice.choice(pool.paper_ids, (size, SEEN))
        profiles = as_bytes(dice.normal(size=(max(1, size * interests), DIMENSIONS)))
        terms = made_up_terms(max(1, size * interests), TERMS_OF_INTEREST, SAME // 4, dice)
        vectors = [each.tobytes() + words.tobytes() for each, words in zip(profiles, terms, strict=True)]
        yield [
            Interests(
                tuple(sorted({slugs[topic] for topic in topics[reader]})),
                LENGTHS[reader % len(LENGTHS)],
                frozenset(seen[reader].tolist()),
                tuple(Profile(str(number), vectors[reader * interests + number]) for number in range(interests)),
            )
            for reader in range(size)
        ]
