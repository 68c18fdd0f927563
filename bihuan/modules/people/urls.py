from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem

from . import views

people = [
    path("", views.listing, name="list"),
    path("new", views.new, name="new"),
    path("<uuid:person_id>", views.detail, name="detail"),
    path("<uuid:person_id>/correction", views.correction, name="correction"),
]

urlpatterns = [path("people/", include((people, "people")))]

NAV = [NavItem("gates", _("People register"), "people:list", power="people.read", order=50, icon="users-group")]
