"""Accounts at the editors' desk: Django's users and groups in the desk's dress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from subscriptions.admin.base import ModelAdmin

admin.site.unregister(User)
admin.site.unregister(Group)

if TYPE_CHECKING:
    PlainUserAdmin = UserAdmin[User]
else:
    PlainUserAdmin = UserAdmin


# Who may set these could give themselves any right.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class AccountAdmin(PlainUserAdmin, ModelAdmin[User]):
    """Rights are a superuser's to give. Whoever else may change accounts changes names and passwords of those who have
    no more rights than they: with another's password they would have that one's rights.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()  # its two boxes do not fit a phone

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _is_superuser(request) else (*fixed, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _has_all_rights_of(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _has_all_rights_of(request, obj)


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin[Group]):
    """A role: an editor needs only “can change edition”. What it allows is a superuser's to say."""

    filter_horizontal = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request) and super().has_delete_permission(request, obj)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def _has_all_rights_of(request: HttpRequest, account: User | None) -> bool:
    """No account stands for the list of them. Rights of one that is closed count: it can be opened again."""
    if account is None or _is_superuser(request):
        return True
    return not account.is_superuser and _rights_of(account) <= request.user.get_all_permissions()


def _rights_of(account: User) -> set[str]:
    """As `get_all_permissions` gives them, which has none for a closed account."""
    rows = Permission.objects.filter(Q(user=account) | Q(group__user=account))
    return {f"{app}.{codename}" for app, codename in rows.values_list("content_type__app_label", "codename")}
