"""One paper whatever door it came through; newer wins, older never; many papers, few statements."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from digest.models import Listing, Paper, Signal, Source
from digest.papers import IngestCounts, ingest, store
from digest.papers.identity import title_keys
from digest.sources import ADAPTERS, FetchedPaper, identifiers, tidy

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
URLS = ("url", "license_url", "code_url", "project_url")
TITLE = "A Telling Title of Several Words"
ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return Source.objects.create(name="A feed", slug="a-feed", kind="feed", url="https://example.org/feed")


@pytest.fixture
def other_source():
    return Source.objects.create(name="Another", slug="another", kind="feed", url="https://example.org/other")


def put(*papers, source=None, now=NOW, **options):
    return ingest(papers, source=source, now=now, **options)


def fetched(title=TITLE, **fields):
    return FetchedPaper(title=title, **fields)


def canonical():
    return list(Paper.objects.canonical().order_by("pk"))


def test_a_paper_s_language_is_told_when_it_comes_and_when_its_text_changes():
    german = "Wir stellen ein Verfahren vor, das Verkehrszeichen auch bei Nebel zuverlässig erkennt."
    put(fetched("Verkehrszeichen im Nebel erkennen", arxiv_id="2607.00001", version=1, abstract=german))
    assert Paper.objects.get().language == "de"
    english = "We present a method that recognises the signs of roads in fog, and compare it with others."
    put(fetched("Recognising Road Signs in Fog", arxiv_id="2607.00001", version=2, abstract=english))
    assert Paper.objects.get(merged_into=None).language == "en"


def test_a_paper_is_stored_with_everything_that_is_known(source):
    paper = fetched(
        abstract="We show.",
        authors=("A One", "B Two"),
        url="https://arxiv.org/abs/2606.00001",
        arxiv_id="2606.00001",
        version=2,
        doi="10.1000/x",
        categories=("cs.CL",),
        published_at=NOW - timedelta(days=1),
        listed_on=date(2026, 7, 1),
        signals={"upvotes": 3},
    )
    assert put(paper, source=source) == IngestCounts(new=1)
    (row,) = canonical()
    assert (row.arxiv_id, row.version, row.doi, row.authors) == ("2606.00001", 2, "10.1000/x", ["A One", "B Two"])
    assert (row.first_seen_at, row.published_at) == (NOW, NOW - timedelta(days=1))
    assert Listing.objects.get().listed_on == date(2026, 7, 1)
    assert (Signal.objects.get().value, Signal.objects.get().observed_on) == (3, NOW.date())


def test_the_same_again_changes_nothing(source):
    paper = fetched(arxiv_id="2606.00001", version=1, signals={"upvotes": 3})
    put(paper, source=source)
    before = Paper.objects.values().get()
    assert put(paper, source=source, now=NOW + timedelta(hours=1)) == IngestCounts(known=1)
    assert Paper.objects.values().get() == before
    assert (Listing.objects.count(), Signal.objects.count()) == (1, 1)


def test_a_newer_version_updates_and_an_older_one_never_does():
    put(fetched(arxiv_id="2606.00001", version=2, abstract="second"))
    assert put(fetched("An older title than that", arxiv_id="2606.00001", version=1, abstract="first")).known == 1
    assert put(fetched(arxiv_id="2606.00001", abstract="without version")).known == 1
    assert canonical()[0].abstract == "second"
    assert put(fetched(arxiv_id="2606.00001", version=3, abstract="third")).updated == 1
    assert (canonical()[0].abstract, canonical()[0].version) == ("third", 3)


def test_what_is_missing_is_filled_in_from_any_source():
    put(fetched(arxiv_id="2606.00001", version=1, abstract="ours"))
    counts = put(fetched(arxiv_id="2606.00001", abstract="theirs", code_url="https://github.com/x/y"))
    assert counts.updated == 1
    assert (canonical()[0].abstract, canonical()[0].code_url) == ("ours", "https://github.com/x/y")


def test_two_sources_that_word_it_differently_do_not_overwrite_each_other_in_turn():
    one, other = fetched(abstract="one wording"), fetched(abstract="another wording")
    put(one, other)
    assert [put(paper).known for paper in (one, other, one)] == [1, 1, 1]
    assert canonical()[0].abstract == "another wording"  # the fuller one, whichever came first


def test_a_teaser_gives_way_to_the_whole_abstract():
    put(fetched(abstract="We show that…"))
    assert put(fetched(abstract="We show that it works.")).updated == 1
    assert canonical()[0].abstract == "We show that it works."


def test_every_source_that_lists_a_paper_is_kept(source, other_source):
    paper = fetched(arxiv_id="2606.00001")
    put(paper, source=source)
    put(paper, source=other_source)
    put(paper, source=other_source)
    assert Listing.objects.count() == 2


def test_signals_are_a_history_with_one_reading_a_day():
    for hours, upvotes in ((0, 3), (5, 8), (24, 20)):
        put(fetched(arxiv_id="2606.00001", signals={"upvotes": upvotes}), now=NOW + timedelta(hours=hours))
    assert list(Signal.objects.values_list("observed_on", "value")) == [(date(2026, 7, 1), 8), (date(2026, 7, 2), 20)]


def test_a_title_alone_joins_the_paper_with_that_title():
    put(fetched(arxiv_id="2606.00001", authors=("Ann One",)))
    assert put(fetched("A telling title -- of several WORDS!")).known == 1
    assert put(fetched(authors=("A. One", "B. Two"))).known == 1
    assert len(canonical()) == 1


def test_a_paper_first_known_by_title_gets_its_identifiers_later():
    put(fetched(abstract="seed"))
    row = canonical()[0]
    assert put(fetched(arxiv_id="2606.00001", version=1, authors=("Ann One",))).updated == 1
    assert put(fetched(doi="10.1000/x", authors=("One, A.",))).updated == 1
    (now,) = canonical()
    assert (now.arxiv_id, now.doi, now.abstract) == ("2606.00001", "10.1000/x", "seed")
    row.refresh_from_db()
    assert row.merged_into_id == now.pk


def test_titles_join_no_papers_whose_identifiers_differ():
    put(fetched(arxiv_id="2606.00001"), fetched(arxiv_id="2606.00002"), fetched(doi="10.1/a"), fetched(doi="10.1/b"))
    assert len(canonical()) == 4


def test_titles_join_no_papers_of_different_people():
    put(fetched(arxiv_id="2606.00001", authors=("Ann One",)), fetched(doi="10.1/a", authors=("Bob Two",)))
    assert len(canonical()) == 2
    nameless = [fetched(authors=("Cid Three",)), fetched(authors=("Dan Four",))]
    assert put(*nameless).new == 2
    assert put(*reversed(nameless)).known == 2


def test_a_title_of_several_papers_means_the_oldest_of_them_and_joins_none_of_the_others():
    put(fetched(arxiv_id="2606.00001"), fetched(arxiv_id="2606.00002"))
    assert put(fetched()) == IngestCounts(known=1)
    assert put(fetched(code_url="https://github.com/x/y")) == IngestCounts(updated=1)
    assert [row.code_url for row in canonical()] == ["https://github.com/x/y", ""]
    assert put(fetched(doi="10.1000/x")).new == 1


def test_short_titles_identify_nothing_by_themselves():
    editorials = [
        fetched("Editorial", authors=("Ann One",)),
        fetched("Editorial", authors=("Bob Two",)),
        fetched("Editorial", url="https://example.org/1"),
        fetched("Editorial", url="https://example.org/2"),
        fetched("Deep Learning", authors=("Ann One",)),
    ]
    assert put(*editorials).new == 5
    assert put(*editorials).known == 5


@pytest.mark.parametrize("mark", ["RETRACTED: {}", "[Retracted] {}", "{} (Retracted)", "Withdrawn Article: {}"])
def test_a_mark_of_a_withdrawal_makes_no_other_title(mark):
    title = "A telling title of several words"
    assert list(title_keys(mark.format(title), (), ())) == list(title_keys(title, (), ()))


def test_title_keys_ignore_case_accents_punctuation_and_tex():
    same = [r"Schr\"odinger's {C}ats and $\mathcal{N}$=4 Dogs", "Schrödinger’s cats and N = 4 dogs."]
    keys = {next(title_keys(title.replace("’", "'"), (), ())) for title in same}
    assert len(keys) == 1
    assert next(title_keys("深度学习方法", ["甲"], ())) == next(title_keys("深度学习方法", ["乙"], ()))


def test_a_record_with_both_identifiers_joins_the_rows_that_had_one_each(source, other_source):
    put(fetched("Preprint under its first title", arxiv_id="2606.00001"), source=source)
    put(
        fetched("Published under quite another title", doi="10.1000/x", abstract="text", signals={"upvotes": 5}),
        source=other_source,
    )
    preprint, published = canonical()
    assert put(fetched(arxiv_id="2606.00001", doi="10.1000/x")).updated == 1
    (row,) = canonical()
    assert (row.pk, row.doi, row.abstract) == (preprint.pk, "10.1000/x", "text")
    published.refresh_from_db()
    assert published.merged_into_id == preprint.pk
    assert set(row.listings.values_list("source__slug", flat=True)) == {"a-feed", "another"}
    assert row.signals.get().value == 5
    assert put(fetched("Whatever it is called now", doi="10.1000/x")).known == 1
    assert put(fetched("Published under quite another title")).known == 1
    assert len(canonical()) == 1


def test_rows_are_joined_within_one_batch_just_the_same():
    counts = put(
        fetched("Preprint under its first title", arxiv_id="2606.00001"),
        fetched("Published under quite another title", doi="10.1000/x", signals={"stars": 2}),
        fetched(arxiv_id="2606.00001", doi="10.1000/x"),
    )
    assert (counts.new, counts.updated) == (1, 2)
    (row,) = canonical()
    assert (row.arxiv_id, row.doi, row.signals.get().value) == ("2606.00001", "10.1000/x", 2)


def test_one_doi_given_to_two_preprints_joins_neither():
    put(fetched("First of the two preprints", arxiv_id="2606.00001", doi="10.1000/x"))
    put(fetched("Second of the two preprints", arxiv_id="2606.00002", doi="10.1000/x"))
    assert [(row.arxiv_id, row.doi) for row in canonical()] == [("2606.00001", "10.1000/x"), ("2606.00002", None)]


def test_a_title_that_a_new_version_gave_up_still_leads_to_the_paper():
    put(fetched("The very first title of it", arxiv_id="2606.00001", version=1))
    put(fetched("The second title of it all", arxiv_id="2606.00001", version=2))
    counts = put(fetched("The very first title of it"), fetched("The second title of it all"))
    assert counts == IngestCounts(known=2)
    assert len(canonical()) == 1


def test_a_replacement_of_an_unknown_paper_does_not_count_as_seen_today():
    put(fetched(arxiv_id="2401.00001", version=3, is_replacement=True))
    assert canonical()[0].first_seen_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_paper_is_as_old_as_its_oldest_date_and_never_from_the_future():
    for days in (-1, -3, -2, 5):
        put(fetched(arxiv_id="2606.00001", published_at=NOW + timedelta(days=days)))
    assert canonical()[0].published_at == NOW - timedelta(days=3)


def test_a_withdrawal_is_dated_and_a_newer_version_can_undo_it():
    put(fetched(arxiv_id="2606.00001", version=2, is_withdrawn=True))
    assert canonical()[0].withdrawn_at == NOW
    put(fetched(arxiv_id="2606.00001", version=1))
    assert canonical()[0].withdrawn_at == NOW
    put(fetched(arxiv_id="2606.00001", version=3))
    assert canonical()[0].withdrawn_at is None


def test_a_sample_that_turns_out_to_be_real_is_no_sample_and_never_the_reverse():
    put(fetched(), is_sample=True)
    assert canonical()[0].is_sample
    put(fetched(arxiv_id="2606.00001"))
    assert not canonical()[0].is_sample
    put(fetched(arxiv_id="2606.00001"), is_sample=True)
    assert not canonical()[0].is_sample


def test_no_value_that_a_source_can_send_is_wider_than_its_column():
    """The widths are the model's own; titles and the like have none."""
    bounded = {field.name: field.max_length for field in Paper._meta.concrete_fields if field.max_length}
    assert bounded.pop("key") > max(map(len, identifiers.SCHEMES)) + identifiers.LONGEST
    assert bounded.pop("language") == 2  # our own
    assert bounded == tidy.WIDTHS
    odd = "https://example.org/" + "|" * 900 + "x" * 70
    ids = {"arxiv_id": "a" * 60 + "/9901001", "doi": "10.1000/" + "\u0130" * 150, "primary_category": odd}
    for width in (250, 330, 340, 500, 900, 1000, 5000):
        paper = tidy.tidy(FetchedPaper(title=TITLE, **ids, **dict.fromkeys(URLS, odd[:width])))
        assert all(len(getattr(paper, name) or "") <= limit for name, limit in tidy.WIDTHS.items())
        assert put(paper).refused == 0


UNSTORABLE = [{"url": "https://example.org/\ud800"}, {"comment": "\udfff"}]
TOO_MUCH_FOR_POSTGRESQL = [
    {"url": "https://example.org/" + "x" * 2000},
    {"comment": "\x00"},
    {"doi": "10.1/" + "x" * 999},
]


@pytest.mark.parametrize("fields", UNSTORABLE + (TOO_MUCH_FOR_POSTGRESQL if connection.vendor == "postgresql" else []))
def test_a_paper_that_no_database_takes_is_refused_and_costs_no_other(source, fields, caplog):
    papers = [fetched(f"A telling title, number {number}") for number in range(50)]
    papers[17] = fetched("The bad one of the telling titles", **fields)
    assert put(*papers, source=source) == IngestCounts(new=49, refused=1)
    assert (Paper.objects.count(), Listing.objects.count()) == (49, 49)
    assert "The bad one" in caplog.text
    assert put(*papers, source=source) == IngestCounts(known=49, refused=1)


def test_a_paper_without_title_is_refused():
    assert put(fetched(" "), fetched()) == IngestCounts(new=1, refused=1)


def test_two_thousand_papers_take_a_handful_of_statements(source, django_assert_max_num_queries):
    papers = [
        fetched(f"A telling title, number {number}", arxiv_id=f"2606.{number:05}", version=1, signals={"upvotes": 1})
        for number in range(2000)
    ]
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert put(*papers, source=source).new == 2000
    kinds = {query["sql"].split("VALUES")[0].split("WHERE")[0][:60] for query in first}
    assert len(kinds) <= 14, kinds
    if connection.vendor == "postgresql":
        assert len(first) <= 34
    newer = [replace(paper, version=2, abstract="more") for paper in papers]
    with CaptureQueriesContext(connection) as second:
        assert put(*newer, source=source).updated == 2000
    if connection.vendor == "postgresql":
        assert len(second) <= 40
    with django_assert_max_num_queries(200 if connection.vendor == "sqlite" else 32):
        assert put(*newer, source=source).known == 2000


def test_a_batch_that_fails_leaves_nothing_half_written(source, monkeypatch):
    def fail(*args, **kwargs):
        raise IntegrityError("no signals today")

    monkeypatch.setattr("digest.papers.store.write_signals", fail)
    with pytest.raises(IntegrityError):
        put(fetched(arxiv_id="2606.00001"), source=source)
    assert (Paper.objects.count(), Listing.objects.count()) == (0, 0)


@pytest.mark.parametrize("is_hidden", [True, False])
def test_what_an_editor_decides_between_reading_and_writing_stands(source, monkeypatch, is_hidden):
    put(fetched(arxiv_id="2606.00001", version=1), source=source)
    Paper.objects.update(is_hidden=not is_hidden)
    write = store.write

    def after_the_editor(*args, **kwargs):
        Paper.objects.update(is_hidden=is_hidden)
        write(*args, **kwargs)

    monkeypatch.setattr(store, "write", after_the_editor)
    counts = put(fetched(arxiv_id="2606.00001", version=2, abstract="Put better."), source=source)
    paper = Paper.objects.get()
    assert (counts.updated, paper.abstract, paper.is_hidden) == (1, "Put better.", is_hidden)


def test_every_column_is_written_by_whoever_stores_papers_or_by_editors(admin_user, rf):
    columns = {field.name for field in Paper._meta.concrete_fields}
    owned = [*Paper.EDITORIAL, *Paper.STATED, *Paper.KEPT]
    assert sorted(owned) == sorted(columns), "every column has one owner"
    assert Paper.EDITORIAL.isdisjoint(store.WRITTEN)
    assert {*Paper.STATED} <= {*store.WRITTEN}
    request = rf.get("/")
    request.user = admin_user
    admin.autodiscover()  # the desk is loaded with the URLs, which nothing may have asked for yet
    desk = admin.site._registry[Paper]
    shown = set(flatten_fieldsets(desk.get_fieldsets(request)))
    assert shown - set(desk.get_readonly_fields(request)) == Paper.EDITORIAL


@pytest.mark.shared_data
def test_the_same_real_paper_comes_in_once_through_every_door(shared_data, source):
    """RSS, Atom, RDF, API, Hugging Face's JSON, our own JSON, arXiv's DOI, the journal's DOI, the bare title."""
    identity = {"arxiv_id": "1805.08875", "version": 1, "doi": "10.1000/journal"}
    title = "Measurement of Transverse Single Spin Asymmetries"
    announced = "arXiv:1805.08875v1 Announce Type: new \nAbstract: Text."
    entry = f"<id>oai:arXiv.org:1805.08875v1</id><title>{title}</title><summary>{announced}</summary>"
    item = f"<title>{title}</title><link>https://arxiv.org/abs/1805.08875</link><description>{announced}</description>"
    old = f"<title>{title}. (arXiv:1805.08875v1 [hep-ex])</title><link>http://arxiv.org/abs/1805.08875</link>"
    api = f"<id>http://arxiv.org/abs/1805.08875v1</id><title>{title}</title><summary>Text.</summary>"
    daily = {"paper": {"id": "1805.08875", "title": title, "summary": "Text."}}
    doors = [
        ("arxiv_atom", f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{entry}</entry></feed>'),
        ("arxiv_atom", f"<rss><channel><item>{item}</item></channel></rss>"),
        ("arxiv_atom", f"<RDF><channel/><item>{old}</item></RDF>"),
        ("arxiv_api", f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{api}</entry></feed>'),
        ("feed", f'<rss version="2.0"><channel><item>{item}</item></channel></rss>'),
        ("feed", f'<rss version="2.0"><channel><item>{old}</item></channel></rss>'),
        ("huggingface_daily", json.dumps([daily])),
        ("papers_json", json.dumps([{"id": "1805.08875", "title": title}])),
        ("papers_json", json.dumps([{"doi": "10.48550/arXiv.1805.08875", "title": title}])),
        ("papers_json", json.dumps([{"doi": "10.1000/JOURNAL", "title": title}])),
        ("papers_json", json.dumps([{"title": title.upper()}])),
    ]
    total = IngestCounts()
    for kind, body in doors:
        feed = ADAPTERS[kind].parse(body.encode())
        assert len(feed.papers) == 1, (kind, body)
        total += ingest(feed.papers, source=source, now=NOW)
    assert (total.new, total.received) == (1, len(doors))
    (row,) = canonical()
    assert {"arxiv_id": row.arxiv_id, "version": row.version, "doi": row.doi} == identity
    assert ingest([fetched(row.title, **identity)], source=source, now=NOW).new == 0
    assert ingest([fetched(row.title, **identity)], source=source, now=NOW).known == 1


@pytest.mark.long
@pytest.mark.postgres
def test_two_workers_with_the_same_papers_leave_one_row_each(postgres_url, tmp_path):
    """Real processes on real PostgreSQL, importing overlapping files at once, several times over."""
    records = [{"id": f"2606.{number:05}", "title": f"A telling title, number {number}"} for number in range(1500)]
    files = [tmp_path / "one.json", tmp_path / "other.json"]
    files[0].write_text(json.dumps(records[:1200]))
    files[1].write_text(json.dumps(list(reversed(records[300:]))))
    environment = {**os.environ, "DATABASE_URL": postgres_url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    workers = [
        subprocess.Popen([*manage, "import_papers", str(path)], env=environment, stdout=subprocess.PIPE, text=True)
        for path in (*files, *files)
    ]
    outputs = [worker.communicate(timeout=300)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4, outputs
    with psycopg.connect(postgres_url) as database:
        ((papers, new),) = database.execute(
            "SELECT (SELECT count(*) FROM digest_paper), (SELECT sum(new) FROM digest_sourcerun)"
        ).fetchall()
    assert (papers, new) == (1500, 1500)


def test_a_batch_neither_waits_for_the_disk_nor_reads_whole_tables_and_others_are_not_concerned():
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL is told (TEST_DATABASE=postgres)")
    with connection.cursor() as cursor:
        for name in ("synchronous_commit", "enable_seqscan"):
            before = shown(cursor, name)
            with transaction.atomic():
                store.tune()
                assert shown(cursor, name) == "off"
                transaction.set_rollback(True)
            assert shown(cursor, name) == before


def shown(cursor, name):
    cursor.execute(f"SHOW {name}")
    return cursor.fetchone()[0]
