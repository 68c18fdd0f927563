"""What the facts of an order are called on its page."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.ledger import FactRow
from bihuan.kernel.web import Entry
from bihuan.modules.people import queries as people

TITLES = {
    "arrival.landed": _("Landed"),
    "arrival.found": _("Found later"),
    "arrival.classified": _("Class decided"),
    "arrival.reclassified": _("Class decided anew"),
    "contact.judged": _("Judged to be a contact"),
    "order.proposed": _("Order proposed"),
    "order.approved": _("Order approved"),
    "order.rejected": _("Order rejected"),
    "order.retimed": _("Times changed"),
    "order.lifted": _("Order lifted"),
    "order.lapsed": _("Order lapsed"),
    "order.ended": _("Order ended"),
    "order.link_given": _("Personal link given"),
    "order.link_revoked": _("Personal link revoked"),
    "release.notified": _("Notice of release given"),
    "exposure.recorded": _("New exposure judged"),
    "exposure.entered": _("New exposure entered"),
    "exposure.approved": _("New exposure approved"),
    "exposure.rejected": _("New exposure rejected"),
    "transfer.requested": _("Vehicle asked for"),
    "transfer.assigned": _("Seat found"),
    "transfer.unassigned": _("Seat given up"),
    "transfer.boarded": _("Boarded"),
    "transfer.departed": _("Departed"),
    "transfer.arrived": _("Arrived"),
    "transfer.missing": _("Missing"),
    "transfer.found": _("Found again"),
    "transfer.cancelled": _("Transfer cancelled"),
    "stay.checked_in": _("Checked in at the site"),
    "stay.moved": _("Moved to another room"),
    "stay.ended": _("Left the site"),
    "stay.settled": _("The stay is over"),
    "home.begun": _("Isolation at home began"),
    "home.visited": _("Visited at home"),
    "home.missed": _("Not met at home"),
    "person.referred": _("Referred to a hospital"),
    "person.admitted": _("Admitted to a hospital"),
    "person.not_admitted": _("Not admitted by the hospital"),
    "check.recorded": _("Health check"),
    "sample.taken": _("Sample taken"),
    "test.resulted": _("Test result"),
    "duty.breached": _("A duty was not done in time"),
    "duty.explained": _("A missed duty was explained"),
}
TONES = {
    "order.approved": "info",
    "order.rejected": "neutral",
    "order.ended": "good",
    "order.lifted": "good",
    "order.lapsed": "bad",
    "transfer.missing": "bad",
    "duty.breached": "bad",
}


def title(kind: str) -> object:
    return TITLES.get(kind, kind)


def entries(facts: Sequence[FactRow]) -> list[Entry]:
    """The timeline of an order: what happened, when, and who did it."""
    users = {actor.removeprefix("user:") for actor in (fact.actor for fact in facts) if actor.startswith("user:")}
    names = access.queries.user_names({UUID(user) for user in users})
    return [
        Entry(
            fact.happened_at,
            title(fact.kind),
            body=people.detail_of(fact),
            by=names.get(UUID(fact.actor.removeprefix("user:")), "") if fact.actor.startswith("user:") else "",
            tone=TONES.get(fact.kind, "neutral"),  # type: ignore[arg-type]
            recorded_at=fact.recorded_at,
        )
        for fact in facts
    ]
