"""Refusals in, one by one and however many; how many for which reason, with the first of each in its words, out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from digest.sources import Refusal

# Some reasons name the place in a line, and are other reasons for other lines.
MOST_REASONS = 1000
SHOWN = 5
OTHERS = "other reasons"


class Refusals:
    """What is kept does not grow with their number: of so many reasons the count and the first example."""

    def __init__(self, refused: Iterable[Refusal] = ()) -> None:
        self.times: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        for refusal in refused:
            self.add(refusal)

    def add(self, refusal: Refusal) -> None:
        is_kept = refusal.reason in self.examples or len(self.examples) < MOST_REASONS
        reason = refusal.reason if is_kept else OTHERS
        self.times[reason] += 1
        self.examples.setdefault(reason, refusal.excerpt)

    def __len__(self) -> int:
        return self.times.total()

    def lines(self) -> list[str]:
        """The most frequent first."""
        return [
            f"refused {times}: {reason} ({self.examples[reason]})" for reason, times in self.times.most_common(SHOWN)
        ]
