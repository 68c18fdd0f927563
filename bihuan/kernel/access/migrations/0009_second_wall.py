from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0003_openings"), ("ledger", "0002_append_only"), ("custody", "0002_laws"), ("loop", "0001_initial")]
    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), elidable=False)]
