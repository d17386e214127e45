"""A source or a file in, one accounted visit out: fetched, parsed, ingested, and closed whatever happened."""

from digest.ingestion.files import import_file
from digest.ingestion.visits import refresh, refresh_if_due

__all__ = ["import_file", "refresh", "refresh_if_due"]
