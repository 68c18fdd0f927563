"""Reads of the register of people. Lists mask names; only a person's own page, opened with a purpose, shows them
whole.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access, clock, ledger
from bihuan.kernel.db import AnyOf, cut, uuid7
from bihuan.kernel.loop import events as loop
from bihuan.kernel.loop.queries import runs_of
from bihuan.kernel.loop.tallying import step_titles
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.science.linkage import FIELDS, Levels, Prepared, compare

from . import rules
from .models import IdType, Pair, PairState, Person, Sex

FIND_MAX = 20
ID_FAULTS = {
    rules.IdProblem.LENGTH: _("A resident ID number has 18 characters."),
    rules.IdProblem.CHARACTERS: _("A resident ID number is 17 digits, then a digit or X."),
    rules.IdProblem.BIRTH: _("Digits 7 to 14 of this number are no possible birth date."),
    rules.IdProblem.CHECKSUM: _("The last character does not fit the others: compare the number with the document."),
    rules.IdProblem.PRECISION: _("The last digits of this number were lost: type it from the document."),
}
KNOWN_BY = ("id", "name", "birth_on", "phone", "id_type", "id_number", "id_disputed", "merged_into_id")
PARTICULARS = (
    "id",
    "name",
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
CARD_FIELDS = (*PARTICULARS, "unit__name_zh", "unit__name_en", "household__address")


@dataclass(frozen=True, slots=True)
class PersonCard:
    """Somebody as other modules and pages read them."""

    id: UUID
    name: str
    sex: str
    birth_on: date | None
    age: int | None
    id_type: str
    id_number: str
    id_disputed: bool
    phone: str
    address: str
    unit_id: UUID | None
    unit_name: Text | None
    household_id: UUID | None
    household_address: str

    @property
    def subject(self) -> str:
        return f"person:{self.id}"

    @property
    def masked(self) -> str:
        return rules.masked(self.name)

    @property
    def id_masked(self) -> str:
        return rules.id_masked(self.id_number)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be entered. `id` is given beforehand so that rows of one file can refer to each other."""

    name: str
    birth_on: date | None = None
    sex: str = "unknown"
    id_type: str = "none"
    id_number: str = ""
    phone: str = ""
    address: str = ""
    unit: UUID | None = None
    household: UUID | None = None
    id_disputed: bool = False
    id: UUID | None = None

    @property
    def identity(self) -> rules.Identity:
        return rules.Identity(rules.plain(self.name), self.birth_on, self.phone, self.id_type, self.id_number)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of somebody to be entered: known, new, or doubtful (then no person). `adds_phone`: the register had
    none.
    """

    person: UUID | None
    is_new: bool = False
    doubt: str = ""
    adds_phone: str = ""


class Register:
    """The part of the register that can concern a set of identities, in memory. People met on the way are added to
    it.
    """

    def __init__(self, known: Collection[rules.Known]) -> None:
        self._by_id: dict[tuple[str, str], list[rules.Known]] = {}
        self._by_birth: dict[date, list[rules.Known]] = {}
        self._everybody: dict[str, rules.Identity] = {}
        for one in known:
            self._add(one)

    def place(self, asked: NewPerson) -> tuple[Enrolled, NewPerson | None]:
        """Who somebody is; if they are new, also the person to insert, who is known from here on."""
        identity = asked.identity
        by_id = self._by_id.get((identity.id_type, identity.id_number), []) if identity.id_number else []
        by_name = self._by_birth.get(identity.birth_on, []) if identity.birth_on else []
        found = rules.match(identity, by_id, by_name)
        if found.doubt:
            return Enrolled(None, doubt=found.doubt.value), None
        if found.person:
            return Enrolled(UUID(found.person), adds_phone=self._completed(found.person, identity)), None
        new = replace(asked, id=asked.id or uuid7())
        self._add(rules.Known(str(new.id), identity, new.id_disputed))
        return Enrolled(new.id, is_new=True), new

    def _add(self, known: rules.Known) -> None:
        identity = known.identity
        self._everybody[known.person] = identity
        if identity.id_number:
            self._by_id.setdefault((identity.id_type, identity.id_number), []).append(known)
        if identity.birth_on:
            self._by_birth.setdefault(identity.birth_on, []).append(known)

    def _completed(self, person: str, asked: rules.Identity) -> str:
        """The phone that the register lacked, once."""
        known = self._everybody[person]
        if known.phone or not asked.phone:
            return ""
        self._everybody[person] = replace(known, phone=asked.phone)
        return asked.phone


def register_for(asked: Sequence[NewPerson]) -> Register:
    """Everybody in the register who could be one of these: two queries, however many are asked."""
    numbers = {person.id_number for person in asked if person.id_number}
    named = {(rules.plain(person.name), person.birth_on) for person in asked if person.birth_on and person.name}
    by_number = Person.objects.filter(id_number=AnyOf(numbers, "text")).exclude(id_number="")
    rows = {row[0]: row for row in (*by_number.values_list(*KNOWN_BY), *_named(named))}
    return Register(
        [
            rules.Known(
                str(kept or pk), rules.Identity(rules.plain(name), birth_on, phone, id_type, number), is_disputed
            )
            for pk, name, birth_on, phone, id_type, number, is_disputed, kept in rows.values()
        ]
    )


def _named(pairs: Collection[tuple[str, date]]) -> list[tuple[Any, ...]]:
    """Everybody who has one of these names together with its birth date."""
    columns = ", ".join(f"person.{name}" for name in KNOWN_BY)
    asked = "unnest(%s::text[], %s::date[]) AS asked (name, birth_on)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {asked} JOIN people_person AS person USING (name, birth_on)",  # noqa: S608
            [[name for name, _born in pairs], [born for _name, born in pairs]],
        )
        return list(cursor.fetchall())


def resident_id_problem(number: str, on: date) -> str | None:
    """The code of what is wrong with a resident ID number, or None."""
    problem = rules.resident_id_problem(number, on)
    return problem.value if problem else None


def id_fault(id_type: str, number: str) -> str:
    """What is wrong with the number of a document as of today, in words for its field; empty if it can be one."""
    plain = rules.id_plain(number)
    if id_type == IdType.RESIDENT_ID:
        problem = rules.resident_id_problem(plain, clock.now().astimezone(clock.CITY).date())
        return str(ID_FAULTS[problem]) if problem else ""
    return "" if plain.isalnum() else str(_("A document number has letters and digits only."))


def phone_fault(text: str) -> str:
    """What is wrong with a telephone number, in words for its field; empty if it can be one."""
    return "" if rules.phone_plain(text) else str(_("A telephone number has seven to fifteen digits."))


def masked(name: str) -> str:
    """A name as lists show it."""
    return rules.masked(name)


def card(person_id: UUID) -> PersonCard:
    """One person, whole. Whoever shows this page leaves a fact by `access.opened`."""
    found = cards([person_id]).get(person_id)
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def cards(person_ids: Collection[UUID]) -> dict[UUID, PersonCard]:
    """Several people by id, one query."""
    rows = Person.objects.filter(id__in=list(person_ids)).values(*CARD_FIELDS)
    return {row["id"]: _card(row) for row in rows}


def find(text: str, limit: int = FIND_MAX) -> list[PersonCard]:
    """People by ID number, phone, or the beginning of a name or its pinyin. For a gate, not for browsing."""
    asked = rules.plain(text)
    if not asked:
        return []
    rows = Person.objects.filter(matching(asked)).order_by("name_key").values_list("id", "merged_into_id")[:limit]
    kept = list(dict.fromkeys(into or pk for pk, into in rows))
    found = cards(kept)
    return [found[person_id] for person_id in kept]


def matching(text: str) -> Q:
    """The condition that finds a person by a word."""
    asked = rules.plain(text)
    number = rules.id_plain(asked)
    name = Q(name__startswith=asked) | Q(name_key__startswith=rules.name_key(asked))
    if not any(sign.isdigit() for sign in number):
        return name
    return name | Q(id_number=number) | Q(phone=rules.phone_plain(asked) or asked)


def ids_matching(text: str) -> "QuerySet[Person, UUID]":
    """The ids of everybody whom a word finds, for `person__in` of another table: one index each, no join of two
    registers.
    """
    return Person.objects.filter(matching(text)).values_list("id", flat=True)


def household_members(household_id: UUID) -> list[PersonCard]:
    """Everybody of one household, oldest first."""
    rows = Person.objects.filter(household_id=household_id).order_by("birth_on", "name_key").values(*CARD_FIELDS)
    return [_card(row) for row in rows]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the list: masked."""

    id: UUID
    name: str
    sex: str
    age: int | None
    id_masked: str
    unit: str
    url: str


class People:
    """Source of the people list: only people looked after in the asker's own scope, names masked."""

    SORTS = {"name": "name_key", "age": "-birth_on", "unit": "unit__code"}

    def __init__(self, scope: access.Scope, url: str) -> None:
        self.scope = scope
        self.url = url

    def count(self, filters: Mapping[str, str]) -> int:
        """All, less those joined to another: both counts keep to an index."""
        asked = self._asked(filters)
        return asked.count() - asked.exclude(merged_into=None).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[PersonRow]:
        order = self.SORTS.get(sort.lstrip("-"), "name_key")
        if sort.startswith("-"):
            order = order[1:] if order.startswith("-") else f"-{order}"
        asked = self._asked(filters).filter(merged_into=None)
        if "unit" in order:
            ids = self._by_unit(asked, order, offset, limit)
        else:
            ids = _ids(asked.order_by(order, "id"), offset, limit)
        found = cards(ids)
        return [self._row(found[person_id]) for person_id in ids]

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[Person]":
        rows: QuerySet[Person] = self.scope.rows(Person.objects.all(), "unit")
        if text := filters.get("q"):
            rows = rows.filter(matching(text))
        if sex := filters.get("sex"):
            rows = rows.filter(sex=sex)
        if filters.get("disputed"):
            rows = rows.filter(id_disputed=True)
        return rows

    def _by_unit(self, asked: "QuerySet[Person]", order: str, offset: int, limit: int) -> list[UUID]:
        """Unit by unit, then whoever has none. The condition on the code makes the join an inner one, so that the
        database walks the units and stops when the page is full.
        """
        ids = _ids(asked.filter(unit__code__gt="").order_by(order, "id"), offset, limit)
        if len(ids) == limit:
            return ids
        placed = asked.filter(unit__isnull=False).count() if offset else 0
        rest = _ids(asked.filter(unit__isnull=True).order_by("id"), max(offset - placed, 0), limit - len(ids))
        return [*ids, *rest]

    def _row(self, card: PersonCard) -> PersonRow:
        return PersonRow(
            card.id,
            card.masked,
            str(Sex(card.sex).label),
            card.age,
            card.id_masked,
            str(card.unit_name or ""),
            self.url.format(card.id),
        )


def _ids(asked: "QuerySet[Person]", offset: int, limit: int) -> list[UUID]:
    return cut(asked.values_list("id", flat=True), offset, limit)


def total() -> int:
    """How many people the register holds."""
    return Person.objects.count()


def may_open(scope: access.Scope, person_id: UUID) -> bool:
    """Whether somebody concerns this scope: looked after there, or a fact about them names one of its units."""
    if scope.rows(Person.objects.filter(id__in=records_of(person_id)), "unit").exists():
        return True
    units = {fact.unit for fact in timeline(person_id) if fact.unit}
    return any(scope.covers(path) for path in access.queries.paths(units))


def timeline(person_id: UUID) -> list[ledger.FactRow]:
    """Everything that was recorded about somebody under any of their records, newest first."""
    facts = {fact.seq: fact for one in records_of(person_id) for fact in ledger.history(f"person:{one}")}
    return sorted(facts.values(), key=lambda fact: (fact.happened_at, fact.seq), reverse=True)


def records_of(person_id: UUID) -> list[UUID]:
    """The records that speak of one person: this one, and those joined to it."""
    return [person_id, *joined_to(person_id)]


def joined_to(person_id: UUID) -> list[UUID]:
    """The records that are joined to this one."""
    return list(Person.objects.filter(merged_into=person_id).order_by("id").values_list("id", flat=True))


def kept_for(person_id: UUID) -> UUID | None:
    """The record to which this one is joined, if it is."""
    kept: UUID | None = Person.objects.values_list("merged_into_id", flat=True).get(id=person_id)
    return kept


def is_under_way(person_id: UUID) -> bool:
    """Whether a loop runs for somebody: an arrival, an order, a request, whatever a fact about them has opened."""
    subjects = {fact.subject for fact in ledger.history(f"person:{person_id}")}
    return any(run.closed_at is None for subject in subjects for run in runs_of(subject))


def prepared(person_ids: Collection[UUID]) -> dict[UUID, Prepared]:
    """People as they are compared with each other, one query."""
    rows = Person.objects.filter(id=AnyOf(person_ids)).values_list(*KNOWN_BY, "sex", "address")
    return {
        pk: rules.compared(rules.Identity(name, birth_on, phone, id_type, number), sex, address)
        for pk, name, birth_on, phone, id_type, number, _disputed, _kept, sex, address in rows
    }


def actor_names(facts: Iterable[ledger.FactRow]) -> dict[str, str]:
    """Who did what, by the ledger's actor strings: names of users, and words for everybody else. One query."""
    actors = {fact.actor for fact in facts}
    users = {actor: UUID(actor.removeprefix("user:")) for actor in actors if actor.startswith("user:")}
    names = access.queries.user_names(users.values())
    words = {"public": str(_("The traveller")), "system": str(_("The system"))}
    return {
        actor: names.get(users[actor], "") if actor in users else words.get(actor.split(":")[0], "") for actor in actors
    }


def id_types() -> list[tuple[str, str]]:
    """Kinds of identity document, for forms."""
    names = {
        IdType.RESIDENT_ID: _("Resident ID"),
        IdType.PASSPORT: _("Passport"),
        IdType.PERMIT: _("Travel permit"),
        IdType.OTHER: _("Other document"),
        IdType.NONE: _("No document"),
    }
    return [(kind.value, str(name)) for kind, name in names.items()]


def _card(row: Mapping[str, object]) -> PersonCard:
    today = clock.now().astimezone(clock.CITY).date()
    unit_name = Text(zh=str(row["unit__name_zh"]), en=str(row["unit__name_en"])) if row["unit_id"] else None
    values = {name: row[name] for name in PARTICULARS}
    return PersonCard(
        **values,  # type: ignore[arg-type]
        age=rules.age_on(values["birth_on"], today),  # type: ignore[arg-type]
        unit_name=unit_name,
        household_address=str(row["household__address"] or ""),
    )


RESULTS = {"negative": _("Negative"), "positive": _("Positive"), "inconclusive": _("Inconclusive")}


def detail_of(fact: ledger.FactRow) -> str:
    """What a line of a timeline says beneath its title: the result of a test, the step that was not done."""
    told = fact.payload
    if fact.kind == "test.resulted":
        result = str(told["result"])
        return _joined(RESULTS.get(result, result), told.get("reason"))
    if fact.kind in (loop.BREACHED, loop.EXPLAINED):
        named = step_titles().get((str(told["pathway"]), str(told["step"])))
        return _joined(named[1] if named else told["step"], told.get("occurrence"), told.get("reason"))
    return ""


def _joined(*words: object) -> str:
    return " · ".join(str(word) for word in words if word)


FIELD_NAMES = {
    "name": _("Name"),
    "birth": _("Birth date"),
    "sex": _("Sex"),
    "number": _("ID number"),
    "phone": _("Phone"),
    "address": _("Address"),
}


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two records that may be one human being, and how each particular of the one relates to the other's."""

    id: UUID
    first: PersonCard
    second: PersonCard
    outcome: str
    state: str
    found_at: datetime
    levels: Levels
    certainty: object
    url: str

    @property
    def names(self) -> str:
        return f"{self.first.masked} / {self.second.masked}"

    @property
    def units(self) -> str:
        return " / ".join(str(card.unit_name or "—") for card in (self.first, self.second))

    @property
    def agrees(self) -> str:
        return self._named("same", "sound", "near", "misread")

    @property
    def conflicts(self) -> str:
        return self._named("differ", "part", "one", "area")

    @property
    def is_open(self) -> bool:
        return self.state == PairState.OPEN

    def _named(self, *wanted: str) -> str:
        return " · ".join(
            str(FIELD_NAMES[field]) for field, level in zip(FIELDS, self.levels, strict=True) if level in wanted
        )


class Pairs:
    """Source of the list of suspected pairs: the surest first, both people in the asker's scope, names masked."""

    def __init__(self, scope: access.Scope, url: str, certainties: Mapping[str, object]) -> None:
        self.scope = scope
        self.url = url
        self.certainties = certainties

    def count(self, filters: Mapping[str, str]) -> int:
        return self._asked(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[PairRow]:
        asked = self._asked(filters).order_by("-bits", "id").values_list(*PAIR_FIELDS)
        return _pair_rows(cut(asked, offset, limit), self.url, self.certainties)

    def _asked(self, filters: Mapping[str, str]) -> "QuerySet[Pair]":
        joined = Person.objects.exclude(merged_into=None).values("id")
        rows = (
            _pairs_in_reach(self.scope)
            .filter(state=PairState.OPEN)
            .exclude(first__in=joined)
            .exclude(second__in=joined)
        )
        return rows.filter(outcome=filters["outcome"]) if "outcome" in filters else rows


PAIR_FIELDS = ("id", "first_id", "second_id", "outcome", "state", "found_at")


def pair(scope: access.Scope, pair_id: UUID) -> PairRow:
    """One suspected pair, both whole. Whoever shows it leaves a fact for each of the two."""
    rows = _pair_rows(_pairs_in_reach(scope).filter(id=pair_id).values_list(*PAIR_FIELDS), "", {})
    if not rows:
        raise NotFound(_("There is no such pair."))
    return rows[0]


def _pairs_in_reach(scope: access.Scope) -> "QuerySet[Pair]":
    return Pair.objects.filter(scope.within("first__unit"), scope.within("second__unit"))


def to_keep(found: PairRow) -> UUID:
    """Which record goes on: the one under which something runs, else the older one."""
    is_second = is_under_way(found.second.id) and not is_under_way(found.first.id)
    return found.second.id if is_second else found.first.id


def _pair_rows(rows: Iterable[tuple[Any, ...]], url: str, certainties: Mapping[str, object]) -> list[PairRow]:
    found = list(rows)
    people = cards({person for row in found for person in row[1:3]})
    return [
        PairRow(
            pk,
            people[first],
            people[second],
            outcome,
            state,
            found_at,
            compare(_prepared(people[first]), _prepared(people[second])),
            certainties.get(outcome),
            url.format(pk),
        )
        for pk, first, second, outcome, state, found_at in found
    ]


def _prepared(card: PersonCard) -> Prepared:
    identity = rules.Identity(card.name, card.birth_on, card.phone, card.id_type, card.id_number)
    return rules.compared(identity, card.sex, card.address)
