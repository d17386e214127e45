"""Takes the text of a .env file, gives its variables as Docker Compose would; what could be read two ways is refused.

The rules are Compose's, https://docs.docker.com/compose/how-tos/environment-variables/env-file/: what stands in single
quotes is taken as it is, double quotes know \\n, \\r, \\t, \\\\ and \\", a comment follows a space, or a closing quote.
Compose replaces $ outside single quotes by the value of a variable, and here it never does: such a value is refused.
"""

from __future__ import annotations

import re

from django.core.exceptions import ImproperlyConfigured

_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)", re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}
QUOTE = "Put the value into single quotes, where everything is taken as it is but \\'"


def parse(text: str) -> dict[str, str]:
    """Raises ImproperlyConfigured, with the line's number and never its value, which may be a secret."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise ImproperlyConfigured(f"Line {number} of the .env file is not NAME=value.")
        name, value = match.groups()
        try:
            found[name] = _value(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"Line {number} of the .env file, {name}: {error}. {QUOTE}.") from None
    return found


def _value(raw: str) -> str:
    if raw.startswith("'"):
        return _inside(_SINGLE, raw).replace("\\'", "'")
    if raw.startswith('"'):
        inside = _inside(_DOUBLE, raw)
        return re.sub(r"\\(.)", _escape, _without_variables(inside))
    if raw.startswith("#"):
        raise ValueError("a value cannot begin with # unless it is quoted")
    return _without_variables(raw.split(" #")[0].rstrip())


def _inside(quoted: re.Pattern[str], raw: str) -> str:
    match = quoted.fullmatch(raw)
    if match is None:
        raise ValueError("the quote is not closed on this line, or something follows it")
    return match[1]


def _escape(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPES:
        raise ValueError(f"\\{match[1]} is not known in double quotes")
    return _ESCAPES[match[1]]


def _without_variables(value: str) -> str:
    if "$" in value:
        raise ValueError("Docker Compose would replace what begins with $")
    return value
