"""Accounts: opened, closed and helped by the system administrator, who cannot give anybody a post; unlocked and signed
out by the security administrator, who cannot get into one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.access.actions import NewUser
from bihuan.kernel.access.passwords import hashed
from bihuan.kernel.web import Column, Filter, Table, accepted, page, render_table, request_key, trail
from bihuan.modules.units import queries
from bihuan.modules.units.forms import AccountForm, NewPasswordForm

COLUMNS = [
    Column("username", gettext_lazy("Account"), kind="link"),
    Column("name", gettext_lazy("Name")),
    Column("phone", gettext_lazy("Phone"), sortable=False),
    Column("posts", gettext_lazy("Posts"), sortable=False),
    Column("state", gettext_lazy("State"), kind="badge", sortable=False),
]
FILTERS = [
    Filter("q", gettext_lazy("Name, account or phone")),
    Filter("closed", gettext_lazy("Closed only"), kind="flag"),
]


@access.require("access.accounts")
def listing(request: access.Request) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, queries.Accounts(request.scope), FILTERS, sort="username")
    return render_table(
        request,
        "units/accounts.html",
        table,
        {"may_open": request.whole_scope.may("access.users")},
        export_name="accounts",
        on_export=access.exporting(request.scope, "accounts"),
    )


@access.require("access.users")
@sensitive_post_parameters("password")
def new(request: access.Request) -> HttpResponse:
    form = AccountForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: add(request, form.cleaned_data)):
        messages.success(request, _("The account is open. A code device is enrolled at the first sign-in."))
        return redirect("accounts:list")
    back = reverse("accounts:list")
    return page(request, "units/form.html", {"form": form, "heading": _("Open an account"), "back": back})


def add(request: access.Request, given: dict[str, str]) -> None:
    password_hash = hashed(given["password"], username=given["username"], name=given["name"])
    access.actions.add_user(
        NewUser(given["username"], given["name"], given["phone"], password_hash),
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )


@access.require("access.accounts")
def detail(request: access.Request, user_id: UUID) -> HttpResponse:
    account = queries.account_in(request.scope, user_id)
    posts = access.queries.posts_of_user(user_id)
    crumbs = trail((_("Accounts"), reverse("accounts:list")))
    context = {
        "account": account,
        "posts": posts,
        "crumbs": crumbs,
        "today": access.queries.today(),
        "may_help": request.whole_scope.may("access.users"),
        "may_end": request.whole_scope.may("access.sessions"),
    }
    return page(request, "units/account.html", context)


@require_POST
@access.require("access.users")
def closure(request: access.Request, user_id: UUID) -> HttpResponse:
    """Close the account, or open it again."""
    account = queries.account_in(request.scope, user_id)
    act = access.actions.disable_user if account.is_active else access.actions.enable_user
    act(user_id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The account is closed.") if account.is_active else _("The account is open again."))
    return redirect("accounts:detail", user_id)


@require_POST
@access.require("access.users")
def device_reset(request: access.Request, user_id: UUID) -> HttpResponse:
    """Take the code device away, for a lost phone."""
    account = queries.account_in(request.scope, user_id)
    access.actions.reset_code(account.id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The code device is taken away. The next sign-in enrols a new one."))
    return redirect("accounts:detail", user_id)


@require_POST
@access.require("access.sessions")
def sessions(request: access.Request, user_id: UUID) -> HttpResponse:
    """Sign the account out everywhere, for a device that was left open or lost."""
    account = queries.account_in(request.scope, user_id)
    access.actions.end_sessions(account.id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("Every session of the account is over."))
    return redirect("accounts:detail", user_id)


@require_POST
@access.require("access.sessions")
def unlock(request: access.Request, user_id: UUID) -> HttpResponse:
    """Forget the wrong tries that closed the account to a network."""
    account = queries.account_in(request.scope, user_id)
    access.actions.unlock(account.id, at=clock.now(), by=request.scope.actor, key=request_key(request))
    messages.success(request, _("The account is unlocked. Whoever it belongs to may try again."))
    return redirect("accounts:detail", user_id)


@access.require("access.users")
@sensitive_post_parameters("password")
def password(request: access.Request, user_id: UUID) -> HttpResponse:
    account = queries.account_in(request.scope, user_id)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and accepted(
        form, lambda: give_password(request, account, form.cleaned_data["password"])
    ):
        messages.success(request, _("The password is set and every session of the account is over."))
        return redirect("accounts:detail", user_id)
    back = reverse("accounts:detail", args=[user_id])
    return page(request, "units/form.html", {"form": form, "heading": _("Set a password"), "back": back})


def give_password(request: access.Request, account: access.queries.Account, given: str) -> None:
    access.actions.set_password(
        account.id,
        password_hash=hashed(given, username=account.username, name=account.name),
        at=clock.now(),
        by=request.scope.actor,
        key=request_key(request),
    )
