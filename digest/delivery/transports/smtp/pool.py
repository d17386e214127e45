"""Takes how many connections there may be; keeps them open, makes new ones, and tells which have something to say."""

from __future__ import annotations

import select
import socket
from contextlib import suppress

from digest.delivery.transports.base import TransportUnavailable
from digest.delivery.transports.smtp.connection import Access, Connection
from digest.delivery.transports.smtp.dialogue import Dialogue
from digest.delivery.transports.smtp.opening import Opening

READ, WRITE = select.POLLIN, select.POLLOUT


class Pool:
    """Open dialogues, and connections in the making.

    poll() as it is: for a handful of sockets the selectors module costs three times as much.
    """

    def __init__(self, access: Access) -> None:
        self.dialogues: list[Dialogue] = []
        self.openings: list[Opening] = []
        self._access = access
        self._poll = select.poll()
        self._by_number: dict[int, Dialogue] = {}
        self._watched_for_writing: set[Dialogue] = set()
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._poll.register(self._woken, READ)

    def __len__(self) -> int:
        return len(self.dialogues) + len(self.openings)

    def open_another(self) -> None:
        self.openings.append(Opening(self._access, self._wake))

    def arrivals(self) -> list[Connection | TransportUnavailable]:
        """Connections that are made now, and why others are not."""
        done = [opening for opening in self.openings if opening.is_done]
        self.openings = [opening for opening in self.openings if opening not in done]
        return [_outcome(opening) for opening in done]

    def add(self, dialogue: Dialogue) -> None:
        number = dialogue.channel.sock.fileno()
        self._poll.register(number, READ)
        self._by_number[number] = dialogue
        self.dialogues.append(dialogue)

    def remove(self, dialogue: Dialogue) -> None:
        """Its connection is no longer watched; closing it is the caller's."""
        number = dialogue.channel.sock.fileno()
        self._poll.unregister(number)
        del self._by_number[number]
        self.dialogues.remove(dialogue)
        self._watched_for_writing.discard(dialogue)

    def watch(self, dialogue: Dialogue) -> None:
        """For writing, only while something waits to be written."""
        waits = dialogue.channel.waits_to_write
        if waits is not (dialogue in self._watched_for_writing):
            self._poll.modify(dialogue.channel.sock, READ | WRITE if waits else READ)
            (self._watched_for_writing.add if waits else self._watched_for_writing.discard)(dialogue)

    def select(self, timeout: float) -> list[tuple[Dialogue, int]]:
        """Dialogues that can read or write, waiting up to `timeout` seconds for one, or for a new connection."""
        ready = []
        for number, events in self._poll.poll(timeout * 1000):
            if dialogue := self._by_number.get(number):
                ready.append((dialogue, events))
            else:
                with suppress(BlockingIOError):
                    self._woken.recv(64)
        return ready

    def abort_busy(self) -> None:
        """Cut the connections with something unanswered: nobody will listen to the answers."""
        for dialogue in [dialogue for dialogue in self.dialogues if dialogue.is_busy]:
            self.remove(dialogue)
            dialogue.channel.abort()

    def close(self) -> None:
        self.abort_busy()
        for opening in self.openings:
            opening.abandon()
        for dialogue in self.dialogues:
            dialogue.channel.part(b"QUIT\r\n")
        self._woken.close()
        self._wake.close()


def _outcome(opening: Opening) -> Connection | TransportUnavailable:
    try:
        return opening.result()
    except TransportUnavailable as error:
        return error
