"""The parser of whoever asks for one: kept for the next who does, one a process, another for each further thread."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from digest import stopping
from digest.sources.parsing.process import Parser

_lock = threading.Lock()
_idle: list[Parser] = []
KEPT = 1


@contextmanager
def parser() -> Iterator[Parser]:
    """A parser for one user. One that was asked and did not answer yet is ended. Raises Interrupted."""
    stopping.check()
    taken = _take()
    try:
        yield taken
    finally:
        if taken.waiting:
            taken.end()
        _give_back(taken)


def processes() -> list[int]:
    """The process ids of those that nobody uses, for whoever measures them."""
    with _lock:
        return [parser.child.process.pid for parser in _idle if parser.child is not None]


def end() -> None:
    """End those that nobody uses."""
    while _idle:
        _take().end()


def _take() -> Parser:
    with _lock:
        return _idle.pop() if _idle else Parser()


def _give_back(parser: Parser) -> None:
    with _lock:
        if len(_idle) < KEPT:
            _idle.append(parser)
            return
    parser.end()


def _forget() -> None:
    """A forked process has parsers of its own."""
    global _lock
    _lock = threading.Lock()
    while _idle:
        _idle.pop().abandon()


atexit.register(end)
os.register_at_fork(after_in_child=_forget)
