"""Give areas the English names of the register to a city that was set up with its earlier ones."""

import csv
from pathlib import Path

from django.db import migrations

REGISTER = Path(__file__).resolve().parents[3] / "profiles" / "registers" / "areas.csv"


def rename(apps, schema_editor):
    Area = apps.get_model("places", "Area")
    with REGISTER.open(encoding="utf-8", newline="") as file:
        names = {row["code"]: row["name_en"] for row in csv.DictReader(file)}
    renamed = []
    for area in Area.objects.filter(code__in=names):
        if area.name_en != names[area.code]:
            area.name_en = names[area.code]
            renamed.append(area)
    Area.objects.bulk_update(renamed, ["name_en"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("places", "0003_deciders")]
    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
