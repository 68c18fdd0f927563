"""`scope_for(user)`: what a user may do and where, computed anew for each request from the appointments of that day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, reduce
from operator import or_
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from bihuan.kernel import clock
from bihuan.kernel.access.models import Appointment, Unit, User
from bihuan.kernel.db import AnyOf
from bihuan.kernel.ledger import Actor
from bihuan.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Grant:
    """One appointment and its reach: the unit's own subtree and, on the sector line, the units it is in charge of."""

    role: str
    unit: UUID
    unit_name: Text
    unit_path: str
    prefixes: tuple[str, ...]
    powers: frozenset[str]


@dataclass(frozen=True)
class Scope:
    """The user's reach. With `power` set it holds only the grants that carry it; the actor acts from one of them."""

    user: User
    grants: tuple[Grant, ...]
    power: str | None = None

    @property
    def actor(self) -> Actor:
        return Actor(id=self.user.subject, unit=self.grants[0].unit if self.grants else None, name=self.user.name)

    @property
    def unit_name(self) -> str:
        """Where the user works, for the top of a page."""
        return str(self.grants[0].unit_name) if self.grants else ""

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def powers(self) -> frozenset[str]:
        return frozenset(power for grant in self.grants for power in grant.powers)

    @property
    def units(self) -> tuple[str, ...]:
        """Path prefixes, none inside another."""
        return outermost(prefix for grant in self.grants for prefix in grant.prefixes)

    @property
    def is_everywhere(self) -> bool:
        return any(is_root(prefix) for prefix in self.units)

    @cached_property
    def unit_ids(self) -> tuple[UUID, ...]:
        """The units in reach, asked for once however many lists are cut to them."""
        return tuple(Unit.objects.filter(beginning_with(self.units)).order_by().values_list("id", flat=True))

    def may(self, power: str, path: str | None = None) -> bool:
        """Whether the user has `power` at all, or for the unit at `path`."""
        return any(power in grant.powers and (path is None or covers(grant.prefixes, path)) for grant in self.grants)

    def covers(self, path: str) -> bool:
        return covers(self.units, path)

    def for_power(self, power: str) -> "Scope":
        return replace(self, grants=tuple(grant for grant in self.grants if power in grant.powers), power=power)

    def for_roles(self, roles: Iterable[str]) -> "Scope":
        wanted = frozenset(roles)
        return replace(self, grants=tuple(grant for grant in self.grants if grant.role in wanted))

    def below(self, path: str) -> "Scope":
        """The same user, reaching only what lies at or below `path` of what they reach anyway."""
        return replace(self, grants=tuple(below for grant in self.grants if (below := grant_below(grant, path))))

    def within(self, *fields: str) -> Q:
        """The condition that one of the relations to a unit ("unit", "gate__unit"; "" for units) is in reach."""
        if self.is_everywhere:
            return Q(pk__isnull=False)  # not Q(): an empty condition would vanish from `within(...) | other`
        if fields == ("",) or not self.units:
            return beginning_with(self.units)
        return reduce(or_, (Q(**{field: AnyOf(self.unit_ids)}) for field in fields))

    def rows[M: Model](self, queryset: QuerySet[M], *fields: str) -> QuerySet[M]:
        """The rows in reach. Whoever reaches the root also sees rows that no unit has been named for."""
        return queryset if self.is_everywhere else queryset.filter(self.within(*fields))


def grant_below(grant: Grant, path: str) -> Grant | None:
    prefixes = (path,) if covers(grant.prefixes, path) else tuple(one for one in grant.prefixes if one.startswith(path))
    return replace(grant, prefixes=prefixes) if prefixes else None


def covers(prefixes: Iterable[str], path: str) -> bool:
    return any(path.startswith(prefix) for prefix in prefixes)


def is_root(prefix: str) -> bool:
    return prefix.count("/") == 2


def outermost(prefixes: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return tuple(kept)


def beginning_with(paths: Iterable[str]) -> Q:
    """Units at or below one of these paths; none when there are none."""
    return reduce(or_, (Q(path__startswith=path) for path in paths), Q(pk__in=[]))


def scope_for(user: User, on: date | None = None) -> Scope:
    """The reach of `user` on a day (today, city time). A lapsed appointment, or one at a closed unit, gives nothing."""
    day = on or clock.now().astimezone(clock.CITY).date()
    if not user.is_active:
        return Scope(user=user, grants=())
    appointments = list(
        Appointment.objects.filter(user=user, valid__contains=day)
        .filter(Q(unit__valid_until__isnull=True) | Q(unit__valid_until__gt=day))
        .select_related("role", "unit")
        .order_by("role__position", "unit__path")
    )
    in_charge_of = sector_paths([held.unit.path for held in appointments if held.role.line == "sector"])
    return Scope(user=user, grants=tuple(grant(held, in_charge_of) for held in appointments))


def grant(held: Appointment, in_charge_of: list[tuple[str, str]]) -> Grant:
    own = held.unit.path
    sector = [path for above, path in in_charge_of if above.startswith(own)] if held.role.line == "sector" else []
    return Grant(
        role=held.role_id,
        unit=held.unit_id,
        unit_name=held.unit.name,
        unit_path=own,
        prefixes=outermost([own, *sector]),
        powers=frozenset(held.role.powers),
    )


def sector_paths(teams: list[str]) -> list[tuple[str, str]]:
    """(path of the unit in charge, path of the unit it is in charge of) for every team subtree named."""
    if not teams:
        return []
    condition = reduce(or_, (Q(sector__path__startswith=team) for team in outermost(teams)))
    return list(Unit.objects.filter(condition).values_list("sector__path", "path"))
