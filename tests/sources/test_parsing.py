"""Reading what a source sent ends, whatever it sent: in a process with limits, that may be ended at any moment."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from digest import stopping
from digest.errors import Interrupted, SourceError
from digest.sources import ADAPTERS, parsing
from digest.sources.parsing import limits, pool, wire
from digest.sources.parsing.process import Ended, Parser
from digest.sources.parsing.wire import Answer, Request
from tests.sources.test_adapters import atom, atom_entry

PAPER = b'[{"title": "A telling title", "arxiv_id": "2606.00001", "published": "2026-06-01", "upvotes": 3}]'
BUSY = b'<rss version="2.0"><channel>' + b"<item/>" * 100_000 + b"</channel></rss>"
DEEP = b"[" + b"[]," * 5_000_000 + b"[]]"


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    monkeypatch.setattr(limits, "SECONDS_PER_MEGABYTE", 0.0)


def script(code):
    """A parser's process that runs this instead of ours."""
    return Parser([sys.executable, "-c", f"import os, sys, time, struct; read = sys.stdin.buffer.read\n{code}"])


def asked(parser, *, seconds=5.0):
    """The answer to a request that fits into a pipe; the parser is gone afterwards."""
    parser.send(Request(reader="feed", seconds=seconds, memory=10**9), b"body")
    try:
        return parser.receive()
    finally:
        parser.end()


def idle():
    (kept,) = pool._idle
    return kept.child and kept.child.process


def test_every_adapter_gives_across_the_pipe_what_it_gives_here():
    bodies = {"papers_json": PAPER, "arxiv_atom": atom(atom_entry()), "feed": atom(atom_entry())}
    for kind, body in bodies.items():
        read = parsing.parse(kind, body, url="https://example.org/feed")
        assert read == ADAPTERS[kind].parse(body, url="https://example.org/feed")
        assert read.papers
    assert parsing.parse_stored(PAPER, "papers.json") == ADAPTERS["papers_json"].parse(PAPER)


def test_what_an_adapter_refuses_is_refused_with_its_words():
    with pytest.raises(SourceError, match="HTML page") as caught:
        parsing.parse("arxiv_atom", b"<html>")
    assert caught.value.permanent
    with pytest.raises(SourceError, match="broken XML") as caught:
        parsing.parse("arxiv_atom", b"<feed>")
    assert not caught.value.permanent


def test_a_feed_that_keeps_a_library_busy_is_given_up_and_the_next_is_read(tiny):
    started = time.monotonic()
    with pytest.raises(SourceError, match="more than 0 s of CPU time") as caught:
        parsing.parse("feed", BUSY)
    assert caught.value.permanent
    assert time.monotonic() - started < 10
    assert parsing.parse("papers_json", PAPER).papers


@pytest.mark.skipif(not limits.SIZES.exists(), reason="this system does not tell how much memory is in use")
def test_a_feed_that_needs_too_much_memory_is_given_up_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(limits, "MEMORY_PER_BYTE", 1)
    monkeypatch.setattr(limits, "MEMORY", 50_000_000)
    with pytest.raises(SourceError, match=r"needs more than 6. MB"):
        parsing.parse("papers_json", DEEP)
    assert parsing.parse("papers_json", PAPER).papers


def test_a_larger_reply_may_take_more():
    small, large = (limits.allowed(Request(reader="feed"), size) for size in (0, 20_000_000))
    assert (small.seconds, large.seconds) == (10, 110)
    assert small.memory < large.memory < limits.MOST_MEMORY
    assert limits.allowed(small, 10**10).memory == limits.MOST_MEMORY


def test_more_entries_than_any_feed_has_are_given_up():
    body = b"[" + b"1," * limits.MOST_ENTRIES + b"1]"
    with pytest.raises(SourceError, match="more than 100,000 entries"):
        parsing.parse("papers_json", body)


def test_a_worker_that_is_to_end_reads_no_further():
    timer = threading.Timer(0.5, stopping.ask)
    timer.start()
    started = time.monotonic()
    try:
        with pytest.raises(Interrupted):
            parsing.parse("feed", BUSY)
        assert not idle(), "the process was left behind"
        with pytest.raises(Interrupted):
            parsing.parse("papers_json", PAPER)
    finally:
        timer.join()
        stopping.forget()
    assert time.monotonic() - started < 5


def test_a_line_that_takes_too_much_is_refused_and_costs_no_other(tiny):
    busy = b'{"title": "Busy", "list": %s}' % DEEP
    lines = [b'{"title": "One"}', b"", busy, b"no JSON", b'{"title": "Two"}', *([b'{"title": "More"}'] * 1000)]
    results = list(parsing.read_lines(lines))
    assert [getattr(result, "title", "refused") for result in results[:4]] == ["One", "refused", "refused", "Two"]
    assert "CPU time" in results[1].reason
    assert "broken JSON" in results[2].reason
    assert len(results) == 1004


@pytest.mark.parametrize(("size", "most"), [(0, 5000), (1_000_000, 3)])
def test_lines_are_sent_ahead_by_what_they_take(size, most):
    taken = []
    lines = parsing.read_lines(b'{"title": "One"%s}' % (b" " * size) for _ in map(taken.append, range(6000)))
    assert next(lines).title == "One"
    assert 2 <= len(taken) <= most
    lines.close()


def test_the_process_of_an_idle_parser_is_told_to_whoever_measures_it():
    parsing.parse("papers_json", PAPER)
    assert pool.processes() == [idle().pid]


def test_lines_that_nobody_takes_end_their_process():
    lines = parsing.read_lines([b'{"title": "One"}'] * 10)
    assert next(lines).title == "One"
    lines.close()
    assert not idle()


def test_a_process_is_kept_for_the_next_and_started_anew_when_it_is_gone():
    parsing.parse("papers_json", PAPER)
    process = idle()
    parsing.parse("papers_json", PAPER)
    assert idle() is process
    process.kill()
    process.wait()
    assert parsing.parse("papers_json", PAPER).papers
    assert idle() is not process


def test_a_process_may_leave_between_two_requests_and_another_goes_on():
    """As ours does once it has grown."""
    frame = wire.answer(Answer(error="read"))
    parser = script(f"read(8); os.write(1, {frame!r}); sys.exit(0)")
    for _ in range(3):
        parser.send(Request(reader="feed", seconds=5), b"body")
    assert [parser.receive().error for _ in range(3)] == ["read"] * 3
    parser.end()


def test_a_parser_that_has_grown_leaves():
    if not limits.SIZES.exists():
        pytest.skip("this system does not tell how much memory is in use")
    code = "from digest.sources.parsing import __main__ as child; child.GROWN = 1; child.main()"
    parser = Parser([sys.executable, "-c", code])
    processes = []
    for _ in range(2):
        body = PAPER + b" " * 200_000
        parser.send(limits.allowed(Request(reader="papers_json"), len(body)), body)
        assert parser.receive().feed.papers
        processes.append(parser.child.process)
    assert processes[0].wait(5) == 0
    assert processes[0] is not processes[1]
    parser.end()


def test_threads_have_processes_of_their_own():
    results = []
    threads = [threading.Thread(target=lambda: results.append(parsing.parse("papers_json", PAPER))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(result.papers) for result in results] == [1] * 4
    assert len(pool._idle) == 1


def test_a_forked_process_has_its_own_and_takes_none_from_its_parent():
    parsing.parse("papers_json", PAPER)
    process = idle()
    if not (child := os.fork()):
        os._exit(0 if parsing.parse("papers_json", PAPER).papers and not process.poll() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert parsing.parse("papers_json", PAPER).papers
    assert idle() is process


def test_a_parser_ends_with_its_parent(tmp_path):
    code = (
        "import os; from digest.sources import parsing; from digest.sources.parsing import pool\n"
        "parsing.parse('papers_json', b'[]'); print(pool._idle[0].child.process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert gone(int(ended.stdout))


def gone(number, seconds=5.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_process_knows_no_secret_and_writes_no_file(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "the very secret")
    pool.end()
    parsing.parse("papers_json", PAPER)
    number = idle().pid
    if os.path.exists(f"/proc/{number}/environ"):
        with open(f"/proc/{number}/environ", "rb") as environment:
            assert b"the very secret" not in environment.read()
        with open(f"/proc/{number}/limits") as told:
            assert next(line for line in told if "file size" in line).split()[3:5] == ["0", "0"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("sys.exit(0)", "exit code 0"),
        ("os.write(1, struct.pack('!I', 2**31) + b'x'); time.sleep(60)", "larger than"),
        ("os.write(1, struct.pack('!I', 4) + b'junk'); time.sleep(60)", "not an answer"),
        ("os.write(1, struct.pack('!I', 12) + b'{\"feed\": 17}'); time.sleep(60)", "not an answer"),
        ("b = b'[' * 50_000; os.write(1, struct.pack('!I', len(b)) + b); time.sleep(60)", "not an answer"),
        ("os.close(0); os.close(1); time.sleep(60)", "SIGKILL"),
    ],
)
def test_whatever_the_process_does_the_request_ends_with_a_reason(code, said):
    with pytest.raises(Ended, match=said):
        asked(script(code))


def test_a_process_that_stands_still_is_given_up_by_the_clock():
    with pytest.raises(Ended, match="no answer within"):
        asked(script("time.sleep(60)"), seconds=-0.95)


def test_an_answer_that_comes_in_small_pieces_is_one_answer():
    frame = wire.answer(Answer(error="so it was"))
    code = f"for byte in {list(frame)}: os.write(1, bytes([byte])); time.sleep(0.002)\ntime.sleep(60)"
    assert asked(script(code)).error == "so it was"


def test_a_mistake_of_ours_is_told_in_the_account_and_in_full_in_the_log(caplog):
    with pytest.raises(SourceError, match="unexpected KeyError"):
        parsing.parse("no such kind", b"body")
    assert "Traceback" in caplog.text
