"""Migrate a database in which people wait for confirmation as subscribers; run as a process."""

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE, AFTER = "0008_topics_by_context", "0009_signup_requests"


def migrated(name):
    MigrationExecutor(connection).migrate([("subscriptions", name)])
    return MigrationExecutor(connection).loader.project_state([("subscriptions", name)]).apps


def main():
    django.setup()
    apps = migrated(BEFORE)
    Subscriber, now = apps.get_model("subscriptions", "Subscriber"), timezone.now()
    for status, confirmed_at in (("pending", None), ("pending", now), ("active", now), ("unsubscribed", now)):
        address = f"{status}-{confirmed_at is not None}@example.org"
        reader = Subscriber.objects.create(
            email=address, address_key=address, address_hash=address, status=status, confirmed_at=confirmed_at
        )
        reader.topics.set(apps.get_model("subscriptions", "Topic").objects.all())
        apps.get_model("subscriptions", "ConsentRecord").objects.create(
            subscriber=reader, address_hash=address, action="requested", origin="form"
        )
    apps = migrated(AFTER)
    left = set(apps.get_model("subscriptions", "Subscriber").objects.values_list("email", "status"))
    assert left == {
        ("pending-True@example.org", "unsubscribed"),
        ("active-True@example.org", "active"),
        ("unsubscribed-True@example.org", "unsubscribed"),
    }, left
    assert apps.get_model("subscriptions", "ConsentRecord").objects.count() == 4
    migrated(BEFORE)
    migrated(AFTER)


if __name__ == "__main__":
    main()
