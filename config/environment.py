"""Takes the process's environment and .env, gives typed settings; mistakes name the variable."""

from __future__ import annotations

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


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

    def prefixed(self, prefix: str) -> dict[str, str]:
        """Every variable that begins with the prefix, or its _FILE form, without the prefix."""
        names = {name.removesuffix("_FILE") for name in self.ENVIRON if name.startswith(prefix)}
        return {name.removeprefix(prefix): self.str(name) for name in sorted(names) if name in self.ENVIRON}
