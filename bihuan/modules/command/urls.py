from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.web import NavItem
from bihuan.modules.command.views import board, duties, shifts

urlpatterns = [
    path("", include(([path("", duties.home, name="home")], "command"))),
    path(
        "duties/",
        include(
            (
                [
                    path("", duties.listing, name="list"),
                    path("<uuid:duty_id>/reason", duties.reason, name="reason"),
                ],
                "duties",
            )
        ),
    ),
    path(
        "board/",
        include(
            (
                [
                    path("", board.board, name="board"),
                    path("wall", board.wall, name="wall"),
                    path("shifts", shifts.shifts, name="shifts"),
                    path("shifts/<uuid:unit_id>/<str:side>/<str:since>-<str:until>", shifts.passed, name="passed"),
                ],
                "board",
            )
        ),
    ),
]

NAV = [
    NavItem("today", _("My duties"), "command:home", order=1, icon="list-check"),
    NavItem("command", _("Board"), "board:board", power="command.board", order=5, icon="layout-dashboard"),
    NavItem("command", _("Duties"), "duties:list", power="command.board", order=55, icon="checklist"),
]
