"""Rows that are one paper: what hangs on them moves, is recorded, and moves back; no reader gets either twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.errors import PaperboyError
from digest.models import (
    Decision,
    DeliveryState,
    EditionKind,
    EditionPaper,
    Fact,
    Listing,
    Merge,
    Paper,
    Separation,
    Signal,
)
from digest.papers import ingest, merging, relations
from digest.selection import interests_of, load_pool
from digest.sources import FetchedPaper
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PREPRINT = FetchedPaper(title="A preprint under its first title", arxiv_id="2606.00001", authors=("Ann One",))
JOURNAL = FetchedPaper(
    title="What the journal called it in the end", doi="10.1/x", authors=("Ann One",), signals={"upvotes": 9}
)
FORUM = FetchedPaper(
    title="What the forum called it at first", identifiers=(("openreview", "forumA"),), authors=("Ann One",)
)
BOTH = FetchedPaper(
    title="A preprint under its first title",
    arxiv_id="2606.00001",
    doi="10.1/x",
    identifiers=(("openreview", "forumA"),),
)


def put(*papers, now=NOW, source=None):
    return ingest(papers, source=source, now=now)


def row(key):
    return Paper.objects.get(key=key)


def sent(paper):
    """A reader who got the paper yesterday."""
    edition = factories.EditionFactory(published=True, date=NOW.date() - timedelta(days=1))
    factories.EditionPaperFactory(edition=edition, paper=paper)
    selection = [{"paper": paper.pk, "score": 1.0, "parts": []}]
    return factories.DeliveryFactory(edition=edition, state=DeliveryState.ACCEPTED, selection=selection).subscriber


def withheld(edition, reader):
    return interests_of(load_pool(edition), {reader.pk: 5}, NOW)[reader.pk].withheld


def undo(key, now=NOW):
    return merging.undo(Merge.objects.get(loser__key=key), now)


@pytest.fixture
def three():
    put(PREPRINT)
    put(JOURNAL)
    put(FORUM)
    return row("arxiv:2606.00001"), row("doi:10.1/x"), row("openreview:forumA")


def test_every_relation_to_a_paper_has_a_rule():
    """A table to come must say what a merge does to it."""
    assert {relations.name_of(relation) for relation in relations.relations()} == set(relations.RULES)


def test_a_relation_without_a_rule_stops_a_merge(three, monkeypatch):
    monkeypatch.delitem(relations.RULES, "digest.Signal.paper")
    with pytest.raises(PaperboyError, match=r"digest\.Signal\.paper"):
        put(BOTH)


def test_three_rows_of_which_one_was_sent_one_hidden_and_one_decided_on_come_out_right(three):
    preprint, journal, forum = three
    reader = sent(journal)
    Paper.objects.filter(pk=forum.pk).update(is_hidden=True)
    coming = factories.EditionFactory(kind=EditionKind.DAILY, date=NOW.date())
    factories.EditionPaperFactory(edition=coming, paper=preprint, blurb="")
    factories.EditionPaperFactory(edition=coming, paper=forum, decision=Decision.PINNED, blurb="Read this")

    assert put(BOTH).updated == 1
    preprint.refresh_from_db()
    assert set(Paper.objects.filter(merged_into=preprint)) == {journal, forum}
    assert preprint.is_hidden, "what an editor hid stays hidden under every name"
    assert Signal.objects.get().paper == preprint
    entry = EditionPaper.objects.get(edition=coming)
    assert (entry.paper, entry.decision, entry.blurb) == (preprint, Decision.PINNED, "Read this")
    assert EditionPaper.objects.exclude(edition=coming).get().paper == journal, "a published edition is frozen"

    Paper.objects.update(is_hidden=False)
    assert preprint.pk in withheld(coming, reader), "sent as the journal's, never again as the preprint"


def test_a_merge_is_recorded_with_its_reason_and_undone_with_all_that_moved(three):
    preprint, journal, _ = three
    source = factories.SourceFactory()
    Listing.objects.create(paper=preprint, source=source, listed_on=NOW.date())
    Listing.objects.create(paper=journal, source=source, listed_on=NOW.date() - timedelta(days=3))
    Paper.objects.filter(pk=journal.pk).update(is_hidden=True)
    coming = factories.EditionFactory()
    factories.EditionPaperFactory(edition=coming, paper=preprint)
    factories.EditionPaperFactory(edition=coming, paper=journal, decision=Decision.HIDDEN)
    before = state()
    put(BOTH)
    assert state() != before
    merge = Merge.objects.get(loser=journal)
    assert (merge.winner, merge.reason) == (preprint, "the same DOI: 10.1/x")
    assert Listing.objects.get().listed_on == NOW.date() - timedelta(days=3)

    undone = merging.undo(merge, NOW + timedelta(days=29))
    assert undone == journal
    assert undone.merged_into is None
    after = state()
    assert {name: after[name] for name in ("listings", "signals", "entries")} == {
        name: before[name] for name in ("listings", "signals", "entries")
    }
    assert row("arxiv:2606.00001").is_hidden is False
    assert row("doi:10.1/x").is_hidden is True
    assert put(BOTH).new == 0
    assert put(JOURNAL).new == 0
    assert row("doi:10.1/x").merged_into is None, "an editor's word stands, whatever comes in"


def state():
    return {
        "papers": set(Paper.objects.values_list("key", "merged_into", "is_hidden", "title")),
        "listings": set(Listing.objects.values_list("paper__key", "source", "listed_on")),
        "signals": set(Signal.objects.values_list("paper__key", "kind", "value", "observed_on")),
        "entries": set(EditionPaper.objects.values_list("paper__key", "edition", "decision", "blurb", "shift")),
    }


def test_after_an_undo_each_row_shows_its_own_records_alone(three):
    put(BOTH)
    preprint = row("arxiv:2606.00001")
    assert preprint.doi == "10.1/x"
    undo("doi:10.1/x")
    assert row("doi:10.1/x").title == JOURNAL.title
    assert row("doi:10.1/x").doi is None, "the preprint's records name it, and come first"


def test_after_thirty_days_a_merge_is_forgotten_and_stays(three):
    put(BOTH)
    merge = Merge.objects.get(loser__key="doi:10.1/x")
    later = NOW + merging.KEPT
    with pytest.raises(PaperboyError, match="older than 30 days"):
        merging.undo(merge, later)
    assert merging.forget(later - timedelta(seconds=1)) == 0
    assert merging.forget(later) == 2
    assert row("doi:10.1/x").merged_into == row("arxiv:2606.00001")
    assert put(BOTH, JOURNAL).known == 2


def test_a_merge_is_undone_once(three):
    put(BOTH)
    merge = Merge.objects.get(loser__key="doi:10.1/x")
    merging.undo(merge, NOW)
    with pytest.raises(PaperboyError, match="undone already"):
        merging.undo(merge, NOW)
    assert Separation.objects.count() == 1


def test_what_readers_got_under_either_name_stays_theirs_after_an_undo(three):
    preprint, journal, _ = three
    reader = sent(journal)
    put(BOTH)
    undo("doi:10.1/x")
    coming = factories.EditionFactory()
    for paper in (preprint, journal):
        factories.EditionPaperFactory(edition=coming, paper=paper)
    assert withheld(coming, reader) == {journal.pk}


def test_what_comes_to_a_merged_row_follows_to_its_paper_and_back(three):
    put(BOTH)
    source = factories.SourceFactory()
    put(JOURNAL, source=source)
    assert Listing.objects.get().paper.key == "arxiv:2606.00001"
    undo("doi:10.1/x")
    assert Listing.objects.get().paper.key == "doi:10.1/x"


def test_what_two_rows_of_a_paper_had_alike_stays_with_it_when_one_of_them_is_parted():
    code = "https://github.com/ann/code"
    put(PREPRINT)
    put(FetchedPaper(title=PREPRINT.title, doi="10.1/x", code_url=code))
    put(FetchedPaper(title=PREPRINT.title, code_url=code))
    assert Fact.objects.get().paper.key == "arxiv:2606.00001"
    put(FetchedPaper(title=PREPRINT.title, doi="10.1/x", authors=("Cid Three",)))
    assert row("doi:10.1/x").merged_into is None
    assert set(Fact.objects.values_list("paper__key", flat=True)) == {"arxiv:2606.00001", "doi:10.1/x"}


def test_what_a_merged_row_brought_and_the_paper_states_itself_stays_when_the_row_is_parted(three):
    code, source = "https://github.com/ann/code", factories.SourceFactory()
    put(FetchedPaper(title=JOURNAL.title, doi="10.1/x", code_url=code, signals={"upvotes": 9}), source=source)
    put(BOTH)
    put(replace(PREPRINT, code_url=code, signals={"upvotes": 9}), source=source)
    put(replace(PREPRINT, code_url=code, signals={"upvotes": 9}), source=source)
    assert [model.objects.get().paper.key for model in (Fact, Listing, Signal)] == ["arxiv:2606.00001"] * 3
    undo("doi:10.1/x")
    for model in (Fact, Listing, Signal):
        assert set(model.objects.values_list("paper__key", flat=True)) == {"arxiv:2606.00001", "doi:10.1/x"}


def test_parted_from_one_journal_a_preprint_still_has_the_other():
    put(PREPRINT, JOURNAL)
    put(FetchedPaper(title=PREPRINT.title, arxiv_id="2606.00001", doi="10.1/x"))
    put(FetchedPaper(title="A third name of the same thing", doi="10.1/y", authors=("Ann One",)))
    put(FetchedPaper(title=PREPRINT.title, arxiv_id="2606.00001", doi="10.1/y"))
    undo("doi:10.1/x")
    assert row("doi:10.1/y").merged_into.key == "arxiv:2606.00001"
    assert row("doi:10.1/x").merged_into is None


def test_a_merge_moves_with_few_statements_however_much_hangs_on_the_rows(three, django_assert_max_num_queries):
    _, journal, _ = three
    Signal.objects.bulk_create(
        Signal(paper=journal, kind="stars", value=number, observed_on=NOW.date() - timedelta(days=number))
        for number in range(200)
    )
    with django_assert_max_num_queries(80):
        put(BOTH)
    assert Signal.objects.filter(paper__key="arxiv:2606.00001").count() == 201
