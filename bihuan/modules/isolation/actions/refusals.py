"""What isolation refuses, and how a constraint of the database is told to a person."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.refusals import Refused


class NoStay(Refused):
    """There is no order that allows this stay, or no stay to act on."""


class NoHome(Refused):
    """There is no order that allows isolation at home, or none has begun."""


class NoBed(Refused):
    """The room is full, blocked or not disinfected yet."""


class EnteredAlready(Refused):
    """A site, zone or room that is to be entered stands already."""


class OtherHousehold(Refused):
    """Somebody of another household lives in the room."""


class DayNotTold(Refused):
    """Something was not in order at the site, and nobody said what."""


class SiteNotUsable(Refused):
    """The site is not open, not inspected or without a valid safety certificate."""


class NotReferred(Refused):
    """Nobody referred this person to this hospital, or it has answered already."""


class NotDischarged(Refused):
    """The hospital does not answer for this person, or they cannot go where was said."""


class NotOver(Refused):
    """Central isolation cannot end yet."""


class TeamIncomplete(Refused):
    """A role of the home team has no named person with a telephone number."""


class TicketClosed(Refused):
    """The ticket is over."""


REFUSALS: dict[str, Refused] = {
    "isolation_no_order_no_stay": NoStay(
        _("This person has no order in force. Without an order nobody may be taken in."),
        _("Ask the gate or the deciding unit. The person is free to go until an order is approved."),
    ),
    "isolation_stay_phase": NoStay(
        _("This order has no time left for an isolation site."),
        _("If the person is to isolate at home, hand the person over to the community."),
    ),
    "isolation_stay_identity": NoStay(
        _("The person's identity is not confirmed."), _("Compare the document with the person, then confirm.")
    ),
    "isolation_stay_person_once": NoStay(
        _("This person already stays at a site."), _("Open the stay to give another room.")
    ),
    "isolation_stay_site_usable": SiteNotUsable(
        _("This site is not open with a valid safety certificate and a passed inspection."),
        _("Choose another site, or have the certificate renewed and entered."),
    ),
    "isolation_room_of_site": NoBed(_("This room is at another site."), _("Choose a room of this site.")),
    "isolation_room_ready": NoBed(
        _("This room is blocked or not disinfected yet."), _("Choose a free room, or mark it as ready first.")
    ),
    "isolation_room_full": NoBed(_("This room is full."), _("Choose another room.")),
    "isolation_one_household_a_room": OtherHousehold(
        _("Somebody of another household stays in this room."), _("One household a room: choose another room.")
    ),
    "isolation_no_order_no_home": NoHome(
        _("This person has no order in force with a time at home."), _("Check the order. Nothing was recorded.")
    ),
}


@contextmanager
def refusing() -> Iterator[None]:
    """Say in words what the database refused. A constraint we have no words for stays the error it is."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        refusal = REFUSALS.get(name or "")
        if refusal is None:
            raise
        raise type(refusal)(refusal.message, refusal.remedy) from error
