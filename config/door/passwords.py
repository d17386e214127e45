"""Takes an address, mails a link to whoever has an account with it by which they set a new password.

A request only counts and enqueues: it takes as long, and answers the same, whether anybody has such an account.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_http_methods

from config.tasks import mail_password_link
from subscriptions import links, visitors
from subscriptions.mail import letter


class AddressForm(forms.Form):
    email = forms.EmailField(max_length=254)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"]
        if not visitors.may_ask_for_password(request, address):
            return render(request, "door/password_ask.html", {"form": form, "is_refused": True}, status=429)
        mail_password_link.delay(address)
        return redirect("admin_password_reset_done")
    return render(request, "door/password_ask.html", {"form": form})


def mail_link(address: str) -> int:
    """Mail each active account with this address a link; how many there are."""
    users = list(PasswordResetForm().get_users(address))
    for user in users:
        path = reverse(
            "admin_password_reset_confirm",
            args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)],
        )
        facts: dict[str, Any] = {
            "link": links.site_url(path),
            "name": user.get_username(),
            "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        }
        letter("password", user.email, facts).send()
    return len(users)


class ConfirmView(views.PasswordResetConfirmView):
    template_name = "door/password_set.html"
    success_url = reverse_lazy("admin_password_reset_complete")


class DoneView(views.PasswordResetDoneView):
    template_name = "door/password_asked.html"


class CompleteView(views.PasswordResetCompleteView):
    template_name = "door/password_changed.html"
