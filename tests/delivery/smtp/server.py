"""An SMTP server that follows a script, octet by octet if need be, and remembers what it was told."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

EXTENSIONS = "PIPELINING|SIZE 1000000|SMTPUTF8|ENHANCEDSTATUSCODES"
HANG_UP = None
SILENCE = "silence"
DEAF = "deaf"  # silent, and does not even read what comes
RESET = "reset"


class Slow(str):
    """Is said an octet at a time."""


Answer = str | bytes | None
Script = dict[str, Answer | list[Answer] | Callable[["Peer"], Answer]]


class Peer:
    """One connection as the server sees it. `heard` holds verbs, `chunks` what came in one piece each."""

    def __init__(self, sock: socket.socket, script: Script, name: int) -> None:
        self.sock, self.name = sock, name
        self.script = {key: list(value) if isinstance(value, list) else value for key, value in script.items()}
        self.heard: list[str] = []
        self.lines: list[str] = []
        self.chunks: list[bytes] = []
        self.contents: list[bytes] = []
        self.over = threading.Event()
        self._buffer = b""

    def converse(self) -> None:
        if not self.answer("greeting", "220 ready"):
            return
        while line := self._line():
            verb = line.split(b" ")[0].split(b":")[0].strip().upper().decode()
            self.heard.append(verb)
            self.lines.append(line.decode().rstrip())
            if not self._obey(verb):
                return

    def _obey(self, verb: str) -> bool:
        extensions = str(self.script.get("extensions", EXTENSIONS)).split("|")
        hello = "\r\n".join([*[f"250-{each}" for each in ["hello", *extensions[:-1]]], f"250 {extensions[-1]}"])
        usual = {"EHLO": hello, "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 2.0.0 OK")
        said = self.answer(verb, usual)
        if verb == "DATA" and isinstance(said, str) and said.startswith("354"):
            return self._content()
        return said is not None

    def _content(self) -> bool:
        """Up to the final dot; there is none before it, as nothing here begins a line with one."""
        while not self._buffer.startswith(b".\r\n") and b"\r\n.\r\n" not in self._buffer[-400:]:
            if not self._more():
                return False
            if "inside content" in self.script and self.answer("inside content", "") is None:
                return False
        content, _, self._buffer = (b"\r\n" + self._buffer).rpartition(b"\r\n.\r\n")
        self.contents.append((content + b"\r\n")[2:])
        self.heard.append(".")
        return self.answer(".", "250 2.0.0 OK") is not None

    def answer(self, key: str, usual: str) -> Answer:
        """Say what the script says; None once the connection is over."""
        answer = self.script.get(key, usual)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]  # the last one stays
        if callable(answer):
            answer = answer(self)
        if answer == RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        if answer == DEAF:
            self.over.wait(20)
            return None
        if answer == SILENCE:
            while self._more():
                pass
            return None
        if isinstance(answer, Slow):
            self._say_slowly(answer)
        elif isinstance(answer, str) and answer:
            self.sock.sendall(answer.encode() + b"\r\n")
        elif isinstance(answer, bytes):
            self.sock.sendall(answer)
        return answer

    def _say_slowly(self, text: str) -> None:
        for octet in text.encode() + b"\r\n":
            self.sock.sendall(bytes([octet]))
            time.sleep(0.001)

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            if not self._more():
                return b""
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def _more(self) -> bool:
        chunk = self.sock.recv(1 << 20)
        self.chunks.append(chunk)
        self._buffer += chunk
        return bool(chunk)


class Server:
    """Each connection follows its own script, the last one all that come after. `peers` in the order they came."""

    def __init__(self, scripts: tuple[Script, ...], context: ssl.SSLContext | None = None) -> None:
        self._scripts, self._context = scripts, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.peers: list[Peer] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                script = self._scripts[min(len(self.peers), len(self._scripts) - 1)]
                peer = Peer(sock, script, len(self.peers))
                self.peers.append(peer)
                thread = threading.Thread(target=self._serve, args=[peer], daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, peer: Peer) -> None:
        with suppress(OSError):
            if self._context is not None:
                peer.sock = self._context.wrap_socket(peer.sock, server_side=True)
            with peer.sock:
                peer.converse()

    def stop_listening(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait(self) -> None:
        """Until every connection is over, so that all that was said has been heard."""
        for thread in self._threads[1:]:
            thread.join(5)

    def stop(self) -> None:
        self.stop_listening()
        for peer in self.peers:
            peer.over.set()
            with suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    @property
    def contents(self) -> list[bytes]:
        return [content for peer in self.peers for content in peer.contents]

    @property
    def lines(self) -> list[str]:
        return [line for peer in self.peers for line in peer.lines]


@contextmanager
def following(*scripts: Script, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """With `context`, over TLS from the first octet."""
    server = Server(scripts or ({},), context)
    try:
        yield server
    finally:
        server.stop()
