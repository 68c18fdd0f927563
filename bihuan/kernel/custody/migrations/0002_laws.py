from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("custody", "0001_initial"), ("ledger", "0002_append_only")]
    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"), elidable=False)]
