from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "bihuan.kernel.ledger"
    default_auto_field = "django.db.models.BigAutoField"
