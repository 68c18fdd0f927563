"""Who may do what, where: the tree of units, users, dated appointments, and `scope_for(user)`, the only way to rows.

Owns units, users, roles, appointments and sessions. Records sign-ins, appointments and each reading of a person.
Never decides anything about the people a city looks after."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bihuan.kernel.access import actions, events, nominations, queries
    from bihuan.kernel.access.exported import Exporting, exporting
    from bihuan.kernel.access.guards import Request, may_open, require, signed_in
    from bihuan.kernel.access.reading import listed, opened, purpose_today
    from bihuan.kernel.access.scope import Grant, Scope, scope_for
    from bihuan.kernel.access.signature import SignatureRefused, confirm_signature

# Django reads this file before its models can be imported, so names are fetched when they are first asked for.
_HOMES = {
    "Exporting": "exported",
    "Grant": "scope",
    "Request": "guards",
    "Scope": "scope",
    "SignatureRefused": "signature",
    "confirm_signature": "signature",
    "exporting": "exported",
    "listed": "reading",
    "may_open": "guards",
    "opened": "reading",
    "purpose_today": "reading",
    "require": "guards",
    "scope_for": "scope",
    "signed_in": "guards",
}
__all__ = [
    "Exporting",
    "Grant",
    "Request",
    "Scope",
    "SignatureRefused",
    "actions",
    "confirm_signature",
    "events",
    "exporting",
    "listed",
    "may_open",
    "nominations",
    "opened",
    "purpose_today",
    "queries",
    "require",
    "scope_for",
    "signed_in",
]


def __getattr__(name: str) -> object:
    if name in {"actions", "events", "nominations", "queries"}:
        return import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(name)
