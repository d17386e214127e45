"""Takes an editor's decision about an open edition; gives it a place in the rows. Refused once it is published.

Every function raises `EditionClosed` for a published edition, checked under the same lock as the change is made,
and `EditionError` for a paper that is not in the pool.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digest import ranking
from digest.editions.building import curating
from digest.editions.ranked import numbers
from digest.errors import EditionChanged, EditionError
from digest.models import Decision, Edition, EditionPaper, Paper

# A paper moved to either end comes to stand this far from its neighbour: 0.01.
END_GAP = 100


def pin(edition: Edition, paper: Paper) -> None:
    """Puts the paper on top of every reader's digest."""
    _decide(edition, paper, Decision.PINNED)


def unpin(edition: Edition, paper: Paper) -> None:
    _undecide(edition, paper, Decision.PINNED)


def hide(edition: Edition, paper: Paper) -> None:
    """Keeps the paper out of this edition's digests."""
    _decide(edition, paper, Decision.HIDDEN)


def unhide(edition: Edition, paper: Paper) -> None:
    _undecide(edition, paper, Decision.HIDDEN)


def set_blurb(edition: Edition, paper: Paper, blurb: str, was: str | None = None) -> None:
    """The editor's words about a paper; empty takes them away. `EditionChanged` unless they still are what they were
    to whoever writes, where that is known.
    """
    with curating(edition):
        entry = _entry(edition, paper)
        _must_still_be(entry.blurb, was, blurb)
        entry.blurb = blurb.strip()
        entry.save(update_fields=["blurb"])


def set_note(edition: Edition, note: str, was: str | None = None) -> None:
    """The editor's words at the top of every digest; empty takes them away. `EditionChanged` as for a blurb."""
    with curating(edition) as locked:
        _must_still_be(locked.note, was, note)
        edition.note = locked.note = note.strip()
        locked.save(update_fields=["note"])


def _must_still_be(theirs: str, was: str | None, wanted: str) -> None:
    if was is not None and theirs not in (was.strip(), wanted.strip()):
        raise EditionChanged("Somebody else changed these words while you wrote yours.", theirs)


def move(edition: Edition, paper: Paper, position: int, was: int | None = None) -> None:
    """Puts the paper at a position of the general list: 1 is the top, anything past the end the end.

    `EditionChanged` where it does not stand any more where it was to whoever moves it, where that is known.

    The reordering becomes part of the printed sum: `shift` is what the paper's score lacks to lie between those of its
    new neighbours. Where these are too close for a score between them, those above are lifted as little as needed.
    A paper that readers do not see has no position: `EditionError`.
    """
    with curating(edition):
        pool = numbers(edition)
        scores = pool.table.general_scores()
        visible = [
            int(place) for place in ranking.order(scores, pool.paper_ids) if not (pool.hidden | pool.gone)[place]
        ]
        place = next((each for each in visible if pool.paper_ids[each] == paper.pk), None)
        if place is None:
            raise EditionError(f"“{paper}” is not among the papers of the {edition} that readers see.")
        before = visible.index(place)
        if was is not None and before != was - 1:
            raise EditionChanged(
                f"“{paper}” is in place {before + 1} by now, not in {was}: the list changed since you saw it.",
                str(before + 1),
            )
        visible.remove(place)
        after = min(max(position, 1) - 1, len(visible))
        if before == after:
            return
        visible.insert(after, place)
        _store_shifts(pool.entry_ids, pool.shift, _lifts([int(scores[each]) for each in visible], after), visible)


def _lifts(scores: Sequence[int], moved: int) -> dict[int, int]:
    """What to add, by place, to scores in their new order, so that they descend strictly around the moved one."""
    above = scores[moved - 1] if moved > 0 else None
    below = scores[moved + 1] if moved + 1 < len(scores) else None
    if below is None:
        goal = (above or 0) - END_GAP
    elif above is None:
        goal = below + END_GAP
    else:
        goal = max((above + below) // 2, below + 1)
    lifts = {moved: goal - scores[moved]}
    for place in range(moved - 1, -1, -1):
        if scores[place] > goal:
            break
        goal += 1
        lifts[place] = goal - scores[place]
    return lifts


def _store_shifts(
    entry_ids: NDArray[np.int64],
    shifts: NDArray[np.float64],
    lifts: dict[int, int],
    order: Sequence[int],
) -> None:
    changed = [
        EditionPaper(pk=int(entry_ids[order[place]]), shift=ranking.as_score(_points(shifts[order[place]]) + lift))
        for place, lift in lifts.items()
    ]
    EditionPaper.objects.bulk_update(changed, ["shift"])


def _points(score: float) -> int:
    return round(score * ranking.POINTS)


def _decide(edition: Edition, paper: Paper, decision: Decision) -> None:
    with curating(edition):
        entry = _entry(edition, paper)
        entry.decision = decision
        entry.save(update_fields=["decision"])


def _undecide(edition: Edition, paper: Paper, decision: Decision) -> None:
    """Takes back this decision, and none that was made since."""
    with curating(edition):
        entry = _entry(edition, paper)
        if entry.decision == decision:
            entry.decision = Decision.NONE
            entry.save(update_fields=["decision"])


def _entry(edition: Edition, paper: Paper) -> EditionPaper:
    entry = EditionPaper.objects.filter(edition=edition, paper=paper).first()
    if entry is None:
        raise EditionError(f"“{paper}” is not in the pool of the {edition}.")
    return entry
