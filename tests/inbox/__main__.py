"""Judge every sample mail of the project, or messages that were received: python -m tests.inbox [FILE...]."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    # Both need Django's settings to be there.
    from django.conf import settings

    from tests.inbox.account import account, as_json, table
    from tests.inbox.mail import Mail
    from tests.inbox.samples import SLUGS, sample

    asked = parser().parse_args()
    if asked.files:
        of_kind = {"digest": True, "letter": False}.get(asked.kind)
        address = settings.POSTAL_ADDRESS
        mails = {str(file): Mail(file.read_bytes(), is_digest=of_kind, postal_address=address) for file in asked.files}
    else:
        mails = {slug: sample(slug) for slug in SLUGS}
    accounts = [account(name, mail, with_spamassassin=asked.spamassassin) for name, mail in mails.items()]
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(as_json(accounts) + "\n")
    print(table(accounts))
    return int(any(each.failed for each in accounts))


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m tests.inbox", description=__doc__)
    arguments.add_argument("files", metavar="FILE", nargs="*", type=existing, help="a received message, as .eml")
    arguments.add_argument("--kind", choices=["digest", "letter"], help="what FILE is; its headers are asked otherwise")
    arguments.add_argument("--without-spamassassin", dest="spamassassin", action="store_false")
    arguments.add_argument("--json", type=Path, default=Path("var", "inbox.json"), help="where the account is written")
    return arguments


def existing(path: str) -> Path:
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"no such file: {path}")
    return Path(path)


if __name__ == "__main__":
    sys.exit(main())
