"""One kind of reason a file: the papers' side as columns, met with the readers' side when they are scored.

What is common to all readers is a `CommonPart` more. What is each reader's own is a class that fulfils `OwnPart`: no
other part needs to know of it.
"""

from digest.ranking.parts.authors import AuthorPart
from digest.ranking.parts.away import AwayPart
from digest.ranking.parts.base import Asked, Met, OwnPart, Reason, Scored, Told
from digest.ranking.parts.common import CommonPart
from digest.ranking.parts.lowered import LOWERABLE, LoweredPart
from digest.ranking.parts.profiles import ProfilePart
from digest.ranking.parts.topics import Followed, TopicPart

__all__ = [
    "LOWERABLE",
    "Asked",
    "AuthorPart",
    "AwayPart",
    "CommonPart",
    "Followed",
    "LoweredPart",
    "Met",
    "OwnPart",
    "ProfilePart",
    "Reason",
    "Scored",
    "Told",
    "TopicPart",
]
