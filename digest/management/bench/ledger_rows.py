"""Takes numbers; gives a PostgreSQL ledger with that many readers and old rows, made by the database itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from digest.models import Edition, EditionKind, EditionPaper, EditionState, Paper
from subscriptions import sql

# Days whose papers may still be in today's pool, so that what was sent then is looked up for every reader.
REMEMBERED_DAYS = 7
_READERS = """
    INSERT INTO subscriptions_subscriber (email, address_key, address_hash, status, frequency, delivery_hour,
        delivery_weekday, time_zone, digest_length, next_delivery_at, created_at, confirmed_at)
    SELECT 'reader' || n || '@example' || n %% 50 || '.org', 'reader' || n || '@example' || n %% 50 || '.org',
        md5(n::text) || md5((n + 1)::text), 'active', 'daily', n %% 24, 0,
        (ARRAY['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo'])[1 + n %% 4], 10, %s, %s, %s
    FROM generate_series(1, %s) n
"""
_DELIVERIES = """
    INSERT INTO digest_delivery (uid, edition_id, subscriber_id, address_hash, state, detail, due_at, attempts,
        claimed_at, accepted_at, provider_message_id, created_at, updated_at)
    SELECT uuid_of(%(stamp)s), %(edition)s, s.id, s.address_hash,
        CASE WHEN mod(s.id, 500) = 0 THEN 'bounced' WHEN mod(s.id, 499) = 0 THEN 'unknown' ELSE 'delivered' END,
        '', %(moment)s, 0, %(moment)s, %(moment)s, '', %(moment)s, %(moment)s
    FROM subscriptions_subscriber s ORDER BY s.id
"""
_DIGESTS = """
    INSERT INTO digest_digest (delivery_id, papers, selection, preferences, news)
    SELECT id, %s, '[]', '{}', '[]' FROM digest_delivery WHERE edition_id = %s
"""
_TABLES = "digest_delivery, digest_digest, subscriptions_subscriber, digest_edition"


def fill(readers: int, rows: int, now: datetime) -> None:
    """`readers` who are all due, and `rows` deliveries of past days, a day at a time; then statistics as they would be.

    Indexes are there while it happens: what is measured afterwards has the shape that daily use gives it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READERS, [now, now - timedelta(days=400), now - timedelta(days=400), readers])
        for day in range(rows // readers, 0, -1):
            moment = now - timedelta(days=day)
            edition = _edition(moment)
            sql.change(_DELIVERIES, edition=edition.pk, moment=moment, stamp=sql.stamp(moment))
            if day <= REMEMBERED_DAYS:
                paper = _paper(edition, moment)
                cursor.execute(_DIGESTS, [f"[{paper.pk}]", edition.pk])
        cursor.execute(f"VACUUM ANALYZE {_TABLES}")


def _edition(moment: datetime) -> Edition:
    return Edition.objects.create(
        kind=EditionKind.DAILY,
        date=moment.date(),
        publish_at=moment,
        published_at=moment,
        built_at=moment,
        state=EditionState.PUBLISHED,
    )


def analyze_readers() -> None:
    """What autovacuum does within a minute of a plan. The ledger's statistics stay behind: the harder case."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_subscriber")


def todays_edition(now: datetime) -> Edition:
    """With the papers of the last days in its pool."""
    edition = _edition(now)
    EditionPaper.objects.bulk_create(EditionPaper(edition=edition, paper=paper) for paper in Paper.objects.all())
    return edition


def _paper(edition: Edition, moment: datetime) -> Paper:
    paper = Paper.objects.create(title=f"A paper of {edition}", key=f"title:{edition.pk:064d}", published_at=moment)
    EditionPaper.objects.create(edition=edition, paper=paper)
    return paper
