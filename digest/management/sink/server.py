"""The listening side: a thread with an event loop, which others start, stop and watch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from digest.management.sink.behaviour import Behaviour
from digest.management.sink.record import Record
from digest.management.sink.session import Session

HOST = "127.0.0.1"
BUFFER = 128 * 1024


class Sink:
    """`start`, `stop` and `release` may be called from any thread; it comes back at the same port with its record.

    `held` are the connections that wait for an answer because of `Behaviour.hold_from`.
    """

    def __init__(self, port: int = 0, behaviour: Behaviour | None = None, *, is_recording: bool = True) -> None:
        self.port, self.behaviour, self.is_recording = port, behaviour or Behaviour(), is_recording
        self.record = Record()
        self.sessions: set[Session] = set()
        self.held: set[Session] = set()
        # One for all: what was read is copied out of it at once. Half the cost of new memory for every read.
        self.buffer = memoryview(bytearray(BUFFER))
        self._server: asyncio.Server | None = None
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="sink", daemon=True)

    def __enter__(self) -> Sink:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Take connections. OSError where the port is taken."""
        if not self._thread.is_alive():
            self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(10)

    def stop(self) -> None:
        """Cut every connection, and take no new one."""
        asyncio.run_coroutine_threadsafe(self._shut(), self.loop).result(10)

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def release(self) -> None:
        """Answer everybody who is held, and whoever comes from now on."""
        self.behaviour.hold_from = None
        self._for_each(self.held, Session.go_on)

    def cut(self) -> None:
        """Hang up on everybody; they may come again."""
        self._for_each(self.sessions, Session.cut)

    def _for_each(self, sessions: set[Session], action: Callable[[Session], None]) -> None:
        async def run() -> None:
            for session in list(sessions):
                action(session)

        asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await self.loop.create_server(lambda: Session(self), HOST, self.port, backlog=512)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        """In this order: whom asyncio has accepted gets a transport only as long as the server is not closed."""
        if self._server is not None:
            for listener in self._server.sockets:
                self.loop.remove_reader(listener.fileno())
            await asyncio.sleep(0)
            self._server.close()
            self._server = None
        await asyncio.sleep(0)  # for their connection_made
        for session in list(self.sessions):
            session.cut()
        await asyncio.sleep(0)  # for their connection_lost
