"""Takes requests of those who signed in to the desk; lets them in once a second factor says that it is they.

Time-based codes (RFC 6238) of an authenticator app, and recovery codes, each good once; django-otp keeps and checks
both, and makes whoever guesses wait longer each time. Until it is given, the session is nobody's: no page of the site
takes it for an editor's.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import devices_for_user, login, match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10
LONGEST_CODE = 16
# Of a session that signed in and has yet to show its second factor.
OPEN_TO_ALL = ("admin:login", "admin:logout", "desk_second_factor", "desk_second_factor_setup")
# In the address: where to go once it is shown.
NEXT = "next"
# In the session: the id of the device that it is offered.
OFFERED = "second_factor_offered"


class CodeForm(forms.Form):
    """Six digits of the app, or a recovery code."""

    code = forms.CharField(max_length=LONGEST_CODE)

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split()).lower()


class SecondFactorMiddleware:
    """Behind `django_otp.middleware.OTPMiddleware`, which tells whether this session has shown its factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:  # to ask for the user would make every page vary
            return self._get_response(request)
        user: Any = request.user
        if not user.is_authenticated or user.is_verified() or request.path in map(reverse, OPEN_TO_ALL):
            return self._get_response(request)
        is_at_desk = request.path.startswith(reverse("admin:index"))
        if is_enrolled(user):
            if is_at_desk:
                return _to("desk_second_factor", request)
        elif not (settings.REQUIRE_SECOND_FACTOR and user.is_staff):
            return self._get_response(request)
        elif is_at_desk:
            return _to("desk_second_factor_setup", request)
        request.user = AnonymousUser()
        return self._get_response(request)


def is_enrolled(user: User) -> bool:
    return any(isinstance(device, TOTPDevice) for device in devices_for_user(user))


def forget(user: User) -> bool:
    """Takes an account's second factor and recovery codes away; whether there were any."""
    deleted, _ = TOTPDevice.objects.filter(user=user).delete()
    more, _ = StaticDevice.objects.filter(user=user).delete()
    return bool(deleted or more)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Asks for a code; POST checks it."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("admin:login")
    if user.is_verified() or not is_enrolled(user):
        return redirect("admin:index")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = match_token(user, form.cleaned_data["code"])
        if device is not None:
            login(request, device)
            _tell_of_recovery_codes(request, device)
            return redirect(_next(request))
        form.add_error("code", _refusal(user))
    return render(request, "door/second_factor.html", {"form": form, "next": _next(request)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Shows a secret to scan; POST with a code of it makes it the account's factor, and shows recovery codes once.

    An account that has one already must have shown it before it gets another.
    """
    user: Any = request.user
    if not (user.is_authenticated and user.is_staff):
        return redirect("admin:login")
    if is_enrolled(user) and not user.is_verified():
        return _to("desk_second_factor", request)
    device = _offered(request, user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["code"]):
            codes = _enrol(user, device)
            login(request, device)
            LogEntry.objects.log_actions(user.pk, [user], CHANGE, "Set up a second factor", single_object=True)
            return render(request, "door/recovery_codes.html", {"codes": codes, "next": _next(request)})
        form.add_error("code", "That is not the code that this secret gives now. Is the clock of your device right?")
    context = {
        "form": form,
        "picture": segno.make(device.config_url, error="m").svg_inline(scale=5, border=2, light="#fff"),
        "secret": _spelled(device),
        "is_required": settings.REQUIRE_SECOND_FACTOR,
        "is_renewal": is_enrolled(user),
    }
    return render(request, "door/second_factor_setup.html", context)


def _offered(request: HttpRequest, user: User) -> TOTPDevice:
    """One whose secret this session alone was shown: whoever had the password before could have noted another's."""
    found = TOTPDevice.objects.filter(user=user, confirmed=False, pk=request.session.get(OFFERED)).first()
    if found is None:
        found = TOTPDevice.objects.create(user=user, confirmed=False, name="app")
        request.session[OFFERED] = found.pk
    return found


def _enrol(user: User, device: TOTPDevice) -> list[str]:
    """The new device in place of any before, and new recovery codes."""
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        StaticDevice.objects.filter(user=user).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        paper = StaticDevice.objects.create(user=user, name="recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=paper, token=code) for code in codes)
    return codes


def _refusal(user: User) -> str:
    waiting = [details for device in devices_for_user(user) if (details := device.verify_is_allowed()[1])]
    if waiting:
        return "That code is not right, or came too soon after others that were not. Wait a moment before the next."
    return "That code is not right."


def _tell_of_recovery_codes(request: HttpRequest, device: Any) -> None:
    if isinstance(device, StaticDevice):
        left = device.token_set.count()
        messages.warning(request, f"That recovery code is used up; {left} are left. A new set-up makes new ones.")


def _spelled(device: TOTPDevice) -> str:
    """The secret in fours, for those who type it."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def _to(name: str, request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse(name)}?{urlencode({NEXT: request.get_full_path()})}")


def _next(request: HttpRequest) -> str:
    """A page of this site, and of the desk."""
    wanted = request.POST.get(NEXT) or request.GET.get(NEXT) or ""
    desk = reverse("admin:index")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours and wanted.startswith(desk) else desk
