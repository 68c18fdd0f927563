"""The duty roster of a unit, gates included."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.web import accepted, page, request_key, trail
from bihuan.modules.units import actions, queries
from bihuan.modules.units.forms import CancelForm, ShiftForm

DAYS = 7
SHIFT_LENGTH = timedelta(hours=12)


@access.require("units.read")
def roster(request: access.Request, unit_id: UUID) -> HttpResponse:
    """A week of the roster from the day asked for."""
    unit = queries.unit_in(request.scope, unit_id)
    first = first_day(request)
    crumbs = trail((_("Units"), reverse("units:list")), (unit.name, reverse("units:detail", args=[unit.id])))
    context = {
        "unit": unit,
        "days": queries.roster(unit, first, DAYS),
        "now": clock.now(),
        "before": first - timedelta(days=DAYS),
        "after": first + timedelta(days=DAYS),
        "may_roster": request.whole_scope.may("units.roster", unit.path),
        "crumbs": crumbs,
    }
    return page(request, "units/roster.html", context)


def first_day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return access.queries.today()


@access.require("units.roster")
def shift(request: access.Request, unit_id: UUID) -> HttpResponse:
    """Put somebody on duty."""
    unit = queries.unit_in(request.scope, unit_id)
    start = datetime.combine(first_day(request), datetime.min.time(), clock.CITY) + timedelta(hours=8)
    holders = [one for one in access.queries.appointments(unit_id) if one.holds_on(start.date())]
    initial = {"starts_at": start, "ends_at": start + SHIFT_LENGTH}
    form = ShiftForm(request.POST or None, holders=holders, initial=initial)
    if request.method == "POST" and accepted(form, lambda: plan(request, unit.id, form.cleaned_data)):
        messages.success(request, _("The shift is on the roster."))
        return redirect("units:roster", unit_id)
    back = reverse("units:roster", args=[unit_id])
    return page(
        request, "units/form.html", {"form": form, "heading": _("Put on duty"), "about": unit.name, "back": back}
    )


def plan(request: access.Request, unit_id: UUID, given: dict[str, object]) -> None:
    role, user = str(given["holder"]).split(":")
    actions.plan_shift(
        unit_id,
        role=role,
        user_id=UUID(user),
        starts_at=given["starts_at"],  # type: ignore[arg-type]
        ends_at=given["ends_at"],  # type: ignore[arg-type]
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("units.roster")
def cancellation(request: access.Request, shift_id: UUID) -> HttpResponse:
    """Take a shift off the roster, with a reason."""
    unit_id, found = queries.shift(shift_id)
    unit = queries.unit_in(request.scope, unit_id)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: cancel(request, shift_id, form.cleaned_data["reason"])):
        messages.success(request, _("The shift is off the roster."))
        return redirect("units:roster", unit.id)
    about = f"{unit.name} · {found.role_name} · {found.user_name}"
    back = reverse("units:roster", args=[unit.id])
    return page(
        request, "units/form.html", {"form": form, "heading": _("Cancel the shift"), "about": about, "back": back}
    )


def cancel(request: access.Request, shift_id: UUID, reason: str) -> None:
    actions.cancel_shift(shift_id, reason=reason, at=clock.now(), by=request.scope.actor, key=request_key(request))
