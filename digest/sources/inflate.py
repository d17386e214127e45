"""Compressed bytes in, at most so many plain bytes out: what would grow beyond the limit is never unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from digest.errors import SourceError

GZIP = b"\x1f\x8b"
WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
STEP = 64 * 1024


def decoded(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """A whole body sent under this Content-Encoding. Raises SourceError above `limit` bytes, before or after."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return joined(chunks, limit)
    if encoding not in WINDOW:
        raise SourceError(f"content encoding {encoding[:40]!r} is not accepted")
    return joined(inflated(bounded(chunks, limit), WINDOW[encoding]), limit)


def gunzip(body: bytes, limit: int) -> bytes:
    """The plain bytes of a stored .gz file; anything else as it is."""
    return joined(inflated([body], WINDOW["gzip"]), limit) if body.startswith(GZIP) else body


def joined(chunks: Iterable[bytes], limit: int) -> bytes:
    return b"".join(bounded(chunks, limit))


def bounded(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise SourceError(f"larger than {limit:,} bytes", permanent=True)
        yield chunk


def inflated(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    """Unpacks in small steps. Some servers send raw deflate data where zlib's wrapping is asked for."""
    engine = zlib.decompressobj(window)
    fed = b""
    for chunk in chunks:
        rest = chunk
        while rest or engine.unconsumed_tail:
            try:
                step = engine.decompress(engine.unconsumed_tail + rest, STEP)
            except zlib.error as error:
                if window != WINDOW["deflate"] or fed:
                    raise SourceError(f"broken compression: {error}") from error
                engine, window = zlib.decompressobj(-15), -15
                continue
            fed, rest = chunk, b""
            yield step
            if engine.eof:
                if not engine.unused_data.startswith(GZIP):
                    return
                rest, engine = engine.unused_data, zlib.decompressobj(window)
    if not engine.eof:
        raise SourceError("compressed data ends early")
