from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem

from .views import arrivals, batches, gates

arrivals_pages = [
    path("", arrivals.listing, name="list"),
    path("walk-in", arrivals.walk_in, name="walk_in"),
    path("found", arrivals.found, name="found"),
    path("found/new", arrivals.finding, name="finding"),
    path("<uuid:arrival_id>", arrivals.detail, name="detail"),
    path("<uuid:arrival_id>/landing", arrivals.landing, name="landing"),
    path("<uuid:arrival_id>/absence", arrivals.ending, {"how": "absence"}, name="absence"),
    path("<uuid:arrival_id>/cancellation", arrivals.ending, {"how": "cancellation"}, name="cancellation"),
    path("<uuid:arrival_id>/departure", arrivals.ending, {"how": "departure"}, name="departure"),
    path("<uuid:arrival_id>/destination", arrivals.destination, name="destination"),
    path("<uuid:arrival_id>/acceptance", arrivals.acceptance, name="acceptance"),
    path("risks/<uuid:risk_id>/approval", arrivals.risk_approval, name="risk_approval"),
]
gates_pages = [
    path("", gates.catalogue, name="list"),
    path("own", gates.own, name="own"),
    path("new", gates.new, name="new"),
    path("<uuid:unit>", gates.day, name="day"),
    path("<uuid:unit>/check", gates.check, name="check"),
]
batches_pages = [
    path("", batches.listing, name="list"),
    path("new", batches.upload, name="upload"),
    path("template.csv", batches.template, name="template"),
    path("<uuid:batch_id>", batches.detail, name="detail"),
    path("<uuid:batch_id>/preview", batches.preview, name="preview"),
    path("<uuid:batch_id>/columns", batches.columns, name="columns"),
    path("<uuid:batch_id>/report", batches.report_back, name="report_back"),
    path("<uuid:batch_id>/undo", batches.undo, name="undo"),
    path("<uuid:batch_id>/outcome.csv", batches.outcome, name="outcome"),
    path("<uuid:batch_id>/annotated.xlsx", batches.annotated, name="annotated"),
    path("rows/<uuid:row_id>/decision", batches.decision, name="decision"),
]

urlpatterns = [
    path("arrivals/", include((arrivals_pages, "arrivals"))),
    path("gates/", include((gates_pages, "gates"))),
    path("batches/", include((batches_pages, "batches"))),
]

NAV = [
    NavItem("settings", _("Enter a gate"), "gates:new", power="arrivals.gates", order=71, icon="door-enter"),
    NavItem("gates", _("Gate today"), "gates:own", power="arrivals.land", order=10, icon="scan"),
    NavItem("gates", _("Register a walk-in"), "arrivals:walk_in", power="arrivals.land", order=15, icon="user-plus"),
    NavItem("gates", _("Gates"), "gates:list", power="arrivals.read", order=20, icon="door-enter"),
    NavItem("gates", _("Arrivals"), "arrivals:list", power="arrivals.read", order=25, icon="train"),
    NavItem("gates", _("Found later"), "arrivals:found", power="arrivals.read", order=27, icon="search"),
    NavItem("gates", _("Batches"), "batches:list", power="arrivals.import", order=30, icon="file-import"),
]
