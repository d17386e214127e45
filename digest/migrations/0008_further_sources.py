"""Sources that a newcomer may want, disabled: preprints of biology and medicine, a venue of OpenReview, GitHub's stars."""

from django.db import migrations

SOURCES = [
    ("biorxiv", "bioRxiv", "biorxiv", "https://api.biorxiv.org/details/biorxiv/2d", 180),
    ("medrxiv", "medRxiv", "biorxiv", "https://api.biorxiv.org/details/medrxiv/2d", 180),
    (
        "openreview-tmlr",
        "OpenReview TMLR",
        "openreview",
        "https://api2.openreview.net/notes?content.venueid=TMLR&sort=tmdate:desc&limit=1000",
        720,
    ),
    ("github-stars", "GitHub stars", "github_stars", "https://api.github.com", 60),
]


def add(apps, schema_editor):
    source = apps.get_model("digest", "Source")
    for slug, name, kind, url, interval in SOURCES:
        if source.objects.filter(name=name).exists() or source.objects.filter(url=url).exists():
            continue
        facts = {"name": name, "kind": kind, "url": url, "interval_minutes": interval, "is_enabled": False}
        source.objects.get_or_create(slug=slug, defaults=facts)


def remove(apps, schema_editor):
    """Only what is still as it was added; what an operator changed is theirs."""
    source = apps.get_model("digest", "Source")
    for slug, name, kind, url, _ in SOURCES:
        untouched = source.objects.filter(slug=slug, name=name, kind=kind, url=url, is_enabled=False)
        untouched.filter(runs=None, listings=None).delete()


class Migration(migrations.Migration):
    dependencies = [("digest", "0007_repositories")]

    operations = [migrations.RunPython(add, remove, elidable=False)]
