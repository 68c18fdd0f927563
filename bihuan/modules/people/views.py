"""Pages of the register of people. Lists mask names; a person's page opens with a purpose, and that leaves a fact."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Column, Definition, Entry, Filter, Table, accepted, page, render_table, request_key, trail

from . import actions, queries
from .forms import PURPOSES, SEXES, CorrectionForm, PersonForm, PurposeForm

COLUMNS = [
    Column("name", gettext_lazy("Name"), kind="link"),
    Column("sex", gettext_lazy("Sex"), sortable=False),
    Column("age", gettext_lazy("Age"), kind="number"),
    Column("id_masked", gettext_lazy("ID number"), sortable=False),
    Column("unit", gettext_lazy("Community")),
]
FILTERS = [
    Filter("q", gettext_lazy("Name, ID number or phone")),
    Filter("sex", gettext_lazy("Sex"), kind="choice", choices=SEXES),
    Filter("disputed", gettext_lazy("Disputed ID only"), kind="flag"),
]
TITLES = {
    "person.registered": gettext_lazy("Entered in the register"),
    "person.corrected": gettext_lazy("Particulars corrected"),
    "person.id_disputed": gettext_lazy("ID number disputed"),
    "person.opened": gettext_lazy("Record opened"),
    "arrival.expected": gettext_lazy("Expected"),
    "arrival.changed": gettext_lazy("Announcement changed"),
    "arrival.landed": gettext_lazy("Landed"),
    "arrival.history": gettext_lazy("Taken in as history"),
    "arrival.reclassified": gettext_lazy("Class changed"),
    "arrival.accepted": gettext_lazy("Accepted at the destination"),
    "arrival.sent": gettext_lazy("Sent on to the destination"),
    "arrival.closed": gettext_lazy("Arrival closed"),
    "arrival.not_on_board": gettext_lazy("Not on board"),
    "arrival.cancelled": gettext_lazy("Trip cancelled"),
    "arrival.left": gettext_lazy("Travelled on"),
    "order.linked": gettext_lazy("Order linked"),
    "order.proposed": gettext_lazy("Order proposed"),
    "order.approved": gettext_lazy("Order approved"),
    "order.rejected": gettext_lazy("Order rejected"),
    "order.retimed": gettext_lazy("Order re-timed"),
    "order.lifted": gettext_lazy("Order lifted"),
    "order.lapsed": gettext_lazy("Order lapsed"),
    "order.ended": gettext_lazy("Order ended"),
    "release.notified": gettext_lazy("Notice of release issued"),
    "sample.taken": gettext_lazy("Sample taken"),
    "test.resulted": gettext_lazy("Test result"),
    "check.recorded": gettext_lazy("Health check"),
    "transfer.requested": gettext_lazy("Transfer requested"),
    "transfer.assigned": gettext_lazy("Vehicle assigned"),
    "transfer.boarded": gettext_lazy("Boarded"),
    "transfer.arrived": gettext_lazy("Arrived by vehicle"),
    "stay.checked_in": gettext_lazy("Checked in"),
    "stay.moved": gettext_lazy("Moved to another room"),
    "stay.ended": gettext_lazy("Left the site"),
    "home.begun": gettext_lazy("Isolation at home begun"),
    "home.visited": gettext_lazy("Visited at home"),
    "custody.bound": gettext_lazy("A unit answers for the person"),
    "custody.moved": gettext_lazy("Another unit answers"),
    "custody.released": gettext_lazy("Nobody holds the person any more"),
    "handover.dispatched": gettext_lazy("Hand-over begun"),
    "handover.received": gettext_lazy("Hand-over received"),
    "appeal.filed": gettext_lazy("Appeal filed"),
    "appeal.decided": gettext_lazy("Appeal answered"),
    "appeal.lapsed": gettext_lazy("Appeal lapsed unanswered"),
    "contact.judged": gettext_lazy("Judged to be a contact"),
    "custody.let_go": gettext_lazy("No unit answers any more"),
    "custody.taken": gettext_lazy("Received by a unit"),
    "duty.breached": gettext_lazy("A duty was not done in time"),
    "duty.explained": gettext_lazy("A missed duty was explained"),
    "exposure.approved": gettext_lazy("New exposure approved"),
    "exposure.entered": gettext_lazy("New exposure entered"),
    "exposure.recorded": gettext_lazy("New exposure judged"),
    "exposure.rejected": gettext_lazy("New exposure rejected"),
    "home.missed": gettext_lazy("Not met at home"),
    "order.link_given": gettext_lazy("Personal link given"),
    "order.link_revoked": gettext_lazy("Personal link revoked"),
    "person.admitted": gettext_lazy("Admitted to a hospital"),
    "person.not_admitted": gettext_lazy("Not admitted by the hospital"),
    "person.referred": gettext_lazy("Referred to a hospital"),
    "stay.settled": gettext_lazy("The stay is over"),
    "ticket.answered": gettext_lazy("Request answered"),
    "ticket.closed": gettext_lazy("Request closed"),
    "ticket.opened": gettext_lazy("Something was asked for"),
    "transfer.cancelled": gettext_lazy("Transfer cancelled"),
    "transfer.departed": gettext_lazy("Departed"),
    "transfer.found": gettext_lazy("Found again"),
    "transfer.missing": gettext_lazy("Missing"),
    "transfer.unassigned": gettext_lazy("Seat given up"),
}


@access.require("people.read")
def listing(request: access.Request) -> HttpResponse:
    source = queries.People(request.scope, reverse("people:detail", args=[UUID(int=0)]).replace(str(UUID(int=0)), "{}"))
    table = Table.from_request(request, COLUMNS, source, FILTERS, sort="name")
    access.listed(request.scope, "people.list", [row.id for row in table.found])
    return render_table(
        request,
        "people/list.html",
        table,
        {"may_register": request.whole_scope.may("people.register")},
        export_name="people",
        on_export=access.exporting(request.scope, "people", person="id"),
    )


@access.require("people.open")
def detail(request: access.Request, person_id: UUID) -> HttpResponse:
    """The person whole, once a purpose is given."""
    purpose = request.GET.get("purpose", "")
    card = queries.card(person_id)
    if not queries.may_open(request.scope, person_id):
        raise NotFound(_("There is no such person."))
    if purpose not in dict(PURPOSES):
        return page(request, "people/purpose.html", {"form": PurposeForm(), "person": card, "crumbs": crumbs()})
    access.opened(request.scope, person_id, purpose)
    context = {
        "person": card,
        "crumbs": crumbs(),
        "definitions": particulars(card),
        "entries": entries(person_id),
    }
    return page(request, "people/detail.html", {**context, "may_correct": request.whole_scope.may("people.correct")})


@access.require("people.register")
def new(request: access.Request) -> HttpResponse:
    form = PersonForm(request.POST or None)
    made: list[UUID] = []
    if request.method == "POST" and accepted(
        form,
        lambda: made.append(
            actions.register(**form.cleaned_data, at=clock.now(), by=request.scope.actor, key=request_key(request))
        ),
    ):
        messages.success(request, _("The person is in the register."))
        return redirect(f"{reverse('people:detail', args=[made[0]])}?purpose=correction")
    return page(request, "people/form.html", {"form": form, "heading": _("Enter a person"), "crumbs": crumbs()})


@access.require("people.correct")
def correction(request: access.Request, person_id: UUID) -> HttpResponse:
    card = queries.card(person_id)
    if not queries.may_open(request.scope, person_id):
        raise NotFound(_("There is no such person."))
    initial = {name: getattr(card, name) for name in PersonForm.base_fields}
    form = CorrectionForm(request.POST or None, initial=initial)
    if request.method == "POST" and accepted(form, lambda: correct(request, person_id, form)):
        messages.success(request, _("The particulars are corrected."))
        return redirect(f"{reverse('people:detail', args=[person_id])}?purpose=correction")
    return page(request, "people/form.html", {"form": form, "heading": _("Correct particulars"), "crumbs": crumbs()})


def correct(request: access.Request, person_id: UUID, form: CorrectionForm) -> None:
    changed = {name: str(form.cleaned_data[name] or "") for name in form.changed_data if name != "reason"}
    actions.correct(
        person_id,
        changes=changed,
        reason=form.cleaned_data["reason"],
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


def crumbs() -> object:
    return trail((_("People register"), reverse("people:list")))


def particulars(card: queries.PersonCard) -> list[Definition]:
    return [
        Definition(_("Document"), dict(queries.id_types())[card.id_type]),
        Definition(
            _("ID number"), f"{card.id_number} ({_('disputed')})" if card.id_disputed else card.id_number or "—"
        ),
        Definition(_("Birth date"), f"{card.birth_on} ({card.age})" if card.birth_on else "—"),
        Definition(_("Sex"), dict(SEXES)[card.sex]),
        Definition(_("Phone"), card.phone or "—"),
        Definition(_("Address"), card.address or "—"),
        Definition(_("Community"), card.unit_name or "—"),
    ]


def entries(person_id: UUID) -> list[Entry]:
    facts = queries.timeline(person_id)
    names = queries.actor_names(facts)
    return [
        Entry(
            fact.happened_at,
            TITLES.get(fact.kind, fact.kind),
            body=queries.detail_of(fact),
            by=names[fact.actor],
            recorded_at=fact.recorded_at,
        )
        for fact in facts
    ]
