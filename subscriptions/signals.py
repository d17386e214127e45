"""What others may listen to: this room knows nothing of them."""

from django.dispatch import Signal

# Within the transaction that makes a reader active; gives `subscriber` and `now`.
confirmed = Signal()
