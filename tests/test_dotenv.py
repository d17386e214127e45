"""A .env file is read by us and by Docker Compose: the same, or it is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import dotenv
from tests.services import PROJECT, process_environment

# What Compose's documentation says of its files, example by example, and what its parser does with the rest.
SAME = [
    ("VAR=VAL", "VAL"),
    ('VAR="VAL"', "VAL"),
    ("VAR='VAL'", "VAL"),
    ("VAR=VAL # comment", "VAL"),
    ("VAR=VAL# not a comment", "VAL# not a comment"),
    ('VAR="VAL # not a comment"', "VAL # not a comment"),
    ('VAR="VAL" # comment', "VAL"),
    ("VAR='VAL' # comment's end", "VAL"),
    ("VAR='$OTHER'", "$OTHER"),
    ("VAR='${OTHER}'", "${OTHER}"),
    (r"VAR='Let\'s go!'", "Let's go!"),
    (r'VAR="{\"hello\": \"json\"}"', '{"hello": "json"}'),
    (r'VAR="some\tvalue"', "some\tvalue"),
    (r"VAR='some\tvalue'", r"some\tvalue"),
    (r"VAR=some\tvalue", r"some\tvalue"),
    ("VAR=", ""),
    ("VAR=''", ""),
    ("VAR='  spaces kept  '", "  spaces kept  "),
    ("  VAR  =  spaces dropped  ", "spaces dropped"),
    ("export VAR=VAL", "VAL"),
    ('VAR=it\'s, or "is" it', 'it\'s, or "is" it'),
    ("VAR=a=b=c", "a=b=c"),
    ("VAR=Paperboy <digest@example.org>", "Paperboy <digest@example.org>"),
    ("VAR=gmail.com: 5/second; *: 10/second", "gmail.com: 5/second; *: 10/second"),
    ("VAR='pa$$ \"word\" # 1'", 'pa$$ "word" # 1'),
    (r"VAR='back\\slash'", r"back\\slash"),
    ("VAR=Grüße", "Grüße"),
    ("VAR=VAL\r", "VAL"),
]
REFUSED = [
    ("VAR=$OTHER", "would replace"),
    ("VAR=pa$$word", "would replace"),
    ('VAR="pa$word"', "would replace"),
    ('VAR="half', "not closed"),
    ("VAR='half", "not closed"),
    ("VAR='a' b", "something follows"),
    (r'VAR="\d"', "not known"),
    ("VAR= # nothing", "cannot begin with #"),
    ("VAR: VAL", "not NAME=value"),
    ("VAR", "not NAME=value"),
    ("MY-VAR=1", "not NAME=value"),
]


@pytest.mark.parametrize(("line", "value"), SAME)
def test_a_line_means_what_it_means_to_compose(line, value):
    assert dotenv.parse(f"# first\n\n{line}\nLAST=1\n") == {"VAR": value, "LAST": "1"}


@pytest.mark.parametrize(("line", "words"), REFUSED)
def test_a_line_that_would_mean_two_things_is_refused_by_number_and_never_shown(line, words):
    with pytest.raises(ImproperlyConfigured, match=words) as refused:
        dotenv.parse(f"FIRST=1\n{line}\n")
    assert "Line 2" in str(refused.value)
    assert "pa$" not in str(refused.value)


@pytest.mark.parametrize("name", [".env.example", "docs/production.env"])
def test_the_project_s_own_files_can_be_read(name):
    assert "SECRET_KEY" in dotenv.parse((PROJECT / name).read_text())


def settings_of(folder, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = process_environment(DATA_DIR=str(folder), **variables) | {"ENV_FILE": str(folder / ".env")}
    program = "from config import settings as s; print(s.EMAIL_HOST_PASSWORD, s.EMAIL_HOST_USER, s.SITE_NAME, sep='|')"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def test_the_settings_come_from_the_file_whatever_its_characters(tmp_path):
    text = "EMAIL_HOST_PASSWORD='$ecret \"$$\" \\'# 1'\nEMAIL_HOST_USER=ada\nSITE_NAME='The \"Boy\"' # ours\n"
    (tmp_path / ".env").write_text(text)
    done = settings_of(tmp_path, EMAIL_HOST_USER="from the environment")
    assert done.stdout == '$ecret "$$" \'# 1|from the environment|The "Boy"\n', done.stderr


def test_a_file_that_cannot_be_read_the_same_stops_the_start(tmp_path):
    (tmp_path / ".env").write_text("EMAIL_HOST_PASSWORD=$ecret\n")
    done = settings_of(tmp_path)
    assert done.returncode == 1
    assert "Line 1 of the .env file, EMAIL_HOST_PASSWORD" in done.stderr
    assert "ecret" not in done.stderr
