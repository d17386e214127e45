"""What became of an edition: who got it, who did not and why, and sending it to those who can still get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from digest.admin import curation
from digest.admin.deliveries import SEE_READERS
from digest.admin.display import patience, plural
from digest.admin.figures import Figure, figures
from digest.delivery import breaker, ledger, listing, pauses, reasons
from digest.delivery.ledger import Verdict
from digest.delivery.ledger.reopening import ENDED, LOOKED_AT
from digest.models import Delivery, DeliveryState, Edition

VIEW_DELIVERY = "digest.view_delivery"
ROWS_A_PAGE = 50
DID_NOT_GET_IT = [DeliveryState.REJECTED, DeliveryState.BOUNCED, DeliveryState.UNKNOWN, DeliveryState.SKIPPED]
CANNOT: Mapping[Verdict, str] = {
    Verdict.NOT_ACTIVE: "unsubscribed, or never confirmed.",
    Verdict.SUPPRESSED: "with a suppressed address.",
    Verdict.DELETED: "deleted.",
    Verdict.REFUSED: "refused for good: it would be refused again.",
    Verdict.NO_PAPERS: "for whom nothing in it is new and about their topics.",
    Verdict.UNDER_WAY: "with another digest under way.",
    Verdict.NEWER: "got a newer edition meanwhile.",
}
HAVE_IT = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.COMPLAINED)


class Section(NamedTuple):
    """A state's deliveries by reason."""

    figure: Figure
    listing: listing.Listing


class Prospect(NamedTuple):
    """Who would be sent the edition, and why the others would not. `waiting` rows are queued for later."""

    ready: int
    in_doubt: int
    waiting: int
    others: Sequence[tuple[int, str]]
    is_cut: bool


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who did not get it, by reason; or with ?state= every delivery in that state, with ?reason= of one reason."""
    edition = curation.open_door(request, pk)
    if not request.user.has_perm(VIEW_DELIVERY):
        raise PermissionDenied
    planned, found = figures(pk)
    chosen = next((figure for figure in found if figure.state == request.GET.get("state")), None)
    shown = [chosen] if chosen else [figure for figure in found if figure.state in DID_NOT_GET_IT and figure.number]
    sections = [Section(figure, listing.by_reason(pk, figure.state)) for figure in shown]
    context = {
        "planned": planned,
        "figures": found,
        "chosen": chosen,
        "sections": sections,
        "sample": listing.SAMPLE,
        "sees_readers": request.user.has_perm(SEE_READERS),
        "queued": next((figure for figure in found if figure.state == DeliveryState.QUEUED), None),
        "may_send_again": curation.may_send_again(request, edition, planned),
        "pauses": [pause for pause in pauses.current() if pause.row.scope in (breaker.identity(), breaker.edition(pk))],
    }
    if chosen:
        context |= _rows(request, sections[0])
    title = f"Who did not get the {edition}"
    return TemplateResponse(
        request, "digest/edition_results.html", {**curation.page_context(request, edition, title), **context}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """GET says who would be sent it and who not; POST queues them. To press twice sends nothing twice."""
    edition = curation.open_door(request, pk)
    curation.require_editor(request)
    if request.method == "POST" and not edition.is_open:
        _queue(request, edition)
        return redirect("admin:digest_edition_curate", pk)
    context = {"prospect": None if edition.is_open else prospect(edition)}
    title = f"Send the {edition} to those who can still get it?"
    return TemplateResponse(
        request, "digest/edition_send_again.html", {**curation.page_context(request, edition, title), **context}
    )


def prospect(edition: Edition) -> Prospect:
    _, found = figures(edition.pk)
    counts = {figure.state: figure.number for figure in found}
    verdicts = ledger.prospects(edition)
    ready = sum(count for state, verdict, count in verdicts if verdict is Verdict.CAN and state in ENDED)
    in_doubt = sum(count for state, verdict, count in verdicts if verdict is Verdict.CAN and state not in ENDED)
    waiting = ledger.put_off_rows(edition, timezone.now())
    others = [
        (sum(counts.get(state, 0) for state in HAVE_IT), "got it, as far as is known."),
        (_due(counts.get(DeliveryState.QUEUED, 0), waiting), "in the queue already: it comes by itself."),
        (counts.get(DeliveryState.BOUNCED, 0), "whose mailbox sent it back."),
        (counts.get(DeliveryState.CLAIMED, 0), "being sent it just now."),
        *((sum(each[2] for each in verdicts if each[1] is verdict), text) for verdict, text in CANNOT.items()),
    ]
    looked_at = sum(counts.get(state, 0) for state in (*ENDED, DeliveryState.UNKNOWN))
    return Prospect(
        ready,
        in_doubt,
        waiting,
        [(count, text) for count, text in others if count],
        looked_at > LOOKED_AT,
    )


def _due(queued: int, waiting: int) -> int:
    """Rows that are queued for now. Nothing is said where those that wait for later were too many to be counted."""
    return max(0, queued - waiting) if waiting < LOOKED_AT else 0


def _queue(request: HttpRequest, edition: Edition) -> None:
    now, goes_on = timezone.now(), patience()
    queued = ledger.reopen(edition, now, with_unknown=request.POST.get("unknown") == "yes", goes_on=goes_on)
    hastened = ledger.hasten_edition(edition.pk, now, goes_on)
    if not queued and not hastened:
        messages.warning(request, "Nobody was left to send it to; nothing was changed.")
        return
    done = f"Queued {plural(queued, 'digest')} again"
    if request.POST.get("unknown") == "yes":
        done += ", those that were unknown too"
    if hastened:
        done += f"; {hastened:,} that waited for later {'is' if hastened == 1 else 'are'} due now"
    LogEntry.objects.log_actions(int(request.user.pk or 0), [edition], CHANGE, done, single_object=True)
    left = "" if goes_on() else " There are more: press again."
    messages.success(request, f"{done}.{left}")


def _rows(request: HttpRequest, section: Section) -> dict[str, Any]:
    """The page of rows that was asked for, of one reason or of all."""
    keys = {group.reason.key for group in section.listing.groups}
    wanted = request.GET.get("reason", "")
    key = wanted if wanted in keys else ""
    paged = Paginator(section.listing.ids(key), ROWS_A_PAGE).get_page(request.GET.get("page"))
    rows = Delivery.objects.filter(pk__in=list(paged)).select_related("subscriber").order_by("pk")
    return {"reason": key, "paged": paged, "rows": [(row, reasons.of_delivery(row.state, row.detail)) for row in rows]}
