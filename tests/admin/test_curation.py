"""The curation page: what an editor sees, decides, and cannot break."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from digest import editions
from digest.models import Decision, Edition, EditionPaper, EditionState, Paper, SignalKind
from tests.factories import (
    DeliveryFactory,
    EditionFactory,
    EditionPaperFactory,
    PaperFactory,
    SignalFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def pool(count: int, **fields: object) -> Edition:
    """An open edition whose first paper is the best, "Paper 1"."""
    edition = EditionFactory(publish_at=timezone.now() + timedelta(hours=2), **fields)
    for number in range(1, count + 1):
        paper = PaperFactory(title=f"Paper {number}")
        EditionPaperFactory(edition=edition, paper=paper, trend=1 - number / 1000)
    return edition


def entry(edition: Edition, title: str) -> EditionPaper:
    return EditionPaper.objects.get(edition=edition, paper__title=title)


def address(edition: Edition, name: str = "curate") -> str:
    return reverse(f"admin:digest_edition_{name}", args=[edition.pk])


def decide(client: Client, edition: Edition, title: str, do: str, **fields: str) -> str:
    """What the page says after the decision."""
    paper = {"paper": str(entry(edition, title).paper_id)} if title else {}
    reply = client.post(address(edition), {"do": do, **paper, **fields}, follow=True)
    assert reply.status_code == 200
    return said(reply.content)


def said(page: bytes) -> str:
    return unescape(" ".join(re.findall(r'<p class="desk-message[^>]*>(.*?)</p>', page.decode())))


def titles(client: Client, edition: Edition, **query: str) -> list[str]:
    page = client.get(address(edition), query).content.decode()
    return [unescape(title) for title in re.findall(r'<h3 class="curate-title"><a[^>]*>(.*?)</a>', page)]


def test_papers_stand_in_the_order_of_their_scores_and_every_score_is_the_sum_of_its_parts(editor: Client) -> None:
    edition = pool(3)
    EditionPaper.objects.filter(pk=entry(edition, "Paper 2").pk).update(topics={"robotics": 0.5})
    TopicFactory(slug="robotics")
    page = editor.get(address(edition)).content.decode()
    assert titles(editor, edition)[0] == "Paper 2"
    sums = re.findall(r'curate-score"><strong>([\d.]+)</strong>(.*?)</p>', page, re.DOTALL)
    assert len(sums) == 3
    for total, parts in sums:
        assert sum(map(float, re.findall(r"-?\d+\.?\d*(?=\s|$)", parts))) == pytest.approx(float(total), abs=1e-9)


def test_the_number_of_queries_does_not_grow_with_the_pool(
    editor: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    small, large = pool(2), pool(80)
    for item in large.entries.all():
        SignalFactory(paper=item.paper)
    editor.get(address(small))  # content types are cached from here on
    with CaptureQueriesContext(
        connection,
    ) as few:
        editor.get(address(small))
    with django_assert_num_queries(len(few)):
        editor.get(address(large), {"all": "1"})
    assert len(few) < 25


def test_sixty_papers_are_shown_until_one_asks_for_all(editor: Client) -> None:
    edition = pool(70)
    assert len(titles(editor, edition)) == 60
    assert "Show the other 10" in editor.get(address(edition)).content.decode()
    assert len(titles(editor, edition, all="1")) == 70


def test_the_pool_is_searched_by_words_and_filtered_by_topic_and_decision(editor: Client) -> None:
    edition = pool(5)
    # The factory counts its ids on from test to test: a search for "3" might find it there too.
    Paper.objects.update(arxiv_id=F("title"))
    TopicFactory(slug="robotics")
    EditionPaper.objects.filter(pk=entry(edition, "Paper 4").pk).update(topics={"robotics": 0.4})
    decide(editor, edition, "Paper 5", "pin")
    assert titles(editor, edition, q="pAPER 3") == ["Paper 3"]
    assert titles(editor, edition, q="noether 3") == ["Paper 3"]
    assert titles(editor, edition, topic="robotics") == ["Paper 4"]
    assert titles(editor, edition, only="pinned") == ["Paper 5"]
    assert titles(editor, edition, q="nothing like it") == []


def test_pinning_hiding_and_taking_it_back(editor: Client) -> None:
    edition = pool(4)
    assert "Pinned “Paper 3”" in decide(editor, edition, "Paper 3", "pin")
    assert titles(editor, edition)[0] == "Paper 3"
    decide(editor, edition, "Paper 3", "unpin")
    assert titles(editor, edition)[0] == "Paper 1"
    decide(editor, edition, "Paper 1", "hide")
    assert entry(edition, "Paper 1").decision == Decision.HIDDEN
    assert titles(editor, edition)[-1] == "Paper 1"
    decide(editor, edition, "Paper 1", "unhide")
    assert titles(editor, edition) == ["Paper 1", "Paper 2", "Paper 3", "Paper 4"]


def test_a_paper_moves_to_the_place_it_is_put(editor: Client) -> None:
    edition = pool(6)
    decide(editor, edition, "Paper 5", "move:2")
    assert titles(editor, edition) == ["Paper 1", "Paper 5", "Paper 2", "Paper 3", "Paper 4", "Paper 6"]
    decide(editor, edition, "Paper 1", "move", position="6")
    assert titles(editor, edition)[-1] == "Paper 1"


def test_in_a_filtered_list_up_and_down_mean_the_neighbours_that_are_seen(editor: Client) -> None:
    edition = pool(9)
    for title in ("Paper 2", "Paper 8"):
        decide(editor, edition, title, "blurb", text="Read this.")
    page = editor.get(address(edition), {"only": "blurb"}).content.decode()
    assert set(re.findall(r'value="move:(\d+)"(?! disabled)', page)) == {"8", "2"}


def test_a_blurb_and_a_note_are_kept_as_plain_text(editor: Client) -> None:
    edition = pool(1)
    decide(editor, edition, "Paper 1", "blurb", text="Good,\r\nreally.\x07\x00 ")
    assert entry(edition, "Paper 1").blurb == "Good,\nreally."
    decide(editor, edition, "", "note", text="<b>Morning</b> all")
    edition.refresh_from_db()
    assert edition.note == "<b>Morning</b> all"
    assert "&lt;b&gt;Morning&lt;/b&gt; all" in editor.get(address(edition)).content.decode()


def test_a_decision_returns_to_the_paper_and_to_the_same_filters(editor: Client) -> None:
    edition = pool(2)
    paper_id = entry(edition, "Paper 2").paper_id
    reply = editor.post(f"{address(edition)}?q=paper&all=1&evil=1", {"do": "pin", "paper": paper_id})
    assert reply["Location"] == f"{address(edition)}?q=paper&all=1#paper-{paper_id}"


def test_every_decision_is_on_record_with_who_made_it(editor: Client) -> None:
    edition = pool(1)
    decide(editor, edition, "Paper 1", "pin")
    decide(editor, edition, "", "note", text="Hello")
    made = LogEntry.objects.values_list("user__username", "change_message").order_by("pk")
    assert list(made) == [("editor", "Pinned “Paper 1”"), ("editor", "Saved the note")]


@pytest.mark.parametrize("do", ["pin", "hide", "move:1", "blurb", "note"])
def test_a_published_edition_refuses_in_words_and_stays_as_it_went_out(editor: Client, do: str) -> None:
    edition = pool(3, published=True)
    before = list(edition.entries.values())
    message = decide(editor, edition, "Paper 3", do, text="late")
    assert "Nothing was changed" in message
    assert "published" in message
    assert list(edition.entries.values()) == before
    assert not LogEntry.objects.exists()


def test_a_published_edition_is_shown_with_what_became_of_it_and_without_buttons(chief: Client) -> None:
    edition = pool(2, published=True)
    DeliveryFactory(edition=edition, state="delivered")
    DeliveryFactory(edition=edition, state="bounced")
    page = chief.get(address(edition)).content.decode()
    assert 'aria-label="Planned: 2"' in page
    assert 'aria-label="Delivered: 1"' in page
    assert 'aria-label="Bounced: 1"' in page
    assert 'name="do"' not in page
    assert "Publish now" not in page


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "explode", "paper": "1"},
        {"do": ""},
        {},
        {"do": "move:0"},
        {"do": "move:-3"},
        {"do": "move:99999999999999999999"},
        {"do": "move:²"},
        {"do": "pin", "paper": "99999999999999999999"},
        {"do": "pin", "paper": "x"},
        {"do": "pin", "paper": "-1"},
    ],
)
def test_nonsense_changes_nothing_and_is_answered_in_words(editor: Client, fields: dict[str, str]) -> None:
    edition = pool(2)
    before = list(edition.entries.values())
    if "paper" not in fields:
        fields = {**fields, "paper": str(entry(edition, "Paper 1").paper_id)}
    reply = editor.post(address(edition), fields, follow=True)
    assert reply.status_code == 200
    assert said(reply.content)
    assert list(edition.entries.values()) == before


def test_two_editors_lose_nothing_and_the_later_decision_about_a_paper_holds(editor: Client, chief: Client) -> None:
    edition = pool(5)
    decide(editor, edition, "Paper 1", "blurb", text="Mine")
    decide(chief, edition, "Paper 1", "hide")
    decide(chief, edition, "Paper 2", "hide")
    decide(editor, edition, "Paper 2", "pin")
    decide(chief, edition, "Paper 4", "move:1")
    assert (entry(edition, "Paper 1").blurb, entry(edition, "Paper 1").decision) == ("Mine", Decision.HIDDEN)
    assert entry(edition, "Paper 2").decision == Decision.PINNED
    assert titles(editor, edition)[0] == "Paper 4"


def test_a_paper_that_left_the_pool_meanwhile_is_explained(editor: Client) -> None:
    edition = pool(2)
    gone = entry(edition, "Paper 2")
    gone.delete()
    reply = editor.post(address(edition), {"do": "pin", "paper": gone.paper_id}, follow=True)
    assert "no longer in this edition’s pool" in said(reply.content)


def test_looking_changes_nothing(editor: Client) -> None:
    edition = pool(2)
    paper_id = entry(edition, "Paper 2").paper_id
    for name in ("curate", "publish", "preview", "mail"):
        editor.get(address(edition, name), {"do": "pin", "paper": paper_id})
    edition.refresh_from_db()
    assert edition.is_open
    assert not edition.entries.exclude(decision=Decision.NONE).exists()


def test_publishing_asks_first_then_publishes_once(editor: Client) -> None:
    edition = pool(2)
    assert "Publish the Daily edition" in editor.get(address(edition, "publish")).content.decode()
    for _ in range(2):
        editor.post(address(edition, "publish"))
    edition.refresh_from_db()
    assert edition.state == EditionState.PUBLISHED
    assert edition.published_at is not None


def test_an_edition_without_papers_is_not_published_but_explained(editor: Client) -> None:
    edition = pool(0)
    reply = editor.post(address(edition, "publish"), follow=True)
    assert "no paper to publish" in said(reply.content)
    edition.refresh_from_db()
    assert edition.is_open


def test_markup_in_a_paper_stays_text(editor: Client) -> None:
    edition = pool(0)
    title = '<script>alert("x")</script>'
    EditionPaperFactory(edition=edition, paper=PaperFactory(title=title, authors=["<img src=x>"], abstract=title))
    page = editor.get(address(edition)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


def test_signals_are_told_as_of_their_newest_day(editor: Client) -> None:
    edition = pool(1)
    paper = entry(edition, "Paper 1").paper
    for days, value in ((2, 7), (1, 31)):
        SignalFactory(
            paper=paper, kind=SignalKind.UPVOTES, value=value, observed_on=paper.first_seen_at - timedelta(days)
        )
    assert "31 upvotes" in editor.get(address(edition)).content.decode()


def test_the_desk_leads_to_the_edition_that_goes_out_next(editor: Client) -> None:
    later, sooner = pool(1), pool(1)
    Edition.objects.filter(pk=later.pk).update(publish_at=timezone.now() + timedelta(days=2))
    assert editor.get(reverse("admin:digest_edition_desk"))["Location"] == address(sooner)
    editions.publish(sooner, timezone.now())
    assert editor.get(reverse("admin:digest_edition_desk"))["Location"] == address(later)


def test_without_any_edition_the_desk_is_the_front_page(editor: Client) -> None:
    assert editor.get(reverse("admin:digest_edition_desk"))["Location"] == reverse("admin:index")
    assert "Nothing open just now" in editor.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("name", ["curate", "publish", "preview", "mail", "test"])
def test_strangers_are_sent_to_the_login_and_other_staff_away(name: str) -> None:
    edition = pool(1)
    url = address(edition, name)
    assert "/admin/login/" in Client().post(url)["Location"]
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", "", "irrelevant", is_staff=True))
    assert clerk.post(url).status_code in (403, 405)
    assert clerk.get(url).status_code in (403, 405)


@pytest.mark.parametrize("name", ["curate", "publish", "test"])
def test_whoever_may_only_look_may_not_decide(name: str) -> None:
    edition = pool(1)
    user = User.objects.create_user("reader", "reader@example.net", "irrelevant", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_edition"))
    client = Client()
    client.force_login(user)
    page = client.get(address(edition))
    assert page.status_code == 200
    assert 'name="do"' not in page.content.decode()
    assert client.post(address(edition, name), {"do": "note", "text": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["curate", "publish", "test"])
def test_a_form_from_elsewhere_is_refused(name: str) -> None:
    edition = pool(1)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("chief", "chief@example.net", "irrelevant"))
    assert client.post(address(edition, name), {"do": "note", "text": "x"}).status_code == 403


def test_an_editor_never_sees_a_readers_address(editor: Client) -> None:
    edition = pool(2, published=True)
    delivery = DeliveryFactory(edition=edition, subscriber=SubscriberFactory(email="secret.reader@example.org"))
    for url in [reverse("admin:index"), *(address(edition, name) for name in ("curate", "preview", "mail"))]:
        assert "secret.reader" not in editor.get(url, follow=True).content.decode()
    for url in [
        reverse("admin:subscriptions_subscriber_changelist"),
        reverse("admin:subscriptions_consentrecord_changelist"),
        reverse("admin:digest_delivery_changelist"),
        reverse("admin:digest_delivery_change", args=[delivery.pk]),
    ]:
        assert editor.get(url).status_code == 403


def test_an_unknown_edition_is_not_found(editor: Client) -> None:
    assert editor.get(reverse("admin:digest_edition_curate", args=[12345])).status_code == 404


@pytest.mark.parametrize("title", ["", "Paper 2"], ids=["note", "blurb"])
def test_of_two_editors_who_write_at_a_time_neither_loses_a_word(editor: Client, chief: Client, title: str) -> None:
    """The second to save is shown both texts, and decides."""
    edition = pool(3)
    verb = "blurb" if title else "note"

    def stored() -> str:
        edition.refresh_from_db()
        return entry(edition, title).blurb if title else edition.note

    assert "Nothing" not in decide(chief, edition, title, verb, text="First,\r\nand best", was="")
    paper = {"paper": str(entry(edition, title).paper_id)} if title else {}
    reply = editor.post(address(edition), {"do": verb, **paper, "text": "Second <b>", "was": ""})
    assert reply.status_code == 409
    page = reply.content.decode()
    assert "Nothing was changed. Somebody else changed these words while you wrote yours." in unescape(page)
    assert '<blockquote class="curate-note">First,<br>and best</blockquote>' in page
    assert re.search(r"<textarea[^>]*>Second &lt;b&gt;</textarea>", page)
    assert stored() == "First,\nand best"
    shown = unescape(re.findall(r'name="was" value="([^"]*)"', page[page.index("curate-conflict") - 600 :])[0])
    assert "Nothing" not in decide(editor, edition, title, verb, text="Second <b>", was="First,\r\nand best")
    assert shown == "First,\nand best"
    assert stored() == "Second <b>"


def test_saving_the_same_words_twice_is_no_conflict(editor: Client) -> None:
    edition = pool(1)
    for _ in range(2):
        assert "Saved the note" in decide(editor, edition, "", "note", text="Good morning", was="")


def test_a_paper_that_moved_meanwhile_is_not_moved_on(editor: Client, chief: Client) -> None:
    edition = pool(4)
    decide(chief, edition, "Paper 4", "move:1", was="4")
    told = decide(editor, edition, "Paper 3", "move:2", was="3")
    assert "Paper 3” is in place 4 by now, not in 3" in told
    assert titles(editor, edition) == ["Paper 4", "Paper 1", "Paper 2", "Paper 3"]
