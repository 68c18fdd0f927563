from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0009_second_wall"), ("isolation", "0002_no_order_no_stay")]
    operations = [migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text("utf-8"), elidable=False)]
