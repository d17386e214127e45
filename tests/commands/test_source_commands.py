"""refresh_sources and import_papers: accounts for people, JSON for programs, exit codes that tell the truth."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from digest.ingestion.manners import hosts
from digest.ingestion.visits import LABELS
from digest.models import Host, Listing, Outcome, Paper, Source, SourceRun
from tests.sources.loopback import Answer
from tests.sources.test_adapters import atom, atom_entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_hiccups(monkeypatch):
    monkeypatch.setattr(hosts, "HICCUP", timedelta())


@pytest.fixture
def sources(loopback):
    Source.objects.all().delete()
    loopback.serve("/good", atom(atom_entry()))
    loopback.serve("/bad", Answer(b"down", status=500))
    return [
        Source.objects.create(name=slug, slug=slug, kind="arxiv_atom", url=f"{loopback.url}/{slug}")
        for slug in ("good", "bad")
    ]


def run(*arguments, **options):
    output = StringIO()
    call_command(*arguments, stdout=output, stderr=StringIO(), **options)
    return output.getvalue()


def test_refreshing_prints_each_account_and_ends_with_one_json_object(sources):
    lines = run("refresh_sources", "--source", "good", "--json").splitlines()
    assert lines[0] == "good: fresh, 1 received (1 new, 0 known, 0 updated, 0 refused)"
    document = json.loads(lines[-1])
    assert document["totals"] == {"received": 1, "new": 1, "known": 0, "updated": 0, "refused": 0}
    assert [(source["source"], source["outcome"]) for source in document["sources"]] == [("good", "fresh")]
    assert document["failed"] == []


def test_one_failed_source_does_not_stop_the_others_but_shows_in_the_exit_code(sources):
    with pytest.raises(CommandError, match="failed: bad") as error:
        run("refresh_sources")
    assert error.value.returncode == 1
    assert Paper.objects.count() == 1
    assert {source.runs.get().outcome for source in sources} == {Outcome.FRESH, Outcome.FAILED}


def test_a_source_whose_host_is_paused_is_named_and_shows_in_the_exit_code(sources):
    Host.objects.create(name="127.0.0.1", failures=1, reason="busy", next_turn_at=timezone.now() + timedelta(minutes=5))
    output = StringIO()
    with pytest.raises(CommandError, match="failed: bad, good"):
        call_command("refresh_sources", stdout=output)
    assert "good: not visited, 127.0.0.1 is paused until" in output.getvalue()


def test_only_due_sources_are_visited_when_asked_for(sources):
    Source.objects.filter(slug="bad").update(next_check_at=timezone.now() + timedelta(hours=1))
    assert "1 visit, 0 failed" in run("refresh_sources", "--due")
    assert "0 visits" in run("refresh_sources", "--due")


def test_an_unknown_source_is_answered_with_the_known_ones(sources):
    with pytest.raises(CommandError, match="no source nowhere; there are: bad, good"):
        run("refresh_sources", "--source", "nowhere")


def test_importing_prints_the_account_of_each_file(tmp_path):
    path = tmp_path / "papers.json"
    path.write_text(json.dumps([{"title": "One telling title of many"}, {"abstract": "x"}]))
    lines = run("import_papers", str(path), "--sample", "--json").splitlines()
    assert lines[0] == "papers.json: fresh, 2 received, 1 new, 0 known, 0 updated, 1 refused"
    document = json.loads(lines[-1])
    assert document["files"][0]["new"] == 1
    assert [document[name] for name in ("received", "new", "refused")] == [2, 1, 1]
    assert min(document["rss_mb"], document["parser_rss_mb"]) > 10
    assert Paper.objects.get().is_sample


def test_an_unreadable_file_does_not_stop_the_others_but_shows_in_the_exit_code(tmp_path):
    good = tmp_path / "good.json"
    good.write_text('[{"title": "One telling title of many"}]')
    bad = tmp_path / "bad.json"
    bad.write_text("<html>not papers</html>")
    with pytest.raises(CommandError, match=r"failed: bad\.json, missing\.json"):
        run("import_papers", str(bad), str(tmp_path / "missing.json"), str(good))
    assert Paper.objects.count() == 1
    assert SourceRun.objects.get(source_name="missing.json").message == "missing.json: No such file or directory"


def test_back_filling_takes_a_day_and_a_source(tmp_path):
    path = tmp_path / "papers.json"
    path.write_text('[{"title": "One telling title of many"}]')
    run("import_papers", str(path), "--seen-at", "2026-03-01", "--source", "hugging-face-daily-papers")
    assert f"{Paper.objects.get().first_seen_at:%Y-%m-%d}" == "2026-03-01"
    assert Listing.objects.get().source.slug == "hugging-face-daily-papers"
    with pytest.raises(CommandError, match="neither a date"):
        run("import_papers", str(path), "--seen-at", "yesterday")


def test_a_new_installation_starts_with_readable_sources_for_every_seeded_topic():
    kinds = set(Source.objects.values_list("kind", flat=True))
    assert kinds == {"huggingface_daily", "arxiv_atom", "biorxiv", "openreview", "github_stars"} <= LABELS.keys()
    visited = set(Source.objects.filter(is_enabled=True).values_list("kind", flat=True))
    assert visited == {"huggingface_daily", "arxiv_atom"}
    topic = apps.get_model("subscriptions", "Topic")
    covered = {source.url.rpartition("/")[2] for source in Source.objects.filter(kind="arxiv_atom")}
    for row in topic.objects.all():
        assert covered & set(row.categories), f"no source brings papers for {row.slug}"
