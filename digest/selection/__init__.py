"""Takes a published edition and readers; gives each reader's digest: papers, order, reasons.

The pool is frozen, scores are whole points and ties are broken by paper id: the same rows always give the same digest.
"""

from digest.selection.choosing import choose, choose_for, replay
from digest.selection.interests import Interests, interests_of
from digest.selection.pool import Choice, Pool, load_pool, papers_as_text, selection_as_text

__all__ = [
    "Choice",
    "Interests",
    "Pool",
    "choose",
    "choose_for",
    "interests_of",
    "load_pool",
    "papers_as_text",
    "replay",
    "selection_as_text",
]
