"""The pipeline's rows, in the order data flows, from sources to events."""

from digest.models.backfill import BackfilledDay
from digest.models.breaker import Breaker, BreakerState
from digest.models.delivery import Delivery, Digest
from digest.models.edition import Decision, Edition, EditionKind, EditionPaper, EditionState
from digest.models.event import Bounce, ProviderEvent
from digest.models.fact import Fact, FactKind
from digest.models.host import Host
from digest.models.identity import Claim, Identifier, Merge, Scheme, Separation
from digest.models.interests import (
    Interest,
    InterestKind,
    InterestPaper,
    InterestReference,
    Muted,
    MutedKind,
    ReaderProfile,
    Vote,
)
from digest.models.lease import Lease
from digest.models.paper import Listing, Paper, Signal, SignalKind
from digest.models.ranking import ModelKind, PaperVector, RankingModel, RankingModelData, RankingWeights
from digest.models.repository import Repository
from digest.models.search import SearchEntry, SearchWord, Unindexed
from digest.models.source import Fault, Outcome, Source, SourceRun
from digest.models.states import OPEN_STATES, TERMINAL_STATES, DeliveryState
from digest.models.throttle import ConnectionLease, Throttle

__all__ = [
    "OPEN_STATES",
    "TERMINAL_STATES",
    "BackfilledDay",
    "Bounce",
    "Breaker",
    "BreakerState",
    "Claim",
    "ConnectionLease",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Edition",
    "EditionKind",
    "EditionPaper",
    "EditionState",
    "Fact",
    "FactKind",
    "Fault",
    "Host",
    "Identifier",
    "Interest",
    "InterestKind",
    "InterestPaper",
    "InterestReference",
    "Lease",
    "Listing",
    "Merge",
    "ModelKind",
    "Muted",
    "MutedKind",
    "Outcome",
    "Paper",
    "PaperVector",
    "ProviderEvent",
    "RankingModel",
    "RankingModelData",
    "RankingWeights",
    "ReaderProfile",
    "Repository",
    "Scheme",
    "SearchEntry",
    "SearchWord",
    "Separation",
    "Signal",
    "SignalKind",
    "Source",
    "SourceRun",
    "Throttle",
    "Unindexed",
    "Vote",
]
