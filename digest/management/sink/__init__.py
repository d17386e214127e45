"""Takes mail over SMTP on this machine as fast as it comes; gives a record of who was sent what, and keeps no mail.

A mail server to measure against, and to misbehave on demand. Plain Python: nothing here knows Django.

    with Sink() as sink:                       # in a thread of its own; sink.port says where
        sink.behaviour.latency = 0.1           # may be changed while it runs
    python -m digest.management.sink --port 2526 --latency 20 --defer-every 50 --refuse-every 100
"""

from digest.management.sink.behaviour import Behaviour
from digest.management.sink.record import Receipt, Record
from digest.management.sink.server import Sink

__all__ = ["Behaviour", "Receipt", "Record", "Sink"]
