import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

PAPERS = [
    {"title": r"On $\beta$-decay", "abstract": "Plain words."},
    {"title": "Prices", "abstract": r"We use \foo{x} and \n here."},
]


def run(*arguments: str) -> list[str]:
    output = StringIO()
    call_command("check_text", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_what_shows_tex_is_counted_by_kind_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_text("\n".join(map(json.dumps, PAPERS)))
    *lines, last = run(str(path), "--examples", "1")
    result = json.loads(last)
    assert result["papers"] == 2
    assert (result["title_typed"]["any"], result["title_shown"]) == (1, {})
    assert result["abstract_shown"] == {"any": 1, "command": 1}
    assert any(line.startswith("command: ") and "here" in line for line in lines)


@pytest.mark.parametrize("content", [b"not JSON", b'{"title": "No abstract"}', b"\xff\xfe"])
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="cannot be read"):
        run(str(path))
