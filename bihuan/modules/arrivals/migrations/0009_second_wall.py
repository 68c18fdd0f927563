from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    """The columns that the wall asks for stand in the indexes by which arrivals are counted."""

    dependencies = [("access", "0009_second_wall"), ("arrivals", "0004_one_walk_in_a_day")]
    operations = [
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), elidable=False),
        migrations.RemoveIndex("arrival", "arrivals_landed"),
        migrations.RemoveIndex("arrival", "arrivals_unit_gate"),
        migrations.AddIndex(
            "arrival",
            models.Index(
                models.F("landed_at").desc(nulls_last=True),
                models.F("id").desc(),
                include=["measure", "gate", "unit", "found_at", "person"],
                name="arrivals_landed",
            ),
        ),
        migrations.AddIndex(
            "arrival", models.Index(fields=["unit", "gate"], include=["person"], name="arrivals_unit_gate")
        ),
        migrations.AddIndex(
            "arrival", models.Index(fields=["gate"], include=["unit", "person"], name="arrivals_gate_count")
        ),
    ]
