"""Accounts: whoever may change them gives nobody a right, least of all themselves."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db
KEPT_BY = ["change_user", "delete_user", "add_user", "view_user", "add_group", "change_group", "delete_group"]


@pytest.fixture
def clerk() -> User:
    """May change accounts and roles."""
    user = User.objects.create_user("clerk", "clerk@example.net", "irrelevant", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=KEPT_BY))
    return user


@pytest.fixture
def desk(clerk: User) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


def change(client: Client, user: User, **fields: object) -> int:
    form = {"username": user.username, "date_joined_0": "2026-01-01", "date_joined_1": "00:00", "is_active": "on"}
    return client.post(reverse("admin:auth_user_change", args=[user.pk]), form | fields).status_code


def rights(user: User) -> tuple[bool, bool, set[str]]:
    again = User.objects.get(pk=user.pk)
    return again.is_staff, again.is_superuser, again.get_all_permissions()


def test_nobody_raises_their_own_rights(desk: Client, clerk: User) -> None:
    before = rights(clerk)
    group = Group.objects.create(name="all")
    group.permissions.set(Permission.objects.all())
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    sent = {"is_superuser": "on", "is_staff": "on", "groups": [str(group.pk)], "user_permissions": everything}
    assert change(desk, clerk, first_name="Clara", **sent) == 302
    assert rights(clerk) == before
    assert User.objects.get(pk=clerk.pk).first_name == "Clara"


def test_nor_another_account_s(desk: Client, chief: Client) -> None:
    plain = User.objects.create_user("plain", "", "irrelevant")
    assert change(desk, plain, is_superuser="on", is_staff="on") == 302
    assert rights(plain) == (False, False, set())
    assert change(chief, plain, is_staff="on") == 302
    assert rights(plain)[0]


def test_an_account_with_more_rights_is_out_of_reach(desk: Client, chief: Client) -> None:
    editor = User.objects.create_user("editor", "", "irrelevant", is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="change_edition"))
    for strong in (User.objects.get(username="chief"), editor):
        before = strong.password
        assert change(desk, strong, first_name="Eve") == 403
        passwords = {"password1": "a-new-password-7", "password2": "a-new-password-7"}
        assert desk.post(reverse("admin:auth_user_password_change", args=[strong.pk]), passwords).status_code == 403
        assert desk.post(reverse("admin:auth_user_delete", args=[strong.pk]), {"post": "yes"}).status_code == 403
        action = {"action": "delete_selected", "_selected_action": [strong.pk], "post": "yes"}
        desk.post(reverse("admin:auth_user_changelist"), action)
        strong.refresh_from_db()
        assert (strong.password, strong.first_name) == (before, "")


@pytest.mark.parametrize("by_role", [False, True])
def test_nor_is_one_within_reach_that_was_closed(desk: Client, by_role: bool) -> None:
    gone = User.objects.create_user("gone", "", "irrelevant", is_staff=True, is_active=False)
    right = Permission.objects.get(codename="delete_subscriber")
    if by_role:
        role = Group.objects.create(name="keepers")
        role.permissions.add(right)
        gone.groups.add(role)
    else:
        gone.user_permissions.add(right)
    passwords = {"password1": "a-new-password-7", "password2": "a-new-password-7"}
    assert desk.post(reverse("admin:auth_user_password_change", args=[gone.pk]), passwords).status_code == 403
    assert change(desk, gone, is_active="on") == 403
    assert not User.objects.get(pk=gone.pk).is_active


def test_roles_are_a_superuser_s_to_define(desk: Client, chief: Client, clerk: User) -> None:
    role = Group.objects.create(name="clerks")
    clerk.groups.add(role)
    before = rights(clerk)
    permission = Permission.objects.get(codename="change_edition")
    sent = {"name": "clerks", "permissions": [permission.pk]}
    assert desk.post(reverse("admin:auth_group_change", args=[role.pk]), sent).status_code == 403
    assert desk.post(reverse("admin:auth_group_add"), sent | {"name": "more"}).status_code == 403
    assert rights(clerk) == before
    assert chief.post(reverse("admin:auth_group_change", args=[role.pk]), sent).status_code == 302
    assert "digest.change_edition" in rights(clerk)[2]
