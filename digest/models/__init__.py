"""The pipeline's rows, in the order data flows: source, paper, edition, delivery, event."""

from digest.models.delivery import TERMINAL_STATES, Delivery, DeliveryState
from digest.models.edition import Decision, Edition, EditionKind, EditionPaper, EditionState
from digest.models.event import ProviderEvent
from digest.models.paper import Listing, Paper, Signal, SignalKind
from digest.models.source import Host, Outcome, Source, SourceRun

__all__ = [
    "TERMINAL_STATES",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Edition",
    "EditionKind",
    "EditionPaper",
    "EditionState",
    "Host",
    "Listing",
    "Outcome",
    "Paper",
    "ProviderEvent",
    "Signal",
    "SignalKind",
    "Source",
    "SourceRun",
]
