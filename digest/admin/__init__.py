"""The editors' desk; importing the package registers its pages."""

from digest.admin import accounts, deliveries, editions, papers, sources

__all__ = ["accounts", "deliveries", "editions", "papers", "sources"]
