"""Two measured runs: how long a confirmation takes while digests go out at full speed, and how a sender ends."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.chaos.running import site
from tests.chaos.site import Site
from tests.test_pipeline import form_fields

SIGN_UPS = 100
AIM_CONFIRMATION, AIM_END = 5.0, 30.0  # seconds


def latency(readers: int | None) -> int:
    """From the POST of a sign-up to the moment the mail server has the confirmation, during a bulk send."""
    number = readers or 60_000
    with site(number, chunk=2000) as place:
        place.stack.env.update(SIGNUPS_PER_IP_PER_HOUR="100000", SIGNUPS_PER_HOUR="100000", DELIVERY_WINDOW="200")
        place.stack.env.update(TICK_SECONDS="60", DEBUG="true")  # as it is run, but for static files
        place.behave()
        place.start("sender", "sender2")
        place.wait_ready("worker", "sender", "sender2")
        place.stack.start_web()
        place.groups.append(place.stack.processes["web"].pid)
        with httpx.Client(base_url=place.stack.url, follow_redirects=True, timeout=60) as client:
            form = form_fields(client.get("/").text, "/subscribe")
            time.sleep(2.1)  # people need longer than that to fill it in; robots do not
            return _compare(place, number, lambda address: _sign_up(client, form, address))


def _compare(place: Site, readers: int, sign_up: Callable[[str], None]) -> int:
    alone = _confirmations(place, "alone", sign_up)
    place.begin(readers)
    place.make_due()
    place.stack.manage("shell", "--no-imports", "--command", "from digest.tasks import tick; tick.delay()")
    place.wait_for_mail(100)
    began, messages = time.monotonic(), place.record.messages
    during = _confirmations(place, "during", sign_up)
    speed, was_over = (place.record.messages - messages) / (time.monotonic() - began), place.is_over()
    _tell("nothing else going on", alone)
    _tell(f"{speed:.0f} digests/s beside", during)
    if was_over:
        print("The bulk send was over before the last sign-up: ask for more --readers")
    return 0 if _percentile(during, 95) < AIM_CONFIRMATION and not was_over else 1


def _sign_up(client: httpx.Client, form: dict[str, Any], address: str) -> None:
    client.post("/subscribe", data={**form, "email": address, "time_zone": "UTC"}).raise_for_status()


def _confirmations(place: Site, name: str, sign_up: Callable[[str], None]) -> list[float]:
    asked: dict[str, float] = {}
    for each in range(SIGN_UPS):
        address = f"{name}{each}@sign-up.example.org"
        asked[address] = time.monotonic()
        sign_up(address)
        time.sleep(0.1)
    place.wait("every confirmation has come", lambda: _arrived(place, asked).keys() == asked.keys())
    arrived = _arrived(place, asked)
    return sorted(arrived[address] - asked[address] for address in asked)


def _arrived(place: Site, asked: dict[str, float]) -> dict[str, float]:
    return {each.recipient: each.moment for each in list(place.record.accepted) if each.recipient in asked}


def _tell(what: str, seconds: list[float]) -> None:
    p50, p95 = statistics.median(seconds), _percentile(seconds, 95)
    print(f"{what:26} {len(seconds)} confirmations: p50 {p50:.2f} s, p95 {p95:.2f} s, longest {seconds[-1]:.2f} s")


def _percentile(seconds: list[float], percent: int) -> float:
    return seconds[min(len(seconds) - 1, len(seconds) * percent // 100)]


# SIGTERM


def timeline(readers: int | None) -> int:
    """What happens after SIGTERM, at servers that take 5 ms, 1 s and 10 s over a message."""
    code = 0
    with site(readers or 5000, chunk=2000) as place:
        for seconds in (0.005, 1.0, 10.0):
            place.begin(readers or 5000)
            code |= _terminate(place, seconds)
    return code


def _terminate(place: Site, latency_seconds: float) -> int:
    place.sink.behaviour.latency = latency_seconds
    place.start()
    place.make_due()
    place.wait_for_mail(8)
    process, signalled = place.stack.processes["sender"], datetime.now(tz=UTC)
    began, before = time.monotonic(), len(place.record.accepted)
    process.terminate()
    process.wait(120)
    ended = time.monotonic() - began
    answered = [each.moment + latency_seconds - began for each in place.record.accepted[before:]]
    states = place.states()
    print(f"\nSIGTERM to a sender whose mail server takes {latency_seconds:g} s over a message")
    print("  t =  0.00 s  SIGTERM")
    print(f"  t = {max(0.0, place.record.announced_at - began):5.2f} s  last message announced, as the server reads it")
    print(f"  t = {max(answered, default=0.0):5.2f} s  last answer of the mail server, of {len(answered)} since")
    recorded = _last_record(place, signalled)
    print(f"  t = {recorded:5.2f} s  last outcome recorded")
    print(f"  t = {ended:5.2f} s  the process has ended, exit code {process.returncode}")
    print(f"  ledger: {', '.join(f'{count} {state}' for state, count in sorted(states.items()))}")
    is_well = ended < AIM_END and not states["unknown"] and not states["claimed"]
    print(f"  nothing in doubt within {AIM_END:.0f} s" if is_well else "  NOT as promised")
    return 0 if is_well else 1


def _last_record(place: Site, signalled: datetime) -> float:
    ((last,),) = place.rows("SELECT max(updated_at) FROM digest_delivery WHERE run IS NOT NULL")
    return float(max(timedelta(), last - signalled).total_seconds()) if last else 0.0
