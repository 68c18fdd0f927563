from django.apps import AppConfig


class CommandConfig(AppConfig):
    name = "bihuan.modules.command"
    default_auto_field = "django.db.models.BigAutoField"
