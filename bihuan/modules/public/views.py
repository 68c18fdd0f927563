"""Pages without an account.

A person's own page is opened by its secret address and is kept by no browser and no proxy.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.ledger import Actor, derive, latest
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.web import accepted, knocks, page, request_key
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.measures import actions as measures
from bihuan.modules.places import queries as places
from bihuan.modules.public import queries
from bihuan.modules.public.forms import AppealForm, DeclarationForm, StatusForm, TicketForm
from bihuan.modules.public.rules import WINDOW, Door, is_flood

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


class TooMany(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("Too many requests came from your network."),
            _("Try again in an hour, or call the number on your notice."),
        )


class NoSuchPage(NotFound):
    def __init__(self) -> None:
        super().__init__(_("There is nothing at this address."), _("Ask whoever gave it to you for a new one."))


def kept_by_nobody[**P](view: View[P]) -> View[P]:
    """The address is the secret: no cache, no search engine and no other site may learn it."""

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "same-origin"  # the token stays here; with no-referrer browsers refuse the forms
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapper


def knock(request: HttpRequest, door: Door) -> None:
    """Count this address at this door, and refuse a flood."""
    if is_flood(door, knocks.knock(request, door, WINDOW)):
        raise TooMany


def home(request: HttpRequest) -> HttpResponse:
    return page(request, "public/home.html", {"contact": queries.command()})


def declare(request: HttpRequest) -> HttpResponse:
    """Tell the city of a trip ahead; the answer is a reference number and what applies."""
    form = DeclarationForm(request.POST or None, initial={"reference": request.GET.get("reference", "")})
    if request.method == "POST":
        knock(request, Door.DECLARE)
        if form.is_machine:
            return redirect("public:home")
        made: list[str] = []
        if accepted(form, lambda: made.append(declared(request, form))):
            messages.success(request, _("Your trip is declared. Keep the reference number."))
            return redirect("public:trip", made[0])
    return page(request, "public/declare.html", {"form": form})


def declared(request: HttpRequest, form: DeclarationForm) -> str:
    """Sent again it is the same; sent again from the page before with something put right, that is put right."""
    data = {name: value for name, value in form.cleaned_data.items() if name not in ("website", "origin")}
    data["origin_code"] = form.cleaned_data["origin"]
    arrival = arrivals.declare(
        **data,
        form=derive(request_key(request), "declaration"),
        at=clock.now(),
        by=Actor.public("declaration"),
        key=derive(request_key(request), *(f"{name}={value}" for name, value in sorted(data.items()))),
    )
    return queries.reference_of(arrival)


@kept_by_nobody
def trip(request: HttpRequest, reference: str) -> HttpResponse:
    """What applies to a declared trip, why, and whom to call."""
    knock(request, Door.STATUS)
    found = queries.declared(reference)
    if found is None:
        raise NoSuchPage
    return page(request, "public/trip.html", {"trip": found})


def status(request: HttpRequest) -> HttpResponse:
    """Find a declaration by its reference number. A wrong one looks like one that never was."""
    form = StatusForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        knock(request, Door.STATUS)
        found = queries.declared(form.cleaned_data["reference"])
        if found is not None:
            return redirect("public:trip", found.reference)
        form.add_error("reference", _("There is no trip with this number."))
    return page(request, "public/status.html", {"form": form})


def advice(request: HttpRequest) -> HttpResponse:
    """Where not to travel without need, and until when the advice holds."""
    today = clock.now().astimezone(clock.CITY).date()
    context = {"rows": places.advice(today), "levels": dict(places.level_names()), "today": today}
    return page(request, "public/advice.html", context)


def checkpoint(request: HttpRequest) -> HttpResponse:
    """What was signed last over everything that was recorded: for whoever wants to keep it and ask one day."""
    return page(request, "public/checkpoint.html", {"latest": latest()})


def checkpoint_note(request: HttpRequest) -> HttpResponse:
    """The same as a program keeps it."""
    signed = latest()
    if signed is None:
        raise NoSuchPage
    return HttpResponse(signed.note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@kept_by_nobody
def person(request: HttpRequest, token: str) -> HttpResponse:
    """A person's own page: what, why, until when, who decided, whom to call, who looked, and how to object."""
    return page(request, "public/person.html", {"own": own(token)})


@kept_by_nobody
def appeal(request: HttpRequest, token: str) -> HttpResponse:
    """The person objects; somebody who did not make the order answers."""
    found = own(token)
    form = AppealForm(request.POST or None)
    if request.method == "POST":
        knock(request, Door.APPEAL)
        if not form.is_machine and accepted(
            form,
            lambda: measures.file_appeal(
                found.page.order.id,
                words=form.cleaned_data["words"],
                phone=form.cleaned_data["phone"],
                at=clock.now(),
                by=Actor.public(found.page.order.number),
                key=request_key(request),
            ),
        ):
            messages.success(request, _("Your appeal is filed. You will be answered within 24 hours."))
            return redirect("public:person", token)
    return page(request, "public/appeal.html", {"form": form, "own": found, "back": back(token)})


@kept_by_nobody
def ticket(request: HttpRequest, token: str) -> HttpResponse:
    """The person asks for something: medicine, food, help, a complaint."""
    found = own(token)
    form = TicketForm(request.POST or None)
    if request.method == "POST":
        knock(request, Door.TICKET)
        if not form.is_machine and accepted(
            form,
            lambda: isolation.open_ticket(
                found.page.order.id,
                kind=form.cleaned_data["kind"],
                text=form.cleaned_data["text"],
                at=clock.now(),
                by=Actor.public(found.page.order.number),
                key=request_key(request),
            ),
        ):
            messages.success(request, _("Your request is with whoever looks after you."))
            return redirect("public:person", token)
    return page(request, "public/ticket.html", {"form": form, "own": found, "back": back(token)})


def own(token: str) -> queries.OwnPage:
    found = queries.own_page(token)
    if found is None:
        raise NoSuchPage
    return found


def back(token: str) -> str:
    return reverse("public:person", args=[token])
