"""Measure how well the ranking finds what people wanted, on a folder of recorded papers, votes and searches."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from digest.errors import EvaluationError
from digest.evaluation import Figures, evaluate, open_recording
from digest.evaluation.today import Today
from digest.ranking import TopicProfile

# What plain methods reach on the reference recording, in the order of the measures. They are facts about that folder.
MEASURES: dict[str, tuple[str, ...]] = {
    "interests": ("hit10", "mrr", "text_hit10", "text_mrr"),
    "topics": ("p50", "ap", "stored_p50", "stored_ap"),
    "search": ("ndcg10",),
    "trend": ("auc", "ap", "p15"),
}
BASELINES: dict[str, dict[str, tuple[float, ...]]] = {
    "interests": {
        "upvotes": (0.150, 0.065, 0.150, 0.065),
        "TF-IDF centroid": (0.512, 0.282, 0.512, 0.282),
        "LSA-200": (0.549, 0.272, 0.549, 0.272),
    },
    "topics": {"TF-IDF": (0.274, 0.163, 0.274, 0.163), "LSA-256": (0.410, 0.232, 0.410, 0.232)},
    "search": {"TF-IDF": (0.662,)},
    "trend": {"logistic regression": (0.883, 0.353, 0.345)},
}
MEASURED_ON = "213 events, 14 categories, 50 queries, 39 days"


class Command(BaseCommand):
    help = (
        "Evaluate the ranking on a folder of recorded streams; the last line is one JSON object. Exits with 1 where "
        "the folder is absent or cannot be read. Uses no database: topics are those a new installation starts with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        started = time.monotonic()
        try:
            results = evaluate(open_recording(folder), Today(offered_topics()))
        except EvaluationError as error:
            raise CommandError(str(error)) from error
        if not options["json"]:
            self.stdout.writelines(f"{line}\n" for line in table(results))
        self.stdout.write(json.dumps({**results, "seconds": round(time.monotonic() - started, 2)}, allow_nan=False))


def offered_topics() -> list[TopicProfile]:
    """The topics a new installation offers, read where they are seeded: editors' own would make runs incomparable."""
    seeded = import_module("subscriptions.migrations.0002_topics").TOPICS
    return [TopicProfile(slug, categories, keywords) for slug, _, _, categories, keywords in seeded]


def table(results: Mapping[str, Figures]) -> Iterator[str]:
    """Each figure beside those of the plain methods, then what was evaluated."""
    yield f"{'task':11}{'measure':11}{'ours':>6}   plain methods, on the reference recording"
    for task, measures in MEASURES.items():
        for column, measure in enumerate(measures):
            plain = ", ".join(f"{name} {figures[column]:.3f}" for name, figures in BASELINES[task].items())
            yield f"{task:11}{measure:11}{_shown(results[task][measure]):>6}   {plain}"
    yield ""
    for task, measures in MEASURES.items():
        counts = ", ".join(f"{name} {value}" for name, value in results[task].items() if name not in measures)
        yield f"{task:11}{counts}"
    yield f"The plain methods were measured on {MEASURED_ON}; where counts differ, figures cannot be compared closely."


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"
