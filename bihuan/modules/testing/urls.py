from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem

from . import views

samples = [
    path("", views.listing, name="list"),
    path("due", views.due, name="due"),
    path("of/<str:noun>/<uuid:subject_id>", views.take, name="take"),
    path("<uuid:sample_id>", views.detail, name="detail"),
    path("<uuid:sample_id>/correction", views.correction, name="correction"),
    path("<uuid:sample_id>/referral", views.referral, name="referral"),
]
laboratory = [
    path("", views.desk, name="desk"),
    path("results", views.results, name="results"),
    path("files", views.reports, name="reports"),
    path("files/<uuid:report_id>", views.report, name="report"),
    path("files/<uuid:report_id>/outcome.csv", views.report_outcome, name="report_outcome"),
    path("files/rows/<uuid:line_id>", views.report_row, name="row"),
]
urlpatterns = [
    path("samples/", include((samples, "samples"))),
    path("laboratory/", include((laboratory, "laboratory"))),
]

NAV = [
    NavItem("isolation", _("Tests due"), "samples:due", power="testing.sample", order=17, icon="test-pipe"),
    NavItem("isolation", _("Samples"), "samples:list", power="testing.read", order=45, icon="list-search"),
    NavItem("isolation", _("Laboratory desk"), "laboratory:desk", power="testing.result", order=10, icon="microscope"),
]
