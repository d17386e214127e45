"""`python -m digest.management.sink`: run until told to end; then print what came, as JSON."""

from __future__ import annotations

import argparse
import json
import signal

from digest.management.sink.behaviour import Behaviour
from digest.management.sink.server import Sink


def main() -> None:
    arguments = _parse()
    behaviour = Behaviour(
        latency=arguments.latency / 1000, defer_every=arguments.defer_every, refuse_every=arguments.refuse_every
    )
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # the sink's thread inherits this: only we wait for them
    with Sink(arguments.port, behaviour, is_recording=False) as sink:
        print(f"Taking mail at 127.0.0.1:{sink.port}", flush=True)
        signal.sigwait(signals)
        record = sink.record
    print(json.dumps({"messages": record.messages, "recipients": record.recipients, "replies": record.replies}))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m digest.management.sink", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="0, the default: any that is free; the first line says which"
    )
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS", help="how long a message takes")
    parser.add_argument("--defer-every", type=int, default=0, metavar="N", help="put every Nth recipient off")
    parser.add_argument("--refuse-every", type=int, default=0, metavar="N", help="every Nth recipient does not exist")
    return parser.parse_args()


if __name__ == "__main__":
    main()
