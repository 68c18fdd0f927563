"""What an auditor looks through: who opened whose record, who signed, who came in and who was kept out."""

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.ledger import latest
from bihuan.kernel.web import Column, Filter, Table, render_table
from bihuan.modules.units import queries

COLUMNS = [
    Column("at", _("At"), kind="moment", sortable=False),
    Column("what", _("What"), sortable=False),
    Column("who", _("Who"), sortable=False),
    Column("subject", _("On"), sortable=False),
    Column("detail", _("Details"), sortable=False),
    Column("checkpoint", _("Checkpoint"), sortable=False),
]
FILTERS = [
    Filter("day", _("Day"), kind="day"),
    Filter("kind", _("What"), kind="choice", choices=list(queries.AUDITED.items())),
    Filter("account", _("Account")),
]


@access.require("access.audit")
def trail(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.AuditTrail(request.scope, access.queries.today()), FILTERS)
    return render_table(
        request,
        "units/audit.html",
        table,
        {"latest": latest(), "alarms": queries.alarms(request.scope, access.queries.today())},
        export_name="audit",
        on_export=access.exporting(request.scope, "audit"),
    )
