"""Identifiers as people and feeds write them in, one canonical form each out: arXiv id and version, DOI."""

from __future__ import annotations

import re
from datetime import date

from digest.sources import text

# https://info.arxiv.org/help/arxiv_identifier.html: YYMM.NNNN (5 digits since 2015), before April 2007
# archive[.CLASS]/YYMMNNN, where the class is not part of the identity. The archives of that time are a closed list.
ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    "|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph"
    "|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
MONTH = r"\d{2}(?:0[1-9]|1[0-2])"
ARXIV = (
    rf"(?:(?P<new>{MONTH}\.\d{{4,5}})|(?P<archive>{ARCHIVES})(?:\.[a-z]{{2}})?/(?P<old>{MONTH}\d{{3}}))"
    r"(?:v(?P<version>\d{1,3}))?"
)
ARXIV_ALONE = re.compile(
    rf"(?:(?:https?://)?(?:[\w-]+\.)*arxiv\.org/(?:abs|pdf|html|format|ps|src)/|oai:arxiv\.org:|arxiv:"
    rf"|(?:https?://)?(?:dx\.)?(?:doi\.org/)?(?:doi:)?10\.48550/arxiv\.|https?://huggingface\.co/papers/)?"
    rf"\s*{ARXIV}(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
DOI = re.compile(r"(?:^|doi:\s*|doi\.org/|/|\s)(10\.\d{4,9}/[^\s\"<>]+)", re.IGNORECASE)
LONGEST_DOI = 200
BIORXIV_VERSION = re.compile(r"^(10\.(?:1101|64898)/[\d.]+?)v\d+.*$")


def arxiv(value: str) -> tuple[str, int | None] | None:
    """(id without version, version or None) of an id, URL, OAI identifier or arXiv's own DOI; else None."""
    found = ARXIV_ALONE.fullmatch(value.strip()[:300])
    if not found:
        return None
    version = int(found["version"]) if found["version"] else None
    return found["new"] or f"{found['archive'].lower()}/{found['old']}", version or None


def arxiv_month(arxiv_id: str) -> date:
    """The first day of the month in which the id was given out."""
    digits = arxiv_id.rpartition("/")[2]
    year = int(digits[:2])
    return date(1900 + year if year > 90 else 2000 + year, int(digits[2:4]), 1)


def doi(value: str) -> str | None:
    """A DOI in lower case without resolver or trailing punctuation, at most 200 characters; None for arXiv's own."""
    found = DOI.search(text.UNWANTED.sub("", value[:1000]))
    if not found:
        return None
    name = BIORXIV_VERSION.sub(r"\1", found[1].lower().split("?")[0].rstrip(".,;:)]}'\"/"))
    return None if len(name) > LONGEST_DOI or name.startswith("10.48550/arxiv") else name
