"""Sources: bytes from the outside world in, `FetchedPaper` values out. Plain Python, one adapter a file.

`ADAPTERS` is the registry: a source's `kind` names the adapter that reads it.
"""

from digest.sources.arxiv_api import ArxivApi
from digest.sources.arxiv_atom import ArxivAtom
from digest.sources.base import Adapter, FetchedPaper, ParsedFeed, Refusal
from digest.sources.feed import Feed
from digest.sources.huggingface_daily import HuggingFaceDaily
from digest.sources.papers_json import PapersJson

ADAPTERS: dict[str, Adapter] = {
    adapter.kind: adapter for adapter in (ArxivAtom(), ArxivApi(), HuggingFaceDaily(), Feed(), PapersJson())
}

__all__ = ["ADAPTERS", "Adapter", "FetchedPaper", "ParsedFeed", "Refusal"]
