"""manage.py backfill: progress, an estimate, and an exit code that tells whether all was done."""

from __future__ import annotations

import io
from datetime import UTC, date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from digest.ingestion import history
from digest.management.commands import backfill
from digest.models import Paper, Source
from tests.factories import SourceFactory
from tests.ingestion.test_history import Api, api, loopback  # noqa: F401  # fixtures
from tests.sources.loopback import Answer

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def category() -> Source:
    Source.objects.all().delete()
    return SourceFactory(name="A category", slug="cat", kind="arxiv_atom", url="https://rss.arxiv.org/atom/cs.CL")


def run(*arguments: str, terminal: bool = False) -> tuple[str, str]:
    out, errors = io.StringIO(), Terminal() if terminal else io.StringIO()
    call_command("backfill", *arguments, stdout=out, stderr=errors, force_color=terminal)
    return out.getvalue(), errors.getvalue()


def test_three_days_are_filled_a_line_each_and_the_second_run_has_nothing_to_do(api):  # noqa: F811
    said, _ = run("--source", "cat", "--since", "2026-06-01", "--until", "2026-06-03")
    assert said.splitlines() == [
        "A category: 3 of 3 days to ask for",
        *(f"    2026-06-0{day}: 5 received (5 new, 0 refused)" for day in (1, 2, 3)),
        "A category: 3 days done; 15 papers, 15 new",
    ]
    said, _ = run("--source", "cat", "--since", "2026-06-01", "--until", "2026-06-03")
    assert said == "A category: nothing to do, all 3 days are done\n"


def test_on_a_terminal_there_is_a_bar_with_an_estimate(api):  # noqa: F811
    said, shown = run("--source", "cat", "--since", "2026-06-01", "--until", "2026-06-03", terminal=True)
    assert "[##########....................] 1/3 days, 5 papers, about" in shown
    assert "left" in shown
    assert "received" not in said
    assert "\033[31" not in shown  # progress is no error


def test_without_a_terminal_each_reason_to_wait_is_told_once(category):
    out = io.StringIO()
    progress = backfill.Progress(backfill.Command(stdout=out), category, 3)
    for reason in ("down.example is paused", "down.example is paused", "only 3 of 5 papers came; asked for again"):
        progress.tell(history.Step(date(2026, 6, 1), waits=reason))
    assert out.getvalue().splitlines() == [
        "    waits: down.example is paused", "    waits: only 3 of 5 papers came; asked for again",
    ]  # fmt: skip


def test_a_day_that_fails_makes_the_command_fail_and_the_next_run_goes_on(api):  # noqa: F811
    api.trouble = [Answer(b"", status=400)]
    with pytest.raises(CommandError, match="run it again") as error:
        run("--source", "cat", "--since", "2026-06-01", "--until", "2026-06-03")
    assert error.value.returncode == 1
    said, _ = run("--source", "cat", "--since", "2026-06-01", "--until", "2026-06-03")
    assert said.startswith("A category: 1 of 3 days to ask for")
    assert Paper.objects.count() == 15


def test_a_source_without_a_past_fails_only_where_it_was_named(api):  # noqa: F811
    SourceFactory(name="A blog", slug="blog", kind="feed")
    said, _ = run("--since", "2026-06-01", "--until", "2026-06-01")
    assert "A blog: its past cannot be asked for" in said
    assert "A category: 1 day done" in said
    with pytest.raises(CommandError, match="leave out, as there is no past to be had: blog"):
        run("--source", "blog", "--since", "2026-06-01", "--until", "2026-06-01")


def test_days_may_be_counted_back_from_today_and_end_yesterday(api):  # noqa: F811
    run("--source", "cat", "--since", "3d")
    today = timezone.now().astimezone(UTC).date()
    assert sorted({day for day, _ in api.asked}) == [f"{today - timedelta(days=number):%Y%m%d}" for number in (3, 2, 1)]


@pytest.mark.parametrize(
    "arguments", [("--since", "tomorrow"), ("--since", "2999-01-01"), ("--source", "no", "--since", "3d")]
)
def test_mistakes_are_told(arguments):
    with pytest.raises(CommandError):
        run(*arguments)


@pytest.mark.parametrize(
    ("done", "days", "seconds", "expected"),
    [(1, 31, 2, "about 60 s left"), (10, 30, 300, "about 10 min left"), (1, 1000, 60, "about 16.6 h left")],
)
def test_the_estimate_is_the_pace_so_far(done, days, seconds, expected):
    assert backfill.left(done, days, seconds) == expected
    assert backfill.day("2026-06-01")(date(2026, 7, 1)) == date(2026, 6, 1)
