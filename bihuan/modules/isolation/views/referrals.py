"""A hospital's page: who was referred to it, and whom it answers for."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import accepted, page, request_key, trail
from bihuan.modules.isolation import actions, queries
from bihuan.modules.isolation.forms import AdmissionForm, DischargeForm
from bihuan.modules.people import queries as people


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
    if patient is None:
        raise NotFound(_("Nobody waits at this hospital under this order."))
    form = AdmissionForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: _answer(request, patient, form)):
        messages.success(request, _("The answer is taken down."))
        return redirect("referrals:list")
    access.opened(request.scope, patient.person_id, "isolation.referral")
    context = {"form": form, "patient": patient, "crumbs": trail((_("Referred here"), reverse("referrals:list")))}
    return page(request, "isolation/referral.html", context)


@access.require("isolation.admit")
def discharge(request: access.Request, order_id: UUID) -> HttpResponse:
    """Let somebody go whose order goes on: to a site, or home."""
    patient = next((one for one in queries.admitted(request.scope) if one.order_id == order_id), None)
    if patient is None:
        raise NotFound(_("This hospital does not answer for anybody under this order."))
    leaving = queries.discharging(order_id, patient.hospital_id, clock.now())
    units = access.queries.units_of_kinds("site" if leaving.to_site else "community")
    form = DischargeForm(
        request.POST or None,
        to_site=leaving.to_site,
        units=[(str(unit.id), str(unit.name)) for unit in units],
        initial={"to_unit_id": people.card(patient.person_id).unit_id},
    )
    if request.method == "POST" and accepted(form, lambda: _let_go(request, patient, form)):
        messages.success(
            request, _("%(name)s is discharged. The hospital answers until they are received.") % {"name": patient.name}
        )
        return redirect("referrals:list")
    access.opened(request.scope, patient.person_id, "isolation.referral")
    context = {
        "form": form,
        "patient": patient,
        "leaving": leaving,
        "crumbs": trail((_("Referred here"), reverse("referrals:list"))),
    }
    return page(request, "isolation/discharge.html", context)


def _let_go(request: access.Request, patient: queries.Patient, form: DischargeForm) -> None:
    actions.discharge(
        patient.order_id,
        hospital_id=patient.hospital_id,
        **form.cleaned_data,
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


def _answer(request: access.Request, patient: queries.Patient, form: AdmissionForm) -> None:
    at, by, key = clock.now(), request.scope.actor, request_key(request)
    if form.cleaned_data["answer"] == AdmissionForm.YES:
        actions.admit(patient.order_id, hospital_id=patient.hospital_id, at=at, by=by, key=key)
    else:
        reason = form.cleaned_data["reason"]
        actions.decline(patient.order_id, hospital_id=patient.hospital_id, reason=reason, at=at, by=by, key=key)
