from django.apps import AppConfig


class CustodyConfig(AppConfig):
    name = "bihuan.kernel.custody"
    default_auto_field = "django.db.models.BigAutoField"
