"""Takes numbers and text, and how old they are; gives shares, trends, scores with their parts, and order.

Plain Python and numpy: nothing here knows of the database or of readers' names.
"""

from digest.ranking.score import WEIGHTS, Parts, Table, Weights, as_score, order, table
from digest.ranking.topics import PaperText, TopicProfile, topic_shares
from digest.ranking.trend import Counter, counter, trend, trends

__all__ = [
    "WEIGHTS",
    "Counter",
    "PaperText",
    "Parts",
    "Table",
    "TopicProfile",
    "Weights",
    "as_score",
    "counter",
    "order",
    "table",
    "topic_shares",
    "trend",
    "trends",
]
