"""The benchmark of papers: what it explains is what is asked, and which index answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from digest.management.bench import paper_rows
from digest.management.commands import bench_papers

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_the_statements_that_store_and_find_papers_are_explained() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("it explains PostgreSQL's plans (TEST_DATABASE=postgres)")
    found = list(bench_papers.hot_statements(paper_rows.fill(3000, NOW), NOW))
    assert {"store a batch", "an edition's pool"} == {each.name for each in found}
    indexes = {index for each in found for index in each.indexes}
    assert {"signal_once_a_day", "listing_once_per_source", "paper_merged_into"} <= indexes
    assert any(each.statement == "INSERT digest_fact" for each in found)
