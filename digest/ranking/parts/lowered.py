"""What a reader wanted less of, of what is common to all: half of that part is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digest.ranking.interests import Interests
from digest.ranking.parts.base import Met
from digest.ranking.parts.common import CommonPart
from digest.ranking.parts.lost import Lost

# Common parts that readers can lower, and what they are called.
LOWERABLE = {
    "trend": "what is much discussed",
    "prediction": "what is likely to be discussed",
    "editor": "our editors’ picks",
}
NAME = "less:"
HALF = 2


@dataclass(frozen=True, slots=True)
class LoweredPart:
    """Of one common part. What comes to a reader for that part alone comes no longer: see `choosing`."""

    common: CommonPart

    def meet(self, readers: Sequence[Interests]) -> Met | None:
        rows = [row for row, reader in enumerate(readers) if self.common.name in reader.lowered]
        if not rows:
            return None
        lost = np.zeros((len(readers), len(self.common.column)), dtype=np.int32)
        lost[rows] = -(np.maximum(self.common.column, 0) // HALF)
        return Lost(NAME + LOWERABLE[self.common.name], lost)

    def take(self, order: NDArray[np.intp]) -> LoweredPart:
        return replace(self, common=self.common.take(order))
