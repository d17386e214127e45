"""`/previews/`: samples of every mail, without sending or storing anything. DEBUG or staff; 404 otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from digest import previews
from digest.previews import Preview
from digest.views.outbox import MAIL_POLICY, WIDTHS

View = Callable[..., HttpResponse]


def only_for_staff(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **captured: str) -> HttpResponse:
        if not (settings.DEBUG or (request.user.is_active and request.user.is_staff)):
            raise Http404
        return view(request, **captured)

    return guarded


@only_for_staff
@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "digest/previews.html", {"previews": previews.all_previews()})


@only_for_staff
@require_safe
@never_cache
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """One sample: HTML at two widths, text, headers."""
    sample = _sample_or_404(slug)
    message = sample.email()
    context = {
        "preview": sample,
        "previews": previews.all_previews(),
        "message": message,
        "headers": [(name, " ".join(str(value).split())) for name, value in message.message().items()],
        "html_bytes": len(_html(message).encode()),
        "message_bytes": len(sample.as_bytes()),
        "widths": WIDTHS,
    }
    return render(request, "digest/preview.html", context)


@only_for_staff
@require_safe
@never_cache
def html(request: HttpRequest, slug: str) -> HttpResponse:
    """The HTML part alone, for the frames; its links open elsewhere."""
    content = _html(_sample_or_404(slug).email()).replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(content, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"})


def _sample_or_404(slug: str) -> Preview:
    sample = previews.get(slug)
    if sample is None:
        raise Http404
    return sample


def _html(message: EmailMultiAlternatives) -> str:
    return next(str(content) for content, mimetype in message.alternatives if mimetype == "text/html")
