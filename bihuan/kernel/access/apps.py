from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "bihuan.kernel.access"
    default_auto_field = "django.db.models.BigAutoField"
