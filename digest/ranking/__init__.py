"""Takes numbers and text, and how old they are; gives relevance, trends, scores with their parts, order and digests.

Plain Python and numpy: nothing here knows of the database or of readers' names. `texts` is what a paper is judged by,
`topics` and `trend` make numbers of it, `parts` of scores are columns that meet readers, a `table` is all of them,
`choosing` picks digests from a `pool`.
"""

from digest.ranking.interests import EVERYBODY, Interests, Profile
from digest.ranking.score import POINTS, WEIGHTS, Parts, Points, Weights, as_score, order
from digest.ranking.table import Table, table
from digest.ranking.telling import sentence
from digest.ranking.texts import PaperText, text_of
from digest.ranking.topics import TopicProfile, topic_relevance
from digest.ranking.trend import Growth, growth, trends

__all__ = [
    "EVERYBODY",
    "POINTS",
    "WEIGHTS",
    "Growth",
    "Interests",
    "PaperText",
    "Parts",
    "Points",
    "Profile",
    "Table",
    "TopicProfile",
    "Weights",
    "as_score",
    "growth",
    "order",
    "sentence",
    "table",
    "text_of",
    "topic_relevance",
    "trends",
]
