"""Rows with their names in; which of them are one paper out: the same whatever order they came in.

Four kinds of rows, by the name they stand for. The rules are a function of the set of rows, never of their history:

1. arXiv ids: two of them are two papers, always.
2. DOIs, OpenReview and Semantic Scholar: rows that share such a name, or a title and an author, are one paper. So a
   preprint's DOI and the journal's are. A name that arXiv papers gave is that paper's, the first one's if several did;
   without such a name, a title (and an author, where both name any) leads to an arXiv paper, if to one only.
3. Addresses and feeds' own names: a title leads on as above, but never from one address to another: a column has the
   same title every week.
4. Bare titles: the first of the others with that title (and an author in common, where both name any).

A name that more than CROWD rows bear tells nothing. What an editor separated stays apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from digest.papers.identity import Name, people, rank
from digest.sources import identifiers

CROWD = 50
ARXIV, WORK, ADDRESS, BARE = range(4)
KINDS = {
    identifiers.ARXIV_SCHEME: ARXIV,
    identifiers.DOI_SCHEME: WORK,
    identifiers.OPENREVIEW: WORK,
    identifiers.SEMANTIC_SCHOLAR: WORK,
    identifiers.GUID: ADDRESS,
    identifiers.URL: ADDRESS,
    identifiers.TITLE: BARE,
}
LABELS = {
    identifiers.DOI_SCHEME: "DOI",
    identifiers.OPENREVIEW: "OpenReview id",
    identifiers.SEMANTIC_SCHOLAR: "Semantic Scholar id",
    identifiers.GUID: "name in its feed",
    identifiers.URL: "address",
}
SAME_TITLE = "the same title"
SAME_TITLE_AND_PEOPLE = "the same title, and an author in common"


@dataclass(frozen=True, eq=False)
class Node:
    """A row: `id` is anything that tells it from others."""

    id: object
    key: Name
    names: Collection[Name]
    authors: Sequence[str] = ()

    @property
    def kind(self) -> int:
        return KINDS[self.key[0]]

    @property
    def titles(self) -> list[str]:
        return [value for scheme, value in self.names if scheme == identifiers.TITLE]

    @property
    def people(self) -> frozenset[str]:
        return people(tuple(self.authors))


class Place(NamedTuple):
    """The row that stands for the paper, why this one belongs to it, and all that do, the best first."""

    id: object
    reason: str
    members: tuple[object, ...]


@dataclass(eq=False)
class Group:
    """Rows that are one paper, the best first."""

    nodes: list[Node]
    reasons: dict[Node, str] = field(default_factory=dict)

    @property
    def kind(self) -> int:
        return self.nodes[0].kind


def partition(
    nodes: Iterable[Node], apart: Collection[frozenset[object]] = (), crowded: Collection[Name] = ()
) -> dict[object, Place]:
    """For each row's id the one that stands for its paper."""
    return Partition(nodes, apart, crowded).places()


class Partition:
    def __init__(self, nodes: Iterable[Node], apart: Collection[frozenset[object]], crowded: Collection[Name]) -> None:
        self.nodes = sorted(nodes, key=lambda node: rank(node.key))
        self.apart = {pair for pair in apart if len(pair) == 2}
        self.crowded = set(crowded)
        self.group = {node: Group([node]) for node in self.nodes}
        self.bearers: dict[Name, list[Node]] = defaultdict(list)
        self.signers: dict[tuple[str, str], list[Node]] = defaultdict(list)
        for node in self.nodes:
            self._index(node)

    def places(self) -> dict[object, Place]:
        self._join_by_names(WORK)
        self._join_works_by_people()
        self._join_by_names(ADDRESS)
        for kind in (WORK, ADDRESS):
            for group in self._groups(kind):
                self._lead_on(group)
        for node in self._bare():
            self._lead_title(node)
        return {node.id: place for group in set(self.group.values()) for node, place in places_of(group)}

    def _index(self, node: Node) -> None:
        for name in node.names:
            if name not in self.crowded:
                self.bearers[name].append(node)
        for title in self._telling(node):
            for part in node.people or {""}:
                self.signers[title, part].append(node)

    def _telling(self, node: Node) -> list[str]:
        return [title for title in node.titles if (identifiers.TITLE, title) not in self.crowded]

    def _groups(self, kind: int) -> list[Group]:
        return [group for group in dict.fromkeys(self.group[node] for node in self.nodes) if group.kind == kind]

    def _bare(self) -> list[Node]:
        """Those who name their authors first: nobody else would tell them apart."""
        return sorted((node for node in self.nodes if node.kind == BARE), key=lambda node: not node.authors)

    def _join_by_names(self, kind: int) -> None:
        for name, bearers in sorted(self.bearers.items()):
            if name[0] in LABELS:
                self._join_all([node for node in bearers if node.kind == kind], same(name))

    def _join_works_by_people(self) -> None:
        for (_, part), signers in sorted(self.signers.items(), key=lambda item: item[0]):
            if part:
                self._join_all([node for node in signers if node.kind == WORK], SAME_TITLE_AND_PEOPLE)

    def _join_all(self, nodes: Sequence[Node], reason: str) -> None:
        for node in nodes[1:]:
            self._join(self.group[nodes[0]], self.group[node], reason)

    def _lead_on(self, group: Group) -> None:
        """To the paper that shares a name with the group, else to the only one that its titles lead to."""
        strongest = self._strongest(group)
        if strongest:
            self._join(self.group[strongest[0]], group, strongest[1])
            return
        found = dict.fromkeys(self._titled(group))
        if len(found) == 1:
            self._join(next(iter(found)), group, SAME_TITLE_AND_PEOPLE)

    def _strongest(self, group: Group) -> tuple[Node, str] | None:
        shared = [
            (rank(bearer.key), rank(name), bearer, name)
            for node in group.nodes
            for name in node.names
            if name[0] in LABELS
            for bearer in self.bearers.get(name, ())
            if bearer.kind == ARXIV and self._may_join(self.group[bearer], group)
        ]
        if not shared:
            return None
        _, _, bearer, name = min(shared, key=lambda each: each[:2])
        return bearer, same(name)

    def _titled(self, group: Group) -> Iterator[Group]:
        for node in group.nodes:
            for other in self._fitting(node):
                found = self.group[other]
                if found.kind < group.kind and self._may_join(found, group):
                    yield found

    def _lead_title(self, node: Node) -> None:
        group = self.group[node]
        others = (self.group[other] for other in sorted(self._fitting(node), key=self._precedence))
        found = next((other for other in others if other is not group and self._may_join(other, group)), None)
        if found and self._precedence(found.nodes[0]) < self._precedence(node):
            self._join(found, group, SAME_TITLE)

    def _precedence(self, node: Node) -> tuple[int, bool, tuple[int, str]]:
        return node.kind, not node.authors, rank(node.key)

    def _fitting(self, node: Node) -> Iterator[Node]:
        """Rows of the same title whose authors, where both name any, have someone in common with the node's."""
        for title in self._telling(node):
            if node.people:
                parts = (*sorted(node.people), "")
                yield from (other for part in parts for other in self.signers.get((title, part), ()))
            else:
                yield from self.bearers[identifiers.TITLE, title]

    def _may_join(self, one: Group, other: Group) -> bool:
        if not self.apart:
            return True
        return not any(frozenset((a.id, b.id)) in self.apart for a in one.nodes for b in other.nodes)

    def _join(self, one: Group, other: Group, reason: str) -> None:
        if one is other or not self._may_join(one, other):
            return
        winner, loser = sorted((one, other), key=lambda group: rank(group.nodes[0].key))
        for node in loser.nodes:
            winner.reasons.setdefault(node, reason)
            self.group[node] = winner
        for node, why in loser.reasons.items():
            winner.reasons[node] = why
        winner.nodes += loser.nodes


def same(name: Name) -> str:
    return f"the same {LABELS[name[0]]}: {name[1]}"[:200]


def places_of(group: Group) -> Iterator[tuple[Node, Place]]:
    nodes = sorted(group.nodes, key=lambda node: rank(node.key))
    members = tuple(node.id for node in nodes)
    return ((node, Place(members[0], group.reasons.get(node, ""), members)) for node in nodes)
