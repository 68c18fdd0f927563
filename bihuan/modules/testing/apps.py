from django.apps import AppConfig


class TestingConfig(AppConfig):
    name = "bihuan.modules.testing"
    default_auto_field = "django.db.models.BigAutoField"
