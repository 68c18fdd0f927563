"""Navigation by role: every module's `urls.py` names its doors in `NAV`; a page shows those its reader may open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import URLResolver, get_resolver, reverse


@dataclass(frozen=True, slots=True)
class NavItem:
    """A door in a section of settings.NAV_SECTIONS. `power` is what its user must hold; "" is for whoever signed in.

    The lowest orders of all sections stand in the phone's bottom bar.
    """

    section: str
    label: object
    url_name: str
    power: str = ""
    order: int = 50
    icon: str = "point"


@dataclass(frozen=True, slots=True)
class NavLink:
    label: object
    url: str
    icon: str
    active: bool
    order: int = 50


@dataclass(frozen=True, slots=True)
class NavSection:
    label: object
    links: Sequence[NavLink]


@cache
def items(urlconf: str) -> tuple[NavItem, ...]:
    return tuple(sorted(_declared(urlconf), key=lambda item: item.order))


def _declared(urlconf: str) -> Iterator[NavItem]:
    for pattern in get_resolver(urlconf).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from getattr(pattern.urlconf_module, "NAV", ())


def sections_for(request: HttpRequest) -> list[NavSection]:
    """What this reader may open, in the order of settings.NAV_SECTIONS; nothing for somebody who is not signed in."""
    scope = getattr(request, "whole_scope", None)
    if scope is None:
        return []
    allowed = [item for item in items(settings.ROOT_URLCONF) if not item.power or scope.may(item.power)]
    urls = {item: reverse(item.url_name) for item in allowed}
    here = _nearest(request.path, list(urls.values()))
    return [
        NavSection(label, links)
        for key, label in settings.NAV_SECTIONS
        if (
            links := [
                NavLink(item.label, urls[item], item.icon, urls[item] == here, item.order)
                for item in allowed
                if item.section == key
            ]
        )
    ]


def _nearest(path: str, urls: list[str]) -> str:
    """The door that leads to `path`: the longest URL it begins with. The home page leads only to itself."""
    leading = [url for url in urls if path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))]
    return max(leading, key=len, default="")


def label_of(path: str) -> object:
    """What the door at exactly this path is called; empty where none stands."""
    doors = items(settings.ROOT_URLCONF)
    return next((item.label for item in doors if reverse(item.url_name) == path), "")
