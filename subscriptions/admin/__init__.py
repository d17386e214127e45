"""People and topics at the editors' desk; importing the package registers its pages."""

from subscriptions.admin import records, signups, subscribers, topics

__all__ = ["records", "signups", "subscribers", "topics"]
