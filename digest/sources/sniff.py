"""A stored reply in, the kind of adapter that reads it out."""

from __future__ import annotations

import re

from digest.errors import SourceError
from digest.sources.markup import refuse_html

ARXIV_API = re.compile(rb"<id>\s*https?://(?:export\.)?arxiv\.org/(?:api/|<)")
ARXIV_FEED = re.compile(rb"https?://(?:rss|export)\.arxiv\.org/(?:rss|atom)|rdf:about=\"http://arxiv\.org/\"")
DAILY_PAPER = re.compile(rb"\"paper\"\s*:\s*\{")


def sniff(body: bytes, filename: str = "") -> str:
    """The adapter's kind, by content; the name only helps where the content leaves it open. Raises SourceError."""
    head = body[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"[", b"{"):
        return "huggingface_daily" if head[:1] == b"[" and DAILY_PAPER.search(body[:100_000]) else "papers_json"
    if head[:1] == b"<" or filename.endswith((".xml", ".rss", ".atom", ".rdf")):
        refuse_html(body)
        if ARXIV_API.search(head) and b"opensearch" in head:
            return "arxiv_api"
        return "arxiv_atom" if ARXIV_FEED.search(head) else "feed"
    raise SourceError("neither JSON nor a feed", permanent=True)
