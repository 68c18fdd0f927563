from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem

from . import views

people = [
    path("", views.listing, name="list"),
    path("new", views.new, name="new"),
    path("pairs", views.pairs, name="pairs"),
    path("pairs/<uuid:pair_id>", views.pair, name="pair"),
    path("pairs/<uuid:pair_id>/distinction", views.distinction, name="distinction"),
    path("<uuid:person_id>", views.detail, name="detail"),
    path("<uuid:person_id>/correction", views.correction, name="correction"),
    path("<uuid:person_id>/separation", views.separation, name="separation"),
]

urlpatterns = [path("people/", include((people, "people")))]

NAV = [
    NavItem("gates", _("People register"), "people:list", power="people.read", order=50, icon="users-group"),
    NavItem("gates", _("Duplicate records"), "people:pairs", power="people.match", order=52, icon="users"),
]
