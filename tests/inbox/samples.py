"""Every sample mail of the project, as a site with a domain and a certificate would hand it to the mail server."""

from __future__ import annotations

from django.test.utils import override_settings

from digest import previews
from tests.inbox.mail import Mail

SITE = {
    "SITE_URL": "https://paperboy.example.org",
    "DEFAULT_FROM_EMAIL": "Paperboy <digest@mail.example.org>",
    "REPLY_TO": "editor@example.org",
    "LIST_ID": "",
    "POSTAL_ADDRESS": "1 Test Street, Testville",
}
LETTERS = ("confirmation", "confirmation-reminder", "already-subscribed")
SLUGS = [preview.slug for preview in previews.all_previews()]
DIGESTS = [slug for slug in SLUGS if slug not in LETTERS]


def sample(slug: str) -> Mail:
    preview = previews.get(slug)
    assert preview, slug
    with override_settings(**SITE):
        raw = preview.as_bytes()
    return Mail(raw, is_digest=slug not in LETTERS, postal_address=SITE["POSTAL_ADDRESS"])
