"""The page of one paper."""

import pytest

from tests.factories import NOW, PaperFactory

pytestmark = pytest.mark.django_db


def test_a_paper_has_a_page_of_its_own(client):
    paper = PaperFactory(title="A Quiet Result", abstract="Every word of it.", url="")
    page = client.get(f"/papers/{paper.pk}")
    assert page.status_code == 200
    assert page.content.decode().count("<h1") == 1
    assert "Every word of it." in page.content.decode()


def test_a_merged_paper_leads_to_the_one_it_became(client):
    kept = PaperFactory()
    merged = PaperFactory(merged_into=kept)
    assert client.get(f"/papers/{merged.pk}").headers["Location"] == f"/papers/{kept.pk}"


@pytest.mark.parametrize("fields", [{"is_hidden": True}, {"withdrawn_at": NOW}])
def test_a_paper_that_readers_may_not_see_has_no_page(client, fields):
    assert client.get(f"/papers/{PaperFactory(**fields).pk}").status_code == 404


@pytest.mark.parametrize("address", ["/papers/0", "/papers/99999999999999999999999", "/papers/x"])
def test_an_unknown_paper_is_not_found(client, address):
    assert client.get(address).status_code == 404
