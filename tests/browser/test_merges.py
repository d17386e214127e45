"""A merge is taken back in Chromium, from the paper's page to both papers."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from digest.models import Merge, Paper
from digest.papers import ingest
from digest.sources import FetchedPaper
from tests.browser.test_admin import _signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
PREPRINT, JOURNAL = "A preprint under its first title", "What the journal called it in the end"


def test_an_editor_undoes_a_merge_and_sees_both_papers_again(browser: Browser, live_server: Any) -> None:
    records = [
        FetchedPaper(title=JOURNAL, doi="10.1/x"),
        FetchedPaper(title=PREPRINT, arxiv_id="2606.00001", doi="10.1/x"),
    ]
    ingest(records, source=None, now=timezone.now())
    context = browser.new_context(base_url=live_server.url)
    page = _signed_in(context, live_server.url)
    page.goto(reverse("admin:digest_paper_change", args=[Merge.objects.get().winner_id]))
    page.get_by_role("link", name="Merged with it").click()
    expect(page.get_by_text("the same DOI: 10.1/x")).to_be_visible()
    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("They stay two papers, whatever comes in.").first).to_be_visible()
    page.goto(reverse("admin:digest_paper_changelist"))
    for title in (PREPRINT, JOURNAL):
        expect(page.get_by_role("row").filter(has_text=title)).to_contain_text("Shown")
    assert not Paper.objects.exclude(merged_into=None).exists()
    context.close()
