"""The register of units and the page of one unit: its two owners, its posts, who holds them, which are vacant."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock
from bihuan.kernel.access.vocabulary import kinds
from bihuan.kernel.text import Text
from bihuan.kernel.web import Column, Definition, Filter, Stat, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.units import actions, queries
from bihuan.modules.units.forms import (
    AppointmentForm,
    ClosureForm,
    EndForm,
    HandOverForm,
    OpeningsForm,
    ParticularsForm,
    UnitForm,
)

COLUMNS = [
    Column("name", gettext_lazy("Unit"), kind="link"),
    Column("kind", gettext_lazy("Kind")),
    Column("above", gettext_lazy("Territorial owner"), sortable=False),
    Column("sector", gettext_lazy("Sector owner"), sortable=False),
    Column("population", gettext_lazy("Population"), kind="number"),
    Column("staff", gettext_lazy("Staff"), kind="number"),
    Column("phone", gettext_lazy("Phone"), sortable=False),
]


def filters() -> list[Filter]:
    return [
        Filter("q", _("Name, code or phone")),
        Filter("kind", _("Kind"), kind="choice", choices=[(kind.code, kind.name) for kind in kinds().values()]),
        Filter("vacant", _("With a vacant post"), kind="flag"),
    ]


@access.require("units.read")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.UnitRegister(request.scope), filters(), sort="name")
    return render_table(
        request, "units/list.html", table, export_name="units", on_export=access.exporting(request.scope, "units")
    )


@access.require("units.read")
def detail(request: access.Request, unit_id: UUID) -> HttpResponse:
    found = queries.unit_page(request.scope, unit_id)
    return page(request, "units/detail.html", unit_context(request, found))


def unit_context(request: access.Request, found: queries.UnitPage) -> dict[str, object]:
    unit = found.unit
    whole = request.whole_scope
    waiting = [one for one in access.queries.nominations(whole) if one.unit == unit.id]
    return {
        "waiting": waiting,
        "me": whole.user.id,
        "may_confirm": whole.may("units.confirm"),
        "unit": unit,
        "posts": found.posts,
        "children": found.children,
        "crumbs": trail(
            (_("Units"), reverse("units:list")),
            *[
                (one.name, reverse("units:detail", args=[one.id]))
                for one in found.way
                if request.scope.covers(one.path)
            ],
        ),
        "stats": [
            Stat(_("Population"), unit.population, icon="users"),
            Stat(_("Staff today"), found.staff, icon="id-badge"),
            Stat(_("Vacant posts"), sum(post.is_vacant for post in found.posts), icon="user-off"),
            Stat(
                _("Units below"), len(found.children), url=f"{reverse('units:list')}?below={unit.code}", icon="sitemap"
            ),
        ],
        "definitions": [
            Definition(_("Territorial owner"), found.above.name if found.above else "—"),
            Definition(_("Sector owner"), found.sector.name if found.sector else "—"),
            Definition(_("Code"), unit.code),
            Definition(_("Phone"), unit.phone or "—"),
            Definition(_("Place"), unit.address or "—"),
            *([Definition(_("Closed from"), unit.closed_on)] if unit.closed_on else []),
        ],
        "may_appoint": whole.may("units.appoint", unit.path) and not unit.closed_on,
        "may_enter": (may_enter := whole.may("units.enter", unit.path) and not unit.closed_on),
        "may_close": may_enter and unit.parent and all(child.closed_on for child in found.children),
        "may_roster": whole.may("units.roster", unit.path),
    }


@access.require("units.appoint")
def particulars(request: access.Request, unit_id: UUID) -> HttpResponse:
    """Put name, telephone, place or population of a unit right."""
    unit = queries.unit_in(request.scope, unit_id)
    initial = {"name_zh": unit.name.zh, "name_en": unit.name.en}
    initial |= {name: getattr(unit, name) for name in ("phone", "address", "population")}
    form = ParticularsForm(request.POST or None, initial=initial)
    if request.method == "POST" and accepted(form, lambda: put_right(request, unit, form.cleaned_data)):
        messages.success(request, _("The particulars are put right."))
        return redirect("units:detail", unit_id)
    back = reverse("units:detail", args=[unit_id])
    return page(
        request,
        "units/form.html",
        {"form": form, "heading": _("Correct particulars"), "about": unit.name, "back": back},
    )


def put_right(request: access.Request, unit: access.queries.UnitRow, given: dict[str, Any]) -> None:
    changed = access.actions.ChangedUnit(
        code=unit.code,
        name=Text(zh=given["name_zh"], en=given["name_en"]),
        sector=access.queries.unit(unit.sector).code if unit.sector else None,
        phone=given["phone"],
        address=given["address"],
        population=given["population"],
    )
    access.actions.change_units([changed], at=clock.now(), by=request.scope.actor, key=request_key(request))


@access.require("units.enter")
def below(request: access.Request, unit_id: UUID) -> HttpResponse:
    """Enter a unit below another."""
    unit = queries.unit_in(request.scope, unit_id)
    sectors = [(team.code, team.name) for team in access.queries.units_of_kinds("team")]
    form = UnitForm(request.POST or None, sectors=sectors)
    made: list[UUID] = []
    if request.method == "POST" and accepted(form, lambda: made.append(enter(request, unit, form.cleaned_data))):
        messages.success(request, _("The unit is entered. Appoint people to its posts."))
        return redirect("units:detail", made[0])
    back = reverse("units:detail", args=[unit_id])
    context = {"form": form, "heading": _("Enter a unit below"), "about": unit.name, "back": back}
    return page(request, "units/form.html", context)


def enter(request: access.Request, above: access.queries.UnitRow, given: dict[str, Any]) -> UUID:
    new = access.actions.NewUnit(
        code=given["code"],
        kind=given["kind"],
        name=Text(zh=given["name_zh"], en=given["name_en"]),
        parent=above.code,
        sector=given["sector"] or None,
        phone=given["phone"],
        address=given["address"],
        population=given["population"],
    )
    access.actions.add_units([new], at=clock.now(), by=request.scope.actor, key=request_key(request))
    return access.queries.unit_by_code(new.code).id


@access.require("units.enter")
def closure(request: access.Request, unit_id: UUID) -> HttpResponse:
    """Close a unit that nobody and nothing waits for any more."""
    unit = queries.unit_in(request.scope, unit_id)
    form = ClosureForm(request.POST or None, initial={"on": access.queries.today()})
    if request.method == "POST" and accepted(
        form,
        lambda: actions.close_unit(
            unit_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The unit is closed."))
        return redirect("units:detail", unit_id)
    back = reverse("units:detail", args=[unit_id])
    context = {"form": form, "heading": _("Close the unit"), "about": unit.name, "back": back, "danger": True}
    return page(request, "units/form.html", context)


@access.require("units.appoint")
def appointment(request: access.Request, unit_id: UUID) -> HttpResponse:
    """Appoint somebody to a post of the unit."""
    unit = queries.unit_in(request.scope, unit_id)
    initial = {"role": request.GET.get("role", ""), "since": access.queries.today()}
    people = queries.people_who_can_serve(request.scope)
    form = AppointmentForm(request.POST or None, people=people, kind=unit.kind, initial=initial)
    if request.method == "POST" and accepted(form, lambda: appoint(request, unit.id, form.cleaned_data)):
        if access.queries.takes_two(form.cleaned_data["role"]):
            messages.success(request, _("The person is named. The post is filled when another unit confirms it."))
        else:
            messages.success(request, _("The post is filled."))
        return redirect("units:detail", unit_id)
    back = reverse("units:detail", args=[unit_id])
    return page(request, "units/form.html", {"form": form, "heading": _("Appoint"), "about": unit.name, "back": back})


def appoint(request: access.Request, unit_id: UUID, given: dict[str, object]) -> None:
    """Fill the post; one that takes two people waits for the second."""
    role = str(given["role"])
    (access.nominations.nominate if access.queries.takes_two(role) else access.actions.appoint)(
        UUID(str(given["user"])),
        role=role,
        unit_id=unit_id,
        since=given["since"],  # type: ignore[arg-type]
        until=given["until"],  # type: ignore[arg-type]
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("units.appoint")
def hand_over(request: access.Request, appointment_id: UUID) -> HttpResponse:
    """Pass a post on to a successor."""
    held = access.queries.appointment(appointment_id)
    unit = queries.unit_in(request.scope, held.unit)
    form = HandOverForm(
        request.POST or None,
        people=queries.people_who_can_serve(request.scope),
        initial={"on": access.queries.today()},
    )
    if request.method == "POST" and accepted(form, lambda: pass_on(request, held, form.cleaned_data)):
        messages.success(request, _("The post is handed over."))
        return redirect("units:detail", unit.id)
    about = f"{unit.name} · {held.role_name} · {held.name}"
    back = reverse("units:detail", args=[unit.id])
    return page(
        request, "units/form.html", {"form": form, "heading": _("Hand the post over"), "about": about, "back": back}
    )


def pass_on(request: access.Request, held: access.queries.Holder, given: dict[str, object]) -> None:
    access.actions.hand_over(
        held.appointment,
        to_user=UUID(str(given["user"])),
        on=given["on"],  # type: ignore[arg-type]
        remark=str(given["remark"]),
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("units.appoint")
def end(request: access.Request, appointment_id: UUID) -> HttpResponse:
    """Let an appointment end without a successor: the post is vacant from then on."""
    held = access.queries.appointment(appointment_id)
    unit = queries.unit_in(request.scope, held.unit)
    form = EndForm(request.POST or None, initial={"until": access.queries.today()})
    if request.method == "POST" and accepted(form, lambda: end_post(request, held, form.cleaned_data)):
        messages.success(request, _("The appointment ends."))
        return redirect("units:detail", unit.id)
    about = f"{unit.name} · {held.role_name} · {held.name}"
    back = reverse("units:detail", args=[unit.id])
    return page(
        request, "units/form.html", {"form": form, "heading": _("End the appointment"), "about": about, "back": back}
    )


def end_post(request: access.Request, held: access.queries.Holder, given: dict[str, object]) -> None:
    access.actions.end_appointment(
        held.appointment,
        until=given["until"],  # type: ignore[arg-type]
        reason=str(given["reason"]),
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("units.appoint")
def openings(request: access.Request, appointment_id: UUID) -> HttpResponse:
    """Let somebody open more people today than their role may."""
    held = access.queries.appointment(appointment_id)
    unit = queries.unit_in(request.scope, held.unit)
    form = OpeningsForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: access.actions.raise_openings(
            held.user, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The limit is raised for today."))
        return redirect("units:detail", unit.id)
    context = {
        "form": form,
        "heading": _("Raise the limit of openings for today"),
        "about": f"{unit.name} · {held.role_name} · {held.name}",
        "back": reverse("units:detail", args=[unit.id]),
    }
    return page(request, "units/form.html", context)
