"""Duties as rows: those behind a number of the board, and those that are mine now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import access
from bihuan.kernel.db import AnyOf
from bihuan.kernel.loop import queries as loop
from bihuan.kernel.loop.models import Duty
from bihuan.kernel.loop.tallying import age, open_now, step_titles
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge, Clock
from bihuan.modules.command.queries.doors import done_at, door_of
from bihuan.modules.people import queries as people
from bihuan.modules.testing import queries as testing

SORTS = {"due": "breach_at", "title": "step", "opens_at": "opens_at", "unit": "owner_unit"}
GROUP_SHOWN = 20
NOBODYS = Q(pk__in=[])
PARTS = {"day": "", "morning": _("morning"), "afternoon": _("afternoon")}  # of the profiles' days

type Posts = Mapping[str, Collection[UUID]]


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One open duty. `url` opens what it is about, `name` is masked."""

    id: UUID
    subject: str
    person: UUID | None
    name: str
    pathway: Text
    title: Text
    step: str
    occurrence: str
    role: Text
    unit: Text
    due: Clock
    opens_at: datetime
    breach_at: datetime
    escalated_at: datetime | None
    reason: str
    url: str
    waited: timedelta
    post: Badge | None

    @property
    def what(self) -> str:
        return " · ".join(part for part in (self.name, self.when) if part)

    @property
    def when(self) -> str:
        """Which one of a repeated duty this is: its day, and the part of the day or the day of the test plan."""
        day, _space, part = self.occurrence.partition(" ")
        if (number := testing.day_of(self.occurrence)) is not None:
            return f"{day} {_('Day %(day)s') % {'day': number}}"
        return f"{day} {PARTS.get(part, part)}".strip()


class DutyList:
    """Open duties in a scope, as a source for a table."""

    def __init__(self, scope: access.Scope, now: datetime) -> None:
        self.scope = scope
        self.now = now

    def count(self, filters: Mapping[str, str]) -> int:
        return self.matching(filters).count()

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[DutyLine]:
        order = SORTS.get(sort.removeprefix("-"), "breach_at")
        found = self.matching(filters).order_by(f"-{order}" if sort.startswith("-") else order, "id")
        held = with_runs(found[offset : offset + limit])
        return lines(held, self.now, vacant_posts(self.scope, units_of(held)))

    def matching(self, filters: Mapping[str, str]) -> QuerySet[Duty]:
        found = loop.duties(
            units=self.units(filters),
            roles=[filters["role"]] if filters.get("role") else None,
            pathway=filters.get("pathway"),
            steps=self.steps(filters),
            standing=filters.get("standing", "due"),
            told=self.scope.roles if filters.get("told") else None,
            now=self.now,
        )
        if filters.get("vacant"):
            found = found.filter(of_posts(self._vacant))
        return found.filter(age(int(filters["age"]), self.now)) if filters.get("age") else found

    @cached_property
    def _vacant(self) -> Posts:
        return vacant_posts(self.scope)

    def steps(self, filters: Mapping[str, str]) -> Collection[str] | None:
        tests = testing.TEST_STEPS if filters.get("tests") else None
        if not (step := filters.get("step")):
            return tests
        return [step] if tests is None or step in tests else []

    def units(self, filters: Mapping[str, str]) -> Collection[UUID] | None:
        """Units in reach: all of them, one, or those that a sector owner is in charge of."""
        ids = access.queries.unit_ids(self.scope)
        if text := filters.get("unit"):
            named = access.queries.called(text)
        elif code := filters.get("sector"):
            named = {unit for one in access.queries.by_codes([code]) for unit in access.queries.in_charge_of(one.id)}
        else:
            return ids
        return named if ids is None else named.intersection(ids)


def vacant_posts(scope: access.Scope, of: Collection[UUID] | None = None) -> Posts:
    """The posts in reach, or `of` some units there, that nobody holds today: the units by the role."""
    found: dict[str, set[UUID]] = {}
    for vacancy in access.queries.vacancies(scope, of=of):
        found.setdefault(vacancy.role, set()).add(vacancy.unit)
    return found


def of_posts(posts: Posts) -> Q:
    """The condition for duties of these posts."""
    return reduce(or_, (Q(owner_role=role, owner_unit=AnyOf(units)) for role, units in posts.items()), NOBODYS)


def with_runs(duties: QuerySet[Duty]) -> list[Duty]:
    return list(duties.select_related("run"))


def units_of(held: Iterable[Duty]) -> set[UUID]:
    return {duty.owner_unit for duty in held if duty.owner_unit}


def lines(held: Sequence[Duty], now: datetime, vacant: Posts | None = None) -> list[DutyLine]:
    """Duties with the names of people, units and roles: three queries however many."""
    words = Words(
        titles=step_titles(),
        roles=dict(access.queries.roles()),
        units=access.queries.names([duty.owner_unit for duty in held]),
        people=people.cards({person for duty in held if (person := person_of(duty))}),
    )
    return [line(duty, words, now, vacant or {}) for duty in held]


@dataclass(frozen=True, slots=True)
class Words:
    """What the codes and ids of many duties are called."""

    titles: Mapping[tuple[str, str], tuple[Text, Text]]
    roles: Mapping[str, Text]
    units: Mapping[UUID | None, Text]
    people: Mapping[UUID, people.PersonCard]

    def step(self, pathway: str, step: str) -> tuple[Text, Text]:
        return self.titles.get((pathway, step), (Text(pathway, pathway), Text(step, step)))


def person_of(duty: Duty) -> UUID | None:
    """Whom the duty is about, when it is about somebody."""
    noun, _colon, person = (duty.run.about or "").partition(":")
    return UUID(person) if noun == "person" else None


def line(duty: Duty, words: Words, now: datetime, vacant: Posts) -> DutyLine:
    pathway, title = words.step(duty.pathway, duty.step)
    person = person_of(duty)
    return DutyLine(
        id=duty.id,
        subject=duty.subject,
        person=person,
        name=words.people[person].masked if person and person in words.people else "",
        pathway=pathway,
        title=title,
        step=duty.step,
        occurrence=duty.occurrence,
        role=words.roles.get(duty.owner_role, Text(duty.owner_role, duty.owner_role)),
        unit=words.units.get(duty.owner_unit, Text("—", "—")),
        due=Clock(duty.target_at, duty.warn_at, duty.breach_at),
        opens_at=duty.opens_at,
        breach_at=duty.breach_at,
        escalated_at=duty.escalated_at,
        reason=duty.reason,
        url=door_of(duty.subject),
        waited=now - duty.opens_at,
        post=Badge(_("Vacant post"), "bad") if duty.owner_unit in vacant.get(duty.owner_role, ()) else None,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """My duties of one step, the most urgent first. `count` may be more than are shown."""

    pathway: Text
    title: Text
    count: int
    breached: int
    door: str
    lines: tuple[DutyLine, ...]


def my_duties(scope: access.Scope, now: datetime) -> list[Group]:
    """What the user's own posts owe now: duties of the role at the unit or below it, grouped by step."""
    mine = owed_by(scope)
    if mine is None:
        return []
    return groups(open_now(None, now).filter(mine), now)


def told_to(scope: access.Scope, now: datetime) -> list[Group]:
    """What others are late with and what was therefore told to the user's posts."""
    return groups(loop.duties(units=access.queries.unit_ids(scope), told=scope.roles, now=now), now)


def without_owner(scope: access.Scope, now: datetime) -> list[Group]:
    """What is owed now by posts that nobody holds, for whoever appoints to them: at once, not when it is late."""
    if not scope.may("units.appoint"):
        return []
    vacant = vacant_posts(scope.for_power("units.appoint"))
    return groups(open_now(None, now).filter(of_posts(vacant)), now, vacant)


def groups(found: QuerySet[Duty], now: datetime, vacant: Posts | None = None) -> list[Group]:
    """Duties grouped by step, in the order of the pathways; each group shows its most urgent."""
    counts = {
        (pathway, step): (count, breached)
        for pathway, step, count, breached in found.order_by("pathway")
        .values_list("pathway", "step")
        .annotate(count=Count("id"), breached=Count("id", filter=Q(breach_at__lte=now)))
    }
    titles = step_titles()
    order = {key: number for number, key in enumerate(titles)}
    made = []
    for key in sorted(counts, key=lambda key: order.get(key, len(order))):
        name, title = titles.get(key, (Text(key[0], key[0]), Text(key[1], key[1])))
        shown = found.filter(pathway=key[0], step=key[1]).order_by("breach_at", "id")[:GROUP_SHOWN]
        made.append(Group(name, title, *counts[key], done_at(*key), tuple(lines(with_runs(shown), now, vacant))))
    return made


def owed_by(scope: access.Scope) -> Q | None:
    """Duties of the user's roles at the user's units or below them."""
    if not scope.grants:
        return None
    return reduce(
        or_,
        (Q(owner_role=grant.role, owner_unit=AnyOf(access.queries.subtree(grant.unit_path))) for grant in scope.grants),
    )


def duty_in(scope: access.Scope, duty_id: UUID, now: datetime) -> DutyLine:
    """One duty in reach, open or not."""
    found = Duty.objects.filter(id=duty_id)
    ids = access.queries.unit_ids(scope)
    held = lines(with_runs(found if ids is None else found.filter(owner_unit=AnyOf(ids))), now)
    if not held:
        raise NotFound(_("There is no such duty."))
    return held[0]
