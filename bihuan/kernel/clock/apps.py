from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "bihuan.kernel.clock"
    default_auto_field = "django.db.models.BigAutoField"
