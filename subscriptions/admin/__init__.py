"""People at the editors' desk; importing the package registers its pages."""

from subscriptions.admin import records, subscribers

__all__ = ["records", "subscribers"]
