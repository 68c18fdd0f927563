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
from bihuan.modules.isolation.forms import AdmissionForm


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


def _answer(request: access.Request, patient: queries.Patient, form: AdmissionForm) -> None:
    at, by, key = clock.now(), request.scope.actor, request_key(request)
    if form.cleaned_data["answer"] == AdmissionForm.YES:
        actions.admit(patient.order_id, hospital_id=patient.hospital_id, at=at, by=by, key=key)
    else:
        reason = form.cleaned_data["reason"]
        actions.decline(patient.order_id, hospital_id=patient.hospital_id, reason=reason, at=at, by=by, key=key)
