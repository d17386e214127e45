"""Names become rows: what identified papers by two columns and a title now has a table of its own."""

from hashlib import sha256

import django.core.serializers.json
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def fill(apps, schema_editor):
    """The strongest name of each row becomes its key, all its names rows; the first row of a name keeps it."""
    Paper, Identifier, Claim = (apps.get_model("digest", name) for name in ("Paper", "Identifier", "Claim"))
    keys, named = set(), set()
    for paper in Paper.objects.select_related("merged_into").order_by("pk").iterator(chunk_size=1000):
        names = [("arxiv", paper.arxiv_id), ("doi", paper.doi), ("title", paper.title_key)]
        if paper.merged_into:
            names.append(("title", paper.merged_into.title_key))
        names = list(dict.fromkeys((scheme, value) for scheme, value in names if value))
        key = ":".join(names[0])
        if key in keys:
            key = f"title:{sha256(f'{key} {paper.pk}'.encode()).hexdigest()}"
        keys.add(key)
        Paper.objects.filter(pk=paper.pk).update(key=key)
        fresh = [name for name in names if name not in named]
        named.update(fresh)
        for model, mine in ((Identifier, fresh), (Claim, [name for name in names if name not in fresh])):
            model.objects.bulk_create(model(paper=paper, scheme=scheme, value=value) for scheme, value in mine)


def refill(apps, schema_editor):
    """A title again for each row, told from the others' where it has no other name, and a DOI for one row each."""
    Paper, Identifier = apps.get_model("digest", "Paper"), apps.get_model("digest", "Identifier")
    Paper.objects.filter(merged_into__isnull=False).update(doi=None)
    titles, dois = dict(Identifier.objects.filter(scheme="title").values_list("paper", "value")), set()
    for pk, key, doi in Paper.objects.order_by("pk").values_list("pk", "key", "doi"):
        scheme, _, value = key.partition(":")
        other = titles.get(pk) if scheme in ("arxiv", "doi") else None
        title_key = value if scheme == "title" else other or sha256(key.encode()).hexdigest()
        Paper.objects.filter(pk=pk).update(title_key=title_key[:64], doi=None if doi in dois else doi)
        dois.add(doi)
    schema_editor.connection.check_constraints()  # PostgreSQL changes no table while a check is put off


class Migration(migrations.Migration):
    dependencies = [
        ("digest", "0008_further_sources"),
    ]

    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            ("arxiv", "arXiv id"),
                            ("doi", "DOI"),
                            ("openreview", "OpenReview"),
                            ("semantic_scholar", "Semantic Scholar"),
                            ("guid", "Feed's own name"),
                            ("url", "Address"),
                            ("title", "Title"),
                        ],
                        max_length=16,
                    ),
                ),
                ("value", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("version", "Version"),
                            ("withdrawn", "Withdrawn"),
                            ("retracted", "Retracted"),
                            ("accepted", "Accepted at"),
                            ("journal", "Journal reference"),
                            ("license", "Licence"),
                            ("code", "Code"),
                            ("project", "Project page"),
                        ],
                        max_length=10,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=1000)),
                ("source", models.CharField(blank=True, max_length=50)),
                ("said_on", models.DateField()),
                ("digest", models.CharField(editable=False, max_length=32)),
            ],
            options={
                "ordering": ["said_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            ("arxiv", "arXiv id"),
                            ("doi", "DOI"),
                            ("openreview", "OpenReview"),
                            ("semantic_scholar", "Semantic Scholar"),
                            ("guid", "Feed's own name"),
                            ("url", "Address"),
                            ("title", "Title"),
                        ],
                        max_length=16,
                    ),
                ),
                ("value", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200)),
                (
                    "moved",
                    models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                ("made_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-made_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Separation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="paper",
            name="paper_title_is_identity_without_ids",
        ),
        migrations.AddField(
            model_name="paper",
            name="key",
            field=models.CharField(editable=False, help_text="The name it stands for", max_length=220, null=True),
        ),
        migrations.AddField(
            model_name="paper",
            name="own",
            field=models.JSONField(blank=True, editable=False, help_text="What its own records say", null=True),
        ),
        migrations.AddField(
            model_name="paper",
            name="stated_in",
            field=models.JSONField(
                blank=True,
                default=dict,
                editable=False,
                help_text="Versions of the columns that the newest one left open",
            ),
        ),
        migrations.AlterField(
            model_name="paper",
            name="arxiv_id",
            field=models.CharField(blank=True, max_length=32, null=True),
        ),
        migrations.AlterField(
            model_name="paper",
            name="doi",
            field=models.CharField(blank=True, max_length=200, null=True),
        ),
        migrations.AddField(
            model_name="claim",
            name="paper",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="claims", to="digest.paper"
            ),
        ),
        migrations.AddField(
            model_name="fact",
            name="paper",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="facts", to="digest.paper"
            ),
        ),
        migrations.AddField(
            model_name="identifier",
            name="paper",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="identifiers", to="digest.paper"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="loser",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="losses", to="digest.paper"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="winner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="wins", to="digest.paper"
            ),
        ),
        migrations.AddField(
            model_name="separation",
            name="one",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="separations", to="digest.paper"
            ),
        ),
        migrations.AddField(
            model_name="separation",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="separated_from", to="digest.paper"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(fields=("scheme", "value", "paper"), name="claim_once"),
        ),
        migrations.AddConstraint(
            model_name="fact",
            constraint=models.UniqueConstraint(fields=("paper", "digest"), name="fact_once_per_source"),
        ),
        migrations.AddConstraint(
            model_name="identifier",
            constraint=models.UniqueConstraint(fields=("scheme", "value"), name="identifier_means_one_paper"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(fields=("loser",), name="merge_once_per_loser"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.CheckConstraint(
                condition=models.Q(("loser", models.F("winner")), _negated=True), name="merge_of_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="separation",
            constraint=models.UniqueConstraint(fields=("one", "other"), name="separation_once"),
        ),
        migrations.AlterField(
            model_name="paper",
            name="title_key",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.RunPython(fill, refill),
        migrations.RemoveField(
            model_name="paper",
            name="title_key",
        ),
        migrations.AlterField(
            model_name="paper",
            name="key",
            field=models.CharField(editable=False, help_text="The name it stands for", max_length=220),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.UniqueConstraint(fields=("key",), name="paper_once_per_name"),
        ),
        migrations.AlterField(
            model_name="paper",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="digest.paper",
            ),
        ),
        migrations.AddIndex(
            model_name="paper",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="paper_merged_into"
            ),
        ),
    ]
