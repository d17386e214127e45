"""Takes what someone typed, or a paper; gives papers' ids, the best first. Both databases find the same.

`query` reads, `spelling` guesses what was meant, `matching` asks the database in its dialect (`dialects`), `finding`
puts in order with `ranking.relevance`, `similarity` asks with a paper's own words, `excerpts` shows where words stand.
`indexing` keeps papers' words (`entries`) in step with their text.
"""

from digest.search.finding import Found, find
from digest.search.indexing import catch_up, waits
from digest.search.query import Query, parse
from digest.search.similarity import similar

__all__ = ["Found", "Query", "catch_up", "find", "parse", "similar", "waits"]
