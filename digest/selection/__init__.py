"""Takes a published edition and readers; gives each reader's digest: papers, order, reasons.

Rows are read here; what is chosen from them is decided in `digest.ranking`. The pool is frozen, scores are whole points
and ties are broken by paper id: the same rows always give the same digest.
"""

from digest.ranking.choosing import choose_for
from digest.ranking.interests import Interests
from digest.ranking.pool import Choice, Pool, papers_as_text, selection_as_text
from digest.selection.again import replay
from digest.selection.catching import Catch, caught
from digest.selection.choosing import Composed, choose, compose
from digest.selection.follow_ups import FollowUp, news_as_text
from digest.selection.interests import interests_of
from digest.selection.pool import load_pool

__all__ = [
    "Catch",
    "Choice",
    "Composed",
    "FollowUp",
    "Interests",
    "Pool",
    "caught",
    "choose",
    "choose_for",
    "compose",
    "interests_of",
    "load_pool",
    "news_as_text",
    "papers_as_text",
    "replay",
    "selection_as_text",
]
