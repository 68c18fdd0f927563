from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "bihuan.modules.people"
    default_auto_field = "django.db.models.BigAutoField"
