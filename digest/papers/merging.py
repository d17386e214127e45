"""Rows that are one paper in; what hangs on them moved to the one that stands for it, recorded, and moved back, out.

A merge is decided by the names of rows (`partition`), or taken back by an editor. Its record is kept for KEPT: until
then all that moved can move back. What came in later stays with the paper it came to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from digest.errors import PaperboyError
from digest.models import Merge, Paper, Separation, Source
from digest.papers import relations, store
from digest.papers.catalogue import Catalogue
from digest.papers.grouping import Grouping, regroup
from digest.papers.relations import Moved

KEPT = timedelta(days=30)
HIDDEN = "hidden"


class Join(NamedTuple):
    loser: int
    winner: int
    reason: str


def settle(grouping: Grouping, now: datetime) -> None:
    """Make the merges of stored rows those that the grouping says."""
    joins, parted = [], []
    for row, place in grouping.places.items():
        wanted = grouping.final(row).paper.id if place.id is not row else None
        if row.paper.merged_into_id == wanted:
            continue
        if row.paper.merged_into_id:
            parted.append(row.paper.id)
        if wanted:
            joins.append(Join(row.paper.id, wanted, place.reason))
    part(parted)
    join(joins, now)


def carry(rows: Collection[int]) -> None:
    """Let what came to rows that are merged already follow, and note it with their merge."""
    merged = Paper.objects.filter(pk__in=rows).values_list("pk", "merged_into")
    winners = {loser: winner for loser, winner in merged if winner}
    if not winners:
        return
    merges = {merge.loser_id: merge for merge in Merge.objects.filter(loser__in=winners)}
    for relation in relations.relations():
        for loser, later in relations.move(relation, winners).items():
            if merge := merges.get(loser):
                record = Moved(**merge.moved.get(relations.name_of(relation), {}))
                record.add(later, relations.unique_beside(relation))
                merge.moved[relations.name_of(relation)] = record.as_json()
    Merge.objects.bulk_update(merges.values(), ["moved"])


def own(catalogue: Catalogue, source: Source | None, now: datetime) -> None:
    """What a merged row brought to its paper, and the paper's own records state as well, stays when the row leaves."""
    winners = {row.paper.id for row in catalogue.saved.values() if not row.paper.merged_into_id}
    merges = [merge for merge in Merge.objects.filter(loser__merged_into__in=winners) if merge.moved]
    if not merges:
        return
    mentions = [mention for mention in catalogue.mentions if mention.row.paper.id in winners]
    stated = relations.stated(mentions, source, now)
    changed = [merge for merge in merges if _keep(merge, stated)]
    Merge.objects.bulk_update(changed, ["moved"])


def _keep(merge: Merge, stated: Mapping[str, Collection[tuple[Any, ...]]]) -> bool:
    """Note what moved with the merge and is stated anyway as dropped: undone, the loser gets its like."""
    is_changed = False
    for relation in relations.relations():
        name = relations.name_of(relation)
        record = Moved(**merge.moved.get(name, {}))
        rows = relations.among(relation, record.moved, stated.get(name, ())) if name in stated else []
        if rows:
            ids = {row["id"] for row in rows}
            record.moved = [pk for pk in record.moved if pk not in ids]
            record.dropped += [{**row, "id": None, relation.attname: merge.loser_id} for row in rows]
            merge.moved[name], is_changed = record.as_json(), True
    return is_changed


def join(joins: Sequence[Join], now: datetime) -> None:
    """Move what hangs on the losers to their winners, and record it. Winners are merged into nothing."""
    if not joins:
        return
    winners = {each.loser: each.winner for each in joins}
    moved: dict[int, dict[str, Any]] = defaultdict(dict)
    for relation in relations.relations():
        for loser, record in relations.move(relation, winners).items():
            moved[loser][relations.name_of(relation)] = record.as_json()
    relations.follow(winners)
    for loser in hide(winners):
        moved[loser][HIDDEN] = True
    for loser, winner in winners.items():
        Paper.objects.filter(pk=loser).update(merged_into=winner)
    Merge.objects.bulk_create(
        [
            Merge(loser_id=each.loser, winner_id=each.winner, reason=each.reason, moved=moved[each.loser], made_at=now)
            for each in joins
        ]
    )


def hide(winners: relations.Winners) -> list[int]:
    """What an editor hid stays hidden under whatever name; gives the losers that made their winner so."""
    papers = Paper.objects.in_bulk([*winners, *winners.values()])
    decisive = [loser for loser, winner in winners.items() if papers[loser].is_hidden and not papers[winner].is_hidden]
    Paper.objects.filter(pk__in=[winners[loser] for loser in decisive]).update(is_hidden=True)
    return decisive


def part(losers: Collection[int]) -> None:
    """Move back what the merges of these rows moved, as far as it is recorded; each is a paper by itself again."""
    if not losers:
        return
    left = Paper.objects.filter(pk__in=losers).values("merged_into")
    others = list(Paper.objects.filter(merged_into__in=left).exclude(pk__in=losers).values_list("pk", flat=True))
    named = {relations.name_of(relation): relation for relation in relations.relations()}
    merges = list(Merge.objects.filter(loser__in=losers).order_by("-made_at", "-pk"))
    for merge in merges:
        for name, record in merge.moved.items():
            if name in named:
                relations.back(named[name], merge.loser_id, Moved(**record))
        if merge.moved.get(HIDDEN):
            Paper.objects.filter(pk=merge.winner_id).update(is_hidden=False)
    Merge.objects.filter(pk__in=[merge.pk for merge in merges]).delete()
    Paper.objects.filter(pk__in=losers).update(merged_into=None)
    carry_again(others)


def carry_again(rows: Collection[int]) -> None:
    """What went as the paper had its like may be wanted now: the like was another row's, and left with it."""
    for merge in Merge.objects.filter(loser__in=rows):
        for relation in relations.relations():
            dropped = Moved(**merge.moved.get(relations.name_of(relation), {})).dropped
            relations.restore(relation, relations.rule_of(relation), dropped)
    carry(rows)


def undo(merge: Merge, now: datetime) -> Paper:
    """The loser, a paper by itself again, and kept so whatever their records say. PaperboyError after KEPT."""
    with transaction.atomic():
        store.take_turn()
        found = Merge.objects.filter(pk=merge.pk, made_at__gt=now - KEPT).select_related("loser").first()
        if found is None:
            raise PaperboyError(f"This merge was undone already, or is older than {KEPT.days} days.")
        loser, winner = found.loser, Paper.objects.get(pk=found.loser.merged_into_id or found.winner_id)
        Separation.objects.get_or_create(one=loser, other=winner, defaults={"made_at": now})
        catalogue, grouping = regroup([loser.pk, winner.pk], now)
        store.write_rows(catalogue, now)
        settle(grouping, now)
        loser.refresh_from_db()
        return loser


def forget(now: datetime) -> int:
    """Records that are too old to be undone; the rows stay merged. How many."""
    return Merge.objects.filter(made_at__lte=now - KEPT).delete()[0]
