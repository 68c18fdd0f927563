"""What the facts of vehicles and plans are called on their pages."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.ledger import FactRow
from bihuan.kernel.web import Entry
from bihuan.modules.transfers import events

TITLES = {
    events.VEHICLE_REGISTERED: _("Registered"),
    events.VEHICLE_DISINFECTED: _("Vehicle disinfected"),
    events.VEHICLE_STATE: _("Put in or out of service"),
    events.PLAN_DRAFTED: _("Drafted"),
    events.PLAN_VEHICLE_ADDED: _("Vehicle promised"),
    events.PLAN_SUBMITTED: _("Submitted to the city"),
    events.PLAN_APPROVED: _("Approved by the city"),
    events.PLAN_RETURNED: _("Returned by the city"),
}


def entries(facts: Sequence[FactRow]) -> list[Entry]:
    ids = {UUID(fact.actor.removeprefix("user:")) for fact in facts if fact.actor.startswith("user:")}
    names = {f"user:{user}": name for user, name in access.queries.user_names(ids).items()}
    return [
        Entry(
            fact.happened_at,
            TITLES.get(fact.kind, fact.kind),
            body=str(fact.payload.get("remark") or fact.payload.get("disinfectant") or ""),
            by=names.get(fact.actor, ""),
            recorded_at=fact.recorded_at,
        )
        for fact in facts
    ]
