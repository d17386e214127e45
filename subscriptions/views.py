"""The reader's pages: sign up, confirm, choose, leave.

No page here sets or needs a cookie, and none is protected against forged requests by one: a personal link's token is
itself what a forger lacks, and signing up only ever sends a question. So every form works without cookies, and a mail
provider's one-click POST (RFC 8058) meets nothing in its way. GET changes nothing.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from subscriptions import addresses, links, queries, services, visitors
from subscriptions.clock import rhythm, zone_named
from subscriptions.forms import CONSENT_VERSION, SignUpForm, consent_text, form_for
from subscriptions.models import Subscriber, SubscriberStatus
from subscriptions.services import Origin
from subscriptions.tasks import enqueue_confirmation
from subscriptions.tokens import Purpose, TokenData

ANSWER_SECONDS = 0.25  # every accepted sign-up takes this long, so that its time tells nothing about the address

Holder = tuple[Subscriber, TokenData]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The sign-up form's target; answers alike whatever we know of the address."""
    if request.method != "POST":
        return render(request, "subscriptions/subscribe.html", {"form": SignUpForm(), "consent_text": consent_text()})
    started = time.monotonic()
    form = SignUpForm(request.POST)
    if form.is_from_machine:
        return _answer_after(started)
    if not form.is_valid():
        return _sign_up_page(request, form, 422)
    if not visitors.may_sign_up(request):
        form.add_error(None, "Many sign-ups are coming in from where you are. Please try again in an hour.")
        return _sign_up_page(request, form, 429)
    subscriber_id = services.request_subscription(
        form.cleaned_data["email"], form.preferences(), _origin(request, "form", consented=True), timezone.now()
    )
    enqueue_confirmation(subscriber_id)
    return _answer_after(started)


@require_safe
def subscribed(request: HttpRequest) -> HttpResponse:
    """The answer to every sign-up."""
    return render(request, "subscriptions/check_inbox.html", {"days": settings.CONFIRMATION_DAYS})


def personal(purpose: Purpose, *methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page behind a token: found for its holder, a helpful 404 for anyone else, and leaking nothing either way.

    What else stands in the address is given on by name.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_http_methods(methods)
        @wraps(view)
        def page(request: HttpRequest, token: str, **rest: object) -> HttpResponse:
            holder = queries.holder(purpose, token)
            if holder is None:
                response = render(request, "subscriptions/unknown_link.html", {"purpose": purpose}, status=404)
            else:
                response = view(request, holder, **rest)
            response["Referrer-Policy"] = "no-referrer"
            response["Cache-Control"] = "no-store"
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return page

    return decorate


@personal(Purpose.CONFIRM, "GET", "HEAD", "POST")
def confirm(request: HttpRequest, holder: Holder) -> HttpResponse:
    """A page with a button, as link scanners open every link; the button confirms, once."""
    subscriber, token_data = holder
    now = timezone.now()
    if request.method == "POST":
        origin = _origin(request, "confirmation link", consented=True)
        if confirmed := services.confirm(token_data, origin, now):
            first = {"is_first": True, "preferences_path": links.preferences_path(confirmed.pk)}
            return _page(request, "confirmed", confirmed, first)
        subscriber.refresh_from_db()
    if subscriber.status == SubscriberStatus.ACTIVE and subscriber.opt_in_round == token_data.opt_in_round:
        return _page(request, "confirmed", subscriber)
    if request.method != "POST" and queries.is_confirmable(subscriber, token_data, now):
        return _page(request, "confirm", subscriber)
    may_ask_again = subscriber.status != SubscriberStatus.ACTIVE
    facts = {"days": settings.CONFIRMATION_DAYS, "may_ask_again": may_ask_again}
    return _page(request, "link_expired", subscriber, facts, status=410)


@personal(Purpose.CONFIRM, "POST")
def confirm_again(request: HttpRequest, holder: Holder) -> HttpResponse:
    """A new confirmation mail for someone whose link came too late."""
    return _ask_again(request, holder[0], "expired confirmation link")


@personal(Purpose.PREFERENCES, "GET", "HEAD", "POST")
def preferences(request: HttpRequest, holder: Holder) -> HttpResponse:
    """What a reader gets, and when."""
    subscriber, _ = holder
    form = form_for(subscriber, request.POST if request.method == "POST" else None)
    saved = form.is_bound and form.is_valid()
    if saved:
        services.change_preferences(subscriber, form.preferences(), timezone.now())
        form = form_for(subscriber)
    facts = {"form": form, "saved": saved, "next": _next_digest(subscriber)}
    facts["unsubscribe_path"] = links.unsubscribe_path(subscriber.pk)
    return _page(request, "preferences", subscriber, facts, status=422 if form.errors else 200)


@personal(Purpose.UNSUBSCRIBE, "GET", "HEAD", "POST")
def unsubscribe(request: HttpRequest, holder: Holder) -> HttpResponse:
    """A page with a button. POST unsubscribes, whoever sends it and whatever its body: RFC 8058's one click.

    The body is never read: both form encodings, and a broken one, mean the same.
    """
    subscriber, _ = holder
    if request.method == "POST":
        services.unsubscribe(subscriber.pk, _origin(request, "unsubscribe link"), timezone.now())
        return _page(request, "goodbye", subscriber)
    if subscriber.status == SubscriberStatus.UNSUBSCRIBED:
        return _page(request, "goodbye", subscriber)
    return _page(request, "unsubscribe", subscriber)


@personal(Purpose.UNSUBSCRIBE, "POST")
def subscribe_again(request: HttpRequest, holder: Holder) -> HttpResponse:
    """The way back for someone who left: a fresh double opt-in, since an unsubscribe link can travel in forwards."""
    return _ask_again(request, holder[0], "way back")


def _ask_again(request: HttpRequest, subscriber: Subscriber, origin: str) -> HttpResponse:
    if visitors.may_sign_up(request):
        enqueue_confirmation(
            services.request_again(subscriber, _origin(request, origin, consented=True), timezone.now())
        )
    return render(request, "subscriptions/check_inbox.html", {"days": settings.CONFIRMATION_DAYS})


def _page(
    request: HttpRequest,
    name: str,
    subscriber: Subscriber,
    facts: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "subscriber": subscriber,
        "address": addresses.masked(subscriber.email),
        "rhythm": rhythm(subscriber),
        **(facts or {}),
    }
    return render(request, f"subscriptions/{name}.html", context, status=status)


def _next_digest(subscriber: Subscriber) -> datetime | None:
    """The reader's next slot on their own clock, naive: a template would turn an aware one to the server's."""
    slot = subscriber.next_delivery_at
    return slot.astimezone(zone_named(subscriber.time_zone)).replace(tzinfo=None) if slot else None


def _sign_up_page(request: HttpRequest, form: SignUpForm, status: int) -> HttpResponse:
    return render(
        request, "subscriptions/subscribe.html", {"form": form, "consent_text": consent_text()}, status=status
    )


def _answer_after(started: float) -> HttpResponse:
    time.sleep(max(0.0, started + ANSWER_SECONDS - time.monotonic()))
    return redirect("subscriptions:subscribed")


def _origin(request: HttpRequest, name: str, *, consented: bool = False) -> Origin:
    return Origin(
        name=name,
        ip_address=visitors.ip_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        consent_text=consent_text() if consented else "",
        consent_version=CONSENT_VERSION if consented else "",
    )
