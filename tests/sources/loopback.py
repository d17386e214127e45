"""A real HTTP server on the loopback address whose answers a test writes: status, headers, and bytes as they come."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


@dataclass
class Answer:
    """`body` may be an iterable that is sent chunk by chunk, for as long as the client listens."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Route = Answer | Callable[[BaseHTTPRequestHandler], Answer]


class Loopback:
    """`routes` by path (without query); `requests` are (path with query, headers) as they came in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.routes: dict[str, Route] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    def serve(self, path: str, answer: Route | bytes) -> str:
        self.routes[path] = Answer(answer) if isinstance(answer, bytes) else answer
        return self.url + path


class Handler(BaseHTTPRequestHandler):
    loopback: ClassVar[Loopback]

    def do_GET(self) -> None:
        self.loopback.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        route = self.loopback.routes.get(self.path.split("?")[0], Answer(b"not here", 404))
        answer = route if isinstance(route, Answer) else route(self)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if isinstance(answer.body, bytes) and answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            for chunk in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                self.wfile.write(chunk)
                self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def running(host: str = "127.0.0.1") -> Iterator[Loopback]:
    handler = type("OwnHandler", (Handler,), {})
    server = ThreadingHTTPServer((host, 0), handler)
    server.daemon_threads = True
    handler.loopback = Loopback(f"http://{host}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield handler.loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def speaking(words: Iterable[bytes | float]) -> Iterator[str]:
    """The URL of a server that hears one request, whatever it is, and answers with these bytes; a number is a silence
    of so many seconds."""

    def speak(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            for word in words:
                if isinstance(word, bytes):
                    connection.sendall(word)
                else:
                    time.sleep(word)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=speak, args=[server], daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
