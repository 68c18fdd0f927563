"""Who stays where, how they are, what keeps them, and who answers for a person under an order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import profile
from bihuan.kernel.refusals import NotFound
from bihuan.kernel.text import Text
from bihuan.kernel.web import Badge
from bihuan.modules.isolation import events, rules
from bihuan.modules.isolation.models import Check, Occupancy, Stay
from bihuan.modules.measures import events as order_events
from bihuan.modules.measures import queries as measures
from bihuan.modules.testing import queries as testing

from .practice import symptom_names

LIVE = "live"

STANDINGS = {
    rules.Checked.THIS_ROUND: Badge(_("Seen on this round"), "good"),
    rules.Checked.DUE: Badge(_("Not seen yet"), "neutral"),
    rules.Checked.MISSED: Badge(_("The last round was missed"), "warn"),
}
HINDRANCES = {
    rules.Hindrance.PHASE_NOT_OVER: _("the time at the site is not over"),
    rules.Hindrance.TEST_MISSING: _("a test of the plan was not taken"),
    rules.Hindrance.RESULT_WAITED_FOR: _("a result has not come"),
    rules.Hindrance.NOT_NEGATIVE: _("a result is not negative"),
    rules.Hindrance.LINKED_WAITED_FOR: _("the close contact's first two results have not come"),
    rules.Hindrance.LINKED_POSITIVE: _("a close contact this order depends on is positive"),
}


def order_under(order_id: UUID) -> measures.OrderRow:
    """The order; refused when there is none."""
    order = measures.order(order_id)
    if order is None:
        raise NotFound(_("There is no such order."), _("Check the number."))
    return order


@dataclass(frozen=True, slots=True)
class Keeper:
    """The unit that looks after a person under an order now."""

    person_id: UUID
    unit_id: UUID


def keeper_of(order_id: UUID) -> Keeper | None:
    """The site of the open stay, else whoever holds a person under a live order: a hospital, a community, a gate."""
    stay = Stay.objects.filter(order_id=order_id, during__upper_inf=True).select_related("site").first()
    if stay is not None:
        return Keeper(stay.person_id, stay.site.unit_id)
    order = measures.order(order_id)
    if order is None or not order.is_live:
        return None
    kind, _colon, holder = custody.holder_of(f"person:{order.person_id}").partition(":")
    return Keeper(order.person_id, UUID(holder) if kind == "unit" else order.unit_id)


@dataclass(frozen=True, slots=True)
class CheckRow:
    checked_at: datetime
    contact_code: str
    temperature: Decimal | None
    symptoms: tuple[Text, ...]
    is_normal: bool
    remark: str

    def __str__(self) -> str:
        measured = [] if self.temperature is None else [f"{self.temperature} °C"]
        return " · ".join([*measured, *map(str, self.symptoms)]) + (f" ({self.remark})" if self.remark else "")

    @property
    def contact(self) -> object:
        return Check.Contact(self.contact_code).label

    @property
    def badge(self) -> Badge:
        return Badge(_("Well"), "good") if self.is_normal else Badge(_("Unwell"), "bad")


def checks_of(subject: str) -> tuple[CheckRow, ...]:
    """The health checks of one order or arrival, latest first."""
    return tuple(_check(check) for check in Check.objects.filter(subject=subject).order_by("-checked_at", "-id"))


def latest_checks(subjects: Collection[str], since: datetime, now: datetime) -> dict[str, CheckRow]:
    """Each subject's latest check between two moments, in one query."""
    found = (
        Check.objects.filter(subject__in=list(subjects), checked_at__gte=since, checked_at__lte=now)
        .order_by("subject", "-checked_at", "-id")
        .distinct("subject")
    )
    return {check.subject: _check(check) for check in found}


def _check(check: Check) -> CheckRow:
    return CheckRow(
        checked_at=check.checked_at,
        contact_code=check.contact,
        temperature=check.temperature,
        symptoms=symptom_names(check.symptoms),
        is_normal=check.is_normal,
        remark=check.remark,
    )


@dataclass(frozen=True, slots=True)
class Resident:
    """A person at a site, as a round or the list of exceptions sees them."""

    order_id: UUID
    order_state: str
    person_id: UUID
    name: str
    phone: str
    room: str
    floor: int
    since: datetime
    central_ends_at: datetime | None
    needs: str
    last: CheckRow | None
    standing: rules.Checked

    @property
    def badge(self) -> Badge:
        """How the person stands with the rounds."""
        return STANDINGS[self.standing]

    @property
    def subject(self) -> str:
        return f"order:{self.order_id}"


def residents(site_id: UUID, order_ids: Sequence[UUID] | None = None, *, now: datetime) -> tuple[Resident, ...]:
    """Who stays at a site since before `now`, room by room; `order_ids` narrows it down."""
    found = Occupancy.objects.filter(stay__site=site_id, during__upper_inf=True, stay__during__startswith__lte=now)
    if order_ids is not None:
        found = found.filter(stay__order__in=order_ids)
    rows = list(
        found.order_by("room__floor", "room__number", "stay__person__name_key").values(
            order_id=F("stay__order_id"),
            order_state=F("stay__order__state"),
            person_id=F("stay__person_id"),
            name=F("stay__person__name"),
            phone=F("stay__person__phone"),
            number=F("room__number"),
            floor=F("room__floor"),
            stay_during=F("stay__during"),
            needs=F("stay__needs"),
            central_ends_at=F("stay__order__central_ends_at"),
        )
    )
    checks = latest_checks([f"order:{row['order_id']}" for row in rows], now - timedelta(days=2), now)
    return tuple(_resident(row, checks, now) for row in rows)


def _resident(row: dict[str, Any], checks: dict[str, CheckRow], now: datetime) -> Resident:
    last = checks.get(f"order:{row['order_id']}")
    since = row["stay_during"].lower
    return Resident(
        order_id=row["order_id"],
        order_state=row["order_state"],
        person_id=row["person_id"],
        name=row["name"],
        phone=row["phone"],
        room=row["number"],
        floor=row["floor"],
        since=since,
        central_ends_at=row["central_ends_at"],
        needs=row["needs"],
        last=last,
        standing=rules.checked(
            now=now.astimezone(clock.CITY),
            since=since.astimezone(clock.CITY),
            last_at=last.checked_at.astimezone(clock.CITY) if last else None,
        ),
    )


@dataclass(frozen=True, slots=True)
class RoomRound:
    """A door on the round: everybody behind it."""

    room: str
    floor: int
    people: tuple[Resident, ...]
    is_done: bool


def round_list(here: Sequence[Resident]) -> tuple[RoomRound, ...]:
    """The doors of those who stay at a site in walking order, with who has been seen on this round."""
    doors: dict[tuple[int, str], list[Resident]] = {}
    for resident in here:
        doors.setdefault((resident.floor, resident.room), []).append(resident)
    return tuple(
        RoomRound(room, floor, tuple(behind), all(one.standing is rules.Checked.THIS_ROUND for one in behind))
        for (floor, room), behind in doors.items()
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """Whether a person may leave central isolation now, and where to."""

    is_live: bool
    goes_home: bool
    central_ends_at: datetime | None
    hindrances: tuple[rules.Hindrance, ...]

    @property
    def reasons(self) -> tuple[object, ...]:
        return tuple(HINDRANCES[hindrance] for hindrance in self.hindrances)


def leaving(order_id: UUID, now: datetime) -> Leaving:
    """What stands between a person and the way out. Once the order is over nothing does."""
    order = order_under(order_id)
    if not order.is_live:
        return Leaving(False, False, order.central_ends_at, ())
    days = profile.named(order.profile).value(f"{order.class_code}.central_tests", policy=order.policy).value
    mine, linked = _tests(order_id, order.counted_from)
    last = Stay.objects.filter(order=order_id).order_by("during").last()
    begun_at = last.during.lower if last else order.starts_at
    return Leaving(
        is_live=True,
        goes_home=any(phase.kind != "central" and phase.ends_at > now for phase in order.phases),
        central_ends_at=order.central_ends_at,
        hindrances=rules.hindrances(
            now=now,
            phase_ends_at=order.central_ends_at or now,
            days=rules.days_asked(
                days,
                order.counted_from,
                begun_at.astimezone(clock.CITY).date(),
                now.astimezone(clock.CITY).date(),
            ),
            tests=mine,
            linked=linked,
        ),
    )


def _tests(order_id: UUID, counted_from: date) -> tuple[tuple[rules.Swab, ...], tuple[tuple[str, ...], ...]]:
    """The person's own tests since the last exposure, or since a hospital let them go, and the results of the close
    contacts the order depends on."""
    subject = f"order:{order_id}"
    told = history(subject)
    proposed = next((fact.payload for fact in told if fact.kind == order_events.PROPOSED), {})
    discharged = [fact.happened_at for fact in told if fact.kind == events.DISCHARGED]
    links = [str(link) for link in cast("Sequence[str]", proposed.get("links") or ())]
    found = testing.samples_of_many([subject, *links])
    mine = tuple(
        rules.Swab(sample.day, sample.result)
        for sample in found[subject]
        if sample.taken_at.astimezone(clock.CITY).date() >= counted_from
        and all(sample.taken_at >= moment for moment in discharged)
    )
    return mine, tuple(tuple(sample.result for sample in found[link] if sample.result) for link in links)


@dataclass(frozen=True, slots=True)
class RoomTime:
    room: str
    since: datetime
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class StayCard:
    """One stay with its rooms."""

    id: UUID
    order_id: UUID
    person_id: UUID
    site_id: UUID
    site_name: Text
    site_phone: str
    unit_path: str
    since: datetime
    until: datetime | None
    cause: str
    exposure_on: date | None
    needs: str
    rooms: tuple[RoomTime, ...]

    @property
    def room(self) -> str:
        return self.rooms[-1].room


def stay_of(order_id: UUID) -> StayCard | None:
    """The latest stay under an order, open or over."""
    stay = (
        Stay.objects.filter(order_id=order_id)
        .select_related("site__unit")
        .prefetch_related("occupancies__room")
        .order_by("-during")
        .first()
    )
    if stay is None:
        return None
    rooms = sorted(stay.occupancies.all(), key=lambda occupancy: occupancy.during.lower)
    return StayCard(
        id=stay.id,
        order_id=stay.order_id,
        person_id=stay.person_id,
        site_id=stay.site_id,
        site_name=stay.site.unit.name,
        site_phone=stay.site.phone,
        unit_path=stay.site.unit.path,
        since=stay.during.lower,
        until=stay.during.upper,
        cause=stay.get_cause_display() if stay.cause else "",
        exposure_on=stay.exposure_on,
        needs=stay.needs,
        rooms=tuple(RoomTime(one.room.number, one.during.lower, one.during.upper, one.reason) for one in rooms),
    )


def violations() -> dict[str, int]:
    """People still kept at a site although the order that brought them there is over."""
    kept = Stay.objects.filter(during__upper_inf=True).exclude(order__state=LIVE).count()
    return {"restrictions_without_order_or_evidence": kept}
