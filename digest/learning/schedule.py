"""Takes the moment; tells which kinds of model are to be fitted now."""

from __future__ import annotations

from datetime import datetime, timedelta

from digest.learning import corpus
from digest.learning.fitting import enough
from digest.models import ModelKind, RankingModel
from subscriptions.queries import active_topics

WEEKLY = timedelta(days=7)
# A young installation's first model is of a few days: it is fitted anew as soon as there is twice as much.
YOUNG = timedelta(days=1)


def due(now: datetime) -> list[str]:
    """Kinds to be fitted, the one that waits longest first: those that there is no model of yet."""
    newest = {row.kind: row for row in RankingModel.objects.filter(fitted_at__lte=now).order_by("version")}
    waiting = sorted(
        ModelKind.values, key=lambda kind: (kind in newest, newest[kind].fitted_at if kind in newest else now)
    )
    return [kind for kind in waiting if _is_due(kind, newest.get(kind), now)]


def _is_due(kind: str, newest: RankingModel | None, now: datetime) -> bool:
    if newest is not None and now - newest.fitted_at < WEEKLY and not _is_outdated(newest):
        grew: bool = 2 * newest.papers < corpus.MOST_PAPERS and corpus.has(2 * newest.papers, now)
        return grew and now - newest.fitted_at >= YOUNG
    return enough(kind, now)


def _is_outdated(newest: RankingModel) -> bool:
    """Whether topics look otherwise than they did: what is new works by its name from its first day on."""
    return newest.kind == ModelKind.CONTEXT and active_topics().filter(changed_at__gt=newest.fitted_at).exists()
