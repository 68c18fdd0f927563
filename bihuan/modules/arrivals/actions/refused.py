"""What an officer is told when an arrival cannot go on as asked."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.refusals import NotFound, Refused


class NoArrival(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such arrival."), _("Search by name, ID number or reference."))


class NoSuchTrip(NotFound):
    def __init__(self) -> None:
        super().__init__(
            _("No trip of this document that is still to come has this reference number."),
            _("Compare both numbers, or leave the reference number empty to declare another trip."),
        )


class NoGate(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such gate in the catalogue."), _("Enter the gate in the catalogue first."))


class NotExpected(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This arrival is no longer expected: it has landed, been cancelled or been closed."),
            _("Open the arrival to see how it stands; somebody who came after all is registered as a walk-in."),
        )


class AlreadyLanded(Refused):
    """`arrival` is the one that stands."""

    def __init__(self, reference: str, arrival: UUID) -> None:
        super().__init__(
            _("This person has already landed: arrival %(reference)s.") % {"reference": reference},
            _("Open the arrival and go on from there."),
        )
        self.arrival = arrival


class NotYetArrived(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The day of arrival lies ahead: nobody can be found before they came."),
            _("Correct the day, or announce the trip."),
        )


class NotLanded(Refused):
    def __init__(self) -> None:
        super().__init__(_("This person has not landed."), _("Receive them at the gate first."))


class IdentityNotConfirmed(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The identity was not confirmed, so nobody has landed."),
            _("Compare the document with the person. If it is somebody else, register a walk-in."),
        )


class NameNeeded(Refused):
    def __init__(self) -> None:
        super().__init__(_("The manifest gave no name for this person."), _("Take the name from the document."))


class NotHandedOver(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("A person under an order is not handed over here: the transfer and the isolation site do it."),
            _("Open the order to see where the person is."),
        )


class RowDecided(Refused):
    def __init__(self) -> None:
        super().__init__(_("This row no longer waits for a decision."), _("Open the batch to see what became of it."))


class NoPushedList(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("Only a pushed list whose rows were taken in is reported back."), _("Preview it and take it in first.")
        )


class RowsUndecided(Refused):
    def __init__(self, count: int) -> None:
        super().__init__(
            _("%(count)s rows of this list still wait for a decision.") % {"count": count},
            _("Decide each of them, then report back."),
        )


class ColumnSaidTwice(Refused):
    def __init__(self) -> None:
        super().__init__(_("Two headers cannot be the same column."), _("Choose one of them and leave the other out."))


class ColumnUnknown(Refused):
    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__(
            _("The form has no column “%(name)s”.") % {"name": name},
            _("Choose one of: %(names)s.") % {"names": ", ".join(names)},
        )


class HeaderUnknown(Refused):
    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__(
            _("The file has no header “%(name)s”.") % {"name": name},
            _("Its headers are: %(names)s.") % {"names": ", ".join(names)},
        )


class NothingSaid(Refused):
    def __init__(self) -> None:
        super().__init__(_("This was taken back before."), _("Reload the page."))


class NotTakenIn(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("Only a file whose rows were taken in can be taken back."), _("Wait until it is taken in, and try again.")
        )


class TooLateToTakeBack(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("A file can be taken back within 24 hours of its being taken in."),
            _("Cancel the arrivals that were announced by mistake one by one, each with its reason."),
        )


class ReasonMissing(Refused):
    def __init__(self) -> None:
        super().__init__(_("A file is taken back for a reason."), _("Say in a sentence what was wrong with it."))
