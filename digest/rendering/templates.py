"""The mail's templates on disk in, a signature out that changes with them: a long-lived worker sees what was mended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.template import engines

FOLDER = "email"  # what a digest includes may lie beside it
Signature = tuple[tuple[str, int, int], ...]

_last: Signature | None = None


def signature() -> Signature:
    """Path, time and size of every file. When it is not what it was, Django forgets the templates it has read."""
    global _last
    found = tuple(sorted(_files()))
    if found != _last:
        for loader in _loaders():
            loader.reset()
        _last = found
    return found


def _files() -> Iterator[tuple[str, int, int]]:
    for loader in _loaders():
        for folder in loader.get_dirs() if hasattr(loader, "get_dirs") else ():
            for path in (Path(folder) / FOLDER).rglob("*"):
                with suppress(FileNotFoundError):  # an editor's temporary file
                    status = path.stat()
                    yield str(path), status.st_mtime_ns, status.st_size


def _loaders() -> Iterator[Any]:
    for backend in engines.all():
        yield from getattr(getattr(backend, "engine", None), "template_loaders", ())
