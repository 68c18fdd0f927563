"""What waits for a second person of a second unit."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import Refused
from bihuan.kernel.web import Table, accepted, ids, page, request_key, trail
from bihuan.modules.measures import actions, queries
from bihuan.modules.measures.forms import ExposureDecisionForm

READ_AT_ONCE = 50  # no more than somebody reads before they sign


@access.require("measures.approve")
def approvals(request: access.Request) -> HttpResponse:
    """Proposed orders and new exposures in reach: read, select, sign once; each gets its own fact."""
    refused: Refused | None = None
    if request.method == "POST":
        try:
            return approve(request)
        except Refused as refusal:
            refused = refusal
    table = Table.from_request(request, (), queries.ToApprove(request.scope), size=READ_AT_ONCE)
    exposures = queries.Exposures(request.scope).waiting()
    access.listed(request.scope, "orders.approvals", [one.person_id for one in (*table.found, *exposures)])
    own = request.scope.actor
    context = {
        "table": table,
        "rows": [(row, own.id != row.proposed_by and own.unit != row.proposed_unit_id) for row in table.found],
        "exposures": exposures,
        "refused": refused,
    }
    return page(request, "measures/approvals.html", context, status=409 if refused else 200)


def approve(request: access.Request) -> HttpResponse:
    chosen = [queries.in_reach(request.scope, one) for one in ids(request.POST.getlist("order"))]
    if not chosen:
        messages.warning(request, _("Nothing was selected."))
        return redirect("orders:approvals")
    access.confirm_signature(request, act="order.approved", refers=[order.subject for order in chosen])
    actions.approve_many(
        [order.id for order in chosen], at=clock.now(), by=request.scope.actor, key=request_key(request)
    )
    done = ngettext("%(count)d order approved.", "%(count)d orders approved.", len(chosen)) % {"count": len(chosen)}
    messages.success(request, done)
    return redirect("orders:approvals")


@access.require("measures.approve")
def exposure_decision(request: access.Request, exposure_id: UUID) -> HttpResponse:
    """Approve a new exposure, which restarts the count, or reject it."""
    exposure = queries.exposure_in_reach(request.scope, exposure_id)
    form = ExposureDecisionForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: decide_exposure(request, exposure, form)):
        messages.success(request, _("The exposure is decided."))
        return redirect("orders:approvals")
    crumbs = trail((_("Approvals"), reverse("orders:approvals")))
    return page(request, "measures/exposure_decision.html", {"form": form, "exposure": exposure, "crumbs": crumbs})


def decide_exposure(request: access.Request, exposure: queries.ExposureRow, form: ExposureDecisionForm) -> None:
    access.confirm_signature(request, act="exposure.decided", refers=[f"order:{exposure.order_id}"])
    if form.cleaned_data["outcome"] == "approved":
        actions.approve_exposure(exposure.id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    else:
        words = form.cleaned_data["words"]
        actions.reject_exposure(
            exposure.id, words=words, at=clock.now(), by=request.scope.actor, key=request_key(request)
        )
