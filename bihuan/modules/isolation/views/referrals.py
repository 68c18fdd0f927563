"""A hospital's page: who was referred to it, and whom it answers for."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import FactRow, history
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import accepted, page, request_key, trail
from bihuan.modules.isolation import actions, events, queries
from bihuan.modules.isolation.forms import AdmissionForm, DischargeForm
from bihuan.modules.people import queries as people

ANSWERED = _("The answer is taken down.")
DISCHARGED = _("%(name)s is discharged. The hospital answers until they are received.")


@access.require("isolation.admit")
def listing(request: access.Request) -> HttpResponse:
    """Who waits to be taken over, the longest wait first, and who was."""
    waiting, here = queries.referred(request.scope, clock.now()), queries.admitted(request.scope)
    access.listed(request.scope, "isolation.referrals", [one.person_id for one in (*waiting, *here)])
    return page(request, "isolation/referrals.html", {"waiting": waiting, "here": here})


@access.require("isolation.admit")
def detail(request: access.Request, order_id: UUID) -> HttpResponse:
    """Take one person over, or say why not."""
    found = queries.referred(request.scope, clock.now())
    patient = next((one for one in found if one.order_id == order_id), None)
    form = AdmissionForm(request.POST or None)
    if patient is None:
        answer = _last(request, order_id, events.ADMITTED, events.NOT_ADMITTED)
        if answer is None:
            raise NotFound(_("Nobody waits at this hospital under this order."))
        return _sent_again(request, form, lambda: _answer(request, order_id, _hospital(answer), form), ANSWERED)
    if request.method == "POST" and accepted(form, lambda: _answer(request, order_id, patient.hospital_id, form)):
        messages.success(request, ANSWERED)
        return redirect("referrals:list")
    access.opened(request.scope, patient.person_id, "isolation.referral")
    context = {"form": form, "patient": patient, "crumbs": trail((_("Referred here"), reverse("referrals:list")))}
    return page(request, "isolation/referral.html", context)


@access.require("isolation.admit")
def discharge(request: access.Request, order_id: UUID) -> HttpResponse:
    """Let somebody go whose order goes on: to a site, or home."""
    patient = next((one for one in queries.admitted(request.scope) if one.order_id == order_id), None)
    if patient is None:
        return _discharged(request, order_id)
    leaving = queries.discharging(order_id, patient.hospital_id, clock.now())
    home = people.card(patient.person_id).unit_id
    form = DischargeForm(request.POST or None, **_places(leaving.to_site), initial={"to_unit_id": home})
    if request.method == "POST" and accepted(form, lambda: _let_go(request, order_id, patient.hospital_id, form)):
        messages.success(request, DISCHARGED % {"name": patient.name})
        return redirect("referrals:list")
    access.opened(request.scope, patient.person_id, "isolation.referral")
    context = {
        "form": form,
        "patient": patient,
        "leaving": leaving,
        "crumbs": trail((_("Referred here"), reverse("referrals:list"))),
    }
    return page(request, "isolation/discharge.html", context)


def _discharged(request: access.Request, order_id: UUID) -> HttpResponse:
    """The hospital has let this person go: here is what it said then."""
    done = _last(request, order_id, events.DISCHARGED)
    if done is None:
        raise NotFound(_("This hospital does not answer for anybody under this order."))
    form = DischargeForm(request.POST or None, **_places(done.payload["to"] == "site"))
    person = people.card(queries.order_under(order_id).person_id)
    access.opened(request.scope, person.id, "isolation.referral")
    said = DISCHARGED % {"name": person.name}
    return _sent_again(request, form, lambda: _let_go(request, order_id, _hospital(done), form), said)


def _sent_again(request: access.Request, form: BaseForm, act: Callable[[], None], said: object) -> HttpResponse:
    """Done already. The same form gets the answer it got the first time, for its key is known; another is refused."""
    if request.method == "POST" and form.is_valid():
        act()
    messages.success(request, str(said))
    return redirect("referrals:list")


def _last(request: access.Request, order_id: UUID, *kinds: str) -> FactRow | None:
    """The last of these that a hospital of the reader's said under the order."""
    own = queries.hospitals(request.scope)
    told = [fact for fact in history(f"order:{order_id}") if fact.kind in kinds and _hospital(fact) in own]
    return told[-1] if told else None


def _hospital(fact: FactRow) -> UUID:
    return UUID(str(fact.payload["hospital"]))


def _places(to_site: bool) -> dict[str, Any]:
    units = access.queries.units_of_kinds("site" if to_site else "community")
    return {"to_site": to_site, "units": [(str(unit.id), str(unit.name)) for unit in units]}


def _let_go(request: access.Request, order_id: UUID, hospital: UUID, form: DischargeForm) -> None:
    actions.discharge(
        order_id,
        hospital_id=hospital,
        **form.cleaned_data,
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


def _answer(request: access.Request, order_id: UUID, hospital: UUID, form: AdmissionForm) -> None:
    at, by, key = clock.now(), request.scope.actor, request_key(request)
    if form.cleaned_data["answer"] == AdmissionForm.YES:
        actions.admit(order_id, hospital_id=hospital, at=at, by=by, key=key)
    else:
        actions.decline(order_id, hospital_id=hospital, reason=form.cleaned_data["reason"], at=at, by=by, key=key)
