"""Pages of the register of people. Lists mask names; a person's page opens with a purpose, and that leaves a fact."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import (
    Badge,
    Column,
    Definition,
    Entry,
    Filter,
    Table,
    accepted,
    page,
    render_table,
    request_key,
    trail,
)

from . import actions, queries
from .forms import SEXES, CorrectionForm, JoiningForm, PersonForm, PurposeForm, SeparationForm

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
PAIR_COLUMNS = [
    Column("names", gettext_lazy("Records"), sortable=False, kind="link"),
    Column("certainty", gettext_lazy("How sure"), sortable=False, kind="badge"),
    Column("agrees", gettext_lazy("What agrees"), sortable=False),
    Column("conflicts", gettext_lazy("What differs"), sortable=False),
    Column("units", gettext_lazy("Community"), sortable=False),
    Column("found_at", gettext_lazy("Noticed"), sortable=False, kind="moment"),
]
CERTAINTIES = {
    "match": Badge(gettext_lazy("Almost certainly one person"), "warn"),
    "possible": Badge(gettext_lazy("May be one person"), "info"),
}
PAIR_FILTERS = [
    Filter(
        "outcome",
        gettext_lazy("How sure"),
        kind="choice",
        choices=[(code, badge.label) for code, badge in CERTAINTIES.items()],
    )
]
LEVELS = {
    None: Badge(gettext_lazy("Not compared")),
    "same": Badge(gettext_lazy("Same"), "good"),
    "sound": Badge(gettext_lazy("Sounds the same"), "good"),
    "near": Badge(gettext_lazy("Nearly the same"), "good"),
    "misread": Badge(gettext_lazy("One digit misread"), "good"),
    "one": Badge(gettext_lazy("One character differs"), "warn"),
    "part": Badge(gettext_lazy("Partly the same"), "warn"),
    "area": Badge(gettext_lazy("Another number there"), "warn"),
    "differ": Badge(gettext_lazy("Different"), "bad"),
}
TITLES = {
    "person.merged": gettext_lazy("Two records joined"),
    "person.unmerged": gettext_lazy("Joined records taken apart"),
    "person.told_apart": gettext_lazy("Told apart from another record"),
    "person.registered": gettext_lazy("Entered in the register"),
    "person.corrected": gettext_lazy("Particulars corrected"),
    "person.id_disputed": gettext_lazy("ID number disputed"),
    "person.opened": gettext_lazy("Record opened"),
    "arrival.expected": gettext_lazy("Expected"),
    "arrival.changed": gettext_lazy("Announcement changed"),
    "arrival.taken_back": gettext_lazy("File taken back"),
    "arrival.landed": gettext_lazy("Landed"),
    "arrival.found": gettext_lazy("Found later"),
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
    """The person whole, once there is a purpose: asked once a day, not after the person's order, arrival or stay."""
    card = queries.card(person_id)
    if not queries.may_open(request.scope, person_id):
        raise NotFound(_("There is no such person."))
    purpose = access.purpose_today(request.scope, person_id)
    if not purpose:
        return ask(request, card)
    access.opened(request.scope, person_id, purpose)
    context = {
        "person": card,
        "crumbs": crumbs(),
        "definitions": particulars(card),
        "entries": entries(person_id),
        "kept": queries.kept_for(person_id),
        "joined": queries.cards(queries.joined_to(person_id)).values(),
        "may_match": request.whole_scope.may("people.match"),
    }
    return page(request, "people/detail.html", {**context, "may_correct": request.whole_scope.may("people.correct")})


def ask(request: access.Request, card: queries.PersonCard) -> HttpResponse:
    """Purpose and occasion, before anything of the person is shown."""
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and accepted(
        form,
        lambda: access.opened(
            request.scope,
            card.id,
            form.cleaned_data["purpose"],
            reason=form.cleaned_data["reason"],
            key=request_key(request),
        ),
    ):
        return redirect("people:detail", card.id)
    return page(request, "people/purpose.html", {"form": form, "person": card, "crumbs": crumbs()})


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
        access.opened(request.scope, made[0], "correction")
        return redirect("people:detail", made[0])
    return page(request, "people/form.html", {"form": form, "heading": _("Enter a person"), "crumbs": crumbs()})


@access.require("people.correct")
def correction(request: access.Request, person_id: UUID) -> HttpResponse:
    card = queries.card(person_id)
    if not queries.may_open(request.scope, person_id):
        raise NotFound(_("There is no such person."))
    if not access.purpose_today(request.scope, person_id):
        return redirect("people:detail", person_id)
    initial = {name: getattr(card, name) for name in PersonForm.base_fields}
    form = CorrectionForm(request.POST or None, initial=initial)
    if request.method == "POST" and accepted(form, lambda: correct(request, person_id, form)):
        messages.success(request, _("The particulars are corrected."))
        return redirect("people:detail", person_id)
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


@access.require("people.match")
def pairs(request: access.Request) -> HttpResponse:
    """Records that may be one person, the surest first."""
    url = reverse("people:pair", args=[UUID(int=0)]).replace(str(UUID(int=0)), "{}")
    table = Table.from_request(request, PAIR_COLUMNS, queries.Pairs(request.scope, url, CERTAINTIES), PAIR_FILTERS)
    access.listed(request.scope, "people.pairs", [card.id for row in table.found for card in (row.first, row.second)])
    return render_table(request, "people/pairs.html", table)


@access.require("people.match")
def pair(request: access.Request, pair_id: UUID) -> HttpResponse:
    """Two records side by side; and that they are one person."""
    found = queries.pair(request.scope, pair_id)
    form = JoiningForm(request.POST or None, initial={"keep": str(queries.to_keep(found))})
    form.fields["keep"].choices = [  # type: ignore[attr-defined]
        (str(found.first.id), _("Record A")),
        (str(found.second.id), _("Record B")),
    ]
    if request.method == "POST" and accepted(form, lambda: join(request, pair_id, form)):
        messages.success(request, _("The two records are joined. The whole history stands under the one that goes on."))
        return redirect("people:pairs")
    for card in (found.first, found.second):
        access.opened(request.scope, card.id, "matching")
    context = {"pair": found, "lines": lines(found), "form": form, "certainty": CERTAINTIES[found.outcome]}
    return page(request, "people/pair.html", {**context, "crumbs": pair_crumbs()})


def join(request: access.Request, pair_id: UUID, form: JoiningForm) -> None:
    actions.merge(
        pair_id,
        keep=UUID(form.cleaned_data["keep"]),
        reason=form.cleaned_data["reason"],
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("people.match")
@require_POST
def distinction(request: access.Request, pair_id: UUID) -> HttpResponse:
    """The two are two people."""
    queries.pair(request.scope, pair_id)
    actions.tell_apart(pair_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("Noted: these are two people. You will not be asked about them again."))
    return redirect("people:pairs")


@access.require("people.match")
def separation(request: access.Request, person_id: UUID) -> HttpResponse:
    """A joined record stands for itself again."""
    card = queries.card(person_id)
    if not queries.may_open(request.scope, person_id):
        raise NotFound(_("There is no such person."))
    if not access.purpose_today(request.scope, person_id):
        return redirect("people:detail", person_id)
    form = SeparationForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: separate(request, person_id, form)):
        messages.success(request, _("The records are apart again, each as it was."))
        return redirect("people:pairs")
    return page(request, "people/separation.html", {"form": form, "person": card, "crumbs": crumbs()})


def separate(request: access.Request, person_id: UUID, form: SeparationForm) -> None:
    actions.unmerge(
        person_id,
        reason=form.cleaned_data["reason"],
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


def pair_crumbs() -> object:
    return trail((_("Duplicate records"), reverse("people:pairs")))


def lines(found: queries.PairRow) -> list[tuple[object, object, object, Badge | None]]:
    """Particular by particular: its name, both values, and how they relate."""
    told = [[definition.shown for definition in particulars(card)] for card in (found.first, found.second)]
    labels = [definition.label for definition in particulars(found.first)]
    related = {_("ID number"): "number", _("Birth date"): "birth", _("Sex"): "sex", _("Phone"): "phone"}
    levels = {**related, _("Address"): "address"}
    rows: list[tuple[object, object, object, Badge | None]] = [
        (_("Name"), found.first.name, found.second.name, LEVELS[found.levels.name])
    ]
    for label, first, second in zip(labels, *told, strict=True):
        field = levels.get(str(label))
        rows.append((label, first, second, LEVELS[getattr(found.levels, field)] if field else None))
    return rows
