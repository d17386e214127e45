"""Takes a number; gives a PostgreSQL database with that many papers and what hangs on them, made by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from digest.models import Source

DAYS = 1500  # over which the papers came in
# Paper n has the arXiv id and the title of n; every other claims the title of the one before it, every 100th is merged.
_STATEMENTS = (
    """
    INSERT INTO digest_paper (id, key, arxiv_id, title, abstract, authors, categories, primary_category, language,
        comment, journal_reference, license_url, url, code_url, project_url, version, stated_in, first_seen_at,
        updated_at, published_at, is_hidden, is_sample, merged_into_id)
    SELECT n, 'arxiv:' || id, id, 'A telling title of paper number ' || n, repeat(md5(n::text) || ' ', 36),
        '["Ann Author", "Bo Writer"]', '["cs.LG"]', 'cs.LG', 'en', '', '', '', 'https://arxiv.org/abs/' || id, '', '',
        1, '{}', at, at, at, false, false, CASE WHEN n %% 100 = 0 THEN n - 1 END
    FROM generate_series(1, %(rows)s) n, LATERAL (
        SELECT lpad((1 + n / 100000)::text, 4, '0') || '.' || lpad((n %% 100000)::text, 5, '0') AS id,
            %(now)s - (%(rows)s - n) * %(step)s AS at
    ) made
    """,
    "INSERT INTO digest_identifier (paper_id, scheme, value) SELECT id, 'arxiv', arxiv_id FROM digest_paper",
    "INSERT INTO digest_identifier (paper_id, scheme, value) SELECT id, 'title', md5(id::text) || md5((-id)::text) "
    "FROM digest_paper",
    "INSERT INTO digest_claim (paper_id, scheme, value) SELECT id, 'title', md5((id - 1)::text) || md5((1 - id)::text) "
    "FROM digest_paper WHERE id %% 2 = 0",
    "INSERT INTO digest_listing (paper_id, source_id, listed_on, first_seen_at) "
    "SELECT id, %(source)s, first_seen_at::date, first_seen_at FROM digest_paper",
    "INSERT INTO digest_signal (paper_id, kind, value, observed_on) "
    "SELECT id, kind, id %% 100, first_seen_at::date + day FROM digest_paper, "
    "unnest(ARRAY['upvotes', 'comments']) kind, generate_series(0, 4) day WHERE id %% 10 = 0",
    "INSERT INTO digest_fact (paper_id, kind, value, source, said_on, digest) "
    "SELECT id, 'license', 'https://example.org/', '', first_seen_at::date, md5(id::text) FROM digest_paper",
)


def fill(rows: int, now: datetime) -> Source:
    """Rows of years; then statistics as they would be. Gives the source that listed the papers."""
    source = Source.objects.order_by("pk")[0]
    given: dict[str, Any] = {"rows": rows, "now": now, "step": timedelta(days=DAYS) / rows, "source": source.pk}
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, given)
        cursor.execute("SELECT setval(pg_get_serial_sequence('digest_paper', 'id'), %(rows)s)", given)
        cursor.execute("ANALYZE")
    return source
