"""bench_selection: what it prints, without a database."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.parametrize("interests", [0, 2])
def test_the_last_line_tells_what_choosing_costs(interests: int) -> None:
    output = StringIO()
    call_command("bench_selection", readers=300, papers=50, interests=interests, stdout=output)
    figures = json.loads(output.getvalue().splitlines()[-1])
    assert {"readers", "papers", "interests_per_reader", "cpu_us_per_reader", "rss_mb"} <= set(figures)
    assert (figures["readers"], figures["papers"], figures["interests_per_reader"]) == (300, 50, interests)
    assert figures["papers_per_digest"] > 4
    assert figures["cpu_us_per_reader"] < 5000
