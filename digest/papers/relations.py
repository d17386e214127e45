"""Everything that refers to a paper, and what becomes of it when the paper turns out to be another.

Relations are found through the models, so that a table to come is not forgotten: one without a rule stops the first
merge, and fails a test long before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import ForeignKey, Model, UniqueConstraint

from digest.errors import PaperboyError
from digest.models import Decision, Edition, EditionState, Paper, Source
from digest.papers import facts
from digest.papers.catalogue import Mention

Relation = ForeignKey[Any, Any]
Winners = Mapping[int, int]
Values = dict[str, Any]


@dataclass
class Moved:
    """What one merge did to one relation: ids of rows that moved, rows that went as the winner had their like, and what
    the winner's were before they took something over from those."""

    moved: list[int] = field(default_factory=list)
    dropped: list[Values] = field(default_factory=list)
    before: list[Values] = field(default_factory=list)

    def add(self, later: Moved, uniques: Sequence[tuple[str, ...]]) -> None:
        """What came to the loser's row after the merge, and followed."""
        self.moved = list(dict.fromkeys([*self.moved, *later.moved]))
        known = {str([row[name] for name in unique]) for row in self.dropped for unique in uniques}
        for row in later.dropped:
            if known.isdisjoint(str([plain(row[name]) for name in unique]) for unique in uniques):
                self.dropped.append(row)
        changed = {before["id"] for before in self.before}
        self.before += [before for before in later.before if before["id"] not in changed]

    def as_json(self) -> Values:
        return {name: value for name, value in vars(self).items() if value}


Moves = dict[int, Moved]  # by the loser's id


@dataclass(frozen=True)
class Rule:
    """What becomes of the rows of a relation. `takes_over` says what the winner's row becomes for a loser's that is
    dropped; `among` are the rows that may change at all."""

    moves: bool = True
    takes_over: Callable[[Values, Values], Values] = lambda ours, theirs: {}
    among: Callable[[], dict[str, Any]] = dict


def relations() -> list[Relation]:
    """Every foreign key to a paper there is."""
    return [
        related.field
        for related in Paper._meta.related_objects
        if isinstance(related.field, ForeignKey) and not related.field.model._meta.auto_created
    ]


def name_of(relation: Relation) -> str:
    return f"{relation.model._meta.label}.{relation.name}"


def rule_of(relation: Relation) -> Rule:
    try:
        return RULES[name_of(relation)]
    except KeyError:
        raise PaperboyError(f"Nobody has said what a merge does to {name_of(relation)}") from None


def move(relation: Relation, winners: Winners) -> Moves:
    """Rows go to the winner, unless it has their like by one of the table's unique constraints."""
    rule = rule_of(relation)
    record: Moves = defaultdict(Moved)
    if not rule.moves:
        return record
    rows, uniques = rows_of(relation, rule, {*winners, *winners.values()}), unique_beside(relation)
    owner, taken = relation.attname, dict[tuple[Any, ...], Values]()
    for row in sorted(rows, key=lambda row: row[owner] in winners):
        loser = row[owner]
        winner = winners.get(loser, loser)
        likes = [(winner, unique, *(row[name] for name in unique)) for unique in uniques]
        twin = next((taken[like] for like in likes if like in taken), None)
        if twin is None:
            taken |= dict.fromkeys(likes, row)
            if loser in winners:
                record[loser].moved.append(row["id"])
        else:
            record[loser].dropped.append(dict(row))
            record[loser].before += taken_over(relation, rule, twin, row)
    delete(relation.model, record)
    point(relation, {pk: winners[loser] for loser, moved in record.items() for pk in moved.moved})
    return record


def taken_over(relation: Relation, rule: Rule, twin: Values, row: Values) -> list[Values]:
    """Let the winner's row take over what it is to; gives what it was before, if it changed."""
    changes = {name: value for name, value in rule.takes_over(twin, row).items() if value != twin[name]}
    if not changes:
        return []
    before = {"id": twin["id"], **{name: twin[name] for name in changes}}
    relation.model._base_manager.filter(pk=twin["id"]).update(**changes)
    twin |= changes
    return [before]


def back(relation: Relation, loser: int, moved: Moved) -> None:
    """Undo what `move` recorded for one loser, the last thing first."""
    rule, model = rule_of(relation), relation.model
    rows = model._base_manager.filter(**rule.among())
    for before in reversed(moved.before):
        values = read(model, before)
        rows.filter(pk=values.pop("id")).update(**values)
    allowed = set(rows.filter(pk__in=moved.moved).values_list("pk", flat=True))
    point(relation, dict.fromkeys(allowed, loser))
    restore(relation, rule, moved.dropped)


def stated(mentions: Sequence[Mention], source: Source | None, now: datetime) -> dict[str, set[tuple[Any, ...]]]:
    """By relation, what the mentions state of their rows: the paper, and what must differ between two rows of one."""
    slug = source.slug if source else ""
    return {
        "digest.Listing.paper": {(mention.row.paper.id, source.pk) for mention in mentions} if source else set(),
        "digest.Signal.paper": {
            (mention.row.paper.id, kind, now.date()) for mention in mentions for kind in mention.fetched.signals
        },
        "digest.Fact.paper": {(row[0], row[-1]) for row in facts.rows(mentions, slug, now)},
    }


def among(relation: Relation, ids: Sequence[int], stated: Collection[tuple[Any, ...]]) -> list[Values]:
    """Of these rows those that are stated."""
    if not ids or not stated:
        return []
    [unique] = unique_beside(relation)
    columns = [column.attname for column in relation.model._meta.concrete_fields]
    rows = relation.model._base_manager.filter(pk__in=ids).values(*columns)
    return [row for row in rows if (row[relation.attname], *(row[name] for name in unique)) in stated]


def follow(winners: Winners) -> None:
    """What was merged into the loser is merged into the winner. Grouping anew takes it back where need be."""
    for loser, winner in winners.items():
        Paper.objects.filter(merged_into=loser).update(merged_into=winner)


def earlier(ours: Values, theirs: Values) -> Values:
    """A paper was listed on the first day that any of its rows was."""
    days = filter(None, (ours["listed_on"], theirs["listed_on"]))
    return {
        "listed_on": min(days, default=None),
        "first_seen_at": min(ours["first_seen_at"], theirs["first_seen_at"]),
    }


def higher(ours: Values, theirs: Values) -> Values:
    return {"value": max(ours["value"], theirs["value"])}


def stricter(ours: Values, theirs: Values) -> Values:
    """Of two decisions hidden comes before pinned before none; of two blurbs or shifts the winner's stands."""
    strictness = (Decision.HIDDEN, Decision.PINNED, Decision.NONE)
    return {
        "decision": min(ours["decision"], theirs["decision"], key=lambda each: strictness.index(Decision(each))),
        "blurb": ours["blurb"] or theirs["blurb"],
        "shift": ours["shift"] or theirs["shift"],
    }


def of_open_editions() -> Values:
    """A published edition is frozen; an open one is not published while its papers move."""
    still_open = Edition.objects.select_for_update().filter(state=EditionState.OPEN).order_by("pk")
    return {"edition__in": list(still_open.values_list("pk", flat=True))}


def newer(ours: Values, theirs: Values) -> Values:
    """Of two votes the last one counts."""
    return {name: max(ours, theirs, key=lambda row: row["cast_at"])[name] for name in ("wants_more", "cast_at")}


def unique_beside(relation: Relation) -> list[tuple[str, ...]]:
    """What must differ between two rows of one paper, by columns: one tuple a unique constraint."""
    meta = relation.model._meta
    columns = {column.name: column.attname for column in meta.concrete_fields}
    sets = [each.fields for each in meta.constraints if isinstance(each, UniqueConstraint)]
    sets += [tuple(each) for each in meta.unique_together]
    return [tuple(columns[name] for name in names if name != relation.name) for names in sets if relation.name in names]


def rows_of(relation: Relation, rule: Rule, papers: set[int]) -> list[Values]:
    names = [column.attname for column in relation.model._meta.concrete_fields]
    rows = relation.model._base_manager.filter(**{f"{relation.name}__in": papers}, **rule.among())
    return list(rows.order_by("pk").values(*names))


def point(relation: Relation, papers: Mapping[Any, int]) -> None:
    by_paper: dict[int, list[Any]] = defaultdict(list)
    for pk, paper in papers.items():
        by_paper[paper].append(pk)
    for paper, ids in by_paper.items():
        relation.model._base_manager.filter(pk__in=ids).update(**{relation.attname: paper})


def delete(model: type[Model], record: Moves) -> None:
    ids = [row["id"] for moved in record.values() for row in moved.dropped]
    model._base_manager.filter(pk__in=ids).delete()


def restore(relation: Relation, rule: Rule, rows: list[Values]) -> None:
    """The dropped rows again, except what has been filled since, or may not change any more."""
    allowed = [set(values) for values in rule.among().values()]
    values = [read(relation.model, row) for row in rows]
    kept = [row for row in values if all(row["edition_id"] in ids for ids in allowed)]
    relation.model._base_manager.bulk_create([relation.model(**row) for row in kept], ignore_conflicts=True)


def read(model: type[Model], row: Values) -> Values:
    """Values as they were before they became JSON."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return {name: columns[name].to_python(value) for name, value in row.items() if name in columns}


def plain(value: Any) -> Any:
    """As it will be once it was JSON."""
    return value if value is None or isinstance(value, bool | int | float) else str(value)


STAYS = Rule(moves=False)
RULES = {
    "digest.Listing.paper": Rule(takes_over=earlier),
    "digest.Signal.paper": Rule(takes_over=higher),
    "digest.Fact.paper": Rule(),
    "digest.EditionPaper.paper": Rule(takes_over=stricter, among=of_open_editions),
    "digest.Vote.paper": Rule(takes_over=newer),
    "digest.InterestPaper.paper": Rule(),
    "digest.Paper.merged_into": STAYS,  # follows: see `follow`
    # Names stay with the row whose records gave them, and lead on by `merged_into`. So do the ids in stored digests.
    "digest.Identifier.paper": STAYS,
    "digest.Claim.paper": STAYS,
    "digest.Merge.loser": STAYS,
    "digest.Merge.winner": STAYS,
    "digest.Separation.one": STAYS,
    "digest.Separation.other": STAYS,
    # Each row has its own words; which of them are found is asked when somebody searches.
    "digest.SearchEntry.paper": STAYS,
    "digest.Unindexed.paper": STAYS,
    # Each row's own text, as it was; a published edition finds it under the id that it has in the pool.
    "digest.PaperVector.paper": STAYS,
}
