"""The mail before readers get it: shown at two widths for any choice of topics, or sent to the editor alone."""

from __future__ import annotations

import uuid
from smtplib import SMTPException
from urllib.parse import urlencode

from anymail.exceptions import AnymailError
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from digest import rendering, selection
from digest.admin import curation
from digest.models import Edition
from subscriptions.models import Subscriber, Topic

# No subscriber has this id: links in a preview or a test lead to a page that says so, and act on nobody.
NOBODY = 0
SOMEBODY = "reader@example.org"
WIDTHS = [("desktop", "Desktop"), ("phone", "Phone")]
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'self'"
KEPT_HEADERS = {"List-ID", "Auto-Submitted"}


@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The page around the mail: whose digest, how wide."""
    edition = curation.open_door(request, pk)
    wanted = request.GET.getlist("topic")
    topics = [(topic.slug, topic.name, topic.slug in wanted) for topic in Topic.objects.filter(is_active=True)]
    chosen = [slug for slug, _, is_chosen in topics if is_chosen]
    digest = compose(edition, chosen, SOMEBODY)
    width = request.GET.get("width", "")
    query = urlencode([("topic", slug) for slug in chosen])
    context = {
        "topics": topics,
        "chosen": [name for _, name, is_chosen in topics if is_chosen],
        "subject": digest.message.subject if digest else "",
        "count": digest.count if digest else 0,
        "widths": WIDTHS,
        "width": width if width in dict(WIDTHS) else "desktop",
        "query": query,
        "mail_query": query,
        "may_test": request.user.has_perm(curation.CHANGE_EDITION),
    }
    page = curation.page_context(request, edition, f"Preview: {edition}")
    return TemplateResponse(request, "digest/curation_preview.html", {**page, **context})


@require_safe
@xframe_options_sameorigin
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail's HTML itself, for the frame: nothing in it can run, its links open in tabs of their own."""
    edition = curation.open_door(request, pk)
    digest = compose(edition, request.GET.getlist("topic"), SOMEBODY)
    html = digest.html.replace("<head>", '<head><base target="_blank">', 1) if digest else ""
    return HttpResponse(html, headers={"Content-Security-Policy": MAIL_POLICY, "Referrer-Policy": "no-referrer"})


@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail to the editor who asks, and to nobody else."""
    edition = curation.open_door(request, pk)
    curation.require_editor(request)
    topics = request.GET.getlist("topic")
    address = getattr(request.user, "email", "")
    if not address:
        messages.error(request, "Your account has no email address to send a test to. Ask for one to be entered.")
    else:
        _send(request, edition, topics, address)
    if topics:
        return redirect(f"../preview/?{urlencode([('topic', slug) for slug in topics])}")
    return redirect("admin:digest_edition_curate", pk)


class Trial:
    """A composed digest and how many papers are in it."""

    def __init__(self, message: EmailMultiAlternatives, count: int) -> None:
        self.message = message
        self.count = count

    @property
    def html(self) -> str:
        return str(self.message.alternatives[0][0])


def compose(edition: Edition, topics: list[str], address: str) -> Trial | None:
    """The digest a reader of these topics, who was never sent anything, would get now; None if none would be sent.

    ValueError for an address that mail cannot be sent to.
    """
    known = dict(Topic.objects.filter(slug__in=topics, is_active=True).values_list("slug", "name"))
    pool = selection.load_pool(edition)
    length = Subscriber._meta.get_field("digest_length").default
    interests = selection.Interests(tuple(sorted(known)), length, pool.gone)
    choices = selection.choose_for(pool, [interests])[0]
    if not choices:
        return None
    compiled = rendering.compile_edition(edition, [choice.paper_id for choice in choices])
    reader = rendering.ReaderFacts(
        subscriber_id=NOBODY,
        email=address,
        uid=uuid.uuid4(),
        local_date=edition.date,
        now=timezone.now(),
        topics=tuple(known.values()),
    )
    return Trial(rendering.assemble(compiled, reader, choices).as_email(), len(choices))


def as_test(digest: Trial) -> EmailMultiAlternatives:
    """The same mail, marked: its subject and a header say that it is a test, and no header offers to unsubscribe."""
    composed = digest.message
    headers = {name: value for name, value in composed.extra_headers.items() if name in KEPT_HEADERS}
    test = EmailMultiAlternatives(
        subject=f"[Test] {composed.subject}",
        body=composed.body,
        from_email=composed.from_email,
        to=composed.to,
        reply_to=composed.reply_to,
        headers={**headers, "X-Paperboy-Test": "yes"},
    )
    test.attach_alternative(digest.html, "text/html")
    return test


def _send(request: HttpRequest, edition: Edition, topics: list[str], address: str) -> None:
    try:
        digest = compose(edition, topics, address)
        if digest is None:
            messages.error(request, "There is no paper in this edition to send.")
            return
        as_test(digest).send()
    except (AnymailError, SMTPException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        messages.error(request, f"The test was not sent to {' '.join(address.split())}: {reason}")
    else:
        messages.success(request, f"A test is on its way to {address}.")
