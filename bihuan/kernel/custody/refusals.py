"""What custody refuses, by name. Each says which items stand in the way."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from bihuan.kernel.refusals import Refused

SHOWN_MAX = 5


def shown(items: Collection[str]) -> str:
    """A few items by name, and that there are more."""
    listed = sorted(items)
    return ", ".join(listed[:SHOWN_MAX]) + (f" … ({len(listed)})" if len(listed) > SHOWN_MAX else "")


class NotHeld(Refused):
    def __init__(self, holder: str, items: Collection[str]) -> None:
        super().__init__(
            _("%(holder)s does not hold %(items)s.") % {"holder": holder, "items": shown(items)},
            _("Only the present holder can hand over. Look up who holds them now."),
        )


class OnTheWay(Refused):
    def __init__(self, items: Collection[str]) -> None:
        super().__init__(
            _("Already handed over and not yet received: %(items)s.") % {"items": shown(items)},
            _("The receiver answers the hand-over that is under way first."),
        )


class AlreadyHeld(Refused):
    def __init__(self, items: Collection[str]) -> None:
        super().__init__(
            _("Somebody else already holds %(items)s.") % {"items": shown(items)},
            _("Ask the present holder to hand over."),
        )


class StillBound(Refused):
    def __init__(self, items: Collection[str]) -> None:
        super().__init__(
            _("Still under a bond: %(items)s.") % {"items": shown(items)},
            _("End the order that binds them; custody then ends by itself."),
        )


class BondReused(Refused):
    def __init__(self, bonds: Collection[str]) -> None:
        super().__init__(
            _("Bound before under the same bond: %(bonds)s.") % {"bonds": shown(bonds)},
            _("A bond binds one item once. Make a new order."),
        )


class BondNotLive(Refused):
    def __init__(self, bonds: Collection[str]) -> None:
        super().__init__(
            _("No live bond: %(bonds)s.") % {"bonds": shown(bonds)},
            _("It was released before or never made. Reload the page."),
        )


class HandoverClosed(Refused):
    def __init__(self, handover: str) -> None:
        super().__init__(
            _("The hand-over %(handover)s is not open.") % {"handover": handover},
            _("It was received before, or everything on it was withdrawn. Reload the page."),
        )


class LinesUnanswered(Refused):
    def __init__(self, items: Collection[str]) -> None:
        super().__init__(
            _("Every line of a hand-over needs one answer: %(items)s.") % {"items": shown(items)},
            _("Mark each as received, missing or refused, once."),
        )


class NotOnTheList(Refused):
    def __init__(self, items: Collection[str]) -> None:
        super().__init__(
            _("Not on the list of this hand-over: %(items)s.") % {"items": shown(items)},
            _("Receive them as extra."),
        )


class OnTheList(Refused):
    def __init__(self, items: Collection[str]) -> None:
        super().__init__(
            _("On the list of this hand-over, so not extra: %(items)s.") % {"items": shown(items)},
            _("Mark them as received."),
        )


class NotInFlow(Refused):
    def __init__(self, flow: str, items: Collection[str]) -> None:
        super().__init__(
            _("%(flow)s never had %(items)s.") % {"flow": flow, "items": shown(items)},
            _("Add them to the flow before settling them."),
        )


class NotBalanced(Refused):
    def __init__(self, commodities: Collection[str]) -> None:
        super().__init__(
            _("The entries do not sum to zero: %(commodities)s.") % {"commodities": shown(commodities)},
            _("What leaves one account must arrive in another."),
        )


class NotEnough(Refused):
    def __init__(self, accounts: Collection[str]) -> None:
        super().__init__(
            _("There is not that much to take from %(accounts)s.") % {"accounts": shown(accounts)},
            _("Count the stock, or take from an account that has it."),
        )
