"""Every change of units, accounts and posts. Each function is one transaction and leaves its facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.kernel.access import events, posts, queries, throttle
from bihuan.kernel.access.models import Appointment, Role, Unit, User
from bihuan.kernel.access.passwords import AccountRefused
from bihuan.kernel.access.posts import PostRefused, TwoNeeded
from bihuan.kernel.access.scope import scope_for
from bihuan.kernel.access.vocabulary import RoleWords, kinds, openings, role_words
from bihuan.kernel.db import uuid7
from bihuan.kernel.ledger import Actor, NewFact, derive, record, record_many
from bihuan.kernel.loop.action import action
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.text import Text


class UnitRefused(Refused):
    """The unit cannot stand where it was put in the tree."""


class RaiseRefused(Refused):
    """The day's openings cannot be raised as asked."""


class RolesRefused(Refused):
    """The roles of the profile would give one office, or one account, what it must not have."""


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be added. `parent` and `sector` are codes of units that stand already or come earlier in the list."""

    code: str
    kind: str
    name: Text
    parent: str | None = None
    sector: str | None = None
    phone: str = ""
    address: str = ""
    population: int = 0


@dataclass(frozen=True, slots=True)
class ChangedUnit:
    """What a unit that stands is to be: all of it, not only what differs. `sector` is a code."""

    code: str
    name: Text
    sector: str | None
    phone: str
    address: str
    population: int


@dataclass(frozen=True, slots=True)
class NewUser:
    username: str
    name: str
    phone: str = ""
    password_hash: str = ""
    language: str = "zh-hans"


@dataclass(frozen=True, slots=True)
class NewAppointment:
    user: UUID
    role: str
    unit: UUID
    since: date
    until: date | None = None


@action
def add_units(units: Sequence[NewUnit], *, at: datetime, by: Actor, key: UUID) -> None:
    """Put many units into the tree, parents before children: two statements and one batch of facts however many."""
    named = {unit.parent for unit in units} | {unit.sector for unit in units}
    known = {one.code: one for one in Unit.objects.filter(code__in=named - {None})}
    rows = []
    for unit in units:
        row = unit_in_tree(unit, known)
        known[unit.code] = row
        rows.append(row)
    Unit.objects.bulk_create(rows, batch_size=2000)
    record_many(
        NewFact(
            key=derive(key, row.code),
            kind=events.UNIT_ADDED,
            subject=f"unit:{row.id}",
            at=at,
            by=by,
            unit=row.id,
            payload={"code": row.code, "kind": row.kind},
        )
        for row in rows
    )


def unit_in_tree(unit: NewUnit, known: dict[str, Unit]) -> Unit:
    if unit.kind not in kinds():
        raise UnitRefused(
            _("There is no kind of unit “%(kind)s”.") % {"kind": unit.kind},
            _("Use a kind named in the city's units.toml."),
        )
    missing = [code for code in (unit.parent, unit.sector) if code and code not in known]
    if missing:
        raise UnitRefused(
            _("Unit %(code)s names a unit that does not exist: %(missing)s.")
            % {"code": unit.code, "missing": missing[0]},
            _("Add that unit first."),
        )
    parent = known[unit.parent] if unit.parent else None
    return Unit(
        code=unit.code,
        kind=unit.kind,
        name_zh=unit.name.zh,
        name_en=unit.name.en,
        parent=parent,
        sector=known[unit.sector] if unit.sector else None,
        path=f"{parent.path if parent else '/'}{unit.code}/",
        phone=unit.phone,
        address=unit.address,
        population=unit.population,
    )


@action
def take_in_units(
    new: Sequence[NewUnit], changed: Sequence[ChangedUnit], *, at: datetime, by: Actor, key: UUID
) -> None:
    """Write what a list of units says: its new ones, then what is different of those that stand."""
    add_units(new, at=at, by=by, key=derive(key, "new"))
    change_units(changed, at=at, by=by, key=derive(key, "changed"))


@action
def change_units(units: Sequence[ChangedUnit], *, at: datetime, by: Actor, key: UUID) -> None:
    """Put names, telephone, address, population and sector right. Kind and place in the tree stay."""
    wanted = {unit.code: unit for unit in units}
    rows = list(Unit.objects.select_for_update().filter(code__in=wanted).order_by("code"))
    sectors = dict(Unit.objects.filter(code__in={unit.sector for unit in units}).values_list("code", "id"))
    news = {}
    for row in rows:
        unit = wanted[row.code]
        values = {
            "name_zh": unit.name.zh,
            "name_en": unit.name.en,
            "sector_id": sectors[unit.sector] if unit.sector else None,
            "phone": unit.phone,
            "address": unit.address,
            "population": unit.population,
        }
        news[row.id] = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in news[row.id].items():
            setattr(row, name, value)
    Unit.objects.bulk_update(rows, ["name_zh", "name_en", "sector", "phone", "address", "population"], batch_size=500)
    record_many(
        NewFact(
            key=derive(key, row.code),
            kind=events.UNIT_CHANGED,
            subject=f"unit:{row.id}",
            at=at,
            by=by,
            unit=row.id,
            payload=news[row.id],
        )
        for row in rows
        if news[row.id]
    )


@action
def close_unit(unit_id: UUID, *, on: date, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Let a unit be no more from a day on, and with it every post in it."""
    unit: Unit | None = Unit.objects.select_for_update().filter(id=unit_id, valid_until=None).first()
    if unit is None:
        raise UnitRefused(_("There is no such unit, or it is closed already."), _("Look it up in the list of units."))
    unit.valid_until = on
    unit.save(update_fields=["valid_until"])
    held = Appointment.objects.filter(Q(valid__upper_inf=True) | Q(valid__endswith__gt=on), unit_id=unit_id)
    for appointment in held.filter(valid__startswith__lt=on):
        end_appointment(
            appointment.id, until=on, reason=reason, at=at, by=by, key=derive(key, "post", str(appointment.id))
        )
    record(
        key=key,
        kind=events.UNIT_CLOSED,
        subject=f"unit:{unit_id}",
        at=at,
        by=by,
        unit=unit_id,
        payload={"from": on.isoformat(), "reason": reason},
    )


@action
def adopt_roles(*, at: datetime, by: Actor, key: UUID) -> None:
    """Make the roles what the city's profile says, if they are not. A role that it no longer names loses its powers."""
    wanted = [role_row(words, position) for position, words in enumerate(role_words())]
    standing = {role.code: role for role in Role.objects.all()}
    dropped = [role for code, role in standing.items() if role.powers and code not in {one.code for one in wanted}]
    same = [content(role) for role in wanted] == [
        content(standing[role.code]) for role in wanted if role.code in standing
    ]
    if same and not dropped:
        return
    check_offices(wanted)
    Role.objects.filter(code__in=[role.code for role in dropped]).update(powers=[])
    Role.objects.bulk_create(wanted, update_conflicts=True, unique_fields=["code"], update_fields=ROLE_FIELDS)
    record(
        key=key,
        kind=events.ROLES_ADOPTED,
        subject="roles:city",
        at=at,
        by=by,
        payload={"roles": {role.code: role.powers for role in wanted}},
    )


ROLE_FIELDS = [
    "name_zh", "name_en", "line", "powers", "first_zh", "first_en", "position", "office", "kinds", "by_two",
]  # fmt: skip
OFFICE_MODULES = {"access", "units"}  # their pages name staff and units, never a person the city looks after


def check_offices(wanted: Sequence[Role]) -> None:
    """None of the three offices may see persons by its role, and nobody who serves now may come to hold two."""
    offices = {role.code: role.office for role in wanted if role.office}
    for role in wanted:
        beyond = [power for power in role.powers if role.office and power.split(".")[0] not in OFFICE_MODULES]
        if beyond:
            raise RolesRefused(
                _("The role %(role)s is one of the three offices and would have the power %(power)s.")
                % {"role": role.code, "power": beyond[0]},
                _("Take the power out of roles.toml: the three administrators see no persons."),
            )
    held = Appointment.objects.filter(role_id__in=offices).select_related("user").order_by("user__username", "valid")
    both = sorted(
        {
            one.user.username
            for one, other in combinations(held, 2)
            if one.user_id == other.user_id
            and offices[one.role_id] != offices[other.role_id]
            and (one.until is None or other.since < one.until)
        }
    )
    if both:
        raise RolesRefused(
            _("These accounts hold two of the three offices: %(accounts)s.") % {"accounts": ", ".join(both)},
            _("End one of the appointments before the roles are taken over."),
        )


def role_row(words: RoleWords, position: int) -> Role:
    return Role(
        code=words.code,
        name_zh=words.name.zh,
        name_en=words.name.en,
        line=words.line,
        powers=list(words.powers),
        first_zh=words.first.zh,
        first_en=words.first.en,
        position=position,
        office=words.office,
        kinds=list(words.kinds),
        by_two=words.by_two,
    )


def content(role: Role) -> list[object]:
    return [getattr(role, name) for name in ROLE_FIELDS]


@action
def add_user(user: NewUser, *, at: datetime, by: Actor, key: UUID) -> UUID:
    """Open an account for one human being. Without a password nobody can sign in until one is set."""
    if User.objects.filter(username=user.username).exists():
        raise AccountRefused(_("An account with this name exists already."), _("Choose another name."))
    add_users([user], at=at, by=by, key=derive(key, "users"))
    made: User = User.objects.get(username=user.username)
    return made.id


@action
def add_users(users: Sequence[NewUser], *, at: datetime, by: Actor, key: UUID) -> None:
    """Open many accounts at once."""
    rows = [
        User(
            id=uuid7(),
            username=user.username,
            name=user.name,
            phone=user.phone,
            language=user.language,
            password=user.password_hash or make_password(None),
        )
        for user in users
    ]
    User.objects.bulk_create(rows, batch_size=2000)
    record_many(
        NewFact(
            key=derive(key, row.username),
            kind=events.ADDED,
            subject=row.subject,
            at=at,
            by=by,
            payload={"username": row.username},
        )
        for row in rows
    )


@action
def set_password(user_id: UUID, *, password_hash: str, at: datetime, by: Actor, key: UUID) -> None:
    """Give an account a new password (see `hashed`); every session it has is over."""
    user = queries.locked_user(user_id)
    user.password = password_hash
    user.sessions_end_before = at
    user.save(update_fields=["password", "sessions_end_before"])
    record(key=key, kind=events.PASSWORD_SET, subject=user.subject, at=at, by=by)


@action
def disable_user(user_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Close an account: from the next request on it can do nothing. Its posts stay on record."""
    set_active(user_id, is_active=False, at=at, by=by, key=key)


@action
def enable_user(user_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Open a closed account again."""
    set_active(user_id, is_active=True, at=at, by=by, key=key)


def set_active(user_id: UUID, *, is_active: bool, at: datetime, by: Actor, key: UUID) -> None:
    user = queries.locked_user(user_id)
    if user.is_active == is_active:
        return
    user.is_active = is_active
    user.sessions_end_before = at
    user.save(update_fields=["is_active", "sessions_end_before"])
    record(key=key, kind=events.ENABLED if is_active else events.DISABLED, subject=user.subject, at=at, by=by)


@action
def reset_code(user_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Take the code device away (a lost phone): sessions are over and the next sign-in enrols a new one."""
    user = queries.locked_user(user_id)
    TOTPDevice.objects.filter(user_id=user.id).delete()
    user.sessions_end_before = at
    user.save(update_fields=["sessions_end_before"])
    record(key=key, kind=events.CODE_RESET, subject=user.subject, at=at, by=by)


@action
def end_sessions(user_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Sign the account out wherever it is signed in; its password and its device stay."""
    user = queries.locked_user(user_id)
    user.sessions_end_before = at
    user.save(update_fields=["sessions_end_before"])
    record(key=key, kind=events.SESSIONS_ENDED, subject=user.subject, at=at, by=by)


@action
def unlock(user_id: UUID, *, at: datetime, by: Actor, key: UUID) -> None:
    """Forget the wrong tries of an account, wherever they came from."""
    user = queries.locked_user(user_id)
    throttle.forget(user.username)
    record(key=key, kind=events.UNLOCKED, subject=user.subject, at=at, by=by)


@action
def raise_openings(user_id: UUID, *, extra: int, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Let somebody open so many more people today. Never oneself: it takes the one who reads and the one who lets."""
    user = queries.locked_user(user_id)
    if by.id == user.subject:
        raise RaiseRefused(
            _("Nobody raises their own limit."), _("Ask your unit's head or the security administrator.")
        )
    limit, _warn = openings(scope_for(user).roles, queries.today())
    if not 0 < extra <= limit:
        raise RaiseRefused(
            _("At one time the limit is raised by %(limit)s at most.") % {"limit": limit},
            _("Give a smaller number; if it is not enough, raise it again with a fresh reason."),
        )
    record(
        key=key,
        kind=events.READING_RAISED,
        subject=user.subject,
        at=at,
        by=by,
        unit=by.unit,
        payload={"extra": extra, "reason": reason},
    )


@action
def choose_language(user_id: UUID, *, language: str, at: datetime, by: Actor, key: UUID) -> None:
    """Remember the language a user works in."""
    user = queries.locked_user(user_id)
    if user.language == language:
        return
    user.language = language
    user.save(update_fields=["language"])
    record(key=key, kind=events.LANGUAGE_CHOSEN, subject=user.subject, at=at, by=by, payload={"language": language})


@action
def appoint(
    user_id: UUID,
    *,
    role: str,
    unit_id: UUID,
    since: date,
    until: date | None = None,
    at: datetime,
    by: Actor,
    key: UUID,
) -> UUID:
    """Let a user hold a post from one day until another (the day on which it no longer holds), or open-ended. A post
    that takes two people is refused here: see `nominations`.
    """
    posts.check(user_id, role, unit_id, since, until, by)
    appoint_many([NewAppointment(user_id, role, unit_id, since, until)], at=at, by=by, key=derive(key, "appointments"))
    made: Appointment = Appointment.objects.get(user_id=user_id, role_id=role, unit_id=unit_id, valid__contains=since)
    return made.id


@action
def appoint_many(
    appointments: Sequence[NewAppointment], *, at: datetime, by: Actor, key: UUID, second: str = ""
) -> None:
    """Fill many posts at once. What takes two people is filled with a `second`, the person who named, or by the
    machine in a city that only begins.
    """
    by_two = Role.objects.filter(code__in={new.role for new in appointments}, by_two=True)
    if not second and by_two.exists() and not posts.may_fill_alone(by):
        raise TwoNeeded
    rows = [
        Appointment(user_id=new.user, role_id=new.role, unit_id=new.unit, valid=(new.since, new.until))
        for new in appointments
    ]
    Appointment.objects.bulk_create(rows, batch_size=2000)
    record_many(
        NewFact(
            key=derive(key, str(new.user), new.role, str(new.unit), new.since.isoformat()),
            kind=events.POST_FILLED,
            subject=f"unit:{new.unit}",
            at=at,
            by=by,
            unit=new.unit,
            payload={
                "role": new.role,
                "user": str(new.user),
                "since": new.since.isoformat(),
                "until": new.until.isoformat() if new.until else None,
                **({"named_by": second} if second else {}),
            },
        )
        for new in appointments
    )


@action
def end_appointment(appointment_id: UUID, *, until: date, reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Let an appointment hold no longer from the day `until` on."""
    held = end_of_tenure(appointment_id, until)
    record(
        key=key,
        kind=events.POST_ENDED,
        subject=f"unit:{held.unit_id}",
        at=at,
        by=by,
        unit=held.unit_id,
        payload={"role": held.role_id, "user": str(held.user_id), "until": until.isoformat(), "reason": reason},
    )


@action
def hand_over(
    appointment_id: UUID, *, to_user: UUID, on: date, remark: str, at: datetime, by: Actor, key: UUID
) -> UUID:
    """Pass a post on: the holder holds it until `on`, the successor from `on`. The remark says what was handed over."""
    held = end_of_tenure(appointment_id, on)
    if held.user_id == to_user:
        raise PostRefused(_("A post cannot be handed over to its holder."), _("Choose somebody else."))
    successor = appoint(
        to_user, role=held.role_id, unit_id=held.unit_id, since=on, at=at, by=by, key=derive(key, "successor")
    )
    record(
        key=key,
        kind=events.POST_HANDED_OVER,
        subject=f"unit:{held.unit_id}",
        at=at,
        by=by,
        unit=held.unit_id,
        payload={
            "role": held.role_id,
            "from": str(held.user_id),
            "to": str(to_user),
            "on": on.isoformat(),
            "remark": remark,
        },
    )
    return successor


def end_of_tenure(appointment_id: UUID, until: date) -> Appointment:
    held: Appointment | None = Appointment.objects.select_for_update().filter(id=appointment_id).first()
    if held is None:
        raise NotFound(_("There is no such appointment."))
    if until <= held.since:
        raise PostRefused(
            _("The post would end before it begins."), _("Give a day after the first day of the appointment.")
        )
    if held.until is not None and held.until <= until:
        raise PostRefused(_("This appointment ends earlier than that."), _("Give a day before its present end."))
    held.valid = (held.since, until)
    held.save(update_fields=["valid"])
    return held
