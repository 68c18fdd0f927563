from django.apps import AppConfig


class LoopConfig(AppConfig):
    name = "bihuan.kernel.loop"
    default_auto_field = "django.db.models.BigAutoField"
