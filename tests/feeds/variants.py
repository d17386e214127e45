"""A reply in, the same reply cut short, damaged, re-encoded and packed out; the same each time."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from dataclasses import replace

from tests.feeds.collection import Case

ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "latin-1", "utf-7", "cp037", "shift_jis")


def variants(case: Case) -> Iterator[Case]:
    chance = random.Random(case.name)
    yield case
    yield replace(case, variant="cut short", body=case.body[: chance.randrange(len(case.body) + 1)])
    yield replace(case, variant="bits flipped", body=flipped(case.body, chance))
    yield replace(case, variant="re-encoded", body=encoded(case.body, chance.choice(ENCODINGS)))
    packed = {**case.headers, "Content-Encoding": "gzip"}
    yield replace(case, variant="gzipped", body=gzip.compress(case.body, 1, mtime=0), headers=packed)


def flipped(body: bytes, chance: random.Random) -> bytes:
    """One bit of each hundred bytes, and one at least."""
    damaged = bytearray(body)
    for _ in range(len(body) // 100 + 1 if body else 0):
        damaged[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def encoded(body: bytes, encoding: str) -> bytes:
    """In another encoding than the document itself declares."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    return text.encode(encoding, "replace")
