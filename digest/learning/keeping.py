"""Takes a fitted model's bytes, or a kind; gives the row in use, and what its bytes hold, kept by the process."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max

from digest.errors import ModelError
from digest.models import Edition, EditionState, ModelKind, RankingModel, RankingModelData

LARGEST = 64 * 1024 * 1024  # bytes of a model, packed
# Beside the one in use: the one before, to which a person can go back.
KEPT = 2
KEPT_BY_PROCESS = 4
log = logging.getLogger(__name__)
Fitted = TypeVar("Fitted")


def current(kind: str) -> RankingModel | None:
    """The row in use, without its bytes; one query."""
    return RankingModel.objects.filter(kind=kind, is_in_use=True).first()


@transaction.atomic
def keep(fitted: RankingModel, data: bytes, *, use: bool = True) -> RankingModel:
    """Store a fit as the newest version of its kind. Not to `use` it takes the one before out of use too: it was of the
    same making, and is older.
    """
    if len(data) > LARGEST:
        raise ModelError(f"{fitted.get_kind_display()}: {len(data)} bytes are too many to keep")
    of_kind = RankingModel.objects.select_for_update().filter(kind=fitted.kind).order_by("pk")
    list(of_kind.values_list("pk"))  # two fits of a kind wait for one another
    fitted.version = (of_kind.aggregate(newest=Max("version"))["newest"] or 0) + 1
    of_kind.update(is_in_use=False)
    fitted.is_in_use, fitted.checksum = use, hashlib.sha256(data).hexdigest()
    fitted.save(force_insert=True)
    RankingModelData.objects.create(model=fitted, data=data)
    return fitted


def use(model: RankingModel) -> None:
    """Go back, or forth, to this version. `ModelError` where its bytes are gone."""
    with transaction.atomic():
        if not RankingModelData.objects.filter(model=model).exists():
            raise ModelError(f"{model} is no longer stored")
        RankingModel.objects.filter(kind=model.kind, is_in_use=True).update(is_in_use=False)
        RankingModel.objects.filter(pk=model.pk).update(is_in_use=True)


def opened(model: RankingModel, read: Callable[[bytes], Fitted]) -> Fitted | None:
    """What its bytes hold, read once a process; None, with the reason logged, where they are gone or damaged."""
    try:
        found: Fitted = _opened(model.pk, model.checksum, read)
    except ModelError as error:
        log.error("%s is done without: %s", model, error)  # noqa: TRY400 (it says all there is to know)
        return None
    return found


@lru_cache(maxsize=KEPT_BY_PROCESS)
def _opened(pk: int, checksum: str, read: Callable[[bytes], Any]) -> Any:
    stored = RankingModelData.objects.filter(pk=pk).first()
    if stored is None:
        raise ModelError("its bytes are not stored")
    data = bytes(stored.data)
    if hashlib.sha256(data).hexdigest() != checksum:
        raise ModelError("its bytes are damaged")
    return read(data)


def forget_old() -> int:
    """Delete the bytes of models by which nothing is computed any more, and rows that no edition names; gives how many
    rows went.

    Editions that are published need no model, only their papers' vectors, which go with the model's row.
    """
    still_open = Edition.objects.filter(state=EditionState.OPEN, meaning__isnull=False).values("meaning")
    gone = 0
    for kind in ModelKind.values:
        of_kind = RankingModel.objects.filter(kind=kind)
        newest = list(of_kind.order_by("-version").values_list("pk", flat=True)[:KEPT])
        old = of_kind.filter(is_in_use=False).exclude(pk__in=newest)
        RankingModelData.objects.filter(model__in=old.exclude(pk__in=still_open)).delete()
        unnamed = old.filter(editions__isnull=True, predicted_editions__isnull=True, context_editions__isnull=True)
        gone += unnamed.count()
        unnamed.delete()
    return gone
