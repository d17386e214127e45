"""Takes a request or a reader, gives the message it led to: confirm your address, or you are subscribed already."""

from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from subscriptions import addresses, links
from subscriptions.inlining import inlined
from subscriptions.models import SignupRequest, Subscriber


def confirmation(request: SignupRequest, *, is_reminder: bool = False) -> EmailMultiAlternatives:
    """The double opt-in mail: one question, one link, one to be left alone for ever. Nothing to read besides."""
    return letter(
        "confirmation",
        request.email,
        {
            "confirm_url": links.confirm_url(request.pk),
            "refuse_url": links.refuse_url(request.pk),
            "days": settings.CONFIRMATION_DAYS,
            "is_reminder": is_reminder,
        },
    )


def already_subscribed(subscriber: Subscriber) -> EmailMultiAlternatives:
    """For an active reader whose address was entered again: nothing changed, here are your preferences."""
    return letter(
        "already_subscribed",
        subscriber.email,
        {
            "preferences_url": links.preferences_url(subscriber.pk),
            "unsubscribe_url": links.unsubscribe_url(subscriber.pk),
        },
    )


def data_link(subscriber: Subscriber) -> EmailMultiAlternatives:
    """For whoever holds a link of a digest: what is known of them is for their own mailbox alone to open."""
    facts: dict[str, str | int] = {"data_url": links.data_url(subscriber.pk), "hours": links.DATA_LINK_HOURS}
    return letter("data_link", subscriber.email, facts)


def letter(name: str, email: str, facts: dict[str, str | int]) -> EmailMultiAlternatives:
    """One of `templates/email/`, to one person who asked for it."""
    context = {
        **facts,
        "email": email,
        "site_name": settings.SITE_NAME,
        "site_url": links.site_url(),
        "postal_address": settings.POSTAL_ADDRESS,
    }
    message = EmailMultiAlternatives(
        subject=render_to_string(f"email/{name}/subject.txt", context).strip(),
        body=render_to_string(f"email/{name}/body.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[email],
        reply_to=[settings.REPLY_TO] if settings.REPLY_TO else None,
        headers={"Auto-Submitted": "auto-generated", "Message-ID": _message_id()},
    )
    message.attach_alternative(inlined(render_to_string(f"email/{name}/body.html", context)), "text/html")
    return message


def _message_id() -> str:
    return make_msgid(domain=addresses.sender_domain())
