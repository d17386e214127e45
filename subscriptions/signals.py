"""What others may listen to: this room knows nothing of them."""

from django.dispatch import Signal

# Within the transaction that makes a reader active; gives `subscriber`, `now` and what they typed as an `interest`.
confirmed = Signal()
# Within the transaction that erases what is known of an address; gives it as `address`, its `address_hash`, and the
# `subscriber`, or None.
erasing = Signal()
# Somebody asks what is known; the same is given, and a listener answers with a dictionary of JSON's values.
telling = Signal()
