"""How a page gets at a site or a stay: only through the reader's scope."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.modules.isolation import queries


def site_of(request: access.Request, site_id: UUID) -> queries.SiteCard:
    card = queries.site_card(request.scope, site_id, clock.now())
    if card is None:
        raise NotFound(_("There is no such site."))
    return card


def stay_of(request: access.Request, order_id: UUID) -> queries.StayCard:
    stay = queries.stay_of(order_id)
    if stay is None or not request.scope.covers(stay.unit_path):
        raise NotFound(_("There is no such stay."))
    return stay
