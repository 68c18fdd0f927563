from django.db import migrations


class Migration(migrations.Migration):
    """Whom an account opened today is counted whenever it opens somebody."""

    dependencies = [("access", "0002_offices"), ("ledger", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX access_opened_by ON ledger_fact (actor, recorded_at) INCLUDE (subject) WHERE kind = 'person.opened'",
            "DROP INDEX access_opened_by",
        )
    ]
