"""Takes papers and editors' decisions; gives editions: built, curated, published.

`Edition` and `EditionPaper` rows are written here and nowhere else. While an edition is open its pool is rebuilt as
papers arrive and every decision is kept; a published one refuses all of these with `EditionClosed`.
"""

from digest.editions.building import build, publish
from digest.editions.calendar import issue_date, newest_opened, publish_time, today
from digest.editions.curation import hide, move, pin, set_blurb, set_note, unhide, unpin
from digest.editions.ranked import RankedEntry, ranked_entries
from digest.editions.schedule import run_schedule

__all__ = [
    "RankedEntry",
    "build",
    "hide",
    "issue_date",
    "move",
    "newest_opened",
    "pin",
    "publish",
    "publish_time",
    "ranked_entries",
    "run_schedule",
    "set_blurb",
    "set_note",
    "today",
    "unhide",
    "unpin",
]
