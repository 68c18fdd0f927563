from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem

from . import views

areas = [
    path("", views.watch_list, name="list"),
    path("new", views.entry, name="new"),
    path("<uuid:risk_id>", views.detail, name="detail"),
    path("<uuid:risk_id>/rejection", views.rejection, name="rejection"),
]

urlpatterns = [path("areas/", include((areas, "areas")))]

NAV = [NavItem("gates", _("Watch list"), "areas:list", power="places.read", order=40, icon="map-pin")]
