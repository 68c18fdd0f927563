"""The way in and out, and the page about oneself."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from bihuan.kernel import access, clock
from bihuan.kernel.access import codes, entering, sessions, throttle
from bihuan.kernel.access.models import User
from bihuan.kernel.access.passwords import hashed
from bihuan.kernel.refusals import Refused
from bihuan.kernel.web import accepted, page, request_key
from bihuan.modules.units.forms import CodeForm, OwnPasswordForm, PasswordForm

AFTER = "sign_in_next"
BEGIN_WITH = ("city_command", "gate_officer")  # in a demo city


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password. In a demo city also the accounts of each role, one click each."""
    if request.whole_scope is not None:  # type: ignore[attr-defined]
        return redirect(safe(request, request.GET.get("next", "")))
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: entering.first_step(request, **form.cleaned_data)):
        request.session[AFTER] = safe(request, request.GET.get("next", ""))
        return redirect("access:code")
    roles = access.queries.accounts_by_role() if settings.DEMO else ()
    context = {
        "form": form,
        "begin": sorted((one for one in roles if one.code in BEGIN_WITH), key=lambda one: BEGIN_WITH.index(one.code)),
        "roles": [one for one in roles if one.code not in BEGIN_WITH],
        "after": request.GET.get("next", ""),
        "public_url": settings.PUBLIC_URL,
    }
    return page(request, "units/sign_in.html", context)


@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The second step: a code, and before the first one the enrolment of a device."""
    user = entering.pending(request)
    if user is None:
        return redirect("access:sign_in")
    after = request.session.get(AFTER, "/")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and accepted(form, lambda: entering.second_step(request, **form.cleaned_data)):
        return entered(user, after)
    enrolment = None if codes.is_enrolled(user.id) else codes.enrolment(user)
    return page(request, "units/code.html", {"form": form, "enrolment": enrolment})


@require_POST
def demo_entry(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Enter a demo city as somebody; refused anywhere else."""
    user = entering.demo_entry(request, user_id=user_id)
    return entered(user, safe(request, request.POST.get("next", "")))


def entered(user: User, after: str) -> HttpResponse:
    response = redirect(after)
    sessions.speak(response, user.language)
    return response


def safe(request: HttpRequest, address: str) -> str:
    """An address of our own, else the home page."""
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if address.startswith("/") and ours else settings.LOGIN_REDIRECT_URL


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    sessions.end(request, "asked")
    answer = redirect("access:sign_in")
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@access.signed_in
def me(request: access.Request) -> HttpResponse:
    """Who am I here: account, posts, and what they let me do."""
    today = access.queries.today()
    return page(
        request,
        "units/me.html",
        {"user": request.scope.user, "posts": access.queries.posts_of_user(request.scope.user.id), "today": today},
    )


class OwnPasswordRefused(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("The present password or the code is not right, so nothing was changed."),
            _("Enter both again; each code is good once."),
        )


@access.signed_in
@sensitive_post_parameters("password", "present", "code")
def own_password(request: access.Request) -> HttpResponse:
    """Whoever changes how they sign in proves with both factors once more that it is they."""
    form = OwnPasswordForm(request.POST or None, has_device=not settings.DEMO)
    if request.method == "POST" and accepted(form, lambda: set_own_password(request, **form.cleaned_data)):
        sessions.end(request, "ended")
        messages.success(request, _("Your password is changed. Sign in again."))
        return redirect("access:sign_in")
    return page(request, "units/form.html", {"form": form, "heading": _("Change my password"), "back": "/me"})


def set_own_password(request: access.Request, *, present: str, password: str, code: str = "") -> None:
    user = request.scope.user
    throttle.check(user.username, request)
    new = hashed(password, username=user.username, name=user.name)  # an unfit one costs no code
    if not check_password(present, user.password) or not (settings.DEMO or codes.matched(user.id, code)):
        throttle.failed(user.username, request, "password")
        raise OwnPasswordRefused
    access.actions.set_password(
        user.id, password_hash=new, at=clock.now(), by=request.scope.actor, key=request_key(request)
    )
