"""Every module's nouns, in one place."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    *[
        path("", include(f"bihuan.kernel.{name}.urls"))
        for name in ("access", "web")
        if find_spec(f"bihuan.kernel.{name}.urls")
    ],
    *[
        path("", include(f"bihuan.modules.{name}.urls"))
        for name in settings.MODULES
        if find_spec(f"bihuan.modules.{name}.urls")
    ],
]

handler403 = "bihuan.kernel.web.views.not_found"
handler404 = "bihuan.kernel.web.views.not_found"
handler500 = "bihuan.kernel.web.views.server_error"
