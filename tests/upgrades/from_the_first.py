"""Migrate a database that was filled under the first schema to the present one; run as a process.

Once there are releases, FIRST becomes the migrations of the last one.
"""

from datetime import timedelta

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

FIRST = [("subscriptions", "0002_topics"), ("digest", "0002_default_sources")]
NOW = timezone.now()
READERS, PAPERS = 50, 20


def filled(apps):
    """Everything that an installation has after its first digest: {table: rows}."""
    readers = fill_readers(apps)
    papers = fill_papers(apps)
    fill_ledger(apps, readers, papers)
    models = [model for label in ("subscriptions", "digest") for model in apps.get_app_config(label).get_models()]
    return {model._meta.db_table: model.objects.count() for model in models}


def fill_readers(apps):
    get = apps.get_app_config("subscriptions").get_model
    topics = list(get("Topic").objects.order_by("pk"))
    for number in range(READERS):
        address = f"reader{number}@example.org"
        reader = get("Subscriber").objects.create(
            email=address, address_key=address, address_hash=f"{number:064x}", status="active", confirmed_at=NOW,
            next_delivery_at=NOW, delivery_hour=number % 24,
        )  # fmt: skip
        reader.topics.set(topics[number % len(topics) :][:2])
        get("ConsentRecord").objects.create(
            subscriber=reader, address_hash=reader.address_hash, action="confirmed", origin="form"
        )
    get("Suppression").objects.create(address_hash="f" * 64, reason="complaint", detail="abuse")
    return list(get("Subscriber").objects.order_by("pk"))


def fill_papers(apps):
    get = apps.get_app_config("digest").get_model
    source = get("Source").objects.order_by("pk").first()
    get("SourceRun").objects.create(
        source=source, source_name=source.name, started_at=NOW, outcome="fresh", received=PAPERS, new=PAPERS
    )
    for number in range(PAPERS):
        paper = get("Paper").objects.create(
            arxiv_id=f"2601.{number:05d}", title=f"Paper {number}", title_key=f"{number:064x}", authors=["A. Author"],
            abstract="We study it.", categories=["cs.LG"], primary_category="cs.LG", first_seen_at=NOW,
            url=f"https://arxiv.org/abs/2601.{number:05d}",
        )  # fmt: skip
        get("Listing").objects.create(paper=paper, source=source, listed_on=NOW.date())
        get("Signal").objects.create(paper=paper, kind="upvotes", value=number, observed_on=NOW.date())
    return list(get("Paper").objects.order_by("pk"))


def fill_ledger(apps, readers, papers):
    get = apps.get_app_config("digest").get_model
    day = NOW - timedelta(days=1)
    edition = get("Edition").objects.create(
        kind="daily", date=day.date(), state="published", publish_at=day, published_at=day, note="Hello"
    )
    for paper in papers:
        get("EditionPaper").objects.create(edition=edition, paper=paper, topics={"robotics": 0.5}, blurb="Look")
    for reader in readers:
        delivery = get("Delivery").objects.create(
            edition=edition, subscriber=reader, address_hash=reader.address_hash, state="accepted", due_at=day,
            selection=[{"paper": papers[0].pk, "score": 1.0, "parts": {}}], accepted_at=day,
        )  # fmt: skip
    get("ProviderEvent").objects.create(key="1", provider="postmark", kind="delivered", delivery=delivery)


def main():
    django.setup()
    executor = MigrationExecutor(connection)
    executor.migrate(FIRST)
    before = filled(MigrationExecutor(connection).loader.project_state(FIRST).apps)
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        assert set(before) <= present, set(before) - present
        for table, rows in before.items():
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            [found] = cursor.fetchone()
            assert found >= rows, f"{table}: {found} of {rows}"
    look_at_it()


def look_at_it():
    """The present code works on what came over."""
    from digest.models import Delivery, Edition, Paper
    from subscriptions.models import Subscriber

    assert Subscriber.objects.filter(status="active", topics__isnull=False).distinct().count() == READERS
    assert Delivery.objects.filter(state="accepted", subscriber__isnull=False).count() == READERS
    assert Paper.objects.filter(identifiers__scheme="arxiv").count() == PAPERS
    assert Edition.objects.get().note == "Hello"
    call_command("doctor", only=["database", "sending", "sources"])
    call_command("explain", "reader1@example.org")
    from django.test import Client

    visitor = Client(headers={"host": "127.0.0.1"})
    assert [visitor.get(path).status_code for path in ("/", "/editions/")] == [200, 200]


if __name__ == "__main__":
    main()
