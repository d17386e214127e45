"""Every page of the desk opens, facts stay facts, lists cost the same however long, actions do what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from digest import search
from digest.models import (
    Breaker,
    Delivery,
    Edition,
    Host,
    Paper,
    ProviderEvent,
    RankingModel,
    Source,
    SourceRun,
    Unindexed,
)
from subscriptions.models import ConsentRecord, SignupRequest, Subscriber, Suppression, Topic
from tests.factories import (
    NOW,
    BreakerFactory,
    ConsentRecordFactory,
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    HostFactory,
    ListingFactory,
    PaperFactory,
    ProviderEventFactory,
    SignalFactory,
    SignupRequestFactory,
    SourceFactory,
    SourceRunFactory,
    SubscriberFactory,
    SuppressionFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def delivery() -> Delivery:
    paper = PaperFactory()
    chosen = [{"paper": paper.pk, "score": 0.83, "parts": [["topic:robotics", 0.61], ["trend", 0.22]]}]
    row: Delivery = DeliveryFactory(selection=chosen)
    return row


def paper() -> Paper:
    row: Paper = PaperFactory()
    ListingFactory(paper=row)
    SignalFactory(paper=row)
    return row


def model_of_papers() -> RankingModel:
    version = RankingModel.objects.count() + 1
    return RankingModel.objects.create(kind="meaning", version=version, format=1, papers=1, fitted_at=timezone.now())


def edition() -> Edition:
    row: Edition = EditionFactory()
    EditionPaperFactory(edition=row)
    return row


def subscriber() -> Subscriber:
    row: Subscriber = SubscriberFactory(topics=[TopicFactory(), TopicFactory()])
    return row


MAKERS: dict[type[Model], Callable[[], Model]] = {
    Breaker: BreakerFactory,
    ConsentRecord: ConsentRecordFactory,
    Delivery: delivery,
    Edition: edition,
    Host: HostFactory,
    Paper: paper,
    ProviderEvent: ProviderEventFactory,
    RankingModel: model_of_papers,
    SignupRequest: SignupRequestFactory,
    Source: lambda: SourceRunFactory().source,
    SourceRun: SourceRunFactory,
    Subscriber: subscriber,
    Suppression: SuppressionFactory,
    Topic: TopicFactory,
}
FACTS = [Breaker, ConsentRecord, Delivery, Host, ProviderEvent, RankingModel, SourceRun]
models = pytest.mark.parametrize("model", MAKERS, ids=lambda model: model._meta.model_name)


def page(model: type[Model], name: str, *args: int) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_model_at_the_desk_is_tested_here() -> None:
    admin.autodiscover()  # the desk is loaded with the URLs, which nothing may have asked for yet
    ours = {model for model in admin.site._registry if model._meta.app_label in ("digest", "subscriptions")}
    assert ours == set(MAKERS)


@models
def test_lists_and_rows_open_for_the_chief(chief: Client, model: type[Model]) -> None:
    row = MAKERS[model]()
    for url in (page(model, "changelist"), page(model, "change", row.pk), page(model, "history", row.pk)):
        assert chief.get(url).status_code == 200
    for query in ({"q": "x"}, {"q": "a@example.org"}, {"q": "' OR 1=1 --"}, {"q": "\x00"}):
        assert chief.get(page(model, "changelist"), query, follow=True).status_code == 200


@models
def test_a_list_costs_the_same_however_long_it_is(chief: Client, model: type[Model]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert chief.get(page(model, "changelist")).status_code == 200
        return len(seen)

    for _ in range(2):
        MAKERS[model]()
    queries()  # content types are cached from here on
    few = queries()
    for _ in range(8):
        MAKERS[model]()
    assert queries() == few


@pytest.mark.parametrize("model", FACTS, ids=lambda model: model._meta.model_name)
def test_facts_are_neither_added_nor_changed_nor_deleted(chief: Client, model: type[Model]) -> None:
    row = MAKERS[model]()
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert chief.get(page(model, "add")).status_code == 403
    assert chief.post(page(model, "change", row.pk), {"state": "delivered", "outcome": "fresh"}).status_code == 403
    assert chief.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chief.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", [Paper, Edition], ids=["paper", "edition"])
def test_papers_and_editions_are_never_deleted(chief: Client, model: type[Model]) -> None:
    row = MAKERS[model]()
    assert chief.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert chief.get(page(model, "add")).status_code == 403


def test_hiding_papers_keeps_them_from_readers_until_they_are_shown_again(chief: Client) -> None:
    one, two = PaperFactory(), PaperFactory()
    for action, shown in (("hide_papers", [two]), ("show_papers", [one, two])):
        chief.post(page(Paper, "changelist"), {"action": action, "_selected_action": [one.pk]})
        assert set(Paper.objects.showable()) == set(shown)


def test_saving_a_paper_changes_only_whether_readers_see_it(chief: Client) -> None:
    row = paper()
    forms = {
        f"{name}-{key}_FORMS": "0"
        for name in ("listings", "signals", "facts", "identifiers", "wins")
        for key in ("TOTAL", "INITIAL")
    }
    chief.post(page(Paper, "change", row.pk), {"is_hidden": "on", "title": "Forged", "arxiv_id": "1", **forms})
    after = Paper.objects.get(pk=row.pk)
    assert (after.is_hidden, after.title, after.arxiv_id) == (True, row.title, row.arxiv_id)


@pytest.mark.parametrize(
    ("query", "expected"),
    [("hidden", "Hidden"), ("withdrawn", "Withdrawn"), ("shown", "Shown"), ("merged", "Merged")],
)
def test_papers_are_filtered_by_what_readers_see(chief: Client, query: str, expected: str) -> None:
    shown = PaperFactory(title="Shown")
    PaperFactory(title="Hidden", is_hidden=True)
    PaperFactory(title="Withdrawn", withdrawn_at=NOW)
    PaperFactory(title="Merged", merged_into=shown)
    found = chief.get(page(Paper, "changelist"), {"visibility": query}).context["cl"].queryset
    assert [each.title for each in found] == [expected]


@pytest.mark.parametrize(("query", "expected"), [("en", ["en"]), ("other", ["de"]), ("unclear", [""])])
def test_papers_are_filtered_by_their_language(chief: Client, query: str, expected: list[str]) -> None:
    for code in ("en", "de", ""):
        PaperFactory(language=code)
    found = chief.get(page(Paper, "changelist"), {"language": query}).context["cl"].queryset
    assert list(found.values_list("language", flat=True)) == expected


def test_a_paper_at_the_desk_shows_no_tex(chief: Client) -> None:
    paper = PaperFactory(title=r"On $\beta$-decay", abstract=r"Of \emph{two} kinds.", comment=r"$10^3$ pages")
    body = chief.get(page(Paper, "change", paper.pk)).content.decode()
    assert all(shown in body for shown in ("On β-decay", "Of two kinds.", "10³ pages"))
    assert "beta$" not in body


@pytest.mark.parametrize("typed", ["2607.01234", "10.1000/XYZ", "lovelace", "careful inquiry", "cs.ro"])
def test_a_paper_is_found_by_id_doi_author_or_title(chief: Client, typed: str) -> None:
    PaperFactory(authors=["Someone Else"])
    wanted = PaperFactory(
        arxiv_id="2607.01234",
        doi="10.1000/xyz",
        authors=["Ada Lovelace"],
        title="A careful inquiry",
        primary_category="cs.RO",
    )
    Unindexed.objects.create(paper=wanted)
    search.catch_up()
    assert list(chief.get(page(Paper, "changelist"), {"q": typed}).context["cl"].queryset) == [wanted]


def test_visit_now_makes_a_source_due_and_enqueues_one_visit(
    chief: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    later = timezone.now() + timedelta(days=1)
    on, off = SourceFactory(next_check_at=later), SourceFactory(is_enabled=False, next_check_at=later)
    form = {"action": "visit_now", "_selected_action": [on.pk, off.pk]}
    with patch("digest.tasks.refresh_due.apply_async") as enqueue, django_capture_on_commit_callbacks(execute=True):
        reply = chief.post(page(Source, "changelist"), form, follow=True)
    assert [on.pk] in [ids for call in enqueue.call_args_list for ids in call.args[0]]
    assert "1 visit queued. 1 disabled source left alone." in reply.content.decode()
    assert list(Source.objects.due(timezone.now()).filter(pk__in=[on.pk, off.pk])) == [on]


def test_a_queue_that_is_down_leaves_the_source_to_the_next_tick(chief: Client) -> None:
    source = SourceFactory(next_check_at=timezone.now() + timedelta(days=1))
    with patch("digest.tasks.refresh_due.apply_async", side_effect=OSError("no broker")):
        reply = chief.post(page(Source, "changelist"), {"action": "visit_now", "_selected_action": [source.pk]})
    assert reply.status_code == 302
    assert Source.objects.due(timezone.now()).filter(pk=source.pk).exists()


def test_sources_are_enabled_and_disabled_which_their_history_tells(chief: Client) -> None:
    source, other = SourceFactory(), SourceFactory(is_enabled=False)
    for action, expected in (("disable", False), ("enable", True)):
        chief.post(page(Source, "changelist"), {"action": action, "_selected_action": [source.pk]})
        source.refresh_from_db()
        assert source.is_enabled is expected
    chief.post(page(Source, "changelist"), {"action": "enable", "_selected_action": [source.pk, other.pk]})
    told = LogEntry.objects.order_by("pk").values_list("object_id", "change_message")
    assert list(told) == [(str(source.pk), "Disabled"), (str(source.pk), "Enabled"), (str(other.pk), "Enabled")]


def test_a_source_s_kind_has_its_name_for_people(chief: Client) -> None:
    for kind in ("openreview", "no_longer_known"):
        SourceFactory(kind=kind)
    shown = chief.get(page(Source, "changelist")).content.decode()
    assert "OpenReview venue" in shown
    assert "no longer known" in shown


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "telepathy"), ("url", "ftp://x"), ("url", "javascript:1"), ("slug", "a b")]
)
def test_a_source_that_cannot_be_visited_is_not_stored(chief: Client, field: str, value: str) -> None:
    form = {"name": "New", "slug": "new", "kind": "feed", "url": "example.org/feed", "interval_minutes": "60"}
    forms = {"runs-TOTAL_FORMS": "0", "runs-INITIAL_FORMS": "0"}
    chief.post(page(Source, "add_by_hand"), {**form, **forms, field: value})
    assert not Source.objects.filter(name="New").exists()
    chief.post(page(Source, "add_by_hand"), {**form, **forms})
    assert Source.objects.get(name="New").url == "https://example.org/feed"


def test_a_delivery_shows_its_papers_with_reasons(chief: Client) -> None:
    TopicFactory(slug="robotics")
    row = delivery()
    content = chief.get(page(Delivery, "change", row.pk)).content.decode()
    assert Paper.objects.get(pk=row.selection[0]["paper"]).title in content
    name = Topic.objects.get(slug="robotics").name
    assert f"0.8300 = {name} 0.6100 + trend 0.2200" in content


def test_deliveries_are_found_by_address_uid_and_message_id(chief: Client) -> None:
    wanted, _ = DeliveryFactory(provider_message_id="abc-1"), DeliveryFactory()
    for typed in (wanted.subscriber.email.upper(), str(wanted.uid), "abc-1"):
        assert list(chief.get(page(Delivery, "changelist"), {"q": typed}).context["cl"].queryset) == [wanted]


def test_deliveries_are_filtered_by_edition(chief: Client) -> None:
    wanted, _ = DeliveryFactory(), DeliveryFactory()
    reply = chief.get(page(Delivery, "changelist"), {"edition": wanted.edition_id})
    assert list(reply.context["cl"].queryset) == [wanted]
    assert chief.get(page(Delivery, "changelist"), {"edition": "x"}).context["cl"].queryset.count() == 2


def test_the_ledger_hides_addresses_from_who_may_not_see_readers(db: None) -> None:
    row = DeliveryFactory(subscriber=SubscriberFactory(email="secret.reader@example.org"))
    clerk = User.objects.create_user("clerk", "", "irrelevant", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client = Client()
    client.force_login(clerk)
    for url in (page(Delivery, "changelist"), page(Delivery, "change", row.pk)):
        content = client.get(url).content.decode()
        assert row.get_state_display() in content
        assert "secret.reader" not in content
        assert row.address_hash not in content
    found = client.get(page(Delivery, "changelist"), {"q": "secret.reader@example.org"}).context["cl"].queryset
    assert not found.exists()


def test_an_open_edition_can_be_postponed_and_a_published_one_cannot(chief: Client) -> None:
    for published in (False, True):
        row = EditionFactory(published=published)
        before = row.publish_at
        chief.post(page(Edition, "change", row.pk), {"publish_at_0": "2031-01-02", "publish_at_1": "09:00"})
        row.refresh_from_db()
        assert (row.publish_at == before) is published
        assert row.is_open is not published


def test_a_topic_is_edited_as_words(chief: Client) -> None:
    form = {
        "name": "Soft robots",
        "slug": "soft-robots",
        "description": "Robots that give way",
        "position": "7",
        "is_active": "on",
        "categories": "cs.RO, physics.app-ph\n cs.RO",
        "keywords": "soft robot\n  soft   actuator ,\n",
    }
    chief.post(page(Topic, "add"), form)
    topic = Topic.objects.get(slug="soft-robots")
    assert topic.categories == ["cs.RO", "physics.app-ph"]
    assert topic.keywords == ["soft robot", "soft actuator"]
    assert "soft robot\nsoft actuator" in chief.get(page(Topic, "change", topic.pk)).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("categories", "robots!"), ("categories", "CS.RO"), ("keywords", "robot*"), ("keywords", "x" * 81)],
)
def test_words_that_match_nothing_are_refused(chief: Client, field: str, value: str) -> None:
    form = {"name": "New", "slug": "new", "description": "d", "position": "7", field: value}
    assert chief.post(page(Topic, "add"), form).status_code == 200
    assert not Topic.objects.filter(slug="new").exists()


def test_accounts_and_roles_open(chief: Client) -> None:
    user = User.objects.get(username="chief")
    for url in (
        "/admin/auth/user/",
        f"/admin/auth/user/{user.pk}/change/",
        "/admin/auth/user/add/",
        "/admin/auth/group/",
    ):
        assert chief.get(url).status_code == 200


def test_the_login_leads_to_the_front_page(db: None) -> None:
    User.objects.create_superuser("chief", "", "a long password")
    reply = Client().post("/admin/login/", {"username": "chief", "password": "a long password"})
    assert reply["Location"] == "/admin/"


def test_forged_addresses_and_choices_are_refused_by_every_list(chief: Client) -> None:
    chief.raise_request_exception = False
    for model in (Paper, Source, SourceRun, Edition, Delivery, ProviderEvent, Subscriber, ConsentRecord, Topic, User):
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert chief.get(url, {"state": "\0"}).status_code == 400
        for key in ("abc", "\0", "-1", "²"):
            forged = {"action": "visit_now", "_selected_action": key}
            assert chief.post(url, forged).status_code == 400
