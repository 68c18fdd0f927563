from django.apps import AppConfig


class UnitsConfig(AppConfig):
    name = "bihuan.modules.units"
    default_auto_field = "django.db.models.BigAutoField"
