"""Fill the register of areas from bihuan/profiles/registers."""

import csv
from pathlib import Path

from django.db import migrations

REGISTERS = Path(__file__).resolve().parents[3] / "profiles" / "registers"


def fill(apps, schema_editor):
    Area = apps.get_model("places", "Area")
    made = {}
    with (REGISTERS / "areas.csv").open(encoding="utf-8", newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: (not row["code"].endswith("0000"), not row["code"].endswith("00"))):
            made[row["code"]] = Area(
                code=row["code"],
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                aliases=[row["name_zh"].rstrip("\u7701\u5e02")] if row["code"].endswith("00") and len(row["name_zh"]) > 2 else [],
                parent=made.get(row["parent"]),
            )
    with (REGISTERS / "countries.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            aliases = [alias for alias in [row["alpha3"], *row["aliases"].split("|")] if alias]
            made[row["code"]] = Area(
                code=row["code"], name_zh=row["name_zh"], name_en=row["name_en"], aliases=aliases, is_overseas=row["code"] != "CN"
            )
    Area.objects.bulk_create(made.values(), batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
