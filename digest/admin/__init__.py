"""The editors' desk; importing the package registers its pages."""

from digest.admin import accounts, breakers, deliveries, editions, hosts, papers, ranking, readers, sources, topics

__all__ = [
    "accounts",
    "breakers",
    "deliveries",
    "editions",
    "hosts",
    "papers",
    "ranking",
    "readers",
    "sources",
    "topics",
]
