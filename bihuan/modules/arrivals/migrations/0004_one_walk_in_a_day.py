from zoneinfo import ZoneInfo

from django.db import migrations, models
from django.db.models.functions import TruncDate


class Migration(migrations.Migration):
    dependencies = [("arrivals", "0003_taken_back")]
    operations = [
        migrations.AddConstraint(
            "arrival",
            models.UniqueConstraint(
                "person",
                "gate",
                TruncDate("landed_at", tzinfo=ZoneInfo("Asia/Shanghai")),
                condition=models.Q(registered_at=models.F("landed_at")),
                name="arrivals_one_walk_in_a_day",
            ),
        )
    ]
