"""A mail server on loopback that can be held, can hang up, and can be stopped and started again."""

from __future__ import annotations

import asyncio
from collections import Counter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.pipeline.mailbox import Mailbox


class PostOffice(Mailbox):
    """Takes `seconds` over each message. Once `hold_at` messages have come, it keeps every sender waiting.

    With `hang_up_every` it takes each such message as well, and hangs up instead of saying so.
    """

    def __init__(self, seconds: float = 0.01) -> None:
        super().__init__()
        self.seconds = seconds
        self.hold_at: int | None = None
        self.hang_up_every = 0
        self.hung_up = 0
        self.held = 0  # senders waiting for an answer to a message that was taken
        self.connections: set[asyncio.BaseTransport] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert server.transport is not None
        self.connections.add(server.transport)
        reply = await super().handle_DATA(server, session, envelope)
        if self.hang_up_every and len(self.messages) % self.hang_up_every == 0:
            self.hung_up += 1
            server.transport.abort()
            return reply
        await asyncio.sleep(self.seconds)
        if self._holds():
            await self._keep_waiting()
        return reply

    async def _keep_waiting(self) -> None:
        self.held += 1
        try:
            while self._holds():
                await asyncio.sleep(0.01)
        finally:
            self.held -= 1

    def _holds(self) -> bool:
        return self.hold_at is not None and len(self.messages) >= self.hold_at

    def release(self) -> None:
        self.hold_at = None

    def received(self) -> Counter[str]:
        """How many messages each address got."""
        return Counter(address for address, _ in list(self.messages))

    def stop(self) -> None:
        """Cut every connection, and answer no new one."""
        self.controller.loop.call_soon_threadsafe(self._cut)
        self.controller.stop()

    def _cut(self) -> None:
        for connection in self.connections:
            connection.abort()  # type: ignore[attr-defined]
        self.connections.clear()

    def start(self) -> None:
        if self.controller.loop.is_closed():
            self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
