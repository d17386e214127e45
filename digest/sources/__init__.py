"""Sources: bytes from the outside world in, `FetchedPaper` values out. Plain Python, one adapter a file.

`ADAPTERS` is the registry: a source's `kind` names the adapter that reads it. An unknown address or reply is shown to
them in this order, so the formats that anybody may use come last.
"""

from digest.sources.arxiv_api import ArxivApi
from digest.sources.arxiv_atom import ArxivAtom
from digest.sources.base import Adapter, FetchedPaper, ParsedFeed, Refusal, Request
from digest.sources.biorxiv import Biorxiv
from digest.sources.feed import Feed
from digest.sources.huggingface_daily import HuggingFaceDaily
from digest.sources.json_feed import JsonFeed
from digest.sources.openreview import OpenReview
from digest.sources.papers_json import PapersJson
from digest.sources.semantic_scholar import SemanticScholar

ADAPTERS: dict[str, Adapter] = {
    adapter.kind: adapter
    for adapter in (
        ArxivApi(),
        ArxivAtom(),
        HuggingFaceDaily(),
        Biorxiv(),
        OpenReview(),
        SemanticScholar(),
        JsonFeed(),
        PapersJson(),
        Feed(),
    )
}

__all__ = ["ADAPTERS", "Adapter", "FetchedPaper", "ParsedFeed", "Refusal", "Request"]
