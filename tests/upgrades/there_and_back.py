"""Migrate a database that holds papers of before to rows of names, back, and there again; run as a process."""

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE, AFTER = "0008_further_sources", "0009_identifiers"


def migrated(name):
    MigrationExecutor(connection).migrate([("digest", name)])
    return MigrationExecutor(connection).loader.project_state([("digest", name)]).apps


def papers(Paper):
    now = timezone.now()
    kept = Paper.objects.create(arxiv_id="2601.00001", title="A title", title_key="a" * 64, first_seen_at=now)
    Paper.objects.create(title="A former title", title_key="b" * 64, merged_into=kept, first_seen_at=now)
    Paper.objects.create(arxiv_id="2601.00002", doi="10.1/y", title="Two names", title_key="c" * 64, first_seen_at=now)
    Paper.objects.create(title="Only a title", title_key="d" * 64, first_seen_at=now)


def main():
    django.setup()
    old = migrated(BEFORE).get_model("digest", "Paper")
    papers(old)
    columns = ("arxiv_id", "doi", "title_key", "merged_into")
    before = list(old.objects.order_by("pk").values_list(*columns))
    apps = migrated(AFTER)
    named = set(apps.get_model("digest", "Identifier").objects.values_list("paper__key", "scheme", "value"))
    assert {
        ("arxiv:2601.00001", "arxiv", "2601.00001"),
        ("arxiv:2601.00002", "doi", "10.1/y"),
        (f"title:{'d' * 64}", "title", "d" * 64),
    } <= named, named
    again = migrated(BEFORE).get_model("digest", "Paper")
    assert list(again.objects.order_by("pk").values_list(*columns)) == before
    migrated(AFTER)


if __name__ == "__main__":
    main()
