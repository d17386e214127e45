"""The pipeline's rows, as data flows: source, host, paper, repository, edition, delivery, breaker, throttle, event."""

from digest.models.breaker import Breaker, BreakerState
from digest.models.delivery import Delivery, Digest
from digest.models.edition import Decision, Edition, EditionKind, EditionPaper, EditionState
from digest.models.event import Bounce, ProviderEvent
from digest.models.host import Host
from digest.models.lease import Lease
from digest.models.paper import Listing, Paper, Signal, SignalKind
from digest.models.repository import Repository
from digest.models.source import Outcome, Source, SourceRun
from digest.models.states import OPEN_STATES, TERMINAL_STATES, DeliveryState
from digest.models.throttle import ConnectionLease, Throttle

__all__ = [
    "OPEN_STATES",
    "TERMINAL_STATES",
    "Bounce",
    "Breaker",
    "BreakerState",
    "ConnectionLease",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Edition",
    "EditionKind",
    "EditionPaper",
    "EditionState",
    "Host",
    "Lease",
    "Listing",
    "Outcome",
    "Paper",
    "ProviderEvent",
    "Repository",
    "Signal",
    "SignalKind",
    "Source",
    "SourceRun",
    "Throttle",
]
