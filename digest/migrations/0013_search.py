"""Papers can be searched: a table of their words, and an index beside it by each database's own full text search.

Neither needs an extension or a superuser. The words come from `ranking.words`, so both databases find the same; filling
the table is left to a task, which begins at the next tick.
"""

import django.db.models.deletion
from django.db import migrations, models

POSTGRESQL = """
    -- Its cost keeps the planner to the indexes: splitting the text of every row is the last thing to do, also in
    -- parallel, so it is not said to be safe there.
    CREATE FUNCTION digest_search_words(text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE COST 10000 AS
        $$ BEGIN RETURN array_to_tsvector(array_remove(string_to_array($1, ' '), '')); END $$;
    -- Rows are found by the indexes and sorted by the thousand: what is long is kept beside them.
    ALTER TABLE digest_searchentry SET (toast_tuple_target = 128),
        ALTER COLUMN title SET STORAGE MAIN,
        ALTER COLUMN authors SET STORAGE MAIN,
        ALTER COLUMN labels SET STORAGE MAIN;
    CREATE INDEX searchentry_words ON digest_searchentry
        USING gin (digest_search_words(title || authors || abstract || labels));
    CREATE INDEX searchentry_title_words ON digest_searchentry USING gin (digest_search_words(title));
    CREATE INDEX searchentry_author_words ON digest_searchentry USING gin (digest_search_words(authors));
"""
POSTGRESQL_BACK = """
    DROP INDEX searchentry_words, searchentry_title_words, searchentry_author_words;
    DROP FUNCTION digest_search_words(text);
"""

# Words come ready made; a category keeps its full stop and its hyphen.
COLUMNS = ("title", "authors", "abstract", "labels")
NAMES = ", ".join(COLUMNS)
NEW, OLD = (", ".join(f"{row}.{column}" for column in COLUMNS) for row in ("new", "old"))
ADD = f"INSERT INTO digest_searchindex (rowid, {NAMES}) VALUES (new.paper_id, {NEW});"  # noqa: S608
TAKE = f"""
    INSERT INTO digest_searchindex (digest_searchindex, rowid, {NAMES}) VALUES ('delete', old.paper_id, {OLD});
"""  # noqa: S608
SQLITE = (
    f"""
    CREATE VIRTUAL TABLE digest_searchindex USING fts5({NAMES}, content='digest_searchentry',
        content_rowid='paper_id', tokenize="ascii tokenchars '.-'", detail='column')
    """,
    f"CREATE TRIGGER searchentry_added AFTER INSERT ON digest_searchentry BEGIN {ADD} END",
    f"CREATE TRIGGER searchentry_changed AFTER UPDATE ON digest_searchentry BEGIN {TAKE} {ADD} END",
    f"CREATE TRIGGER searchentry_gone AFTER DELETE ON digest_searchentry BEGIN {TAKE} END",
)
SQLITE_BACK = (
    "DROP TRIGGER searchentry_gone",
    "DROP TRIGGER searchentry_changed",
    "DROP TRIGGER searchentry_added",
    "DROP TABLE digest_searchindex",
)


def create_index(apps, schema_editor):
    for statement in (POSTGRESQL,) if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    for statement in (POSTGRESQL_BACK,) if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


def note_all(apps, schema_editor):
    schema_editor.execute("INSERT INTO digest_unindexed (paper_id) SELECT id FROM digest_paper ORDER BY id")


class Migration(migrations.Migration):
    dependencies = [
        ("digest", "0012_host_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "paper",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="digest.paper",
                    ),
                ),
                ("title", models.TextField()),
                ("authors", models.TextField(blank=True)),
                ("abstract", models.TextField(blank=True)),
                ("labels", models.TextField(blank=True, help_text="Categories, and the archives they belong to")),
                ("day", models.DateField(help_text="Of its publication, else when it was first seen (UTC)")),
            ],
            options={
                "verbose_name_plural": "search entries",
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("word", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("papers", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Unindexed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "paper",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unindexed",
                        to="digest.paper",
                    ),
                ),
            ],
        ),
        migrations.RunPython(create_index, drop_index),
        migrations.RunPython(note_all, migrations.RunPython.noop),
    ]
