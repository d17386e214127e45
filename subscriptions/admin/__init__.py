"""People at the editors' desk; importing the package registers its pages."""

from subscriptions.admin import records, signups, subscribers

__all__ = ["records", "signups", "subscribers"]
