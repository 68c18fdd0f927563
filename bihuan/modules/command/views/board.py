"""The board and the wall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.http import HttpResponse
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import Definition, Stat, page, trail
from bihuan.kernel.web.pages import frame
from bihuan.kernel.web.parts import Tone
from bihuan.kernel.web.templatetags.bihuan import span
from bihuan.modules.command import queries
from bihuan.modules.command.queries.board import rows_url

WAIT_WARN = timedelta(hours=2)
SITES_SHOWN = 12


@access.require("command.board")
def board(request: access.Request) -> HttpResponse:
    """One place: the whole city, a district, a site."""
    seen = queries.board(request.scope, request.GET.get("place", ""), clock.now())
    crumbs = trail(*[(one.name, rows_url("board:board", place=one.code)) for one in seen.above])
    context = {"board": seen, "crumbs": crumbs, **drawn(Addresses(request.whole_scope, seen))}
    return page(request, "command/board.html", context)


@access.require("command.wall")
def wall(request: access.Request) -> HttpResponse:
    """The same for a big screen: dark, without names, drawing itself anew."""
    seen = queries.board(request.scope, request.GET.get("place", ""), clock.now())
    context = {
        "board": seen,
        "frame": replace(frame(request), theme="dark"),
        **drawn(Addresses(request.whole_scope, seen)),
    }
    return page(request, "command/wall.html", context)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the rows behind the numbers are: cut to the board's place, empty for who may not open them."""

    reader: access.Scope
    seen: queries.Board

    @property
    def today(self) -> date:
        return self.seen.at.astimezone(clock.CITY).date()

    def of(self, name: str, **filters: object) -> str:
        address = rows_url(name, below=self.seen.part, **filters)
        return address if access.may_open(self.reader, address) else ""

    def of_batch(self, batch: queries.BatchLine) -> dict[str, str]:
        """A list of arrivals is cut to the reader's reach, a file's reckoning is not: they agree for the whole city."""
        whole = self.reader.is_everywhere and not self.seen.part
        outcomes = {"announced": "", "other": "other"} | {one: one for one in ("landed", "not_on_board", "pending")}
        return {one: self.of("arrivals:list", batch=batch.id, outcome=outcomes[one]) for one in outcomes if whole}


def drawn(addresses: Addresses) -> dict[str, object]:
    """What both pages show of a board beside the board itself."""
    seen, of = addresses.seen, addresses.of
    return {
        "stats": figures(seen, of),
        **lists(seen, of, addresses.today),
        "doors": {
            "gates": of("gates:list"),
            "unaccepted": of("transfers:unaccepted"),
            "stranded": of("transfers:stranded"),
            "orders": of("orders:list", state="live"),
            "rooms": of("sites:list"),
            "batches": of("batches:list"),
        },
        "sites": sorted(seen.rooms, key=lambda site: (not site.is_usable, site.usable_free))[:SITES_SHOWN],
        "batches": [(batch, addresses.of_batch(batch)) for batch in seen.batches],
    }


def figures(seen: queries.Board, of: Callable[..., str]) -> Sequence[Stat]:
    """The headline figures, each with the address of its rows."""
    total, sides = seen.total, seen.sides
    breached = total.breached if total else 0
    return [
        Stat(_("Open duties"), total.open if total else 0, of("duties:list"), icon="list-check"),
        Stat(_("Overdue"), breached, of("duties:list", standing="breached"), tone=bad(breached), icon="alarm"),
        Stat(
            _("Waiting at gates"),
            seen.at_gates,
            of("gates:list"),
            note=longest(seen.longest_at_gates),
            tone=slow(seen.longest_at_gates),
            icon="users",
        ),
        Stat(
            _("Hand-overs not accepted"),
            sides.unaccepted,
            of("transfers:unaccepted"),
            note=longest(sides.longest_unaccepted),
            tone=bad(sides.unaccepted) if sides.longest_unaccepted > WAIT_WARN else "neutral",
            icon="arrows-exchange",
        ),
        Stat(
            _("Stranded"), sides.stranded, of("transfers:stranded"), tone=bad(sides.stranded), icon="user-exclamation"
        ),
        Stat(
            _("Rooms free"),
            seen.free_rooms,
            of("sites:list", free=1),
            tone="neutral" if seen.free_rooms else "bad",
            icon="bed",
        ),
        Stat(_("Orders in force"), seen.orders.live, of("orders:list", state="live"), icon="gavel"),
        Stat(
            _("Awaiting approval"),
            seen.orders.proposed,
            of("orders:list", state="proposed"),
            tone="warn" if seen.orders.proposed else "neutral",
            icon="signature",
        ),
        Stat(
            _("Tests due"),
            seen.tests.due,
            of("duties:list", tests=1),
            note=_("%(count)s sampled today") % {"count": seen.tests.sampled},
            icon="test-pipe",
        ),
        Stat(
            _("Returns missing"),
            seen.returns.missing,
            of("returns:list", standing="missing", day=seen.at.astimezone(clock.CITY).date()),
            note=_("%(sent)s of %(due)s sent") % {"sent": seen.returns.sent, "due": seen.returns.due},
            tone=bad(seen.returns.missing),
            icon="report",
        ),
    ]


def lists(seen: queries.Board, of: Callable[..., str], today: date) -> dict[str, Sequence[Definition]]:
    """The smaller figures of the day, each with the address of its rows."""
    positive = seen.tests.positive
    return {
        "landed": [
            Definition(name, count, of("arrivals:list", measure=measure, landed_on=today))
            for measure, name, count in seen.classes
        ],
        "tests": [
            Definition(_("Due now"), seen.tests.due, of("duties:list", tests=1)),
            Definition(_("Sampled"), seen.tests.sampled, of("samples:list", on=today)),
            Definition(_("Resulted"), seen.tests.resulted, of("samples:list", found_on=today)),
            Definition(_("Positive"), positive, of("samples:list", found_on=today, result="positive")),
        ],
        "orders": [
            Definition(_("In a site"), seen.orders.central, of("orders:list", state="live", kind="central")),
            Definition(_("At home"), seen.orders.home, of("orders:list", state="live", kind="home")),
            Definition(_("Ending today"), seen.orders.ending_today, of("orders:list", state="live", until=today)),
        ],
    }


def bad(count: int) -> Tone:
    return "bad" if count else "good"


def longest(wait: timedelta) -> str:
    """The longest wait of several; nothing while nobody waits."""
    return _("longest %(span)s") % {"span": span(wait)} if wait else ""


def slow(wait: timedelta) -> Tone:
    return "bad" if wait > WAIT_WARN else "neutral"
