"""A host in, a gate out through which all requests of the deployment go: one at a time, with pauses, none when in vain.

names     which gate a host is behind, and the pause between two requests there
hosts     a row a gate: whose turn it is, what its failures cost
gates     waiting for a turn, telling what came of it
queues    due sources by gate: who may be visited now, who no longer has to wait
"""

from digest.ingestion.manners.gates import gate
from digest.ingestion.manners.names import gate_of_url
from digest.ingestion.manners.queues import ready, sources_behind, try_now

__all__ = ["gate", "gate_of_url", "ready", "sources_behind", "try_now"]
