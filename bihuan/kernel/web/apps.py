from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register


def built(**_given: object) -> list[CheckMessage]:
    """Without what Vite builds, pages work but have no styles."""
    from bihuan.kernel.web import assets

    if assets.manifest():
        return []
    return [Warning("The styles and scripts have not been built.", hint="Run scripts/setup.", id="web.W001")]


class WebConfig(AppConfig):
    name = "bihuan.kernel.web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(built)
