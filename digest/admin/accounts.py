"""Accounts at the editors' desk: Django's users and groups in the desk's dress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from subscriptions.admin.base import ModelAdmin

admin.site.unregister(User)
admin.site.unregister(Group)

if TYPE_CHECKING:
    PlainUserAdmin = UserAdmin[User]
else:
    PlainUserAdmin = UserAdmin


@admin.register(User)
class AccountAdmin(PlainUserAdmin, ModelAdmin[User]):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()  # its two boxes do not fit a phone


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin[Group]):
    """A role: an editor needs only “can change edition”."""

    filter_horizontal = ()
