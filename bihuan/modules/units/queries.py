"""Every read of units: the register, posts and vacancies, rosters, returns."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bihuan.kernel import access, clock
from bihuan.kernel.access.models import Unit, User
from bihuan.kernel.access.queries import Holder, UnitRow
from bihuan.kernel.access.vocabulary import kinds, purposes, role_names
from bihuan.kernel.ledger import FactRow, count_of_kinds, covering, of_kinds
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web.parts import Badge
from bihuan.modules.units import rules
from bihuan.modules.units.models import DailyReturn, DutyShift

STANDING: dict[rules.Standing, Badge] = {
    "open": Badge(_("Return not sent yet"), "info"),
    "sent": Badge(_("Return sent"), "good"),
    "late": Badge(_("Return sent late"), "warn"),
    "missing": Badge(_("Return missing"), "bad"),
}
FIGURES = {"open": _("Open duties"), "due": _("Due now"), "warned": _("Near the limit"), "breached": _("Overdue")}
SORTS = {"name": "path", "kind": "kind", "population": "population", "staff": "staff", "code": "code"}


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in the register, with both lines it answers on."""

    id: UUID
    url: str
    name: str
    code: str
    kind: str
    above: str
    sector: str
    population: int
    staff: int
    phone: str


class UnitRegister:
    """Units in a scope, as a source for a table."""

    def __init__(self, scope: access.Scope) -> None:
        self.scope = scope

    def count(self, filters: Mapping[str, str]) -> int:
        return self.matching(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[UnitLine]:
        order = SORTS.get(sort.removeprefix("-"), "path")
        today = access.queries.today()
        held = Q(appointments__valid__contains=today, appointments__user__is_active=True)
        found = (
            self.matching(filters)
            .select_related("parent", "sector")
            .annotate(staff=Count("appointments__user", filter=held, distinct=True))
            .order_by(f"-{order}" if sort.startswith("-") else order, "path")
        )
        return [unit_line(unit) for unit in found[offset : offset + limit]]

    def matching(self, filters: Mapping[str, str]) -> QuerySet[Unit]:
        found = self.scope.rows(Unit.objects.all(), "")
        if text := filters.get("q"):
            found = found.filter(
                Q(name_zh__icontains=text)
                | Q(name_en__icontains=text)
                | Q(code__startswith=text)
                | Q(phone__startswith=text)
            )
        if kind := filters.get("kind"):
            found = found.filter(kind=kind)
        if filters.get("vacant"):
            found = found.filter(id__in={vacancy.unit for vacancy in access.queries.vacancies(self.scope)})
        return found


def unit_line(unit: Unit) -> UnitLine:
    kind = kinds().get(unit.kind)
    return UnitLine(
        id=unit.id,
        url=reverse("units:detail", args=[unit.id]),
        name=str(unit.name),
        code=unit.code,
        kind=str(kind.name) if kind else unit.kind,
        above=str(unit.parent.name) if unit.parent else "",
        sector=str(unit.sector.name) if unit.sector else "",
        population=unit.population,
        staff=unit.staff,  # type: ignore[attr-defined]
        phone=unit.phone,
    )


@dataclass(frozen=True, slots=True)
class Post:
    """A role at a unit with everybody who held, holds or will hold it."""

    role: str
    name: Text
    must_be_filled: bool
    now: tuple[Holder, ...]
    coming: tuple[Holder, ...]
    past: tuple[Holder, ...]

    @property
    def is_vacant(self) -> bool:
        return self.must_be_filled and not self.now


@dataclass(frozen=True, slots=True)
class UnitPage:
    unit: UnitRow
    above: UnitRow | None
    sector: UnitRow | None
    way: tuple[UnitRow, ...]
    children: tuple[UnitRow, ...]
    posts: tuple[Post, ...]
    staff: int


def unit_in(scope: access.Scope, unit_id: UUID) -> UnitRow:
    """The unit, if it lies in reach; otherwise it does not exist for the asker."""
    unit = access.queries.unit(unit_id)
    if not scope.covers(unit.path):
        raise NotFound(_("There is no such unit."))
    return unit


def unit_page(scope: access.Scope, unit_id: UUID) -> UnitPage:
    unit = unit_in(scope, unit_id)
    today = access.queries.today()
    held = access.queries.appointments(unit_id)
    near = {
        row.id: access.queries.unit_row(row)
        for row in Unit.objects.filter(
            Q(id__in=[one for one in (unit.parent, unit.sector) if one]) | Q(parent_id=unit_id)
        )
    }
    return UnitPage(
        unit=unit,
        above=near.get(unit.parent) if unit.parent else None,
        sector=near.get(unit.sector) if unit.sector else None,
        way=tuple(access.queries.ancestors(unit.path)[:-1]),
        children=tuple(sorted((row for row in near.values() if row.parent == unit_id), key=lambda row: row.path)),
        posts=posts_of(unit, held, today),
        staff=len({one.user for one in held if one.holds_on(today)}),
    )


def posts_of(unit: UnitRow, held: Sequence[Holder], today: date) -> tuple[Post, ...]:
    kind = kinds().get(unit.kind)
    needed = kind.posts if kind else ()
    names = dict(access.queries.roles())
    order = [role for role in names if role in needed or any(one.role == role for one in held)]
    return tuple(
        Post(
            role=role,
            name=names[role],
            must_be_filled=role in needed,
            now=tuple(one for one in held if one.role == role and one.holds_on(today)),
            coming=tuple(one for one in held if one.role == role and one.since > today),
            past=tuple(one for one in held if one.role == role and one.until is not None and one.until <= today),
        )
        for role in order
    )


def people_who_can_serve(scope: access.Scope) -> list[tuple[UUID, str]]:
    """Open accounts that could be appointed by somebody with this reach: (id, name and account)."""
    return [(one.id, f"{one.name} · {one.username}") for one in access.queries.accounts(scope) if one.is_active]


@dataclass(frozen=True, slots=True)
class AccountLine:
    id: UUID
    url: str
    username: str
    name: str
    phone: str
    posts: str
    is_active: bool

    @property
    def state(self) -> Badge:
        return Badge(_("Account open"), "good") if self.is_active else Badge(_("Account closed"), "neutral")


class Accounts:
    """Accounts in a scope, as a source for a table."""

    def __init__(self, scope: access.Scope) -> None:
        self.scope = scope

    def count(self, filters: Mapping[str, str]) -> int:
        return self.matching(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[AccountLine]:
        order = {"name": "name", "username": "username"}.get(sort.removeprefix("-"), "username")
        found = self.matching(filters).order_by(f"-{order}" if sort.startswith("-") else order, "username")
        users = list(found[offset : offset + limit])
        posts = access.queries.post_names([user.id for user in users])
        return [
            AccountLine(
                id=user.id,
                url=reverse("accounts:detail", args=[user.id]),
                username=user.username,
                name=user.name,
                phone=user.phone,
                posts=posts.get(user.id, ""),
                is_active=user.is_active,
            )
            for user in users
        ]

    def matching(self, filters: Mapping[str, str]) -> QuerySet[User]:
        found = access.queries.users_in(self.scope)
        if text := filters.get("q"):
            found = found.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(phone__startswith=text))
        return found.filter(is_active=False) if filters.get("closed") else found


def account_in(scope: access.Scope, user_id: UUID) -> access.queries.Account:
    """The account, if it lies in reach; otherwise it does not exist for the asker."""
    user = access.queries.users_in(scope).filter(id=user_id).first()
    if user is None:
        raise NotFound(_("There is no such account."))
    return access.queries.account_row(user)


@dataclass(frozen=True, slots=True)
class Shift:
    id: UUID
    role: str
    role_name: Text
    user: UUID
    user_name: str
    phone: str
    starts_at: datetime
    ends_at: datetime

    def is_on(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class RosterDay:
    """One day of a unit's roster. `unstaffed` names the shift roles with nobody on duty at all that day."""

    day: date
    shifts: tuple[Shift, ...]
    unstaffed: tuple[Text, ...]


def shift_row(shift: DutyShift) -> Shift:
    return Shift(
        id=shift.id,
        role=shift.role_id,
        role_name=shift.role.name,
        user=shift.user_id,
        user_name=shift.user.name,
        phone=shift.user.phone,
        starts_at=shift.during.lower,
        ends_at=shift.during.upper,
    )


def shifts(unit_id: UUID, since: datetime, until: datetime) -> list[Shift]:
    rows = DutyShift.objects.filter(unit_id=unit_id, during__overlap=(since, until)).select_related("role", "user")
    return [shift_row(shift) for shift in rows.order_by("during", "role__position", "user__name")]


def shifts_of(unit_ids: Collection[UUID], since: datetime, until: datetime) -> dict[UUID, list[Shift]]:
    """The shifts of many units, as `shifts()`, in one query."""
    rows = DutyShift.objects.filter(unit_id__in=unit_ids, during__overlap=(since, until)).select_related("role", "user")
    found: dict[UUID, list[Shift]] = {}
    for one in rows.order_by("during", "role__position", "user__name"):
        found.setdefault(one.unit_id, []).append(shift_row(one))
    return found


def on_duty(unit_id: UUID, role: str | None = None, at: datetime | None = None) -> list[Shift]:
    """Who is on duty at a unit at a moment (now)."""
    rows = DutyShift.objects.filter(unit_id=unit_id, during__contains=at or clock.now()).select_related("role", "user")
    if role:
        rows = rows.filter(role_id=role)
    return [shift_row(shift) for shift in rows.order_by("role__position", "user__name")]


def roster(unit: UnitRow, first: date, days: int) -> tuple[RosterDay, ...]:
    """The unit's roster, day by day in city time."""
    midnight = datetime.combine(first, datetime.min.time(), clock.CITY)
    found = shifts(unit.id, midnight, midnight + timedelta(days=days))
    kind = kinds().get(unit.kind)
    names = dict(access.queries.roles())
    needed = [(role, names[role]) for role in (kind.shifts if kind else ()) if role in names]
    return tuple(roster_day(midnight + timedelta(days=offset), found, needed) for offset in range(days))


def roster_day(midnight: datetime, found: Sequence[Shift], needed: Sequence[tuple[str, Text]]) -> RosterDay:
    after = midnight + timedelta(days=1)
    own = tuple(shift for shift in found if shift.starts_at < after and shift.ends_at > midnight)
    held = {shift.role for shift in own}
    return RosterDay(midnight.date(), own, tuple(name for role, name in needed if role not in held))


def shift(shift_id: UUID) -> tuple[UUID, Shift]:
    """(unit, shift)."""
    found = DutyShift.objects.filter(id=shift_id).select_related("role", "user").first()
    if found is None:
        raise NotFound(_("There is no such shift."))
    return found.unit_id, shift_row(found)


@dataclass(frozen=True, slots=True)
class ReturnLine:
    id: UUID
    url: str
    unit: UUID
    unit_name: str
    unit_path: str
    day: date
    cut_off_at: datetime
    submitted_at: datetime | None
    submitted_by: str
    standing: rules.Standing
    figures: Mapping[str, int]
    remark: str

    @property
    def state(self) -> Badge:
        return STANDING[self.standing]


class Returns:
    """Daily returns in a scope, as a source for a table."""

    def __init__(self, scope: access.Scope, now: datetime) -> None:
        self.scope = scope
        self.now = now

    def count(self, filters: Mapping[str, str]) -> int:
        return self.matching(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[ReturnLine]:
        order = {"day": "day", "unit_name": "unit__path", "submitted_at": "submitted_at"}.get(
            sort.removeprefix("-"), "day"
        )
        found = self.matching(filters).select_related("unit", "submitted_by")
        found = found.order_by(f"-{order}" if sort.startswith("-") else order, "unit__path")
        return [return_line(one, self.now) for one in found[offset : offset + limit]]

    def matching(self, filters: Mapping[str, str]) -> QuerySet[DailyReturn]:
        found = self.scope.rows(DailyReturn.objects.all(), "unit")
        if day := filters.get("day"):
            found = found.filter(day=day)
        match filters.get("standing"):
            case "missing":
                found = found.filter(submitted_at__isnull=True, cut_off_at__lt=self.now)
            case "open":
                found = found.filter(submitted_at__isnull=True, cut_off_at__gte=self.now)
            case "sent":
                found = found.filter(submitted_at__isnull=False)
        return found


def return_line(one: DailyReturn, now: datetime) -> ReturnLine:
    return ReturnLine(
        id=one.id,
        url=reverse("returns:detail", args=[one.id]),
        unit=one.unit_id,
        unit_name=str(one.unit.name),
        unit_path=one.unit.path,
        day=one.day,
        cut_off_at=one.cut_off_at,
        submitted_at=one.submitted_at,
        submitted_by=one.submitted_by.name if one.submitted_by else "",
        standing=rules.standing(one.cut_off_at, one.submitted_at, now),
        figures=one.figures,
        remark=one.remark,
    )


def daily_return(scope: access.Scope, return_id: UUID, now: datetime) -> ReturnLine:
    found = scope.rows(DailyReturn.objects.filter(id=return_id), "unit").select_related("unit", "submitted_by").first()
    if found is None:
        raise NotFound(_("There is no such return."))
    return return_line(found, now)


@dataclass(frozen=True, slots=True)
class ReturnCounts:
    due: int
    sent: int
    missing: int


def return_counts(scope: access.Scope, day: date, now: datetime) -> ReturnCounts:
    """How the returns of a day stand in a scope."""
    found = scope.rows(DailyReturn.objects.filter(day=day), "unit").aggregate(
        due=Count("id"),
        sent=Count("id", filter=Q(submitted_at__isnull=False)),
        missing=Count("id", filter=Q(submitted_at__isnull=True, cut_off_at__lt=now)),
    )
    return ReturnCounts(**found)


def figures_for(path: str, now: datetime) -> dict[str, int]:
    """What a unit reports of itself: drawn from the loops that it and the units below it answer for, never typed in."""
    counts = loop.counts_by_step(units=access.queries.subtree(path), now=now)
    return {name: sum(getattr(row, name) for row in counts) for name in ("open", "due", "warned", "breached")}


AUDITED: dict[str, object] = {
    access.events.PERSON_OPENED: _("Opened a person's record"),
    access.events.PEOPLE_LISTED: _("Saw a list of people"),
    access.events.LIST_EXPORTED: _("Took a list away"),
    access.events.READING_SPENT: _("Reached the day's limit of openings"),
    access.events.READING_NEARED: _("Came near the day's limit of openings"),
    access.events.READING_RAISED: _("Raised the limit for a day"),
    access.events.SIGNED: _("Signed"),
    access.events.SIGNED_IN: _("Signed in"),
    access.events.SIGNED_OUT: _("Signed out"),
    access.events.SIGN_IN_FAILED: _("Failed to sign in"),
    access.events.SESSIONS_ENDED: _("Signed an account out everywhere"),
    access.events.UNLOCKED: _("Unlocked an account"),
    access.events.ADDED: _("Opened an account"),
    access.events.DISABLED: _("Closed an account"),
    access.events.ENABLED: _("Opened an account again"),
    access.events.PASSWORD_SET: _("Set a password"),
    access.events.CODE_RESET: _("Took a code device away"),
    access.events.POST_NAMED: _("Named somebody for a post"),
    access.events.POST_REFUSED: _("Refused a nomination"),
    access.events.POST_FILLED: _("Filled a post"),
    access.events.POST_ENDED: _("Ended an appointment"),
    access.events.POST_HANDED_OVER: _("Handed a post over"),
    access.events.ROLES_ADOPTED: _("Took over the roles of the profile"),
}


AUDITED_WORDS: dict[str, object] = {  # the lists that were read and the purposes that were given
    "shifts.passed": _("Hand-overs by shift"),
    "accounts": _("Accounts"),
    "appeals": _("Appeals"),
    "appeals.list": _("Appeals"),
    "areas": _("Watch list"),
    "arrivals": _("Arrivals"),
    "arrivals.list": _("Arrivals"),
    "arrivals.found": _("Found later"),
    "audit": _("Audit"),
    "batches": _("Batches"),
    "batches.annotated": _("Annotated workbook"),
    "batches.outcome": _("Outcome file"),
    "batches.rows": _("Batches"),
    "comparison": _("Comparing with another list"),
    "demo": _("Demo city"),
    "duties": _("Duties"),
    "duties.mine": _("My duties"),
    "duty": _("Day-to-day work of the unit"),
    "gate-day": _("Gate today"),
    "gates.day": _("Gate today"),
    "handover": _("Handing over to the next shift or another unit"),
    "isolation.exceptions": _("Needs attention"),
    "isolation.expected": _("On the way here"),
    "isolation.homes": _("Isolation at home"),
    "isolation.referral": _("Taking in or discharging a patient"),
    "isolation.referrals": _("Referred here"),
    "isolation.rooms": _("Rooms"),
    "isolation.round": _("Health round"),
    "letter": _("Asked for in writing by an authority"),
    "orders.approvals": _("Approvals"),
    "orders": _("Orders"),
    "orders.list": _("Orders"),
    "people": _("People register"),
    "people.list": _("People register"),
    "people.pairs": _("Duplicate records"),
    "plans": _("Pick-up plans"),
    "report": _("Briefing or report"),
    "returns": _("Daily returns"),
    "review": _("Supervision or audit"),
    "samples": _("Samples"),
    "samples.due": _("Tests due"),
    "samples.list": _("Samples"),
    "sites": _("Sites"),
    "tests-due": _("Tests due"),
    "tickets": _("Tickets"),
    "tickets.list": _("Tickets"),
    "transfers.desk": _("Transfer desk"),
    "transfers.stranded": _("Stranded"),
    "transfers.waiting": _("Waiting to leave"),
    "transfers.unrequested": _("Order in force, no vehicle asked for"),
    "trips": _("Trips"),
    "trips.riders": _("Who rides"),
    "units": _("Units"),
    "vehicles": _("Vehicles"),
}


OPENING_WORDS = {"opened": _("%(count)s opened"), "limit": _("limit %(count)s")}


@dataclass(frozen=True, slots=True)
class Alarm:
    """An account that was refused to open more people today."""

    at: datetime
    who: str
    posts: str
    username: str
    opened: int


def alarms(scope: access.Scope, today: date) -> list[Alarm]:
    """Who came to the limit of a day, as far as the auditor reaches, the latest first."""
    trail = AuditTrail(scope, today)
    found = trail.facts({"kind": access.events.READING_SPENT}, 0, ALARMS_MAX)
    ids = {UUID(fact.actor.removeprefix("user:")) for fact in found}
    posts = access.queries.post_names(ids)
    who = access.queries.accounts_by_id(ids)
    return [
        Alarm(fact.recorded_at, one.name, posts.get(one.id, ""), one.username, int(str(fact.payload["opened"])))
        for fact in found
        if (one := who[UUID(fact.actor.removeprefix("user:"))])
    ]


ALARMS_MAX = 50


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who read or signed what, and when. People appear as the identifiers the ledger keeps, never by name."""

    at: datetime
    what: object
    who: str
    subject: str
    detail: str
    checkpoint: str


class AuditTrail:
    """Readings, signatures and sign-ins of a day by people in a scope, newest first. A source for a table."""

    def __init__(self, scope: access.Scope, today: date) -> None:
        self.today = today
        self.actors = (
            None
            if scope.is_everywhere
            else [f"user:{user}" for user in access.queries.users_in(scope).values_list("id", flat=True)]
        )

    def count(self, filters: Mapping[str, str]) -> int:
        since, until = self.day(filters)
        return count_of_kinds(self.kinds(filters), since=since, until=until, actors=self.who(filters))

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[AuditLine]:
        found = self.facts(filters, offset, limit)
        names = access.queries.user_names([user for fact in found for user in users_of(fact)])
        signed = covering([fact.key for fact in found])
        return [audit_line(fact, names, signed.get(fact.key)) for fact in found]

    def facts(self, filters: Mapping[str, str], offset: int, limit: int) -> list[FactRow]:
        since, until = self.day(filters)
        return of_kinds(
            self.kinds(filters), since=since, until=until, actors=self.who(filters), offset=offset, limit=limit
        )

    def kinds(self, filters: Mapping[str, str]) -> Sequence[str]:
        return [filters["kind"]] if filters.get("kind") else list(AUDITED)

    def who(self, filters: Mapping[str, str]) -> Sequence[str] | None:
        if not (username := filters.get("account")):
            return self.actors
        asked = f"user:{access.queries.account_by_username(username).id}"
        return [asked] if self.actors is None or asked in self.actors else []

    def day(self, filters: Mapping[str, str]) -> tuple[datetime, datetime]:
        day = date.fromisoformat(filters["day"]) if filters.get("day") else self.today
        midnight = datetime.combine(day, datetime.min.time(), clock.CITY)
        return midnight, midnight + timedelta(days=1)


UNSAID = ("people", "filters", "sha256", "nomination", "roles", "from", "refers")


def users_of(fact: FactRow) -> Iterator[UUID]:
    """The accounts that a line names: who acted, and whom it was about."""
    named = [fact.actor, *(str(fact.payload[name]) for name in ("user", "to", "named_by") if fact.payload.get(name))]
    for one in (name.removeprefix("user:") for name in named):
        if is_id(one):
            yield UUID(one)


def is_id(text: str) -> bool:
    return len(text) == len(str(UUID(int=0))) and text.count("-") == str(UUID(int=0)).count("-")


def audit_words(payload: Mapping[str, Any], names: Mapping[UUID, str]) -> Iterator[object]:
    """What a fact says of itself: which list and how many people, for what purpose, from which network, which post."""
    roles = role_names()
    for name, value in payload.items():
        if name == "role":
            yield roles.get(value, value)
        elif name in ("user", "to", "named_by"):
            yield names.get(UUID(str(value).removeprefix("user:")), value)
        elif name == "count":
            yield ngettext("%(shown)s person", "%(shown)s people", value) % {"shown": value}
        elif name == "rows":
            yield ngettext("%(shown)s row", "%(shown)s rows", value) % {"shown": value}
        elif name == "number":
            yield _("no. %(number)s") % {"number": value}
        elif name == "purpose" and value in purposes():
            yield purposes()[value].name
        elif name in ("opened", "limit"):
            yield OPENING_WORDS[name] % {"count": value}
        elif name in ("what", "purpose", "by"):
            yield AUDITED_WORDS.get(value.removeprefix("export."), value)
        elif value and name not in UNSAID:
            yield value


def audit_line(fact: FactRow, names: Mapping[UUID, str], checkpoint: int | None) -> AuditLine:
    actor = fact.actor.removeprefix("user:")
    return AuditLine(
        at=fact.recorded_at,
        what=AUDITED[fact.kind],
        who=names.get(UUID(actor), actor) if actor != fact.actor else fact.actor,
        subject="" if fact.subject == fact.actor else fact.subject,
        detail=" · ".join(str(word) for word in audit_words(fact.payload, names)),
        checkpoint="" if checkpoint is None else str(checkpoint),
    )
