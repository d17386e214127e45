"""Models on the desk: their quality in words, that a bad prediction is said to be off, and going back a version."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client

from digest.admin.display import part_names
from digest.admin.ranking import RankingModelAdmin
from digest.models import ModelKind, RankingModel, RankingModelData
from tests.factories import NOW

pytestmark = pytest.mark.django_db
URL = "/admin/digest/rankingmodel/"
GOOD = {
    "auc": 0.91,
    "ap": 0.45,
    "papers": 900,
    "listed": 50,
    "told": [[0.0, 0.05, 800, 0.01, 0.009], [0.05, 0.1, 200, 0.07, 0.25], [0.4, 1, 0, None, None]],
}


def kept(version: int, *, is_in_use: bool = False, with_bytes: bool = True, **fields) -> RankingModel:
    row = RankingModel.objects.create(
        version=version, format=1, papers=4000, fitted_at=NOW, is_in_use=is_in_use, **{"kind": "prediction", **fields}
    )
    if with_bytes:
        RankingModelData.objects.create(model=row, data=b"any")
    return row


def test_the_desk_tells_quality_and_what_is_off(chief: Client) -> None:
    row = kept(1, is_in_use=True, quality=GOOD)
    kept(2, quality={"auc": 0.52, "ap": 0.1, "papers": 900, "listed": 50})
    kept(1, kind=ModelKind.MEANING)
    page = chief.get(URL).content.decode()
    assert "Likely to trend, version 2" in page
    assert "Off: no better than chance" in page
    page = chief.get(f"{URL}{row.pk}/change/").content.decode()
    assert "AUC 0.91, average precision 0.45: 50 of 900 papers were listed" in page
    assert (
        "0 to 0.05: 800 papers, told 0.01, listed 0.009<br>0.05 to 0.1: 200 papers, told 0.07, listed 0.25<br></p>"
        in page
    )
    assert re.findall(r'<circle cx="(.*?)" cy="(.*?)" r="(.*?)">', page) == [
        ("1.0", "99.1", "6.0"),
        ("7.0", "75.0", "4.0"),
    ]


def test_the_side_bar_leads_there(chief: Client) -> None:
    assert f'href="{URL}"' in chief.get("/admin/").content.decode()


def use(client: Client, row: RankingModel) -> str:
    reply = client.post(URL, {"action": "use", "_selected_action": [row.pk]}, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_an_editor_goes_back_a_version_where_it_is_still_stored(chief: Client) -> None:
    old, gone = kept(1), kept(2, with_bytes=False)
    newest = kept(3, is_in_use=True)
    assert "is no longer stored" in use(chief, gone)
    newest.refresh_from_db()
    assert newest.is_in_use
    assert "is used by editions from now on" in use(chief, old)
    assert RankingModel.objects.get(is_in_use=True) == old


def test_who_may_only_look_changes_nothing() -> None:
    user = User.objects.create_user("clerk", "", "irrelevant", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_rankingmodel"))
    client = Client()
    client.force_login(user)
    old, newest = kept(1), kept(2, is_in_use=True)
    use(client, old)
    newest.refresh_from_db()
    assert newest.is_in_use


def test_a_prediction_is_called_one_among_a_score_s_parts() -> None:
    told = part_names([("topic:robotics", 0.5), ("prediction", 0.04), ("trend", 0.1)], {"robotics": "Robotics"})
    assert [name for name, _ in told] == ["Robotics", "likely to trend (a prediction)", "trend"]


def test_each_kind_says_what_it_is_for() -> None:
    page = RankingModelAdmin(RankingModel, admin.site)
    told = {kind: page.what(RankingModel(kind=kind, version=1)) for kind in ModelKind.values}
    assert len(set(told.values())) == len(told)
    assert "keyword" in told[ModelKind.CONTEXT]
