from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import bihuan.kernel.db


def key() -> models.UUIDField:
    return models.UUIDField(default=bihuan.kernel.db.uuid7, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial"), ("testing", "0002_results_stay")]
    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", key()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("running", "Running"), ("taken_in", "Taken In")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField(null=True)),
                ("headers", models.JSONField(default=list)),
                ("told", models.JSONField(default=list)),
                ("handed_in_by", models.CharField(max_length=80)),
                ("handed_in_at", models.DateTimeField()),
                (
                    "laboratory",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReportRow",
            fields=[
                ("id", key()),
                ("number", models.PositiveIntegerField()),
                ("cells", models.JSONField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("duplicate", "Recorded before"),
                            ("doubtful", "Doubtful"),
                            ("rejected", "Not recorded"),
                        ],
                        max_length=9,
                    ),
                ),
                ("problems", models.JSONField(default=list)),
                ("code", models.CharField(blank=True, max_length=40)),
                ("result", models.CharField(blank=True, max_length=12)),
                ("found_at", models.DateTimeField(null=True)),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="testing.report",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="testing.sample"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            "report", models.Index(fields=["laboratory", "-handed_in_at"], name="testing_report_newest_idx")
        ),
        migrations.AddIndex("reportrow", models.Index(fields=["report", "outcome"], name="testing_row_outcome_idx")),
        migrations.AddConstraint(
            "reportrow", models.UniqueConstraint(fields=("report", "number"), name="testing_row_once_a_report")
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), migrations.RunSQL.noop),
    ]
