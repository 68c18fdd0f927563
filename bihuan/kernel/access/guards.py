"""Doors of views: `@require("power")` and `@signed_in`. What one may not see looks like what is not there.

Every page can be cut to a place: `?below=<code of a unit>` leaves of the reach what lies at or below that unit.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import resolve

from bihuan.kernel.access import queries
from bihuan.kernel.access.queries import UnitRow
from bihuan.kernel.access.scope import Scope

logger = logging.getLogger(__name__)


class Request(HttpRequest):
    """A request that came through a door: `scope` is the reach for this door's power, `whole_scope` the whole reach.

    `place` is the unit to which the address cuts the reach, None where it does not.
    """

    scope: Scope
    whole_scope: Scope
    place: UnitRow | None


type View[**P] = Callable[Concatenate[Request, P], HttpResponseBase]
type OpenView[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def require[**P](power: str) -> Callable[[View[P]], OpenView[P]]:
    """Let in whoever is signed in with a code and holds `power` somewhere; for all others the page does not exist."""
    module, dot, verb = power.partition(".")
    assert all((module, dot, verb)), f"a power is written module.verb, not {power!r}"

    def door(view: View[P]) -> OpenView[P]:
        made = guarded(view, lambda scope: scope.for_power(power))
        made.power = power  # type: ignore[attr-defined]
        return made

    return door


def may_open(scope: Scope, address: str) -> bool:
    """Whether the page at `address` lets in somebody with this whole reach."""
    power = getattr(resolve(urlsplit(address).path).func, "power", "")
    return not power or scope.may(power)


def signed_in[**P](view: View[P]) -> OpenView[P]:
    """Let in whoever is signed in with a code, whatever their posts."""
    return guarded(view, lambda scope: scope)


def guarded[**P](view: View[P], narrow: Callable[[Scope], Scope]) -> OpenView[P]:
    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        whole: Scope | None = getattr(request, "whole_scope", None)
        if whole is None:
            return to_sign_in(request)
        reach = narrow(whole)
        code = request.GET.get("below", "").strip()
        place = queries.unit_by_code(code) if code else None
        if place is not None:
            reach = reach.below(place.path)
        if (reach.power is not None or place is not None) and not reach.grants:
            told = {"request": request, "status_code": 404}
            logger.warning("No power %s for %s", reach.power or "-", request.path, extra=told)
            raise Http404
        request.scope, request.place = reach, place  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return wrapper


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, and afterwards the page that was asked for; a part of a page asks the browser to go there."""
    is_part = request.headers.get("HX-Request") == "true"
    wanted = request.headers.get("HX-Current-URL", "/") if is_part else request.get_full_path()
    after = wanted if request.method == "GET" or is_part else "/"
    address = f"{settings.LOGIN_URL}?{urlencode({'next': after})}"
    return HttpResponse(status=204, headers={"HX-Redirect": address}) if is_part else HttpResponseRedirect(address)
