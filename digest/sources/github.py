"""A paper's code link in, its repository on GitHub out; the API's reply in, the repository's stars out.

https://docs.github.com/en/rest/repos/repos#get-a-repository
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.errors import SourceError
from digest.sources import addresses, json_values

API = "https://api.github.com"
PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
# What stands where an owner would, and is none.
NO_OWNERS = frozenset(
    ["about", "apps", "collections", "features", "marketplace", "orgs", "search", "settings", "sponsors", "topics"]
)


@dataclass(frozen=True, slots=True)
class Repository:
    """`name` is its present one, `owner/name` in lower case, which differs from the one asked for if it has moved."""

    name: str
    stars: int


def repository(url: str) -> str:
    """`owner/name` in lower case, as GitHub sees no difference; nothing for any other address."""
    found = addresses.parts(url)
    owner, name = (*found.steps, "", "")[:2]
    name = name.removesuffix(".git")
    if found.host != "github.com" or owner.lower() in NO_OWNERS:
        return ""
    return f"{owner}/{name}".lower() if PART.fullmatch(owner) and PART.fullmatch(name) else ""


def url(api: str, name: str) -> str:
    return f"{api.rstrip('/')}/repos/{name}"


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def read(body: bytes) -> Repository:
    """Raises SourceError for anything but a repository."""
    document = json_values.load(body)
    record = document if isinstance(document, dict) else {}
    name = repository(f"https://github.com/{json_values.text(record, 'full_name')}")
    stars = json_values.number(record, "stargazers_count")
    if not name or stars is None or stars < 0:
        raise SourceError("not a reply about a repository", permanent=True)
    return Repository(name, min(stars, 2**31 - 1))
