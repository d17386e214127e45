"""When a fact came in, what a digest told of papers that its reader was sent before; what readers want less of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0017_weights")]

    operations = [
        migrations.AddField(
            model_name="fact",
            name="stored_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(model_name="fact", index=models.Index(fields=["stored_at"], name="fact_stored")),
        migrations.AddField(
            model_name="digest",
            name="news",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name="muted",
            name="kind",
            field=models.CharField(
                choices=[("word", "Word or phrase"), ("author", "Author"), ("topic", "Topic"), ("part", "Reason")],
                max_length=6,
            ),
        ),
    ]
