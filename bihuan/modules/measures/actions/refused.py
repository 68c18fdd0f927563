"""What is refused, and the words it is refused with."""

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.refusals import NotFound, Refused
from bihuan.modules.measures.rules import Refusal


class NoOrder(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such order."), _("Look for it in the list of orders."))


class NoAppeal(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is no such appeal."), _("Look for it in the list of appeals."))


class NotARestriction(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The rule asks for no isolation, so there is nothing to order."),
            _("Follow the measures the rule names: tests or monitoring need no order."),
        )


class EvidenceUnknown(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The evidence is not a recorded fact about this person, or of a kind that cannot bind anybody."),
            _("Record what happened first; an order rests on that fact."),
        )


class AlreadyUnderOrder(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This person already has an order that is proposed or in force."),
            _("Open that order. A new exposure is entered there."),
        )


class NothingLeft(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("All days the rule asks for have passed since the last exposure."),
            _("The person is free: no order is needed."),
        )


class NotOpen(Refused):
    def __init__(self) -> None:
        super().__init__(_("This has already been decided."), _("Reload the page to see what was decided."))


class NotLive(Refused):
    def __init__(self) -> None:
        super().__init__(_("The order is not in force."), _("Reload the page to see how it ended."))


class TooEarly(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The order has not reached its end."), _("Wait until the end stated in it, or lift it on new evidence.")
        )


class TwoPeople(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("Whoever entered this cannot also decide it."), _("Ask a second person, of another unit, to decide.")
        )


class TwoUnits(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("It must be decided by another unit than the one that entered it."),
            _("Ask somebody of another unit to decide."),
        )


class NoUnit(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("You act for no unit, so you cannot decide this."), _("Ask your unit's head to appoint you.")
        )


class NotNewer(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This exposure is not later than the one the order already counts from."),
            _("Only a later exposure starts the count again."),
        )


class AppealPending(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("An appeal against this order is already waiting for its answer."),
            _(
                "An appeal is answered within 24 hours by somebody who did not make the order. If nobody answers"
                " within 48 hours it goes to the senior official and the restriction lapses, unless a positive"
                " laboratory result stands."
            ),
        )


class NoWords(Refused):
    def __init__(self) -> None:
        super().__init__(_("Nothing was written."), _("Say in a few words what is wrong or why you decide so."))


REFUSALS: dict[Refusal, type[TwoPeople | TwoUnits | NoUnit]] = {
    Refusal.SAME_PERSON: TwoPeople,
    Refusal.SAME_UNIT: TwoUnits,
    Refusal.NO_UNIT: NoUnit,
}


def refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise REFUSALS[refusal]()
