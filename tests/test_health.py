"""`/healthz`."""

import logging

import pytest
from django.db import OperationalError, connection

pytestmark = pytest.mark.django_db


def test_health_is_ok_while_the_database_answers(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


def test_a_database_that_does_not_answer_is_503_without_its_reason(client, monkeypatch, caplog):
    def fail():
        raise OperationalError("password of paperboy at db.internal is wrong")

    monkeypatch.setattr(connection, "cursor", fail)
    with caplog.at_level(logging.CRITICAL):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (503, b"unwell\n")


def test_health_needs_one_query_and_no_session(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert not response.cookies
