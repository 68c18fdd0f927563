from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "bihuan.modules.transfers"
    default_auto_field = "django.db.models.BigAutoField"
