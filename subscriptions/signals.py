"""What others may listen to: this room knows nothing of them."""

from django.dispatch import Signal

# Within the transaction that makes a reader active; gives `subscriber`, `now` and what they typed as an `interest`.
confirmed = Signal()
