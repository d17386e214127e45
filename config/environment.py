"""Takes the process's environment and .env, gives typed settings; mistakes name the variable."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from config import dotenv


class Variables(FileAwareMapping):  # type: ignore[misc]  # no types upstream
    """The environment, where NAME_FILE, a path, may stand for NAME. An empty variable counts as not set."""

    def __getitem__(self, key: str) -> str:
        # An editor ends a file with a newline, which no secret contains.
        value = str(super().__getitem__(key)).rstrip("\r\n")
        if not value:
            raise KeyError(key)
        # Otherwise a password that begins with $ would be taken for the name of another variable.
        return value.replace("$", r"\$")


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # no types upstream
    """`env.int("EMAIL_PORT", default=25)` and the like; raises ImproperlyConfigured for a value of the wrong type."""

    ENVIRON = Variables()

    def __init__(self) -> None:
        super().__init__()
        self.escape_proxy = True

    def get_value(self, var: str, *arguments: Any, **options: Any) -> Any:
        try:
            return super().get_value(var, *arguments, **options)
        except (ValueError, OSError) as error:
            raise ImproperlyConfigured(f"{var} cannot be read from the environment: {error}") from error

    def read_file(self, path: str | Path) -> None:
        """The variables of a .env file, where the environment has none of the name; nothing where there is no file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{path} cannot be read: {error}") from error
        for name, value in dotenv.parse(text).items():
            os.environ.setdefault(name, value)

    def prefixed(self, prefix: str) -> dict[str, Any]:
        """Every variable that begins with the prefix, or its _FILE form, without the prefix.

        "true" and "false" are booleans, what stands in braces is JSON, anything else is text.
        """
        names = {name.removesuffix("_FILE") for name in self.ENVIRON if name.startswith(prefix)}
        return {name.removeprefix(prefix): self._plain(name) for name in sorted(names) if name in self.ENVIRON}

    def _plain(self, name: str) -> Any:
        value: str = self.str(name)
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        try:
            return json.loads(value) if value.startswith("{") else value
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} begins with a brace and is no JSON: {error}") from error
