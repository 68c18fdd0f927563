from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import bihuan.kernel.db


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial"), ("arrivals", "0002_rows_stay"), ("people", "0003_newcomers")]
    operations = [
        migrations.AddField("batch", "learnt", models.JSONField(null=True)),
        migrations.AddField("batch", "taken_in_at", models.DateTimeField(null=True)),
        migrations.AddField("batch", "taken_back_at", models.DateTimeField(null=True)),
        migrations.AddField("batchrow", "wrote", models.JSONField(null=True)),
        migrations.AddField("batchrow", "kept", models.CharField(blank=True, max_length=12)),
        migrations.AlterField(
            "batch",
            "state",
            models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Running"),
                    ("taken_in", "Taken In"),
                    ("failed", "Failed"),
                    ("taken_back", "Taken Back"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="LearntColumn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=bihuan.kernel.db.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("issuer", models.CharField(blank=True, max_length=120)),
                ("header", models.CharField(max_length=200)),
                ("column", models.CharField(blank=True, max_length=80)),
                ("said_by", models.CharField(max_length=80)),
                ("said_at", models.DateTimeField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="arrivals.batch"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("unit", "issuer", "header"),
                        name="arrivals_header_is_one_column",
                        nulls_distinct=False,
                    )
                ]
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), migrations.RunSQL.noop),
    ]
