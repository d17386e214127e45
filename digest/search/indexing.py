"""Takes papers whose text is new or was changed; gives them entries, and keeps count of how many papers have a word.

Storing papers only notes their ids (`Unindexed`); this is done later, by a task, so that importing does not wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db import connection, transaction

from digest.models import Paper, SearchEntry, SearchWord, Unindexed
from digest.search.entries import Source, entry

BATCH = 500  # papers a transaction
LOCK = 0x53454152  # any number, as long as it is always the same
FIELDS = ("title", "authors", "abstract", "labels", "day")
COUNT = """
    INSERT INTO digest_searchword (word, papers) VALUES {rows}
    ON CONFLICT (word) DO UPDATE SET papers = digest_searchword.papers + excluded.papers
"""
WORDS = 10_000  # a statement
ANY = ""  # the word that every entry has: counted like any other, it says how many entries there are


def catch_up(goes_on: Callable[[], bool] = lambda: True) -> int:
    """Index what is noted until nothing is, or `goes_on` says no. How many papers."""
    done = 0
    while goes_on():
        taken = index_batch()
        done += taken
        if not taken:
            break
    return done


def waits() -> bool:
    return Unindexed.objects.exists()


def index_batch() -> int:
    """One transaction; none where another worker has this turn. A note that comes meanwhile stays for the next."""
    with transaction.atomic():
        if not has_turn():
            return 0
        notes = list(Unindexed.objects.order_by("pk").values_list("pk", "paper_id")[:BATCH])
        if not notes:
            return 0
        # The notes go first: whatever is committed after papers were read below has notes of its own.
        Unindexed.objects.filter(pk__in=[pk for pk, _ in notes]).delete()
        write(sorted({paper for _, paper in notes}))
        return len(notes)


def has_turn() -> bool:
    """SQLite's transactions take the write lock at their beginning."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def write(ids: Sequence[int]) -> None:
    papers = Paper.objects.filter(pk__in=ids).order_by("pk")
    fresh = [entry(Source(*row)) for row in papers.values_list(*Source._fields)]
    stored = SearchEntry.objects.in_bulk([each.paper_id for each in fresh])
    changed = [each for each in fresh if not same(each, stored.get(each.paper_id))]
    counts: Counter[str] = Counter()
    for each in changed:
        counts.update(distinct(each))
        if before := stored.get(each.paper_id):
            counts.subtract(distinct(before))
    SearchEntry.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["paper"], update_fields=list(FIELDS), batch_size=BATCH
    )
    count((word, papers) for word, papers in sorted(counts.items()) if papers)


def same(one: SearchEntry, other: SearchEntry | None) -> bool:
    return other is not None and all(getattr(one, name) == getattr(other, name) for name in FIELDS)


def distinct(found: SearchEntry) -> set[str]:
    return {ANY, *(word for text in (found.title, found.authors, found.abstract) for word in text.split())}


def count(changes: Iterable[tuple[str, int]]) -> None:
    for part in parts(list(changes)):
        statement = COUNT.format(rows=", ".join(["(%s, %s)"] * len(part)))
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for row in part for value in row])


def parts(rows: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    return (rows[start : start + WORDS] for start in range(0, len(rows), WORDS))


def papers_having(found: Iterable[str]) -> dict[str, int]:
    """How many papers have each of the words, and ANY; those that none has are left out."""
    rows = SearchWord.objects.filter(word__in={ANY, *found}, papers__gt=0)
    return dict(rows.values_list("word", "papers"))
