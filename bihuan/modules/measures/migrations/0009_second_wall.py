from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0009_second_wall"), ("measures", "0002_laws")]
    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), elidable=False)]
