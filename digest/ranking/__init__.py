"""Takes numbers and text, and how old they are; gives shares, trends, scores with their parts, and order.

Plain Python and numpy: nothing here knows of the database or of readers' names.
"""

from digest.ranking.score import POINTS, WEIGHTS, Parts, Points, Table, Weights, as_score, order, table
from digest.ranking.topics import PaperText, TopicProfile, topic_shares
from digest.ranking.trend import Counter, counter, trends

__all__ = [
    "POINTS",
    "WEIGHTS",
    "Counter",
    "PaperText",
    "Parts",
    "Points",
    "Table",
    "TopicProfile",
    "Weights",
    "as_score",
    "counter",
    "order",
    "table",
    "topic_shares",
    "trends",
]
