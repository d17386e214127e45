"""What readers share, remembered within a limit."""

from __future__ import annotations

from typing import TypeVar

LIMIT = 20_000

K = TypeVar("K")
V = TypeVar("V")


class Memory(dict[K, V]):
    """A dictionary that forgets everything when it is full: what is needed again is quickly made again."""

    __slots__ = ("_limit",)

    def __init__(self, limit: int = LIMIT) -> None:
        super().__init__()
        self._limit = limit

    def keep(self, key: K, value: V) -> V:
        if len(self) >= self._limit:
            self.clear()
        self[key] = value
        return value
