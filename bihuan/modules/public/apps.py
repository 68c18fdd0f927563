from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "bihuan.modules.public"
    default_auto_field = "django.db.models.BigAutoField"
