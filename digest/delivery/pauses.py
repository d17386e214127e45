"""Takes breakers that are not closed; gives what is paused, why and what to do, in plain words; resumes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from digest.delivery import breaker, ledger
from digest.delivery.outcomes import Fault
from digest.models import Breaker, BreakerState, Delivery, DeliveryState, Edition

# How many waiting rows are counted before it is said that there are more.
COUNTED = 100_000
WHY: Mapping[str, str] = {
    Fault.CREDENTIALS: "We are not let in: a wrong password or key, an unpaid bill, or a sender that is not verified.",
    Fault.PROVIDER: "The mail server or provider is down, busy or out of reach.",
    Fault.POLICY: "The other side blocks our mail: its rules, our reputation, or missing authentication.",
    Fault.OURS: "The mail cannot be made: a fault of our own, most often in a template.",
    Fault.MESSAGE: "One message after another was refused or put off, and none was accepted.",
}
REMEDY: Mapping[str, str] = {
    Fault.CREDENTIALS: "Correct the password, key or account, restart the workers if a setting changed, then resume.",
    Fault.PROVIDER: "See that the mail server runs and this machine reaches it, or the provider’s status page.",
    Fault.POLICY: "Read its words; check SPF, DKIM, DMARC and the provider’s account. Then resume.",
    Fault.OURS: "Mend what the words name, restart the workers if code changed, then resume.",
    Fault.MESSAGE: "Read its words.",
}


# Where it is one domain's mail server, which is nobody's here to mend.
OF_DESTINATION: Mapping[str, tuple[str, str]] = {
    Fault.PROVIDER: (
        "Its mail server is down, out of reach, or asks for patience.",
        "It comes back by itself; where it asks for patience often, set DESTINATION_LIMITS.",
    ),
}


class Kind(StrEnum):
    """What a breaker is about."""

    WAY_OUT = "way out"
    EDITION = "edition"
    DESTINATION = "destination"


class Pause(NamedTuple):
    """A breaker in words. `words` are the other side's own, or the exception's."""

    row: Breaker
    kind: Kind
    what: str
    why: str
    remedy: str
    words: str

    @property
    def since(self) -> str:
        return moment(self.row.opened_at)


def moment(when: datetime | None) -> str:
    """In the site's time zone."""
    return f"{timezone.localtime(when):%-d %B %Y, %H:%M %Z}" if when else "an unknown time"


def current() -> list[Pause]:
    """Everything that is not closed, what concerns most mail first. Two queries at most."""
    rows = list(Breaker.objects.exclude(state=BreakerState.CLOSED).order_by("opened_at", "pk"))
    return sorted(described(rows), key=lambda pause: list(Kind).index(pause.kind))


def described(rows: Sequence[Breaker]) -> list[Pause]:
    editions = {int(row.scope.partition(":")[2]) for row in rows if kind_of(row.scope) is Kind.EDITION}
    names = {edition.pk: f"The {edition}" for edition in Edition.objects.filter(pk__in=editions)} if editions else {}
    return [_described(row, names) for row in rows]


def kind_of(scope: str) -> Kind:
    name, _, rest = scope.partition(":")
    if name == "edition" and rest.isdecimal():
        return Kind.EDITION
    return Kind.DESTINATION if name == "to" else Kind.WAY_OUT


def waiting(scope: str) -> int:
    """How many queued rows wait for this, counted up to COUNTED."""
    queued = Delivery.objects.filter(_concerned(scope), state=DeliveryState.QUEUED)
    return queued.order_by()[:COUNTED].count()


def resume(scope: str, now: datetime, goes_on: Callable[[], bool] = lambda: True) -> int | None:
    """An operator says that it is mended: tried at once, and so are the rows that were put off meanwhile.

    Gives how many rows that were, None where nothing was paused. Rows that `goes_on` leaves wait no longer than they
    would have: an hour at most.
    """
    if not breaker.resume(scope, now):
        return None
    match kind_of(scope):
        case Kind.EDITION:
            return ledger.hasten_edition(int(scope.partition(":")[2]), now, goes_on)
        case Kind.DESTINATION:
            return ledger.hasten_put_off(_paused_reason(scope), now, goes_on)
        case Kind.WAY_OUT:
            return 0


def _described(row: Breaker, names: Mapping[int, str]) -> Pause:
    kind = kind_of(row.scope)
    return Pause(row, kind, named(row.scope, names), *explained(row), row.reason)


def explained(row: Breaker) -> tuple[str, str]:
    """Why it opened, and what can be done about it."""
    if kind_of(row.scope) is Kind.DESTINATION and row.fault in OF_DESTINATION:
        return OF_DESTINATION[row.fault]
    return WHY.get(row.fault, "Nothing was accepted."), REMEDY.get(row.fault, "")


def named(scope: str, editions: Mapping[int, str] = MappingProxyType({})) -> str:
    """A scope in words; `editions` are the names of editions that are known."""
    rest = scope.partition(":")[2]
    match kind_of(scope):
        case Kind.EDITION:
            return editions.get(int(rest), f"Edition {rest}")
        case Kind.DESTINATION:
            return f"Mail to {rest}"
        case Kind.WAY_OUT:
            return _way_out(scope)


def _way_out(scope: str) -> str:
    """`smtp:host:port:user` and `path.of.a.backend.EmailBackend:domain`, as `breaker.identity` makes them."""
    if scope.startswith("smtp:"):
        host, _, rest = scope.removeprefix("smtp:").partition(":")
        port, _, user = rest.partition(":")
        return f"All mail through {host}:{port}" + (f" as {user}" if user else "")
    backend, _, domain = scope.partition(":")
    name = backend.split(".")[-2:][0]
    return f"All mail from {domain} through {name}" if domain else f"All mail through {name}"


def _concerned(scope: str) -> Q:
    match kind_of(scope):
        case Kind.EDITION:
            return Q(edition=int(scope.partition(":")[2]))
        case Kind.DESTINATION:
            return Q(detail=_paused_reason(scope))
        case Kind.WAY_OUT:
            return Q()


def _paused_reason(scope: str) -> str:
    return breaker.paused_reason(scope.removeprefix("to:"))
