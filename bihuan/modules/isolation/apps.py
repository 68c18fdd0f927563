from django.apps import AppConfig


class IsolationConfig(AppConfig):
    name = "bihuan.modules.isolation"
    default_auto_field = "django.db.models.BigAutoField"
