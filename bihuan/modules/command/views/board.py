"""The board and the wall."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import Badge, Definition, Stat, page, trail
from bihuan.kernel.web.pages import frame
from bihuan.kernel.web.parts import Tone
from bihuan.kernel.web.templatetags.bihuan import span
from bihuan.modules.command import queries
from bihuan.modules.command.queries.board import duties_url

WAIT_WARN = timedelta(hours=2)


@access.require("command.board")
def board(request: access.Request) -> HttpResponse:
    """One place: the whole city, a district, a site."""
    seen = queries.board(request.scope, request.GET.get("place", ""), clock.now())
    crumbs = trail(*[(one.name, f"{reverse('board:board')}?{urlencode({'place': one.code})}") for one in seen.above])
    context = {"board": seen, "stats": figures(seen), "crumbs": crumbs, **lists(seen)}
    return page(request, "command/board.html", context)


@access.require("command.wall")
def wall(request: access.Request) -> HttpResponse:
    """The same for a big screen: dark, without names, drawing itself anew."""
    seen = queries.board(request.scope, request.GET.get("place", ""), clock.now())
    context = {"board": seen, "stats": figures(seen), "frame": replace(frame(request), theme="dark")}
    return page(request, "command/wall.html", context)


def figures(seen: queries.Board) -> Sequence[Stat]:
    """The headline figures, each with the address of its rows."""
    place, total = seen.place.code, seen.total
    breached = total.breached if total else 0
    return [
        Stat(_("Open duties"), total.open if total else 0, duties_url(below=place), icon="list-check"),
        Stat(_("Overdue"), breached, duties_url(below=place, standing="breached"), tone=bad(breached), icon="alarm"),
        Stat(
            _("Waiting at gates"),
            seen.at_gates,
            reverse("gates:list"),
            note=longest(seen.longest_at_gates),
            tone=slow(seen.longest_at_gates),
            icon="users",
        ),
        Stat(
            _("Hand-overs not accepted"),
            seen.sides.unaccepted,
            reverse("transfers:desk"),
            note=longest(seen.sides.longest_unaccepted),
            tone=bad(seen.sides.unaccepted) if seen.sides.longest_unaccepted > WAIT_WARN else "neutral",
            icon="arrows-exchange",
        ),
        Stat(
            _("Stranded"),
            seen.sides.stranded,
            reverse("transfers:stranded"),
            tone=bad(seen.sides.stranded),
            icon="user-exclamation",
        ),
        Stat(
            _("Rooms free"),
            seen.free_rooms,
            reverse("sites:list"),
            tone="neutral" if seen.free_rooms else "bad",
            icon="bed",
        ),
        Stat(_("Orders in force"), seen.orders.live, f"{reverse('orders:list')}?state=live", icon="gavel"),
        Stat(
            _("Awaiting approval"),
            seen.orders.proposed,
            f"{reverse('orders:list')}?state=proposed",
            tone="warn" if seen.orders.proposed else "neutral",
            icon="signature",
        ),
        Stat(
            _("Tests due"),
            seen.tests.due,
            reverse("samples:due"),
            note=_("%(count)s sampled today") % {"count": seen.tests.sampled},
            icon="test-pipe",
        ),
        Stat(
            _("Returns missing"),
            seen.returns.missing,
            f"{reverse('returns:list')}?standing=missing",
            note=_("%(sent)s of %(due)s sent") % {"sent": seen.returns.sent, "due": seen.returns.due},
            tone=bad(seen.returns.missing),
            icon="report",
        ),
    ]


def lists(seen: queries.Board) -> dict[str, Sequence[Definition]]:
    """The smaller figures of the day, each with the address of its rows where there is one."""
    orders = f"{reverse('orders:list')}?state=live"
    return {
        "landed": [
            Definition(name, count, f"{reverse('arrivals:list')}?{urlencode({'measure': measure})}")
            for measure, name, count in seen.classes
        ],
        "tests": [
            Definition(_("Due now"), seen.tests.due, reverse("samples:due")),
            Definition(_("Sampled"), seen.tests.sampled, reverse("samples:list")),
            Definition(_("Resulted"), seen.tests.resulted),
            Definition(_("Positive"), Badge(seen.tests.positive, bad(seen.tests.positive))),
        ],
        "orders": [
            Definition(_("In a site"), seen.orders.central, f"{orders}&kind=central"),
            Definition(_("At home"), seen.orders.home, f"{orders}&kind=home"),
            Definition(_("Ending today"), seen.orders.ending_today, f"{orders}&sort=ends_at"),
        ],
    }


def bad(count: int) -> Tone:
    return "bad" if count else "good"


def longest(wait: timedelta) -> str:
    """The longest wait of several; nothing while nobody waits."""
    return _("longest %(span)s") % {"span": span(wait)} if wait else ""


def slow(wait: timedelta) -> Tone:
    return "bad" if wait > WAIT_WARN else "neutral"
