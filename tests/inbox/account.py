"""Named messages in; what the gates and SpamAssassin say of each out, as values, a table and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.inbox import spamassassin
from tests.inbox.judging import judge
from tests.inbox.mail import Mail

SPAM_GATE = "spamassassin"
COLUMNS = "{:<28} {:<7} {:>8} {:>8} {:>6} {:>7}  {}"


@dataclass(frozen=True, slots=True)
class Account:
    """Of one message. `spam_score` is None where SpamAssassin was not asked or is not there."""

    message: str
    kind: str
    bytes: int
    html_bytes: int
    spam_score: float | None
    gates: int
    failed: dict[str, list[str]]

    @property
    def line(self) -> str:
        score = "-" if self.spam_score is None else f"{self.spam_score:.1f}"
        passed = f"{self.gates - len(self.failed)}/{self.gates}"
        html = f"{self.html_bytes / 1000:.1f}"
        verdict = "FAILED" if self.failed else "passed"
        return COLUMNS.format(self.message[-28:], self.kind, f"{self.bytes:,}", html, score, passed, verdict)


def account(name: str, mail: Mail, *, with_spamassassin: bool = True) -> Account:
    """SpamAssassin is one more gate; one that is missing has failed."""
    judged = judge(mail)
    score = None
    if with_spamassassin:
        score, judged[SPAM_GATE] = _spam(mail)
    failed = {gate: reasons for gate, reasons in judged.items() if reasons}
    kind = "digest" if mail.is_digest else "letter"
    return Account(name, kind, len(mail.raw), len(mail.html.encode()), score, len(judged), failed)


def _spam(mail: Mail) -> tuple[float | None, list[str]]:
    if not spamassassin.is_installed():
        return None, [spamassassin.REMEDY]
    verdict = spamassassin.verdict(mail.raw)
    too_much = f"{verdict.score:.1f} points: {', '.join(verdict.rules)}"
    return verdict.score, [too_much] if verdict.score > spamassassin.HIGHEST_SCORE else []


def table(accounts: Sequence[Account]) -> str:
    lines = [COLUMNS.format("message", "kind", "bytes", "html KB", "spam", "gates", "").rstrip()]
    lines += [each.line for each in accounts]
    for each in accounts:
        lines += [f"{each.message}: {gate}: {'; '.join(reasons)}" for gate, reasons in each.failed.items()]
    return "\n".join(lines)


def as_json(accounts: Sequence[Account]) -> str:
    return json.dumps(
        {"passed": not any(each.failed for each in accounts), "messages": [asdict(each) for each in accounts]}, indent=1
    )
