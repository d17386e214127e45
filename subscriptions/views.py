"""The reader's pages: sign up, confirm, choose, leave.

No page here sets or needs a cookie, and none is protected against forged requests by one: a personal link's token is
itself what a forger lacks, and signing up only ever sends a question. So every form works without cookies, and a mail
provider's one-click POST (RFC 8058) meets nothing in its way. GET changes nothing.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial, wraps

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from subscriptions import addresses, erasure, links, queries, services, signups, visitors
from subscriptions.clock import rhythm
from subscriptions.forms import CONSENT_VERSION, SignUpForm, consent_text, form_for
from subscriptions.models import SignupRequest, SignupState, Subscriber, SubscriberStatus
from subscriptions.services import Origin, Preferences
from subscriptions.standing import Standing, outlook
from subscriptions.tasks import enqueue_signups, mail_data_link
from subscriptions.tokens import Purpose


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The sign-up form's target. Nothing is looked up, so that its answer and its time are alike for every address."""
    if request.method != "POST":
        return render(request, "subscriptions/subscribe.html", {"form": SignUpForm(), "consent_text": consent_text()})
    form = SignUpForm(request.POST)
    if form.is_from_machine:
        return redirect("subscriptions:subscribed")
    if not form.is_valid():
        return _sign_up_page(request, form, 422)
    if refusal := visitors.refusal(request):
        form.add_error(None, refusal)
        return _sign_up_page(request, form, 429)
    _ask(request, form.cleaned_data["email"], form.preferences(), "form")
    return redirect("subscriptions:subscribed")


@require_safe
def subscribed(request: HttpRequest) -> HttpResponse:
    """The answer to every sign-up."""
    return _check_inbox(request)


Holder = Subscriber | SignupRequest
DATA = "data"


def personal(purpose: str, *methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page behind a token: found for its holder, a helpful 404 for anyone else, and leaking nothing either way.

    The view gets the reader, or of a link to confirm or refuse the request; what else stands in the address is given on
    by name.
    """
    find: Callable[[str], Holder | None]
    if purpose == DATA:
        find = queries.holder_of_data
    elif purpose in (Purpose.CONFIRM, Purpose.REFUSE):
        find = partial(queries.request_of, Purpose(purpose))
    else:
        find = partial(queries.holder, Purpose(purpose))

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_http_methods(methods)
        @wraps(view)
        def page(request: HttpRequest, token: str, **rest: object) -> HttpResponse:
            holder = find(token)
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
def confirm(request: HttpRequest, asked: SignupRequest) -> HttpResponse:
    """A page with a button, as link scanners open every link; the button confirms, once."""
    now = timezone.now()
    if request.method == "POST":
        origin = _origin(request, "confirmation link", consented=True)
        if confirmed := signups.confirm(asked.pk, origin, now):
            first = {"is_first": True, "preferences_path": links.preferences_path(confirmed.pk)}
            return _page(request, "confirmed", confirmed, first)
        asked = SignupRequest.objects.filter(pk=asked.pk).first() or asked
    elif signups.is_confirmable(asked, now):
        return _page(request, "confirm", asked, {"refuse_path": links.refuse_path(asked.pk)})
    reader = Subscriber.objects.active().filter(address_key=asked.address_key).first()
    if reader and asked.state == SignupState.CONFIRMED:
        return _page(request, "confirmed", reader)
    facts = {"days": settings.CONFIRMATION_DAYS, "may_ask_again": reader is None}
    return _page(request, "link_expired", asked, facts, status=410)


@personal(Purpose.CONFIRM, "POST")
def confirm_again(request: HttpRequest, asked: SignupRequest) -> HttpResponse:
    """A new confirmation mail for someone whose link came too late, for what they wanted then."""
    return _ask_again(request, asked.email, signups.wanted(asked), "expired confirmation link")


@personal(Purpose.REFUSE, "GET", "HEAD", "POST")
def refuse(request: HttpRequest, asked: SignupRequest) -> HttpResponse:
    """For who did not ask: a page with a button that lets nobody ask for them again."""
    if request.method == "POST":
        signups.refuse(asked.pk, timezone.now())
    return _page(request, "refuse", asked, {"is_done": signups.is_refused(asked)})


@personal(Purpose.PREFERENCES, "GET", "HEAD", "POST")
def preferences(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """What a reader gets, and when."""
    form = form_for(subscriber, request.POST if request.method == "POST" else None)
    saved = form.is_bound and form.is_valid()
    if saved:
        services.change_preferences(subscriber, form.preferences(), timezone.now())
        form = form_for(subscriber)
    facts = {"form": form, "saved": saved, "outlook": outlook(subscriber, timezone.now())}
    facts["unsubscribe_path"] = links.unsubscribe_path(subscriber.pk)
    return _page(request, "preferences", subscriber, facts, status=422 if form.errors else 200)


@personal(Purpose.UNSUBSCRIBE, "GET", "HEAD", "POST")
def unsubscribe(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """A page with a button. POST unsubscribes, whoever sends it and whatever its body: RFC 8058's one click.

    The body is never read: both form encodings, and a broken one, mean the same.
    """
    if request.method == "POST":
        services.unsubscribe(subscriber.pk, _origin(request, "unsubscribe link"), timezone.now())
        subscriber.refresh_from_db()
    now = outlook(subscriber, timezone.now())
    name = "unsubscribe" if subscriber.status == SubscriberStatus.ACTIVE else "goodbye"
    return _page(request, name, subscriber, {"outlook": now, "has_left": now.standing is Standing.LEFT})


@personal(Purpose.UNSUBSCRIBE, "POST")
def subscribe_again(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """The way back for someone who left: a fresh double opt-in, since an unsubscribe link can travel in forwards."""
    return _ask_again(request, subscriber.email, Preferences.of(subscriber), "way back")


@personal(Purpose.PREFERENCES, "GET", "HEAD", "POST")
def data(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Has a link mailed to all that is known of the reader: this page's own may have been forwarded."""
    facts: dict[str, object] = {
        "hours": links.DATA_LINK_HOURS,
        "preferences_path": links.preferences_path(subscriber.pk),
    }
    if request.method == "POST":
        facts["is_refused"] = not visitors.may_ask_for_data(subscriber.pk)
        facts["is_asked"] = not facts["is_refused"]
        if facts["is_asked"]:
            mail_data_link.delay(subscriber.pk)
    return _page(request, "data", subscriber, facts, status=429 if facts.get("is_refused") else 200)


@personal(DATA, "GET", "HEAD", "POST")
def own_data(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """What is known of a reader, to take along; POST erases it, once they said that they mean it."""
    if request.method == "POST" and request.POST.get("sure") == "yes":
        erasure.erase(subscriber.email)
        return _page(request, "erased", subscriber)
    facts = {"is_unsure": request.method == "POST", "known": erasure.known(subscriber.email)}
    return _page(request, "own_data", subscriber, facts, status=422 if facts["is_unsure"] else 200)


@personal(DATA, "GET", "HEAD")
def export(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """The same as a file."""
    told = json.dumps(erasure.known(subscriber.email), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
    response = HttpResponse(told, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="paperboy.json"'
    return response


def _ask_again(request: HttpRequest, email: str, preferences: Preferences, origin: str) -> HttpResponse:
    refusal = visitors.refusal(request)
    if not refusal:
        _ask(request, email, preferences, origin)
    return _check_inbox(request, refusal)


def _ask(request: HttpRequest, email: str, preferences: Preferences, origin: str) -> None:
    signups.ask(email, preferences, _origin(request, origin, consented=True), timezone.now())
    enqueue_signups()


def _check_inbox(request: HttpRequest, refusal: str = "") -> HttpResponse:
    facts = {"days": settings.CONFIRMATION_DAYS, "mails": settings.SIGNUP_MAILS, "refusal": refusal}
    return render(request, "subscriptions/check_inbox.html", facts, status=429 if refusal else 200)


def _page(
    request: HttpRequest,
    name: str,
    holder: Holder,
    facts: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "subscriber": holder,
        "address": addresses.masked(holder.email),
        "rhythm": rhythm(holder) if isinstance(holder, Subscriber) else "",
        **(facts or {}),
    }
    return render(request, f"subscriptions/{name}.html", context, status=status)


def _sign_up_page(request: HttpRequest, form: SignUpForm, status: int) -> HttpResponse:
    return render(
        request, "subscriptions/subscribe.html", {"form": form, "consent_text": consent_text()}, status=status
    )


def _origin(request: HttpRequest, name: str, *, consented: bool = False) -> Origin:
    return Origin(
        name=name,
        ip_address=visitors.ip_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        consent_text=consent_text() if consented else "",
        consent_version=CONSENT_VERSION if consented else "",
    )
