"""Bomb a mailbox with sign-ups in a database of its own; time answers for addresses of four kinds."""

from __future__ import annotations

import json
import random
import statistics
import time
from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.core import mail
from django.core.cache import cache
from django.core.management.base import BaseCommand
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from digest.management import scratch
from subscriptions import addresses, forms, services, signups, tasks
from subscriptions.models import SignupRequest, Subscriber, SuppressionReason

PLACES, SPELLINGS, HONEST = 200, 40, 100
VICTIM = "victim@gmail.com"
KINDS = ("unknown", "known", "suppressed", "flooding")
WARM_UP = 20
ALONE: dict[str, Any] = {
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "bench-signups"}},
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "STORAGES": {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    "BEHIND_PROXY": False,
}


class Command(BaseCommand):
    help = (
        "Have 200 network addresses ask for one mailbox in 40 spellings, while 100 readers sign up, in a "
        "scratch database and without sending anything; then time sign-ups of unknown, known, suppressed and flooding "
        "addresses in turns. The last line is one JSON object."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--requests", type=int, default=10_000)
        parser.add_argument("--times", type=int, default=400, help="Timed sign-ups of each kind")
        parser.add_argument("--json", action="store_true", help="Print the JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        # Nothing is enqueued, so that nobody else works while answers are timed; the form's stamp may be fresh.
        enqueueing = patch.object(tasks.handle_signups, "apply_async", lambda **_: None)
        with (
            scratch.scratch_database(),
            override_settings(**ALONE),
            enqueueing,
            patch.object(forms, "MINIMUM_SECONDS", -1),
        ):
            account = {"bombing": bomb(options["requests"]), "answers": answers(options["times"])}
        if not options["json"]:
            for name, figure in account["bombing"].items():
                self.stdout.write(f"{name.replace('_', ' '):>32}  {figure}")
            for name, figures in account["answers"].items():
                self.stdout.write(f"{name:>12}  " + "  ".join(f"{key} {value:.2f}" for key, value in figures.items()))
        self.stdout.write(json.dumps(account))


def bomb(requests: int) -> dict[str, Any]:
    """What became of it, in a minute and in the 30 days after, the same flood once more on each of them."""
    visitor, began = Visitor(), time.monotonic()
    codes = Counter(visitor.sign_up(spelling(number), f"203.0.113.{number % PLACES}") for number in range(requests))
    honest = [f"reader{number}@example.org" for number in range(HONEST)]
    welcome = [visitor.sign_up(address, f"198.51.100.{number}") for number, address in enumerate(honest)]
    asked_seconds = time.monotonic() - began
    began = time.monotonic()
    tasks.handle_signups()
    handled_seconds = time.monotonic() - began
    sent = Counter(addresses.folded(message.to[0].lower()) for message in mail.outbox)
    return {
        "requests": requests,
        "taken_in": codes[302],
        "turned_away_by_place": codes[429],
        "honest_taken_in": welcome.count(302),
        "honest_mailed": sum(sent[address] for address in honest),
        "victim_mailed_at_once": sent[VICTIM],
        "victim_mailed_in_30_days": sent[VICTIM] + _later(),
        "rows_left": SignupRequest.objects.count(),
        "seconds_to_ask": round(asked_seconds, 1),
        "seconds_to_handle": round(handled_seconds, 1),
    }


def _later() -> int:
    """Mails to the victim in the month after, while somebody goes on asking each day."""
    now, mails = timezone.now(), 0
    for hour in range(1, 30 * 24):
        moment = now + timedelta(hours=hour)
        if hour % 24 == 1:
            for number in range(SPELLINGS):
                signups.ask(spelling(number), services.Preferences(), services.Origin("bench"), moment)
        signups.decide(moment)
        letters = [signups.claim(pk, moment) for pk in signups.due(moment)]
        mails += sum(addresses.folded(letter.request.address_key) == VICTIM for letter in letters if letter)
    return mails


def spelling(number: int) -> str:
    """One of 40 for the same mailbox."""
    which = number % SPELLINGS
    name = "victim" if which % 2 else "v.ic.tim"
    return f"{name}+{which}@{('gmail.com', 'googlemail.com')[which % 4 // 2]}"


def answers(times: int) -> dict[str, dict[str, float]]:
    """Milliseconds until the answer, by kind of address, in turns and shuffled, each from a place of its own."""
    now, visitor, rng = timezone.now(), Visitor(), random.Random(1)  # noqa: S311
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(times + WARM_UP):
        named = {kind: f"{kind}{number}@example.net" for kind in KINDS} | {"flooding": spelling(number)}
        _make_known(named["known"], now)
        digest = addresses.address_hash(addresses.normalise(named["suppressed"]))
        services.suppress(digest, SuppressionReason.COMPLAINT, "", now)
        for turn, kind in enumerate(rng.sample(KINDS, len(KINDS))):
            began = time.perf_counter()
            visitor.sign_up(named[kind], f"10.{turn}.{number // 250}.{number % 250}")
            if number >= WARM_UP:
                seconds[kind].append(time.perf_counter() - began)
    return {kind: _spread(each) for kind, each in seconds.items()}


def _make_known(address: str, now: Any) -> None:
    digest = addresses.address_hash(address)
    Subscriber.objects.create(email=address, address_key=address, address_hash=digest, confirmed_at=now)


def _spread(seconds: list[float]) -> dict[str, float]:
    hundredths = statistics.quantiles(seconds, n=100)
    figures = {"n": len(seconds), "p5": hundredths[4], "p50": hundredths[49], "p95": hundredths[94]}
    milliseconds = {name: round(value * 1000, 2) for name, value in figures.items() if name != "n"}
    return {"n": len(seconds), **milliseconds}


class Visitor:
    """Sends the form as browsers do, from whatever address."""

    def __init__(self) -> None:
        cache.clear()
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.opened = str(forms.SignUpForm()["opened"].value())

    def sign_up(self, email: str, place: str) -> int:
        """The status of the answer."""
        answer = self.client.post("/subscribe", {"email": email, "opened": self.opened}, REMOTE_ADDR=place)
        return answer.status_code
