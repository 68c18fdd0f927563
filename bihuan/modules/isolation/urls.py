from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem

from .views import homes, referrals, sites, stays, tickets

site_urls = [
    path("", sites.listing, name="list"),
    path("today", sites.today, name="today"),
    path("new", sites.opening, name="new"),
    path("<uuid:site_id>", sites.detail, name="detail"),
    path("service/<uuid:service_id>", sites.service, name="service"),
    path("<uuid:site_id>/day", sites.day, name="day"),
    path("<uuid:site_id>/settings", sites.settings, name="settings"),
    path("<uuid:site_id>/zones/new", sites.new_zone, name="new_zone"),
    path("<uuid:site_id>/zones/<uuid:zone_id>", sites.zone, name="zone"),
    path("<uuid:site_id>/rooms", sites.rooms, name="rooms"),
    path("<uuid:site_id>/rooms/new", sites.new_rooms, name="new_rooms"),
    path("<uuid:site_id>/rooms/<uuid:room_id>", sites.room, name="room"),
    path("<uuid:site_id>/rooms/<uuid:room_id>/furnishing", sites.furnishing, name="furnishing"),
    path("<uuid:site_id>/round", sites.round_, name="round"),
    path("<uuid:site_id>/arrivals", sites.arrivals, name="arrivals"),
    path("<uuid:site_id>/arrivals/<uuid:order_id>", sites.check_in, name="check_in"),
]
stay_urls = [
    path("<uuid:order_id>", stays.detail, name="detail"),
    path("<uuid:order_id>/check", stays.check, name="check"),
    path("<uuid:order_id>/room", stays.room, name="room"),
    path("<uuid:order_id>/departure", stays.departure, name="departure"),
    path("<uuid:order_id>/tickets", stays.tickets, name="tickets"),
]
home_urls = [
    path("", homes.listing, name="list"),
    path("<uuid:order_id>", homes.detail, name="detail"),
    path("<uuid:order_id>/beginning", homes.beginning, name="beginning"),
    path("<uuid:order_id>/visit", homes.visit, name="visit"),
    path("monitored/<uuid:arrival_id>", homes.monitored, name="monitored"),
]
ticket_urls = [
    path("", tickets.listing, name="list"),
    path("<uuid:ticket_id>", tickets.detail, name="detail"),
    path("<uuid:ticket_id>/closing", tickets.closing, name="closing"),
]
referral_urls = [
    path("", referrals.listing, name="list"),
    path("<uuid:order_id>", referrals.detail, name="detail"),
    path("<uuid:order_id>/discharge", referrals.discharge, name="discharge"),
]
urlpatterns = [
    path("sites/", include((site_urls, "sites"))),
    path("stays/", include((stay_urls, "stays"))),
    path("homes/", include((home_urls, "homes"))),
    path("tickets/", include((ticket_urls, "tickets"))),
    path("referrals/", include((referral_urls, "referrals"))),
]

NAV = [
    NavItem("isolation", _("My site"), "sites:today", power="isolation.check_in", order=10, icon="building"),
    NavItem("isolation", _("Referred here"), "referrals:list", power="isolation.admit", order=12, icon="ambulance"),
    NavItem("isolation", _("At home"), "homes:list", power="isolation.home", order=15, icon="home-heart"),
    NavItem("isolation", _("Sites"), "sites:list", power="isolation.read", order=26, icon="building-community"),
    NavItem("settings", _("Enter a site"), "sites:new", power="isolation.site", order=70, icon="building"),
    NavItem("isolation", _("Tickets"), "tickets:list", power="isolation.ticket", order=18, icon="message-question"),
]
