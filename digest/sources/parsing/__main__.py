"""The parser's own process: requests from standard input in, answers on standard output out, until the input ends.

It knows no settings, no database and no secret. It leaves by itself when it has grown, as what libraries keep is
otherwise kept for ever, or when nobody has asked for a while; whoever asks next starts another.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import BinaryIO

from digest.errors import SourceError
from digest.sources import ADAPTERS, text
from digest.sources.base import ParsedFeed, collected
from digest.sources.papers_json import read_line
from digest.sources.parsing import limits, wire
from digest.sources.parsing.wire import LINE, SNIFFED, Answer, Request
from digest.sources.sniff import sniff

GROWN = 128 * 1024 * 1024
LOOK_EVERY = 500  # requests
LARGE = 100_000  # bytes
PATIENCE = 600  # seconds, after which the alarm ends the process, whatever it waits for


def main() -> None:
    space = limits.settle()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not end up among the answers
    requests, count = sys.stdin.buffer, 0
    while (received := next_request(requests)) is not None:
        request, body = received
        write_all(answers, answered(request, body, space))
        count += 1
        if (len(body) > LARGE or not count % LOOK_EVERY) and limits.sizes()[1] > GROWN:
            return


def next_request(requests: BinaryIO) -> tuple[Request, bytes] | None:
    """The next one; none when the parent is gone."""
    signal.alarm(PATIENCE)
    lengths = requests.read(wire.LENGTHS.size)
    if len(lengths) < wire.LENGTHS.size:
        return None
    header, body = wire.LENGTHS.unpack(lengths)
    return wire.read_request(requests.read(header)), requests.read(body)


def answered(request: Request, body: bytes, space: int) -> bytes:
    try:
        with limits.within(request, space):
            return wire.answer(Answer(feed=read(request, body)))
    except SourceError as error:
        answer = Answer(error=str(error), permanent=error.permanent)
    except MemoryError:
        answer = Answer(error=f"reading it needs more than {request.memory // 1024**2} MB", permanent=True)
    except Exception as error:
        said = f"unexpected {type(error).__name__} while it was read: {error}"
        answer = Answer(error=text.line(said, 300), mistake=text.visible(traceback.format_exc()[-5000:]))
    return wire.answer(answer)


def read(request: Request, body: bytes) -> ParsedFeed:
    if request.reader == LINE:
        return collected([read_line(body)])
    kind = sniff(body, request.name) if request.reader == SNIFFED else request.reader
    feed = ADAPTERS[kind].parse(body, content_type=request.content_type, url=request.url)
    if len(feed.papers) + len(feed.refused) > limits.MOST_ENTRIES:
        raise SourceError(f"more than {limits.MOST_ENTRIES:,} entries", permanent=True)
    return feed


def write_all(answers: BinaryIO, answer: bytes) -> None:
    rest = memoryview(answer)
    while rest:
        rest = rest[answers.write(rest) :]


if __name__ == "__main__":
    main()
    os._exit(0)  # there is nothing to tidy up
