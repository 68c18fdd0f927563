"""Writes to the register of people: one verb, one transaction, its facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from bihuan.kernel.db import AnyOf, uuid7
from bihuan.kernel.ledger import Actor, Json, NewFact, derive, histories, record, record_many
from bihuan.kernel.loop import action
from bihuan.kernel.postgres import copy_rows
from bihuan.kernel.refusals import Refused
from bihuan.modules.people import events, rules
from bihuan.modules.people.actions.suspecting import suspect
from bihuan.modules.people.models import IdType, Person
from bihuan.modules.people.queries import Enrolled, NewPerson, register_for

COLUMNS = (
    "id",
    "name",
    "name_key",
    "sex",
    "birth_on",
    "id_type",
    "id_number",
    "id_disputed",
    "phone",
    "address",
    "unit_id",
    "household_id",
)
COMPLETED, TAKEN_BACK = "completed", "taken back"
BY_FILES = (COMPLETED, TAKEN_BACK)  # reasons of corrections that no officer made
CORRECTABLE = ("name", "sex", "birth_on", "id_type", "id_number", "phone", "address", "unit_id", "household_id")


class IdTaken(Refused):
    """The number belongs to somebody with another name or birth date."""

    def __init__(self) -> None:
        super().__init__(
            _("This identity number is registered to somebody with another name or birth date."),
            _("Check the document. If two people really hold one number, register the second as disputed."),
        )


class SeveralMatch(Refused):
    """More than one person in the register could be meant."""

    def __init__(self) -> None:
        super().__init__(
            _("Several people in the register share this name, birth date and phone."),
            _("Add the identity number, or open the right person and go on from there."),
        )


class IdUnfit(Refused):
    """The number cannot be a resident ID."""

    def __init__(self) -> None:
        super().__init__(
            _("This number cannot be a resident ID: its length, birth date or check character is wrong."),
            _("Read it again from the document; a document of another kind needs its own type."),
        )


@dataclass(frozen=True, slots=True)
class NewHousehold:
    id: UUID
    unit: UUID
    address: str


@action
def register(
    *,
    name: str,
    at: datetime,
    by: Actor,
    key: UUID,
    birth_on: date | None = None,
    sex: str = "unknown",
    id_type: str = "none",
    id_number: str = "",
    phone: str = "",
    address: str = "",
    unit: UUID | None = None,
    household: UUID | None = None,
    id_disputed: bool = False,
    doubts_wait: bool = False,
) -> UUID:
    """Find or enter one person: by ID number; else by name, birth date and phone. Returns who they are.

    With `doubts_wait` nobody is there who may be told of a doubt: whoever could be another is entered beside them, as
    the gate does with a disputed number, and an officer who has the document settles it.
    """
    asked = tidy(
        NewPerson(name, birth_on, sex, id_type, id_number, phone, address, unit, household, id_disputed), at.date()
    )
    if asked.id_disputed:
        return _enter_disputed(asked, at=at, by=by, key=key)
    enrolled, new = register_for([asked]).place(asked)
    if enrolled.doubt == rules.Doubt.ID_OF_ANOTHER:
        if not doubts_wait:
            raise IdTaken
        return _enter_disputed(asked, at=at, by=by, key=key)
    if enrolled.doubt:
        if not doubts_wait:
            raise SeveralMatch
        new = replace(asked, id=uuid7())
        enrolled = Enrolled(new.id, is_new=True)
    if new:
        _insert([new], at=at, by=by, key=key)
    assert enrolled.person is not None
    return enrolled.person


@action
def enrol_many(people: Sequence[NewPerson], *, at: datetime, by: Actor, key: UUID) -> None:
    """Enter people who were placed by a `Register` and are new. Their ids are given; one COPY for the rows, one for
    the facts.
    """
    _insert(people, at=at, by=by, key=key)


@action
def complete_phones(phones: Mapping[str, str], *, at: datetime, by: Actor, key: UUID) -> None:
    """Enter the phones of people whom the register knew without one, by their ids."""
    people = list(Person.objects.select_for_update().filter(id=AnyOf(phones), phone="").order_by("id"))
    for person in people:
        person.phone = phones[str(person.id)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_person AS person SET phone = told.phone FROM unnest(%s::uuid[], %s::text[]) "
            "AS told (id, phone) WHERE person.id = told.id",
            [[person.id for person in people], [person.phone for person in people]],
        )
    record_many(
        NewFact(
            key=derive(key, "phone", str(person.id)),
            kind=events.CORRECTED,
            subject=person.subject,
            at=at,
            by=by,
            unit=person.unit_id or by.unit,
            payload={"phone": person.phone, "reason": COMPLETED},
        )
        for person in people
    )


@action
def take_out(
    newcomers: Collection[UUID], phones: Collection[UUID], *, reason: str, at: datetime, by: Actor, key: UUID
) -> None:
    """Undo what a file entered within the last day: people nobody else refers to leave the register, and phones that
    were completed go out again. Whoever was worked on since stays as they are.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_take_out(%s::uuid[], %s) AS taken (id)", [list(newcomers), at])
        gone = [person for (person,) in cursor.fetchall()]
    units = dict(Person.objects.filter(id=AnyOf(_completed(phones))).values_list("id", "unit_id"))
    completed = sorted(units)
    Person.objects.filter(id=AnyOf(completed)).update(phone="")
    record_many(
        [
            *[_taken_back(events.TAKEN_OUT, one, {"reason": reason}, by.unit, at, by, key) for one in gone],
            *[
                _taken_back(
                    events.CORRECTED, one, {"phone": "", "reason": TAKEN_BACK}, units[one] or by.unit, at, by, key
                )
                for one in completed
            ],
        ]
    )


def _completed(phones: Collection[UUID]) -> list[UUID]:
    """Of these people those of whom nothing was corrected after their phone was completed."""
    found = histories([f"person:{person}" for person in phones])
    last = {
        subject: next((fact for fact in reversed(facts) if fact.kind == events.CORRECTED), None)
        for subject, facts in found.items()
    }
    return [
        UUID(subject.partition(":")[2])
        for subject, fact in last.items()
        if fact is not None and fact.payload.get("reason") == COMPLETED
    ]


def _taken_back(
    kind: str, person: UUID, payload: dict[str, Json], unit: UUID | None, at: datetime, by: Actor, key: UUID
) -> NewFact:
    return NewFact(
        key=derive(key, kind, str(person)),
        kind=kind,
        subject=f"person:{person}",
        at=at,
        by=by,
        unit=unit,
        payload=payload,
    )


@action
def correct(person_id: UUID, *, changes: dict[str, str], reason: str, at: datetime, by: Actor, key: UUID) -> None:
    """Put particulars right, with a reason. What stood before remains in the ledger."""
    assert set(changes) <= set(CORRECTABLE), "only particulars can be corrected"
    person = Person.objects.select_for_update().get(id=person_id)
    asked = tidy(_asked(person, changes), at.date())
    taken = (
        asked.id_number
        and Person.objects.filter(id_type=asked.id_type, id_number=asked.id_number, id_disputed=False)
        .exclude(id=person_id)
        .exists()
    )
    if taken and not person.id_disputed:
        raise IdTaken
    person.name, person.name_key = asked.name, rules.name_key(asked.name)
    person.sex, person.birth_on, person.phone, person.address = asked.sex, asked.birth_on, asked.phone, asked.address
    person.id_type, person.id_number = asked.id_type, asked.id_number
    person.unit_id, person.household_id = asked.unit, asked.household
    person.save()
    record(
        key=key,
        kind=events.CORRECTED,
        subject=person.subject,
        at=at,
        by=by,
        unit=person.unit_id,
        payload={**changes, "reason": reason},
    )
    suspect([person_id], at=at)


@action
def add_household(*, unit: UUID, address: str, at: datetime, by: Actor, key: UUID) -> UUID:
    """Enter the household behind one door."""
    household = uuid7()
    add_households([NewHousehold(household, unit, address)], at=at, by=by, key=derive(key, "households"))
    return household


@action
def add_households(households: Sequence[NewHousehold], *, at: datetime, by: Actor, key: UUID) -> None:
    """Enter many households, whose ids are given: one COPY for the rows, one for the facts."""
    copy_rows("people_household", ("id", "unit_id", "address"), [(new.id, new.unit, new.address) for new in households])
    record_many(
        NewFact(
            key=derive(key, str(new.id)),
            kind=events.HOUSEHOLD_ADDED,
            subject=f"household:{new.id}",
            at=at,
            by=by,
            unit=new.unit,
            payload={"address": new.address},
        )
        for new in households
    )


def tidy(person: NewPerson, on: date) -> NewPerson:
    """Particulars as they are stored; a resident ID gives birth date and sex, and must pass its check."""
    number = rules.id_plain(person.id_number)
    tidied = replace(
        person,
        name=rules.plain(person.name),
        id_number=number,
        id_type=person.id_type if number else IdType.NONE.value,
        phone=rules.phone_plain(person.phone) or rules.plain(person.phone)[:24] if person.phone else "",
        address=rules.plain(person.address),
    )
    if tidied.id_type != IdType.RESIDENT_ID:
        return tidied
    if rules.resident_id_problem(number, on):
        raise IdUnfit
    return replace(
        tidied,
        birth_on=tidied.birth_on or rules.birth_of(number),
        sex=tidied.sex if tidied.sex != "unknown" else rules.sex_of(number),
    )


def _asked(person: Person, changes: dict[str, str]) -> NewPerson:
    def value(name: str) -> object:
        return (changes[name] or None) if name in changes else getattr(person, name)

    birth_on, unit, household = value("birth_on"), value("unit_id"), value("household_id")
    return NewPerson(
        name=str(value("name")),
        sex=str(value("sex")),
        birth_on=date.fromisoformat(birth_on) if isinstance(birth_on, str) else birth_on,  # type: ignore[arg-type]
        id_type=str(value("id_type") or IdType.NONE.value),
        id_number=str(value("id_number") or ""),
        phone=str(value("phone") or ""),
        address=str(value("address") or ""),
        unit=UUID(unit) if isinstance(unit, str) else unit,  # type: ignore[arg-type]
        household=UUID(household) if isinstance(household, str) else household,  # type: ignore[arg-type]
    )


def _enter_disputed(asked: NewPerson, *, at: datetime, by: Actor, key: UUID) -> UUID:
    others = list(Person.objects.select_for_update().filter(id_type=asked.id_type, id_number=asked.id_number))
    same = [other for other in others if rules.same_name(other.name, asked.name)]
    if same:
        found: UUID = same[0].merged_into_id or same[0].id
        return found
    new = replace(asked, id=uuid7(), id_disputed=True)
    _insert([new], at=at, by=by, key=key)
    for other in others:
        record(
            key=derive(key, "disputed", str(other.id)),
            kind=events.ID_DISPUTED,
            subject=other.subject,
            at=at,
            by=by,
            unit=other.unit_id,
            payload={"other": f"person:{new.id}"},
        )
    assert new.id is not None
    return new.id


def _insert(people: Sequence[NewPerson], *, at: datetime, by: Actor, key: UUID) -> None:
    copy_rows("people_person", COLUMNS, [_columns(person) for person in people])
    record_many(
        NewFact(
            key=derive(key, "person", str(person.id)),
            kind=events.REGISTERED,
            subject=f"person:{person.id}",
            at=at,
            by=by,
            unit=person.unit or by.unit,
            payload=_particulars(person),
        )
        for person in people
    )
    suspect([person.id for person in people if person.id], at=at)


def _columns(person: NewPerson) -> tuple[object, ...]:
    return (
        person.id,
        person.name,
        rules.name_key(person.name),
        person.sex,
        person.birth_on,
        person.id_type,
        person.id_number,
        person.id_disputed,
        person.phone,
        person.address,
        person.unit,
        person.household,
    )


def _particulars(person: NewPerson) -> dict[str, str | None]:
    return {
        "name": person.name,
        "birth_on": person.birth_on.isoformat() if person.birth_on else None,
        "sex": person.sex,
        "id_type": person.id_type,
        "id_number": person.id_number,
        "phone": person.phone,
        "address": person.address,
    }
