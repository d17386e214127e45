"""A span of time in, the papers that readers were sent in digests of its editions out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from digest.models import Delivery, DeliveryState, Digest, Edition, Paper

# Digests read of each edition. Its papers come up again and again, so few are missed beyond.
SAMPLE = 1_000
SENT = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.COMPLAINED)


class Sent(NamedTuple):
    """Ids, as papers are known today. `is_cut` says that there were more digests than were read."""

    papers: frozenset[int]
    is_cut: bool


def papers(since: datetime, until: datetime) -> Sent:
    """By the editions that were published in that time. A query for each, along the index (state, edition), and two
    for all."""
    editions = Edition.objects.published().filter(published_at__gt=since, published_at__lte=until).order_by()
    carriers = [_deliveries(pk) for pk in editions.values_list("pk", flat=True)]
    # By their ids: joined to the deliveries, an edition's first digests are looked for among all there are.
    carried = Digest.objects.filter(pk__in=[pk for ids in carriers for pk in ids[:SAMPLE]])
    found = {paper for text in set(carried.values_list("papers", flat=True)) for paper in json.loads(text)}
    return Sent(frozenset(_as_known(found)), any(len(ids) > SAMPLE for ids in carriers))


def _deliveries(edition_id: int) -> list[int]:
    """Ids, and one more than is read where there are more."""
    rows = Delivery.objects.filter(edition=edition_id, state__in=SENT).order_by()
    return list(rows.values_list("pk", flat=True)[: SAMPLE + 1])


def _as_known(ids: set[int]) -> set[int]:
    """A paper that was merged meanwhile counts as the one that it is."""
    merged = Paper.objects.filter(pk__in=ids, merged_into__isnull=False).values_list("pk", "merged_into")
    known = {pk: into for pk, into in merged if into}
    return {known.get(pk, pk) for pk in ids}
