"""Takes the engine's functions; gives how much CPU each of them uses in one sending run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from digest.delivery import composing, journal, ledger

STAGES: dict[str, list[tuple[Any, str]]] = {
    "lease": [(ledger, "lease"), (ledger, "release")],
    "choose": [(composing, "load_pool"), (composing, "choose_digests")],
    "compile": [(composing, "compiled_edition")],
    "claim": [(ledger, "claim")],
    "assemble": [(composing.Batch, "message")],
    "record": [(ledger, "record")],
    "journal": [(journal.WireJournal, name) for name in ("claimed", "leaving", "answered")],
}


@contextmanager
def watched() -> Iterator[Counter[str]]:
    """CPU seconds by stage, counted while inside; what is left of the whole is the transport's and the pump's.

    Looking at the clock costs about a microsecond a call, so the stages are watched in a round of their own.
    """
    spent: Counter[str] = Counter()
    with ExitStack() as stack:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                stack.enter_context(patch.object(owner, name, _watch(getattr(owner, name), stage, spent)))
        yield spent


def _watch(function: Callable[..., Any], stage: str, spent: Counter[str]) -> Callable[..., Any]:
    def watched(*arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[stage] += time.process_time() - start  # type: ignore[assignment]

    return watched
