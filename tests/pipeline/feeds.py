"""Serves recorded feeds over loopback HTTP as if their last day were today, with validators for conditional GET."""

from __future__ import annotations

import hashlib
import re
import tarfile
import threading
from collections import Counter
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DAY = re.compile(rb"(20\d\d)-(\d\d)-(\d\d)(?=T)")
ARXIV_LAST_DAY = date(2026, 7, 1)
HUGGINGFACE_LAST_DAY = date(2026, 3, 31)


def shifted(body: bytes, by: timedelta) -> bytes:
    """The same reply with every timestamp's day moved; identifiers and texts stay as they are."""

    def move(match: re.Match[bytes]) -> bytes:
        return (date(*map(int, match.groups())) + by).isoformat().encode()

    return DAY.sub(move, body)


def recorded_replies(folder: Path, today: date) -> dict[str, bytes]:
    """Path on the server -> body, for arXiv's Atom feeds and API and for every stored day of daily papers."""
    replies = {}
    with tarfile.open(folder / "arxiv.tar.gz") as archive:
        for name in ("cs.AI_2026-06-30", "cs.CL_2026-06-30", "cs.CL_2026-07-01", "cs.CV_2026-06-30"):
            body = archive.extractfile(f"arxiv-rss/gen_atom_{name}.xml").read()  # type: ignore[union-attr]
            replies[f"/atom/{name}"] = shifted(body, today - ARXIV_LAST_DAY)
        api = archive.extractfile("arxiv-api-atom/arxivpy_q_testing_s0_m100_cfe7536492ca.xml")
        replies["/api/query"] = api.read()  # type: ignore[union-attr]
    with tarfile.open(folder / "hf-daily-papers.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".json"):
                body = archive.extractfile(member).read()  # type: ignore[union-attr]
                replies[f"/daily_papers/{Path(member.name).stem}"] = shifted(body, today - HUGGINGFACE_LAST_DAY)
    return replies


class FeedServer:
    """`with FeedServer(replies) as server:` then `server.url + path`; `server.answers` counts (path, status)."""

    def __init__(self, replies: dict[str, bytes]) -> None:
        self.replies = replies
        self.answers: Counter[tuple[str, int]] = Counter()
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = replies.get(self.path.split("?")[0])
                status, etag = (404, "") if body is None else (200, f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324
                if etag and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                answers[self.path, status] += 1
                self.send_response(status)
                kind = "application/json" if "daily_papers" in self.path else "application/atom+xml"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body or b"")))
                if etag:
                    self.send_header("ETag", etag)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> FeedServer:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
