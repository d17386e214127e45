"""Takes numbers and text, and how old they are; gives relevance, trends, scores with their parts, and order.

Plain Python and numpy: nothing here knows of the database or of readers' names.
"""

from digest.ranking.score import POINTS, WEIGHTS, Parts, Points, Table, Weights, as_score, order, table
from digest.ranking.texts import PaperText, text_of
from digest.ranking.topics import TopicProfile, topic_relevance
from digest.ranking.trend import Growth, growth, trends

__all__ = [
    "POINTS",
    "WEIGHTS",
    "Growth",
    "PaperText",
    "Parts",
    "Points",
    "Table",
    "TopicProfile",
    "Weights",
    "as_score",
    "growth",
    "order",
    "table",
    "text_of",
    "topic_relevance",
    "trends",
]
