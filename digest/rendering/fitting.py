"""Choices and the room of a mail in, entries that fit out: cards shrink from the end before a paper is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digest.errors import DeliveryError
from digest.rendering.cards import BRIEF, FULL, LINE, SHORT, Variant
from digest.rendering.edition import MAX_HTML_BYTES, CompiledEdition
from digest.rendering.entries import Entry
from digest.rendering.facts import Chosen
from subscriptions.models import Abstracts

# What cards become, in turn, where the mail has no room for them.
_SHORTER = {Abstracts.FULL.value: (BRIEF, LINE), Abstracts.SHORT.value: (SHORT, LINE)}


def variants(abstracts: str, count: int) -> list[Variant]:
    """How much each paper's card says where there is room: in a short mail, the first one all."""
    return [FULL] * count if abstracts == Abstracts.FULL else [FULL] + [SHORT] * (count - 1)


def ever_smaller(abstracts: str, count: int) -> Iterator[list[Variant]]:
    """What is tried in turn by whoever cannot measure a single card."""
    yield variants(abstracts, count)
    for variant in _SHORTER[abstracts]:
        yield [variant] * count
    for fewer in range(count - 1, 0, -1):
        yield [LINE] * fewer


def entries(compiled: CompiledEdition, room: int, choices: Sequence[Chosen], abstracts: str) -> list[Entry]:
    """`room` is in bytes of HTML, decoded. DeliveryError where not even one paper has room."""
    if abstracts == Abstracts.FULL:
        found = compiled.entries(choices, FULL)
    else:
        found = compiled.entries(choices[:1], FULL) + compiled.entries(choices[1:], SHORT)
    room -= sum([entry.size for entry in found])
    if room < 0:
        room = _shortened(compiled, found, room, abstracts)
    while room < 0 and len(found) > 1:
        room += found.pop().size
    if room < 0:
        raise DeliveryError(f"A digest of a single paper takes more than {MAX_HTML_BYTES:,} bytes of HTML")
    return found


def _shortened(compiled: CompiledEdition, found: list[Entry], room: int, abstracts: str) -> int:
    """Put shorter cards in place of long ones from the end, until there is room; what room there is then."""
    for variant in _SHORTER[abstracts]:
        for place in range(len(found) - 1, -1, -1):
            shorter = compiled.entry(found[place].choice, variant)
            room += found[place].size - shorter.size
            found[place] = shorter
            if room >= 0:
                return room
    return room
