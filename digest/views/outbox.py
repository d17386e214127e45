"""`/outbox/`: the mail that was written to files, as its readers would see it. DEBUG only; 404 otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from digest.delivery import outbox
from digest.delivery.outbox import Stored

# A mail is a stranger's document: no scripts, no requests but its pictures, no way to the page around it.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'; base-uri 'self'; "
    "form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
WIDTHS = ((375, "Phone"), (800, "Desktop"))  # CSS pixels

View = Callable[..., HttpResponse]


def only_when_debugging(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **captured: str) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request, **captured)

    return guarded


@only_when_debugging
@require_safe
@never_cache
def messages(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    return render(request, "digest/outbox.html", {"messages": outbox.messages(), "takes_all": outbox.takes_all()})


@only_when_debugging
@require_safe
@never_cache
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One message: HTML at two widths, text, headers."""
    stored = _stored_or_404(name)
    return render(request, "digest/outbox_message.html", {"message": stored, "widths": WIDTHS})


@only_when_debugging
@require_safe
@never_cache
def html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone, for the frames; its links open elsewhere."""
    content = _stored_or_404(name).html.replace("<head>", '<head><base target="_blank">', 1)
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(content, headers=headers)


def _stored_or_404(name: str) -> Stored:
    stored = outbox.read(name)
    if stored is None:
        raise Http404
    return stored
