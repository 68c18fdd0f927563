from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem
from bihuan.modules.units.views import accounts, audit, nominations, register, returns, roster, sign_in

entering = [
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-in/code", sign_in.code, name="code"),
    path("sign-in/demo/<uuid:user_id>", sign_in.demo_entry, name="demo_entry"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("me", sign_in.me, name="me"),
    path("me/password", sign_in.own_password, name="own_password"),
]
accounts_pages = [
    path("", accounts.listing, name="list"),
    path("new", accounts.new, name="new"),
    path("<uuid:user_id>", accounts.detail, name="detail"),
    path("<uuid:user_id>/closure", accounts.closure, name="closure"),
    path("<uuid:user_id>/device", accounts.device_reset, name="device"),
    path("<uuid:user_id>/password", accounts.password, name="password"),
    path("<uuid:user_id>/sessions", accounts.sessions, name="sessions"),
    path("<uuid:user_id>/unlocking", accounts.unlock, name="unlock"),
]
units_pages = [
    path("", register.listing, name="list"),
    path("<uuid:unit_id>", register.detail, name="detail"),
    path("<uuid:unit_id>/below", register.below, name="below"),
    path("<uuid:unit_id>/closure", register.closure, name="closure"),
    path("<uuid:unit_id>/particulars", register.particulars, name="particulars"),
    path("<uuid:unit_id>/appointment", register.appointment, name="appointment"),
    path("<uuid:unit_id>/roster", roster.roster, name="roster"),
    path("<uuid:unit_id>/shift", roster.shift, name="shift"),
    path("nominations/", nominations.listing, name="nominations"),
    path("nominations/<uuid:nomination_id>", nominations.detail, name="nomination"),
    path("appointments/<uuid:appointment_id>/successor", register.hand_over, name="successor"),
    path("appointments/<uuid:appointment_id>/openings", register.openings, name="openings"),
    path("appointments/<uuid:appointment_id>/end", register.end, name="end"),
    path("shifts/<uuid:shift_id>/cancellation", roster.cancellation, name="cancellation"),
]
returns_pages = [
    path("", returns.listing, name="list"),
    path("<uuid:return_id>", returns.detail, name="detail"),
]

urlpatterns = [
    path("", include((entering, "access"))),
    path("audit/", include(([path("", audit.trail, name="list")], "audit"))),
    path("accounts/", include((accounts_pages, "accounts"))),
    path("units/", include((units_pages, "units"))),
    path("returns/", include((returns_pages, "returns"))),
]

NAV = [
    NavItem("command", _("Daily returns"), "returns:list", power="units.return", order=60, icon="report"),
    NavItem("settings", _("Units"), "units:list", power="units.read", order=80, icon="sitemap"),
    NavItem("settings", _("Audit"), "audit:list", power="access.audit", order=90, icon="eye-check"),
    NavItem("settings", _("Accounts"), "accounts:list", power="access.accounts", order=85, icon="users"),
    NavItem("settings", _("Nominations"), "units:nominations", power="units.confirm", order=82, icon="user-plus"),
]
