"""People and topics at the editors' desk; importing the package registers its pages."""

from subscriptions.admin import records, subscribers, topics

__all__ = ["records", "subscribers", "topics"]
