"""The desk's side bar: each link only for those who may open it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

Permission = Callable[[HttpRequest], bool]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links in the order of an editor's day."""
    return [
        {
            "items": [
                _item("Front desk", "newspaper", "admin:index", lambda request: True),
                _item("Edition on the desk", "edit_note", "admin:digest_edition_desk", _may("digest.change_edition")),
            ]
        },
        {
            "title": "Content",
            "items": [
                {**_model("Editions", "library_books", "digest", "edition"), "active": _is_among_editions},
                _model("Papers", "description", "digest", "paper"),
                _model("Topics", "sell", "subscriptions", "topic"),
                _model("Ranking models", "model_training", "digest", "rankingmodel"),
                _item("What counts how much", "tune", "admin:digest_edition_weights", _may("digest.change_edition")),
            ],
        },
        {
            "title": "Intake",
            "items": [
                {**_model("Sources", "rss_feed", "digest", "source"), "active": _is_among_sources},
                _item("How they are doing", "monitoring", "admin:digest_source_account", _may("digest.view_source")),
                _model("Source runs", "history", "digest", "sourcerun"),
                _model("Hosts", "dns", "digest", "host"),
            ],
        },
        {
            "title": "Readers",
            "items": [
                _model("Subscribers", "group", "subscriptions", "subscriber"),
                _model("Sign-ups", "person_add", "subscriptions", "signuprequest"),
                _model("Suppressions", "block", "subscriptions", "suppression"),
                _model("Consent", "verified_user", "subscriptions", "consentrecord"),
            ],
        },
        {
            "title": "Sending",
            "items": [
                _model("Deliveries", "outgoing_mail", "digest", "delivery"),
                _model("Pauses", "pause_circle", "digest", "breaker"),
                _model("Provider events", "notifications", "digest", "providerevent"),
            ],
        },
        {
            "title": "Desk",
            "items": [
                _model("Accounts", "person", "auth", "user"),
                _model("Roles", "shield_person", "auth", "group"),
                _item("My second factor", "passkey", "desk_second_factor_setup", lambda request: True),
            ],
        },
    ]


def stylesheet(request: HttpRequest) -> str:
    """The desk's own stylesheet, on top of the theme's."""
    return static("admin/desk.css")


def favicon(request: HttpRequest) -> str:
    return static("favicon.svg")


def _model(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    def permission(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{model}") or request.user.has_perm(f"{app}.change_{model}")

    return _item(title, icon, f"admin:{app}_{model}_changelist", permission)


def _item(title: str, icon: str, url_name: str, permission: Permission) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(url_name), "permission": permission}


def _is_among_sources(request: HttpRequest) -> bool:
    """Not on the page that has a link of its own."""
    is_within = request.path.startswith(reverse("admin:digest_source_changelist"))
    return is_within and request.path != reverse("admin:digest_source_account")


def _is_among_editions(request: HttpRequest) -> bool:
    is_within = request.path.startswith(reverse("admin:digest_edition_changelist"))
    return is_within and request.path != reverse("admin:digest_edition_weights")


def _may(name: str) -> Permission:
    return lambda request: request.user.has_perm(name)
