"""Takes the moment; tells which kinds of model are to be fitted now."""

from __future__ import annotations

from datetime import datetime, timedelta

from digest.learning import corpus, fitting
from digest.models import ModelKind, RankingModel
from subscriptions.queries import active_topics

WEEKLY = timedelta(days=7)
# A young installation's first model is of a few days: it is fitted anew as soon as there is twice as much.
YOUNG = timedelta(days=1)
# One that knows words alone is made in seconds.
YOUNGEST = timedelta(hours=1)


def due(now: datetime) -> list[str]:
    """Kinds to be fitted, the one that waits longest first: those that there is no model of yet."""
    fitted = RankingModel.objects.filter(fitted_at__lte=now).order_by("version").select_related("stored")
    newest = {row.kind: row for row in fitted.defer("stored__data")}
    waiting = sorted(
        ModelKind.values, key=lambda kind: (kind in newest, newest[kind].fitted_at if kind in newest else now)
    )
    return [kind for kind in waiting if _is_due(kind, newest.get(kind), now)]


def _is_due(kind: str, newest: RankingModel | None, now: datetime) -> bool:
    if newest is not None and now - newest.fitted_at < WEEKLY and not _is_outdated(newest):
        knows_words_alone = kind == ModelKind.MEANING and newest.papers < fitting.LEAST_PAPERS
        if knows_words_alone and corpus.has(fitting.LEAST_PAPERS, now):
            return True
        grew: bool = 2 * newest.papers < corpus.MOST_PAPERS and corpus.has(2 * newest.papers, now)
        return grew and now - newest.fitted_at >= (YOUNGEST if knows_words_alone else YOUNG)
    return fitting.enough(kind, now)


def _is_outdated(newest: RankingModel) -> bool:
    """Whether this release cannot read it, or topics look otherwise than they did: what is new works by its name from
    its first day on.
    """
    if newest.format != fitting.FORMATS[ModelKind(newest.kind)] or not hasattr(newest, "stored"):
        return True
    return newest.kind == ModelKind.CONTEXT and active_topics().filter(changed_at__gt=newest.fitted_at).exists()
