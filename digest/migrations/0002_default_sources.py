"""The sources a new installation starts with: Hugging Face's daily papers and arXiv's feed of each category."""

from django.db import migrations

# One feed a category: a joined feed may be cut at 2,000 entries, with the newest last.
ARXIV_CATEGORIES = [
    "cs.AI",
    "cs.CL",
    "cs.CR",
    "cs.CV",
    "cs.CY",
    "cs.DC",
    "cs.HC",
    "cs.IR",
    "cs.LG",
    "cs.MA",
    "cs.RO",
    "cs.SD",
    "cs.SE",
    "eess.AS",
    "eess.IV",
    "math.OC",
    "physics.comp-ph",
    "q-bio.QM",
    "quant-ph",
    "stat.ML",
]
SOURCES = [
    (
        "hugging-face-daily-papers",
        "Hugging Face daily papers",
        "huggingface_daily",
        "https://huggingface.co/api/daily_papers",
    ),
    *(
        (f"arxiv-{name.lower().replace('.', '-')}", f"arXiv {name}", "arxiv_atom", f"https://rss.arxiv.org/atom/{name}")
        for name in ARXIV_CATEGORIES
    ),
]


def add(apps, schema_editor):
    source = apps.get_model("digest", "Source")
    for slug, name, kind, url in SOURCES:
        source.objects.get_or_create(slug=slug, defaults={"name": name, "kind": kind, "url": url})


def remove(apps, schema_editor):
    """Only what is still as it was added; what an operator changed is theirs."""
    source = apps.get_model("digest", "Source")
    for slug, name, kind, url in SOURCES:
        source.objects.filter(slug=slug, name=name, kind=kind, url=url, runs=None, listings=None).delete()


class Migration(migrations.Migration):
    dependencies = [("digest", "0001_initial")]

    operations = [migrations.RunPython(add, remove, elidable=False)]
