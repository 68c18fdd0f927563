"""Transfers, trips, vehicles and plans: nouns."""

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem
from bihuan.modules.transfers.views import desk, fleet, trips, waits

transfer_patterns = [
    path("", desk.desk, name="desk"),
    path("stranded", waits.stranded, name="stranded"),
    path("waiting", waits.waiting, name="waiting"),
    path("unrequested", waits.unrequested, name="unrequested"),
    path("unaccepted", waits.unaccepted, name="unaccepted"),
    path("orders/<uuid:order_id>", desk.request_of, name="request"),
    path("<uuid:request_id>/cancellation", desk.cancellation, name="cancellation"),
    path("<uuid:request_id>/finding", desk.finding, name="finding"),
]
trip_patterns = [
    path("", trips.listing, name="list"),
    path("mine", trips.mine, name="mine"),
    path("new", trips.planning, name="new"),
    path("<uuid:trip_id>", trips.detail, name="detail"),
    path("<uuid:trip_id>/boarding", trips.boarding, name="boarding"),
    path("<uuid:trip_id>/riders/<uuid:request_id>", trips.rider, name="rider"),
    path("<uuid:trip_id>/departure", trips.departure, name="departure"),
    path("<uuid:trip_id>/arrival", trips.arrival, name="arrival"),
    path("<uuid:trip_id>/cancellation", trips.cancellation, name="cancellation"),
]
vehicle_patterns = [
    path("", fleet.vehicles, name="list"),
    path("new", fleet.new_vehicle, name="new"),
    path("drivers", fleet.drivers, name="drivers"),
    path("drivers/new", fleet.new_driver, name="new_driver"),
    path("drivers/<uuid:driver_id>/dismissal", fleet.dismissal, name="dismissal"),
    path("<uuid:vehicle_id>", fleet.vehicle, name="detail"),
    path("<uuid:vehicle_id>/service", fleet.service, name="service"),
]
plan_patterns = [
    path("", fleet.plans, name="list"),
    path("new", fleet.new_plan, name="new"),
    path("<uuid:plan_id>", fleet.plan, name="detail"),
    path("<uuid:plan_id>/vehicles", fleet.promise, name="promise"),
    path("<uuid:plan_id>/submission", fleet.submission, name="submission"),
    path("<uuid:plan_id>/decision", fleet.plan_decision, name="decision"),
]
urlpatterns = [
    path("transfers/", include((transfer_patterns, "transfers"))),
    path("trips/", include((trip_patterns, "trips"))),
    path("vehicles/", include((vehicle_patterns, "vehicles"))),
    path("plans/", include((plan_patterns, "plans"))),
]

NAV = [
    NavItem("transfers", _("My trips"), "trips:mine", power="transfers.drive", order=5, icon="bus"),
    NavItem("transfers", _("Transfer desk"), "transfers:desk", power="transfers.read", order=10, icon="exchange"),
    NavItem(
        "transfers", _("Stranded"), "transfers:stranded", power="transfers.read", order=15, icon="clock-exclamation"
    ),
    NavItem("transfers", _("Trips"), "trips:list", power="transfers.read", order=20, icon="truck"),
    NavItem("transfers", _("Vehicles"), "vehicles:list", power="transfers.vehicles", order=30, icon="ambulance"),
    NavItem("settings", _("Drivers"), "vehicles:drivers", power="transfers.vehicles", order=72, icon="id-badge"),
    NavItem("transfers", _("Pick-up plans"), "plans:list", power="transfers.read", order=40, icon="calendar"),
]
