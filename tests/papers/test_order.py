"""Any order of the same records, in any batches, ends in the same catalogue.

PAPERBOY_EXAMPLES=1000 tries a thousand contradictory sets; the suite tries fewer.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from digest.models import Claim, Fact, Identifier, Listing, Merge, Paper, Signal, Source
from digest.papers import ingest
from digest.sources import FetchedPaper

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
EXAMPLES = int(os.environ.get("PAPERBOY_EXAMPLES", "20"))
TITLES = [
    "One telling title of many",
    "Another telling title of many",
    "Editorial",
    "RETRACTED: One telling title of many",
]
PEOPLE = [(), ("Ann One",), ("Bob Two",), ("A. One", "Bob Two"), ("Cid Three",)]
OTHERS = [
    ("doi", "10.1/b"),
    ("doi", "10.1/c"),
    ("openreview", "forumA"),
    ("openreview", "forumB"),
    ("semantic_scholar", "corpus:1"),
    ("url", "example.org/1"),
    ("url", "example.org/2"),
    ("guid", "tag:x"),
    ("guid", "tag:x 2026-06-01"),
]
ENTRIES = [
    (("url", f"example.org/{place}"), ("guid", f"example.org {own}"))
    for place in (1, 2, 3)
    for own in ("7", "8", "7 2026-06-01")
]
TEXTS = ["", "We show.", "We show that it works…", "Nous montrons que ça marche.", "Another wording"]

records = st.builds(
    FetchedPaper,
    title=st.sampled_from(TITLES),
    abstract=st.sampled_from(TEXTS),
    authors=st.sampled_from(PEOPLE),
    url=st.sampled_from(["", "https://example.org/1", "https://example.org/22"]),
    arxiv_id=st.sampled_from([None, None, "2606.00001", "2606.00002", "2606.00003"]),
    doi=st.sampled_from([None, None, "10.1/a", "10.1/b"]),
    version=st.sampled_from([None, 1, 2, 3]),
    categories=st.sampled_from([(), ("cs.CL",), ("cs.LG", "cs.CL")]),
    comment=st.sampled_from(["", "10 pages", "Accepted at ICML 2026"]),
    journal_reference=st.sampled_from(["", "J. Foo 1 (2026)"]),
    code_url=st.sampled_from(["", "https://github.com/a/b"]),
    published_at=st.sampled_from([None, datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)]),
    listed_on=st.sampled_from([None, date(2026, 6, 30), date(2026, 7, 1)]),
    is_withdrawn=st.sampled_from([False, False, False, True]),
    is_replacement=st.sampled_from([False, False, True]),
    signals=st.sampled_from([{}, {"upvotes": 1}]),
    identifiers=st.lists(st.sampled_from(OTHERS), max_size=2).map(tuple) | st.sampled_from(ENTRIES),
)


def snapshot():
    """All that does not depend on when things came: papers by their keys, whatever the ids of their rows."""
    key = dict(Paper.objects.values_list("pk", "key"))
    final = {pk: key[into or pk] for pk, into in Paper.objects.values_list("pk", "merged_into")}
    columns = [name for name in (*Paper.STATED, "version", "stated_in", "own") if name not in ("first_seen_at",)]
    rows = {row["key"]: {name: row[name] for name in columns} for row in Paper.objects.values("key", *columns)}
    for row in rows.values():
        (row["own"] or {}).pop("first_seen_at", None)
        row["own"] = row["own"] or None
    return {
        "papers": {key[pk]: into for pk, into in final.items()},
        "rows": rows,
        "identifiers": {(s, v, key[p]) for s, v, p in Identifier.objects.values_list("scheme", "value", "paper")},
        "claims": {(s, v, key[p]) for s, v, p in Claim.objects.values_list("scheme", "value", "paper")},
        "listings": {key[p] for p in Listing.objects.values_list("paper", flat=True)},
        "signals": {(key[p], kind, value) for p, kind, value in Signal.objects.values_list("paper", "kind", "value")},
        "facts": {(key[p], kind, value) for p, kind, value in Fact.objects.values_list("paper", "kind", "value")},
    }


def outcome(source, batches):
    """What the catalogue is after these batches, leaving no trace."""
    with transaction.atomic():
        for batch in batches:
            ingest(batch, source=source, now=NOW)
        found = snapshot()
        check_what_always_holds()
        again = [ingest(batch, source=source, now=NOW) for batch in batches]
        assert [(counts.new, counts.updated) for counts in again] == [(0, 0)] * len(batches)
        assert snapshot() == found
        transaction.set_rollback(True)
    return found


def check_what_always_holds():
    assert not Paper.objects.filter(merged_into__merged_into__isnull=False).exists()
    assert not Listing.objects.filter(paper__merged_into__isnull=False).exists()
    assert not Signal.objects.filter(paper__merged_into__isnull=False).exists()
    assert not Fact.objects.filter(paper__merged_into__isnull=False).exists()
    assert (
        not Paper.objects.filter(merged_into__isnull=False, merged_into__arxiv_id=None).exclude(arxiv_id=None).exists()
    )
    losers = set(Paper.objects.exclude(merged_into=None).values_list("pk", flat=True))
    assert set(Merge.objects.values_list("loser", flat=True)) == losers


class AnyOrder(TestCase):
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data(), st.lists(records, min_size=2, max_size=7))
    def test_the_same_records_in_any_order_and_batches_end_in_the_same_catalogue(self, data, given):
        source = Source.objects.create(name="A feed", slug="a-feed", kind="feed", url="https://example.org/feed")
        other = data.draw(st.permutations(given))
        cut = data.draw(st.integers(0, len(given)))
        reference = outcome(source, [given])
        assert outcome(source, [[record] for record in other]) == reference
        assert outcome(source, [batch for batch in (other[:cut], other[cut:]) if batch]) == reference


@pytest.mark.django_db
def test_a_name_that_a_crowd_bears_tells_nothing_however_it_came():
    source = Source.objects.create(name="A feed", slug="a-feed", kind="feed", url="https://example.org/feed")
    given = [
        FetchedPaper(
            title="One telling title of many",
            doi=f"10.1/{number:03}",
            authors=("Ann One",),
            identifiers=(("doi", "10.1/all"),),
        )
        for number in range(60)
    ]
    reference = outcome(source, [given])
    assert len(set(reference["papers"].values())) == 60
    assert outcome(source, [given[45:], given[:45]]) == reference
    backwards = given[::-1]
    assert outcome(source, [backwards[start : start + 12] for start in range(0, 60, 12)]) == reference
