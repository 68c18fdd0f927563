"""The list of orders, one order, and what an officer does with it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import (
    Badge,
    Column,
    Definition,
    Filter,
    Step,
    Table,
    accepted,
    page,
    render_table,
    request_key,
    trail,
)
from bihuan.kernel.web.templatetags.bihuan import until
from bihuan.modules.measures import actions, queries
from bihuan.modules.measures.forms import ExposureForm, LiftForm, RejectionForm
from bihuan.modules.measures.models import OrderKind, OrderState
from bihuan.modules.measures.rules import ExposureSource, release_is_near
from bihuan.modules.measures.views import words
from bihuan.modules.people import queries as people

COLUMNS = [
    Column("number", _("Order"), kind="link"),
    Column("person", _("Person"), sortable=False),
    Column("kind_name", _("Kind"), sortable=False),
    Column("badge", _("State"), kind="badge", sortable=False),
    Column("unit", _("Proposed at"), sortable=False),
    Column("deciding_unit", _("Deciding body"), sortable=False),
    Column("counted_from", _("Last exposure"), kind="date"),
    Column("ends_at", _("Ends"), kind="until"),
]
FILTERS = [
    Filter("q", _("Number or name")),
    Filter("state", _("State"), kind="choice", choices=OrderState.choices),
    Filter("kind", _("Kind"), kind="choice", choices=OrderKind.choices),
    Filter("until", _("Ending by"), kind="day"),
]


@access.require("measures.read")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.OrderList(request.scope), FILTERS, sort="-proposed_at")
    access.listed(request.scope, "orders.list", queries.person_ids(table.found))
    return render_table(
        request,
        "measures/orders.html",
        table,
        export_name="orders",
        on_export=access.exporting(request.scope, "orders"),
    )


@access.require("measures.read")
def detail(request: access.Request, order_id: UUID) -> HttpResponse:
    order, is_own = queries.to_read(request.scope, order_id)
    card = people.card(order.person_id)
    access.opened(request.scope, order.person_id, "order")

    def may(power: str) -> bool:
        return is_own and request.whole_scope.may(power)

    context = {
        "order": order,
        "card": card,
        "badge": badge(order),
        "token": queries.token_of(order_id),
        "definitions": definitions(order),
        "steps": steps(order),
        "entries": words.entries(queries.what_happened(order_id)),
        "appeals": queries.appeals_of(order_id),
        "may_approve": may("measures.approve") and order.is_proposed,
        "may_expose": may("measures.propose") and order.is_live,
        "may_lift": may("measures.lift") and order.is_live,
        "may_notify": may("measures.notify"),
        "may_release": is_own and may_release(order),
        "is_own": is_own,
        "crumbs": trail((_("Orders"), reverse("orders:list"))),
    }
    return page(request, "measures/order.html", context)


def badge(order: queries.OrderRow) -> Badge:
    return Badge(order.state_name, queries.TONES[order.state])


def definitions(order: queries.OrderRow) -> list[Definition]:
    return [
        Definition(_("Rule code"), order.rule),
        Definition(_("Policy"), order.policy_name),
        Definition(_("Legal basis"), order.legal_basis),
        Definition(_("Evidence"), words.title(order.evidence_kind)),
        Definition(_("Last exposure"), order.counted_from),
        Definition(_("Conditions of release"), order.conditions),
        Definition(_("Deciding body"), order.deciding_unit),
        Definition(_("Entered by"), f"{order.proposed_name} · {order.proposed_unit}"),
        Definition(_("Approved by"), f"{order.approved_name} · {order.approved_unit}" if order.approved_unit else "—"),
        Definition(_("Proposed at"), order.unit),
    ]


def steps(order: queries.OrderRow) -> list[Step]:
    """The phases, and where in them the person is."""
    now = clock.now()
    return [
        Step(
            phase.kind_name,
            "done" if phase.ends_at <= now else "current" if phase.starts_at <= now and order.is_live else "open",
            note=_("until %(end)s") % {"end": until(phase.ends_at)},
        )
        for phase in order.phases
    ]


@access.require("measures.approve")
def rejection(request: access.Request, order_id: UUID) -> HttpResponse:
    order = queries.in_reach(request.scope, order_id)
    form = RejectionForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.reject(
            order_id, **form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request)
        ),
    ):
        messages.success(request, _("The proposal is rejected."))
        return redirect("orders:approvals")
    return page(request, "measures/rejection.html", {"form": form, "order": order, "crumbs": back_to(order)})


@access.require("measures.lift")
def lifting(request: access.Request, order_id: UUID) -> HttpResponse:
    """Free somebody before the end, on a fact about them that came after the order."""
    order = queries.in_reach(request.scope, order_id)
    facts = queries.grounds_for_lifting(order)
    choices = [
        (str(fact.key), f"{words.title(fact.kind)}, {timezone.localtime(fact.happened_at):%Y-%m-%d %H:%M}")
        for fact in facts
    ]
    form = LiftForm(request.POST or None, facts=choices)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.lift(
            order_id,
            evidence=form.cleaned_data["evidence"],
            reason=Text(zh=form.cleaned_data["reason_zh"], en=form.cleaned_data["reason_en"]),
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The order is lifted; the person is free."))
        return redirect("orders:detail", order_id)
    return page(
        request, "measures/lifting.html", {"form": form, "order": order, "facts": facts, "crumbs": back_to(order)}
    )


@access.require("measures.propose")
def exposure(request: access.Request, order_id: UUID) -> HttpResponse:
    """Enter a new exposure; it counts once somebody of another unit has approved it."""
    order = queries.in_reach(request.scope, order_id)
    form = ExposureForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: actions.judge_exposure(
            order_id,
            exposed_on=form.cleaned_data["exposed_on"],
            source=ExposureSource(form.cleaned_data["source"]),
            at=clock.now(),
            by=request.scope.actor,
            key=request_key(request),
        ),
    ):
        messages.success(request, _("The exposure is entered and waits for approval by another unit."))
        return redirect("orders:detail", order_id)
    return page(request, "measures/exposure.html", {"form": form, "order": order, "crumbs": back_to(order)})


@access.require("measures.read")
def notice(request: access.Request, order_id: UUID) -> HttpResponse:
    """The order on paper; for somebody it binds no more, the notice of release. What nobody approved binds nobody, so
    there is no paper of it.
    """
    order = queries.in_reach(request.scope, order_id)
    if not (order.is_live or order.is_over):
        raise NotFound(
            _("There is no notice of this order: it was not approved and binds nobody."),
            _("It can be printed once somebody of another unit has approved the order."),
        )
    return paper(request, order, "release" if order.is_over else "notice")


def paper(request: access.Request, order: queries.OrderRow, name: str) -> HttpResponse:
    """In both languages, with the QR code of the person's own page."""
    access.opened(request.scope, order.person_id, "notice")
    token = queries.token_of(order.id)
    context = {
        "order": order,
        "card": people.card(order.person_id),
        "address": request.build_absolute_uri(reverse("public:person", args=[token])) if token else "",
    }
    return page(request, f"measures/{name}.html", context)


@access.require("measures.read")
def release_notice(request: access.Request, order_id: UUID) -> HttpResponse:
    """The notice of release: printed in the last day before the end, and recorded as given."""
    order = queries.in_reach(request.scope, order_id)
    if not may_release(order):
        raise NotFound(_("There is no notice of release yet."), _("It can be printed in the last 24 hours."))
    if request.method == "POST" and request.whole_scope.may("measures.notify"):
        actions.notify_release(order_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
        messages.success(request, _("The notice of release is recorded as given."))
        return redirect("orders:detail", order_id)
    return paper(request, order, "release")


def may_release(order: queries.OrderRow) -> bool:
    return order.is_over or (order.is_live and release_is_near(order.ends_at, clock.now()))


@access.require("measures.notify")
@require_POST
def link(request: access.Request, order_id: UUID) -> HttpResponse:
    """Give the person a new link, or stop the one they have."""
    queries.in_reach(request.scope, order_id)
    act = actions.revoke_link if "revoke" in request.POST else actions.give_link
    act(order_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The personal link is changed; the earlier one no longer works."))
    return redirect("orders:detail", order_id)


def back_to(order: queries.OrderRow) -> object:
    return trail((_("Orders"), reverse("orders:list")), (order.number, reverse("orders:detail", args=[order.id])))
