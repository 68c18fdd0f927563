"""Reads of units, posts and accounts. Rows are frozen; a page or another module never holds a model of ours."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access.models import Appointment, Nomination, Role, Unit, User
from bihuan.kernel.access.scope import Scope
from bihuan.kernel.access.vocabulary import kinds
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.text import Text


class Vacant(Refused):
    """Nobody holds the post that would have to answer."""

    def __init__(self) -> None:
        super().__init__(
            _("Nobody holds this post on that day, so nothing can be assigned to it."),
            _("Appoint somebody to the post, or choose a post that is held."),
        )


@dataclass(frozen=True, slots=True)
class UnitRow:
    id: UUID
    code: str
    kind: str
    name: Text
    path: str
    parent: UUID | None
    sector: UUID | None
    phone: str
    address: str
    population: int
    closed_on: date | None

    @property
    def kind_name(self) -> str:
        kind = kinds().get(self.kind)
        return str(kind.name) if kind else self.kind


@dataclass(frozen=True, slots=True)
class Holder:
    appointment: UUID
    user: UUID
    name: str
    phone: str
    role: str
    role_name: Text
    unit: UUID
    since: date
    until: date | None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class HeldPost:
    role_name: Text
    unit: UUID
    unit_name: Text
    since: date
    until: date | None

    @property
    def is_held(self) -> bool:
        return self.since <= today() and (self.until is None or today() < self.until)


@dataclass(frozen=True, slots=True)
class Vacancy:
    unit: UUID
    unit_name: Text
    unit_path: str
    role: str
    role_name: Text


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody named for a post that takes two people, waiting for the second. `may_decide`: the reader is one."""

    id: UUID
    unit: UUID
    unit_name: Text
    role_name: Text
    name: str
    username: str
    since: date
    until: date | None
    named_by: str
    named_unit_name: Text
    named_at: datetime
    lapses_at: datetime
    is_own: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    username: str
    name: str
    phone: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class RoleAccounts:
    """A role with a few accounts that hold it today, for the start page of a demo city."""

    code: str
    name: Text
    first: Text
    accounts: tuple[tuple[UUID, str, str, Text], ...]


@dataclass(frozen=True, slots=True)
class Post:
    user: UUID
    name: str
    role: str
    unit: UUID


def today() -> date:
    return clock.now().astimezone(clock.CITY).date()


def unit_row(unit: Unit) -> UnitRow:
    return UnitRow(
        id=unit.id,
        code=unit.code,
        kind=unit.kind,
        name=unit.name,
        path=unit.path,
        parent=unit.parent_id,
        sector=unit.sector_id,
        phone=unit.phone,
        address=unit.address,
        population=unit.population,
        closed_on=unit.valid_until,
    )


def unit(unit_id: UUID) -> UnitRow:
    found = Unit.objects.filter(id=unit_id).first()
    if found is None:
        raise NotFound(_("There is no such unit."))
    return unit_row(found)


def unit_by_code(code: str) -> UnitRow:
    found = Unit.objects.filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no unit with this code."))
    return unit_row(found)


def by_ids(unit_ids: Collection[UUID]) -> list[UnitRow]:
    return [unit_row(one) for one in Unit.objects.filter(id__in=unit_ids).order_by("path")]


def by_codes(codes: Collection[str]) -> list[UnitRow]:
    return [unit_row(one) for one in Unit.objects.filter(code__in=codes).order_by("path")]


def roots() -> list[UnitRow]:
    """The units under no other: the whole city."""
    return [unit_row(one) for one in Unit.objects.filter(parent=None).order_by("path")]


def called(text: str) -> set[UUID]:
    """Units that somebody means by a code, or else by part of a name."""
    exact = Unit.objects.filter(code=text)
    named = Unit.objects.filter(Q(name_zh__icontains=text) | Q(name_en__icontains=text))
    return set((exact if exact.exists() else named).values_list("id", flat=True))


def in_charge_of(unit_id: UUID) -> list[UUID]:
    """Every unit that `unit_id` is in charge of: named by it, or by the nearest unit above that names one."""
    named = dict(Unit.objects.filter(sector__isnull=False).values_list("path", "sector_id"))

    def sector(path: str) -> UUID | None:
        while path and path not in named:
            path = path[: path.rstrip("/").rfind("/") + 1]
        return named.get(path)

    return [id_ for id_, path in Unit.objects.order_by().values_list("id", "path") if sector(path) == unit_id]


def names(unit_ids: Collection[UUID | None]) -> dict[UUID | None, Text]:
    """Names of many units in one query."""
    rows = Unit.objects.filter(id__in={one for one in unit_ids if one}).values_list("id", "name_zh", "name_en")
    return {unit_id: Text(zh=zh, en=en) for unit_id, zh, en in rows}


def paths(unit_ids: Collection[UUID]) -> list[str]:
    """Where many units stand in the tree, in one query."""
    return list(Unit.objects.filter(id__in=list(unit_ids)).values_list("path", flat=True))


def user_names(user_ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(User.objects.filter(id__in=set(user_ids)).values_list("id", "name"))


def every_unit() -> list[UnitRow]:
    return [unit_row(unit) for unit in Unit.objects.order_by("path")]


def every_holder(on: date | None = None) -> list[Post]:
    """Everybody who holds a post on a day: user, name, role, unit."""
    held = Appointment.objects.filter(valid__contains=on or today(), user__is_active=True)
    named = held.order_by("user__username").values_list("user_id", "user__name", "role_id", "unit_id")
    return [Post(*row) for row in named]


def user_ids(usernames: Collection[str]) -> dict[str, UUID]:
    return dict(User.objects.filter(username__in=usernames).values_list("username", "id"))


def units(scope: Scope, kinds: Collection[str] = (), codes: Collection[str] = ()) -> list[UnitRow]:
    """Units in reach, in the order of the tree."""
    found = scope.rows(Unit.objects.all(), "")
    if kinds:
        found = found.filter(kind__in=kinds)
    if codes:
        found = found.filter(code__in=codes)
    return [unit_row(one) for one in found.order_by("path")]


def units_of_kinds(*kinds: str) -> list[UnitRow]:
    """All open units of these kinds, whoever asks: names of gates and sites are no secret."""
    found = Unit.objects.filter(Q(valid_until=None) | Q(valid_until__gt=today()), kind__in=kinds)
    return [unit_row(one) for one in found.order_by("path")]


def full_names(kind: str) -> list[tuple[UUID, str]]:
    """Units of a kind, whoever asks, in the order of the tree, each after the names of those above it but the root."""
    rows = [(one.id, one.path.strip("/").split("/")) for one in units_of_kinds(kind)]
    codes = {code for _unit, steps in rows for code in steps}
    names = {code: Text(zh=zh, en=en) for code, zh, en in _named(codes)}
    return [(unit, " · ".join(str(names[code]) for code in steps[1:] or steps)) for unit, steps in rows]


def _named(codes: Collection[str]) -> QuerySet[Unit, tuple[str, str, str]]:
    return Unit.objects.filter(code__in=codes).values_list("code", "name_zh", "name_en")


def unit_ids(scope: Scope) -> tuple[UUID, ...] | None:
    """The units in reach; None when everything is in reach and no filter is needed."""
    return None if scope.is_everywhere else scope.unit_ids


def subtree(path: str) -> list[UUID]:
    """The unit at `path` and everything below it."""
    return list(Unit.objects.filter(path__startswith=path).order_by().values_list("id", flat=True))


def ancestors(path: str) -> list[UnitRow]:
    """From the root down to the unit at `path` itself."""
    steps = path.strip("/").split("/")
    paths = ["/" + "/".join(steps[: depth + 1]) + "/" for depth in range(len(steps))]
    return [unit_row(one) for one in Unit.objects.filter(path__in=paths).order_by("path")]


def holder_row(held: Appointment) -> Holder:
    return Holder(
        appointment=held.id,
        user=held.user_id,
        name=held.user.name,
        phone=held.user.phone,
        role=held.role_id,
        role_name=held.role.name,
        unit=held.unit_id,
        since=held.since,
        until=held.until,
    )


def appointments(unit_id: UUID) -> list[Holder]:
    """Every appointment to the unit's posts, past, present and coming, newest first within a role."""
    rows = Appointment.objects.filter(unit_id=unit_id).select_related("user", "role")
    return [holder_row(held) for held in rows.order_by("role__position", "-valid", "user__name")]


def appointment(appointment_id: UUID) -> Holder:
    held = Appointment.objects.filter(id=appointment_id).select_related("user", "role").first()
    if held is None:
        raise NotFound(_("There is no such appointment."))
    return holder_row(held)


def holders(role: str, unit_id: UUID, on: date | None = None) -> list[Holder]:
    """Who holds the post on a day; nobody who is disabled."""
    rows = Appointment.objects.filter(
        role_id=role, unit_id=unit_id, valid__contains=on or today(), user__is_active=True
    ).select_related("user", "role")
    return [holder_row(held) for held in rows.order_by("user__name")]


def require_holder(role: str, unit_id: UUID, on: date | None = None) -> list[Holder]:
    """The holders of the post; a vacancy is refused, so that no task ends up with nobody."""
    found = holders(role, unit_id, on)
    if not found:
        raise Vacant
    return found


def vacancies(scope: Scope, on: date | None = None, *, of: Collection[UUID] | None = None) -> list[Vacancy]:
    """Posts in reach, or `of` some units there, that a unit of this kind must fill and that nobody holds on the day."""
    day = on or today()
    posts = {kind.code: kind.posts for kind in kinds().values() if kind.posts}
    wanted = scope.rows(Unit.objects.filter(kind__in=posts), "").filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=day)
    )
    held = scope.rows(Appointment.objects.filter(valid__contains=day, user__is_active=True), "unit")
    if of is not None:
        wanted, held = wanted.filter(id__in=of), held.filter(unit__in=of)
    held_posts = set(held.values_list("unit_id", "role_id"))
    role_names = {role.code: role.name for role in Role.objects.all()}
    return [
        Vacancy(one.id, one.name, one.path, role, role_names.get(role, Text(zh=role, en=role)))
        for one in wanted.order_by("path")
        for role in posts[one.kind]
        if (one.id, role) not in held_posts
    ]


def roles() -> list[tuple[str, Text]]:
    return [(role.code, role.name) for role in Role.objects.order_by("position")]


def roles_at(kind: str) -> list[tuple[str, str]]:
    """The roles that have their place in a kind of unit, for a form; those that take two people say so."""
    two = str(_("takes two people"))
    return [
        (role.code, f"{role.name} · {two}" if role.by_two else str(role.name))
        for role in Role.objects.order_by("position")
        if not role.kinds or kind in role.kinds
    ]


def takes_two(role: str) -> bool:
    return Role.objects.filter(code=role, by_two=True).exists()


def nominations(scope: Scope) -> list[Named]:
    """What waits for a second person, as far as the reader may see it: in reach, or a post of the city itself."""
    rows = Nomination.objects.filter(state=Nomination.State.OPEN, lapses_at__gt=clock.now()).order_by("named_at")
    found = [
        one
        for one in rows.select_related("user", "role", "unit", "named_unit")
        if scope.covers(one.unit.path) or one.unit.parent_id is None
    ]
    makers = {one.named_by: UUID(one.named_by.removeprefix("user:")) for one in found}
    names = user_names(makers.values())
    return [named_row(one, scope, names.get(makers[one.named_by], "")) for one in found]


def named_row(one: Nomination, scope: Scope, named_by: str) -> Named:
    own = scope.grants[0] if scope.grants else None
    stands_above = own is not None and (one.unit.parent_id is None or one.unit.path.startswith(own.unit_path))
    is_other = own is not None and own.unit != one.named_unit_id
    me = scope.user.subject
    return Named(
        id=one.id,
        unit=one.unit_id,
        unit_name=one.unit.name,
        role_name=one.role.name,
        name=one.user.name,
        username=one.user.username,
        since=one.since,
        until=one.until,
        named_by=named_by,
        named_unit_name=one.named_unit.name,
        named_at=one.named_at,
        lapses_at=one.lapses_at,
        is_own=one.named_by == me,
        may_decide=stands_above and is_other and me not in (one.named_by, f"user:{one.user_id}"),
    )


def users_in(scope: Scope) -> QuerySet[User]:
    """Accounts of people with an appointment in reach; whoever reaches everything also sees accounts without one."""
    if scope.is_everywhere:
        return User.objects.all()
    return User.objects.filter(id__in=scope.rows(Appointment.objects.all(), "unit").values("user_id"))


def account_row(user: User) -> Account:
    return Account(user.id, user.username, user.name, user.phone, user.is_active)


def accounts(scope: Scope) -> list[Account]:
    return [account_row(user) for user in users_in(scope).order_by("username")]


def all_accounts() -> list[tuple[Account, list[str]]]:
    """For the console, which stands outside every scope: each account with its posts of today ("role at unit code")."""
    posts: dict[UUID, list[str]] = {}
    held = Appointment.objects.filter(valid__contains=today()).order_by("role__position", "unit__code")
    for user_id, role, unit_code in held.values_list("user_id", "role_id", "unit__code"):
        posts.setdefault(user_id, []).append(f"{role} at {unit_code}")
    return [
        (Account(one.id, one.username, one.name, one.phone, one.is_active), posts.get(one.id, []))
        for one in User.objects.order_by("username")
    ]


def account_by_username(username: str) -> Account:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(_("There is no account with this name."))
    return account_row(user)


def accounts_by_id(user_ids: Collection[UUID]) -> dict[UUID, Account]:
    return {user.id: account_row(user) for user in User.objects.filter(id__in=user_ids)}


def locked_user(user_id: UUID) -> User:
    """The account, held until the transaction ends."""
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise NotFound(_("There is no such account."))
    return user


def posts_of_user(user_id: UUID) -> list[HeldPost]:
    """Everything a user holds, held or will hold, newest first."""
    rows = (
        Appointment.objects.filter(user_id=user_id).select_related("role", "unit").order_by("-valid", "role__position")
    )
    return [HeldPost(held.role.name, held.unit_id, held.unit.name, held.since, held.until) for held in rows]


def post_names(user_ids: Collection[UUID]) -> dict[UUID, str]:
    """What each of many users holds today, in words, in one query."""
    rows = Appointment.objects.filter(user_id__in=user_ids, valid__contains=today()).select_related("role", "unit")
    words: dict[UUID, list[str]] = {}
    for held in rows.order_by("role__position", "unit__path"):
        words.setdefault(held.user_id, []).append(f"{held.unit.name} {held.role.name}")
    return {user_id: " / ".join(posts) for user_id, posts in words.items()}


def accounts_by_role(each: int = 3) -> list[RoleAccounts]:
    """For the start page of a demo city: each role with the first few people who hold it today."""
    held = (
        Appointment.objects.filter(valid__contains=today(), user__is_active=True)
        .annotate(username=F("user__username"), holder=F("user__name"))
        .order_by("role__position", "username")
        .values_list("role_id", "user_id", "username", "holder", "unit__name_zh", "unit__name_en")
    )
    by_role: dict[str, list[tuple[UUID, str, str, Text]]] = {}
    for role, user_id, username, holder, zh, en in held:
        if len(by_role.setdefault(role, [])) < each:
            by_role[role].append((user_id, username, holder, Text(zh=zh, en=en)))
    return [
        RoleAccounts(role.code, role.name, Text(zh=role.first_zh, en=role.first_en), tuple(by_role[role.code]))
        for role in Role.objects.order_by("position")
        if role.code in by_role
    ]
