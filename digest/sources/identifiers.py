"""Identifiers as people and feeds write them in, one canonical form each out: arXiv id and version, DOI, and others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from hashlib import sha256
from itertools import islice
from urllib.parse import parse_qsl, urlencode, urlsplit

from digest.sources import text

# What names a paper, the most telling first: a feed's own name is another for another day. A title names it only where
# nothing else is known.
ARXIV_SCHEME, DOI_SCHEME, OPENREVIEW, SEMANTIC_SCHOLAR = "arxiv", "doi", "openreview", "semantic_scholar"
GUID, URL, TITLE = "guid", "url", "title"
SCHEMES = (ARXIV_SCHEME, DOI_SCHEME, OPENREVIEW, SEMANTIC_SCHOLAR, URL, GUID, TITLE)
MOST = 20  # names of one paper
LONGEST = 200  # characters of one

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
OPENREVIEW_FORUM = re.compile(
    r"(?:https?://openreview\.net/(?:forum|pdf)\?(?:\S{0,200}?&)?id=)?([\w-]{5,64})(?:[&#].{0,200})?"
)
# https://api.semanticscholar.org/api-docs: a paper's id is 40 hexadecimal digits, its corpus id a number.
SCHOLAR = re.compile(
    r"(?:https?://(?:www\.)?semanticscholar\.org/paper/(?:[^/\s]{1,200}/)?)?(?:(?P<hash>[0-9a-f]{40})"
    r"|corpus ?id:(?P<corpus>\d{1,12}))",
    re.IGNORECASE,
)
UNIVERSAL = re.compile(r"(?:tag|urn|oai|doi|ark|hdl|info):", re.IGNORECASE)  # unique the world over, not in one feed
PASSING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|ref_src|jsessionid|phpsessid|session_?id", re.IGNORECASE)
SESSION = re.compile(r";jsessionid=[^/;]{1,200}", re.IGNORECASE)
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


def openreview(value: str) -> str | None:
    """The forum's id of an id or address; their case matters."""
    found = OPENREVIEW_FORUM.fullmatch(value.strip()[:300])
    return found[1] if found else None


def semantic_scholar(value: str) -> str | None:
    """40 hexadecimal digits, or `corpus:` and a number."""
    found = SCHOLAR.fullmatch(value.strip()[:300])
    if not found:
        return None
    return found["hash"].lower() if found["hash"] else f"corpus:{int(found['corpus'])}"


def url(value: str) -> str | None:
    """The address without what makes no difference: scheme, case of the host, final slash, marks of campaigns and of
    the visitor's session.

    The bare page of a host names no paper.
    """
    address = text.link(value, 1000)
    if not address:
        return None
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not PASSING.fullmatch(pair[0])]
    path = SESSION.sub("", parts.path).rstrip("/")
    if not (path or query or parts.fragment):
        return None
    tail = f"?{urlencode(query)}" if query else ""
    tail += f"#{parts.fragment}" if parts.fragment else ""
    return bounded(f"{parts.netloc.lower()}{path}{tail}")


def of_entry(own: str, address: str, home: str, published: date | None) -> tuple[tuple[str, str], ...]:
    """What an entry of a feed is called: its address, and `own`, the feed's name of it (RSS guid, Atom, JSON Feed id).

    The feed's name counts in that feed alone (`home` is its address), unless it is unique the world over; and together
    with the day of publication, as the next item of a column may bear it again. A permalink at another host than
    `address` is an address too: the other is a redirector's.
    """
    if host_of(own) not in ("", host_of(address)):
        return (URL, own), (URL, address)
    name = url(own) if text.link(own, 1000) else guid(own, home)
    if not name or name == url(address):
        return ((URL, address),)
    return (URL, address), (GUID, f"{name} {published:%Y-%m-%d}" if published else name)


def guid(value: str, home: str) -> str | None:
    """A feed's own name of an entry: by itself where it is unique the world over, else with the host of the feed."""
    value = text.line(value[:2000], 1000)
    if not value or UNIVERSAL.match(value):
        return value or None
    host = host_of(home)
    return f"{host} {value}" if host else None


def host_of(address: str) -> str:
    return urlsplit(address).netloc.lower() if text.link(address, 1000) else ""


def bounded(value: str) -> str:
    """The value, or where it is too long its hash."""
    return value if len(value) <= LONGEST else f"sha256:{sha256(value.encode()).hexdigest()}"


def names(written: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """(scheme, value) pairs as adapters give them in, canonical ones out, each once; what reads as none is left out.

    arXiv's own DOIs are arXiv ids. Titles are no adapter's business.
    """
    return tuple(dict.fromkeys(islice(filter(None, (_name(*pair) for pair in written)), MOST)))


def _name(scheme: str, value: str) -> tuple[str, str] | None:
    if scheme in (ARXIV_SCHEME, DOI_SCHEME) and (found := arxiv(value)):
        return ARXIV_SCHEME, found[0]
    read = READERS.get(scheme)
    canonical = read(value) if read else None
    return (scheme, canonical) if canonical else None


READERS: dict[str, Callable[[str], str | None]] = {
    DOI_SCHEME: doi,
    OPENREVIEW: openreview,
    SEMANTIC_SCHOLAR: semantic_scholar,
    GUID: bounded,
    URL: url,
}
