"""Orders and appeals: nouns."""

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem
from bihuan.modules.measures.views import appeals, approvals, orders

order_patterns = [
    path("", orders.listing, name="list"),
    path("approvals", approvals.approvals, name="approvals"),
    path("exposures/<uuid:exposure_id>/decision", approvals.exposure_decision, name="exposure_decision"),
    path("<uuid:order_id>", orders.detail, name="detail"),
    path("<uuid:order_id>/rejection", orders.rejection, name="rejection"),
    path("<uuid:order_id>/lifting", orders.lifting, name="lifting"),
    path("<uuid:order_id>/exposure", orders.exposure, name="exposure"),
    path("<uuid:order_id>/notice", orders.notice, name="notice"),
    path("<uuid:order_id>/release-notice", orders.release_notice, name="release_notice"),
    path("<uuid:order_id>/link", orders.link, name="link"),
]
appeal_patterns = [
    path("", appeals.listing, name="list"),
    path("<uuid:appeal_id>", appeals.detail, name="detail"),
]
urlpatterns = [
    path("orders/", include((order_patterns, "orders"))),
    path("appeals/", include((appeal_patterns, "appeals"))),
]

NAV = [
    NavItem("measures", _("Approvals"), "orders:approvals", power="measures.approve", order=10, icon="checklist"),
    NavItem("measures", _("Orders"), "orders:list", power="measures.read", order=20, icon="file-text"),
    NavItem("measures", _("Appeals"), "appeals:list", power="measures.decide_appeal", order=30, icon="scale"),
]
