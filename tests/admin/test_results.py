"""Who did not get an edition, why, and sending it to those who can still get it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from digest.admin import results
from digest.delivery import listing
from digest.models import Delivery, Edition
from subscriptions import services
from tests.factories import NOW, BreakerFactory, DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

GIVEN_UP = "Given up after 12 hours: 452 4.2.2 Mailbox full"


@pytest.fixture
def edition() -> Edition:
    row: Edition = EditionFactory(kind="daily", published=True)
    return row


@pytest.fixture
def clerk(db: None) -> Client:
    """May look at editions and deliveries, but not at readers, and decides nothing."""
    user = User.objects.create_user("clerk", "", "irrelevant", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_edition", "view_delivery"]))
    client = Client()
    client.force_login(user)
    return client


def address(edition: Edition, page: str = "results") -> str:
    return f"/admin/digest/edition/{edition.pk}/{page}/"


def shown(client: Client, edition: Edition, **query: str) -> str:
    reply = client.get(address(edition), query)
    assert reply.status_code == 200
    return reply.content.decode()


def row(edition: Edition, state: str, detail: str = "", **fields) -> Delivery:
    found: Delivery = DeliveryFactory(edition=edition, state=state, detail=detail, **fields)
    return found


def test_everyone_who_did_not_get_it_is_counted_by_reason(chief: Client, edition: Edition) -> None:
    for state, detail in (
        ("rejected", "550 5.1.1 <a@example.org> unknown"),
        ("rejected", "550 5.1.1 <b@example.org> unknown"),
        ("rejected", GIVEN_UP),
        ("skipped", "Unsubscribed"),
        ("bounced", "552 5.2.2 full"),
        ("delivered", ""),
    ):
        row(edition, state, detail)
    reply = chief.get(address(edition))
    assert reply.context["planned"] == 6
    found = {
        section.figure.state: [(group.reason.text, group.number) for group in section.listing.groups]
        for section in reply.context["sections"]
    }
    assert found == {
        "rejected": [
            ("There is no such mailbox.", 2),
            ("Given up after 12 hours. The mailbox is full.", 1),
        ],
        "skipped": [("The reader unsubscribed before it could be sent.", 1)],
        "bounced": [("The mailbox is full.", 1)],
    }


def test_a_state_lists_its_rows_with_the_raw_words_beneath_and_one_reason_only_its_own(
    chief: Client, edition: Edition
) -> None:
    one = row(edition, "rejected", "550 5.1.1 <a@example.org> unknown")
    other = row(edition, "rejected", GIVEN_UP)
    page = shown(chief, edition, state="rejected")
    for each in (one, other):
        assert each.subscriber.email in page
    assert "550 5.1.1 &lt;a@example.org&gt; unknown" in page
    page = shown(chief, edition, state="rejected", reason="no-mailbox")
    assert one.subscriber.email in page
    assert other.subscriber.email not in page


def test_rows_come_in_pages(chief: Client, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "ROWS_A_PAGE", 2)
    rows = [row(edition, "skipped", "Unsubscribed") for _ in range(5)]
    seen = [chief.get(address(edition), {"state": "skipped", "page": number}).context["rows"] for number in "123"]
    assert [[each.pk for each, _ in page] for page in seen] == [
        [each.pk for each in rows[start : start + 2]] for start in (0, 2, 4)
    ]


def test_a_list_that_is_cut_says_so(chief: Client, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        row(edition, "skipped", "Unsubscribed")
    assert "The ledger has all of them" not in shown(chief, edition)
    monkeypatch.setattr(listing, "SAMPLE", 3)
    monkeypatch.setattr(listing.by_reason, "__defaults__", (3,))
    assert "Counted and listed are 3 of 4." in shown(chief, edition)


def test_the_page_costs_the_same_however_many_there_are(chief: Client, edition: Edition) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            shown(chief, edition, state="rejected")
            shown(chief, edition)
        counting = [query["sql"] for query in seen if "COUNT(" in query["sql"] and "digest_delivery" in query["sql"]]
        assert len(counting) == 2  # one a page
        return len(seen)

    row(edition, "rejected", "550 no")
    queries()
    few = queries()
    for number in range(6):
        row(edition, "rejected", f"55{number % 5} no {number}")
    assert queries() == few


@pytest.mark.parametrize(
    "query", [{"state": "x"}, {"state": "rejected", "reason": "x", "page": "x"}, {"state": "rejected", "page": "-3"}]
)
def test_forged_choices_show_something_sensible(chief: Client, edition: Edition, query: dict[str, str]) -> None:
    row(edition, "rejected", "550 no")
    assert "Rejected" in shown(chief, edition, **query)


def test_addresses_are_for_those_who_may_see_readers(clerk: Client, edition: Edition) -> None:
    row(edition, "rejected", "550 no", subscriber=SubscriberFactory(email="secret.reader@example.org"))
    page = shown(clerk, edition, state="rejected")
    assert "secret.reader" not in page
    assert "Send to those" not in page


def test_editors_without_the_ledger_s_permission_do_not_see_it(editor: Client, edition: Edition) -> None:
    row(edition, "rejected", "550 no")
    assert editor.get(address(edition)).status_code == 403
    page = editor.get(f"/admin/digest/edition/{edition.pk}/curate/").content.decode()
    assert address(edition) not in page
    assert address(edition, "send-again") in page


def test_a_pause_is_shown_where_it_concerns_the_edition(chief: Client, edition: Edition) -> None:
    row(edition, "queued")
    BreakerFactory(scope=f"edition:{edition.pk}", fault="ours", reason="TemplateSyntaxError")
    BreakerFactory(scope="to:elsewhere.example")
    page = shown(chief, edition)
    assert "TemplateSyntaxError" in page
    assert "elsewhere.example" not in page


def test_who_still_waits_is_not_said_to_have_it(chief: Client, edition: Edition) -> None:
    for _ in range(2):
        row(edition, "accepted")
    assert "Nobody was left out: " in shown(chief, edition)
    row(edition, "queued")
    page = shown(chief, edition)
    assert "Nobody was left out so far" in page
    assert '<a class="desk-link" href="?state=queued">1 waits in the queue.</a>' in page


# Sending it again


def test_before_it_is_sent_the_page_says_to_whom_and_why_not_to_others(editor: Client, edition: Edition) -> None:
    for _ in range(2):
        row(edition, "rejected", GIVEN_UP)
    for state, detail in (("delivered", ""), ("unknown", ""), ("skipped", "No papers"), ("bounced", "550")):
        row(edition, state, detail)
    services.unsubscribe(row(edition, "rejected", GIVEN_UP).subscriber_id, services.Origin("test"), NOW)
    row(edition, "queued", due_at=timezone.now() + timedelta(hours=1))
    row(edition, "queued", due_at=NOW)
    prospect = editor.get(address(edition, "send-again")).context["prospect"]
    assert (prospect.ready, prospect.in_doubt, prospect.waiting, prospect.is_cut) == (2, 1, 1, False)
    assert {text.split()[0] + " " + text.split()[1]: count for count, text in prospect.others} == {
        "got it,": 1,
        "whose mailbox": 1,
        "unsubscribed, or": 1,
        "for whom": 1,
        "in the": 1,
    }
    assert Delivery.objects.filter(state="queued").count() == 2  # a look changes nothing


def test_where_nobody_can_be_sent_it_the_page_says_so(editor: Client, edition: Edition) -> None:
    row(edition, "queued", due_at=timezone.now() + timedelta(hours=1))
    page = editor.get(address(edition, "send-again")).content.decode()
    assert "Nobody who was rejected or skipped can still be sent it." in page
    assert "<strong>1</strong> waits in the queue for a later try" in page


def test_sending_again_queues_them_hastens_the_others_and_is_on_record(editor: Client, edition: Edition) -> None:
    row(edition, "rejected", GIVEN_UP)
    doubtful, later = row(edition, "unknown"), row(edition, "queued", due_at=timezone.now() + timedelta(hours=1))
    reply = editor.post(address(edition, "send-again"), follow=True)
    assert "Queued 1 digest again; 1 that waited for later is due now." in reply.content.decode()
    assert LogEntry.objects.get().object_id == str(edition.pk)
    doubtful.refresh_from_db()
    later.refresh_from_db()
    assert doubtful.state == "unknown"
    assert later.due_at <= timezone.now()
    assert Delivery.objects.filter(state="queued").count() == 2


def test_what_is_in_doubt_is_sent_again_only_where_the_box_is_ticked(editor: Client, edition: Edition) -> None:
    row(edition, "unknown")
    assert "They may get it twice" in editor.get(address(edition, "send-again")).content.decode()
    editor.post(address(edition, "send-again"))
    assert Delivery.objects.get().state == "unknown"
    editor.post(address(edition, "send-again"), {"unknown": "yes"})
    assert Delivery.objects.get().state == "queued"
    assert "unknown" in LogEntry.objects.get().get_change_message()


def test_a_second_click_says_that_nobody_was_left(editor: Client, edition: Edition) -> None:
    row(edition, "rejected", GIVEN_UP)
    editor.post(address(edition, "send-again"))
    assert "Nobody was left" in editor.post(address(edition, "send-again"), follow=True).content.decode()
    assert LogEntry.objects.count() == 1


def test_when_time_is_up_the_rest_is_left_to_the_next_click(
    editor: Client, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    row(edition, "rejected", GIVEN_UP)
    answers = iter([True, True, False, False])
    monkeypatch.setattr(results, "patience", lambda: lambda: next(answers))
    assert "There are more: press again." in editor.post(address(edition, "send-again"), follow=True).content.decode()


def test_an_open_edition_is_not_sent_again(editor: Client) -> None:
    edition = EditionFactory()
    row(edition, "rejected", GIVEN_UP)
    assert "not published yet" in editor.get(address(edition, "send-again")).content.decode()
    editor.post(address(edition, "send-again"))
    assert Delivery.objects.get().state == "rejected"


def test_only_editors_send_again_and_only_from_our_own_page(clerk: Client, editor: Client, edition: Edition) -> None:
    row(edition, "rejected", GIVEN_UP)
    assert clerk.post(address(edition, "send-again")).status_code == 403
    assert Client().post(address(edition, "send-again")).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = editor.cookies
    assert strict.post(address(edition, "send-again")).status_code == 403
    assert Delivery.objects.get().state == "rejected"
