"""The frame around every page, the double-submit key of every form, and how a refusal comes back to its form."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access.measure import Openings, nearing
from bihuan.kernel.refusals import Refused
from bihuan.kernel.web.nav import NavLink, NavSection, sections_for

THEMES = ("light", "dark")
BAR_LINKS = 4  # links in the phone's bottom bar, beside its menu button


@dataclass(frozen=True, slots=True)
class Frame:
    """What the base page shows around its content."""

    now: datetime | None  # None when the edge itself failed
    is_demo: bool
    demo_code: str
    theme: str
    unit: object
    person: object
    sections: Sequence[NavSection]
    account_url: str
    sign_out_url: str
    place: object = ""  # where the address cuts the page to a place
    whole_url: str = ""
    openings: Openings | None = None  # the reader has opened most of the people that they may today

    @property
    def base(self) -> str:
        """The base page for whoever reads: with navigation once signed in."""
        return "web/base.html" if self.person else "web/public.html"

    @property
    def bar(self) -> list[NavLink]:
        """The doors most used, whatever their section; the menu has all of them."""
        links = [link for section in self.sections for link in section.links]
        return sorted(links, key=lambda link: link.order)[:BAR_LINKS]


def theme_cookie() -> str:
    """Over TLS the prefix binds the cookie to this very host (islands/src/theme.ts writes the same)."""
    return "__Host-theme" if settings.SESSION_COOKIE_SECURE else "theme"


def frame(request: HttpRequest) -> Frame:
    scope = getattr(request, "whole_scope", None)
    theme = request.COOKIES.get(theme_cookie(), "")
    return Frame(
        now=clock.now() if clock.is_given() else None,
        is_demo=settings.DEMO,
        demo_code=settings.DEMO_SIGNATURE if settings.DEMO else "",
        theme=theme if theme in THEMES else "",
        unit=getattr(scope, "unit_name", ""),
        person=getattr(getattr(scope, "user", None), "name", ""),
        sections=sections_for(request),
        account_url=settings.ACCOUNT_URL,
        sign_out_url=settings.LOGOUT_URL,
        place=getattr(getattr(request, "place", None), "name", ""),
        whole_url=f"{request.path}?{without(request.GET, 'below')}",
        openings=nearing.get(),
    )


def without(query: QueryDict, name: str) -> str:
    """The query of an address but for one of its names."""
    kept = query.copy()
    kept.pop(name, None)
    return kept.urlencode()


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int | None = None
) -> HttpResponse:
    """Draw `template` inside the frame. Without a `status`, a context whose `form` has errors makes it a 422."""
    context = dict(context or {})
    form = context.get("form")
    if status is None:
        status = 422 if isinstance(form, BaseForm) and form.is_bound and form.errors else 200
    return render(request, template, {"frame": frame(request), **context}, status=status)


class KeyMissing(Refused):
    """A form came without its double-submit key: it was not drawn by us."""

    def __init__(self) -> None:
        super().__init__(
            _("This form is incomplete, so nothing was done."), _("Open the page again and send the form once more.")
        )


def request_key(request: HttpRequest) -> UUID:
    """The key that `{% post_fields %}` put into the form: sent twice it is the same, so its action is done once."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise KeyMissing from None


def ids(sent: Iterable[str]) -> list[UUID]:
    """The ids that a page sent back. What is no id belongs to nothing that is there."""
    try:
        return [UUID(one) for one in sent]
    except ValueError:
        raise Http404 from None


def accepted(form: BaseForm, act: Callable[[], object]) -> bool:
    """Whether the valid `form` was acted upon. A refusal becomes an error of the form: nothing is typed again."""
    if not form.is_valid():
        return False
    try:
        act()
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    return True
