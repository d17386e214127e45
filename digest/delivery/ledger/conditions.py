"""What the ledger's statements have in common: conditions on rows they know by id, and words they leave in a row."""

from __future__ import annotations

from datetime import UTC, datetime

# Said this way, no index over everything queued can be taken for a better way to find a few rows by their ids: while a
# new edition is planned the statistics know nothing of it.
IS_QUEUED = "state || '' = 'queued'"
IS_CLAIMED = "state || '' = 'claimed'"
# What a queued row says that was in doubt: it may have arrived, so it can end as unknown, never as skipped.
WAS_IN_DOUBT = "In doubt, and to be sent again"
# Before any slot and any due moment.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
