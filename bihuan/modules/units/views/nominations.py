"""Who is named for a post that takes two people, and the second person's decision."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.kernel import access, clock
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.web import Definition, accepted, page, request_key, trail
from bihuan.modules.units.forms import NominationForm


@access.require("units.confirm")
def listing(request: access.Request) -> HttpResponse:
    return page(request, "units/nominations.html", {"waiting": access.queries.nominations(request.scope)})


@access.require("units.confirm")
def detail(request: access.Request, nomination_id: UUID) -> HttpResponse:
    """Confirm or refuse, with a signature; whoever named may take it back."""
    named = next((one for one in access.queries.nominations(request.scope) if one.id == nomination_id), None)
    if named is None:
        raise NotFound(_("There is no such nomination."))
    form = NominationForm(request.POST or None, may_confirm=named.may_decide)
    if request.method == "POST" and accepted(form, lambda: decide(request, nomination_id, form)):
        messages.success(request, _("The nomination is decided."))
        return redirect("units:nominations")
    crumbs = trail((_("Nominations"), reverse("units:nominations")))
    context = {"named": named, "definitions": definitions(named), "form": form, "crumbs": crumbs}
    return page(request, "units/nomination.html", context)


def decide(request: access.Request, nomination_id: UUID, form: NominationForm) -> None:
    access.confirm_signature(request, act="post.decided", refers=[f"nomination:{nomination_id}"])
    at, by, key = clock.now(), request.scope.actor, request_key(request)
    if form.cleaned_data["outcome"] == "confirmed":
        access.nominations.confirm_nomination(nomination_id, at=at, by=by, key=key)
    else:
        reason = form.cleaned_data["reason"]
        access.nominations.refuse_nomination(nomination_id, reason=reason, at=at, by=by, key=key)


def definitions(named: access.queries.Named) -> list[Definition]:
    return [
        Definition(_("Person"), f"{named.name} · {named.username}"),
        Definition(_("Role"), named.role_name),
        Definition(_("Unit"), named.unit_name, reverse("units:detail", args=[named.unit])),
        Definition(_("Held from"), named.since),
        Definition(_("Held until"), named.until or "—"),
        Definition(_("Named by"), f"{named.named_by} · {named.named_unit_name}"),
        Definition(_("Lapses at"), named.lapses_at),
    ]
