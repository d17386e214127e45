"""An edition and paper ids in, the edition compiled out: kept by this process from one chunk of readers to the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from digest.models import Edition
from digest.rendering import templates
from digest.rendering.edition import CompiledEdition
from digest.rendering.rows import compile_edition, edition_facts, paper_facts, topic_names

KEPT = 3
Key = tuple[object, ...]

_recent: OrderedDict[Key, CompiledEdition] = OrderedDict()


def compiled_edition(edition: Edition, paper_ids: Collection[int]) -> CompiledEdition:
    """The edition with at least these papers; those that are new are added. DeliveryError as `compile_edition`.

    A published edition is frozen, so its papers are read once. One that is not is compiled anew each time.
    """
    if edition.published_at is None:
        return compile_edition(edition, paper_ids)
    topics = topic_names()
    key = _key(edition, topics)
    compiled = _recent.pop(key, None) or CompiledEdition(edition_facts(edition), topics)
    if new := [paper_id for paper_id in dict.fromkeys(paper_ids) if paper_id not in compiled.papers]:
        compiled.add(paper_facts(edition, new))
    _recent[key] = compiled
    while len(_recent) > KEPT:
        _recent.popitem(last=False)
    return compiled


def forget() -> None:
    """As a new process."""
    _recent.clear()


def _key(edition: Edition, topics: dict[str, str]) -> Key:
    """Whatever of a message can change while a process lives. Settings cannot."""
    own = edition.pk, edition.published_at, edition.note, edition.missing
    return (*own, tuple(sorted(topics.items())), templates.signature())
