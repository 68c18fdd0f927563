from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "bihuan.modules.measures"
    default_auto_field = "django.db.models.BigAutoField"
