"""The files written to break feed readers, each with the headers that it wants to be served with."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ARCHIVE = Path("feeds", "hostile.tar.gz")
# feedparser's own tests say in a comment how they are to be served.
HEADER = re.compile(r"^Header:[ \t]*([\w-]+):[ \t]*([^\r\n]+)", re.MULTILINE)
HOSTS = [f"127.0.0.{number}" for number in range(1, 33)]  # Linux answers on all of them, others on the first
ENCODINGS = ("utf-8", "utf-16", "utf-32")


@dataclass(frozen=True)
class Case:
    """A reply to a visit. `name` is its file or family, `variant` what was done to it."""

    name: str
    variant: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = ""


def files(data: Path) -> Iterator[Case]:
    with tarfile.open(data / ARCHIVE) as archive:
        for member in archive:
            if member.isreg() and (handle := archive.extractfile(member)):
                body = handle.read()
                yield Case(member.name, "as it is", body, headers(body))


def headers(body: bytes) -> dict[str, str]:
    head = body[:4000]
    for encoding in ENCODINGS:
        found = HEADER.findall(head.decode(encoding, "ignore"))
        if found:
            return {name: value.strip().encode("latin-1", "ignore").decode("latin-1") for name, value in found}
    return {}
