"""The demo city's time: hour by hour lists arrive, people land, staff do their duties, the worker does its own."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache

import xlsxwriter
from django.contrib.auth import get_user_model

from bihuan.kernel import access, clock
from bihuan.kernel.ledger import Actor
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.arrivals import queries as arrivals_read
from bihuan.modules.measures import actions as measures
from bihuan.modules.measures import queries as measures_read
from bihuan.modules.units import actions as units
from bihuan.site.demo.build import MAKER, Registers, key, set_level
from bihuan.site.demo.city import PersonRow, source
from bihuan.site.demo.days import DAYS, FIRST_DAY, Traveller, Unseen, travellers_of, unseen
from bihuan.site.demo.rosters import plan_pickups, plan_rosters
from bihuan.site.demo.staff import Staff, until_settled

HOUR = timedelta(hours=1)
PLANNED_DAYS = DAYS + 2  # the last of them lies ahead when the demo begins
BEGINS = datetime.combine(FIRST_DAY - timedelta(days=1), time(18), clock.CITY)
ENDS = datetime.combine(FIRST_DAY + timedelta(days=DAYS - 1), time(15), clock.CITY)
LISTS_ARRIVE_AT, DECLARED_AT, RETURNS_OPEN_AT, DECIDED_AT = 6, 20, 8, 8
APPEALS_ON = {datetime(2022, 6, 24, 15, tzinfo=clock.CITY), datetime(2022, 6, 29, 11, tzinfo=clock.CITY)}


def staff_of(fates: Sequence[Traveller] = ()) -> Staff:
    """The people who work in the city as the database knows them."""
    commander = get_user_model().objects.get(username="city_command-410800-1")
    return Staff(Registers.load(), access.scope_for(commander), {(one.name, one.expected_at): one for one in fates})


def live_demo_days(residents: list[PersonRow], seed: int, per_day: int, told: Callable[[datetime], None]) -> Staff:
    """The seven days of the demo, from the evening before the first to the afternoon of the last."""
    days = {
        day: travellers_of(day, residents, seed, per_day)
        for day in (FIRST_DAY + timedelta(days=n) for n in range(DAYS))
    }
    found = {one.found_at: one for one in unseen(residents, seed)}
    with clock.given(BEGINS):
        staff = staff_of([one for day in days.values() for one in day])
        plan_rosters(staff.registers, FIRST_DAY, PLANNED_DAYS)
        plan_pickups(staff.registers, staff.scope, FIRST_DAY, PLANNED_DAYS)
    moment = BEGINS
    while moment <= ENDS:
        with clock.given(moment):
            _outside_world(staff, days, moment)
            if moment in found:
                _found(staff, found[moment], moment)
            until_settled(moment)
            staff.work()
        told(moment)
        moment += HOUR
    return staff


def live_on(since: datetime, until: datetime, told: Callable[[datetime], None]) -> Staff:
    """Let an existing city live from one moment to another: nobody new comes, everybody does their duty."""
    with clock.given(since):
        staff = staff_of()
    moment = since
    while moment < until:
        moment = min(moment + HOUR, until)
        with clock.given(moment):
            if moment.astimezone(clock.CITY).hour == RETURNS_OPEN_AT:
                units.open_returns(
                    day=moment.astimezone(clock.CITY).date(), at=moment, by=MAKER, key=key("returns", moment)
                )
            until_settled(moment)
            staff.work()
        told(moment)
    return staff


def _outside_world(staff: Staff, days: dict[date, list[Traveller]], moment: datetime) -> None:
    """What reaches the city in this hour without anybody's duty asking for it."""
    here, today = moment.astimezone(clock.CITY), moment.astimezone(clock.CITY).date()
    if here.hour == LISTS_ARRIVE_AT:
        _lists(staff, days.get(today, []), moment)
    if here.hour == DECLARED_AT:
        _declarations(staff, days.get(today + timedelta(days=1), []), moment)
    if here.hour == RETURNS_OPEN_AT:
        units.open_returns(day=today, at=moment, by=MAKER, key=key("returns", moment))
    if here.hour == DECIDED_AT:
        for change in source()["change"]:
            if change["on"] == today:
                set_level(staff.registers, change["code"], change["level"], change["on"])
    if moment in APPEALS_ON:
        _appeal(staff, moment)
    for one in days.get(today, []):
        if one.channel == "walk-in" and moment - HOUR < one.expected_at <= moment:
            _walk_in(staff, one, moment)


def _lists(staff: Staff, travellers: Sequence[Traveller], moment: datetime) -> None:
    """One list a carrier, as carriers send them: workbooks, GB18030, UTF-8 with and without a mark."""
    by_carrier: dict[tuple[str, str], list[Traveller]] = defaultdict(list)
    for one in travellers:
        if one.channel == "manifest":
            by_carrier[one.gate, one.carrier if one.mode != "expressway" else ""].append(one)
    for number, ((gate, carrier), aboard) in enumerate(sorted(by_carrier.items())):
        unit = staff.registers.unit_ids[gate]
        officer = staff.registers.holders["gate_officer", unit][0]
        content, ending = written(rows_of(aboard), number)
        arrivals.import_arrivals(
            content,
            f"{moment:%Y%m%d}-{carrier or gate}.{ending}",
            kind="manifest",
            issuer=source()["patterns"]["issuer"],
            legal_basis=source()["patterns"]["legal_basis"],
            unit=unit,
            at=moment,
            by=officer,
            key=key("list", moment, gate, carrier),
        )


@cache
def headers() -> list[str]:
    return arrivals_read.template_headers("zh-hans")


def rows_of(travellers: Sequence[Traveller]) -> list[list[str]]:
    """The rows of a list, in the columns of our own template."""
    words = source()["list_words"]
    rows = [
        [
            one.name,
            words[one.sex],
            one.birth_on.isoformat(),
            "",
            one.id_number,
            one.phone,
            words[one.mode],
            one.carrier,
            one.seat,
            one.origin_code,
            f"{one.departed_at:%Y-%m-%d %H:%M}",
            f"{one.expected_at:%Y-%m-%d %H:%M}",
            one.gate,
            one.destination,
            one.unit_code,
            "",
            "",
        ]
        for one in travellers
    ]
    if len(rows) > 3 and travellers[0].expected_at.day % 3 == 0:  # somebody's number was typed for two people
        rows[2][4] = rows[1][4]
    if len(rows) > 6 and travellers[0].expected_at.day % 2:
        rows[5][4] = rows[5][4][:-1]  # one character short
    return rows


def written(rows: Sequence[Sequence[str]], number: int) -> tuple[bytes, str]:
    """The rows as a file in one of the shapes that offices send."""
    if number % 3 == 0:
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
            sheet = book.add_worksheet()
            for line, row in enumerate([headers(), *rows]):
                sheet.write_row(line, 0, row)
        return out.getvalue(), "xlsx"
    text = io.StringIO()
    csv.writer(text).writerows([headers(), *rows])
    return text.getvalue().encode("gb18030" if number % 3 == 1 else "utf-8-sig"), "csv"


def _declarations(staff: Staff, travellers: Sequence[Traveller], moment: datetime) -> None:
    ids = staff.registers.unit_ids
    for number, one in enumerate(one for one in travellers if one.channel == "declaration"):
        arrivals.declare(
            name=one.name,
            id_type="resident_id",
            id_number=one.id_number,
            phone=one.phone,
            mode=one.mode,
            carrier=one.carrier,
            seat=one.seat,
            origin_code=one.origin_code,
            departed_at=one.departed_at,
            expected_at=one.expected_at,
            gate_unit=ids[one.gate],
            destination=one.destination,
            unit=ids[one.unit_code],
            at=moment,
            by=Actor.public("declaration"),
            key=key("declaration", moment, number),
        )


def _walk_in(staff: Staff, one: Traveller, moment: datetime) -> None:
    unit = staff.registers.unit_ids[one.gate]
    staff.may_fail(
        "walk-in",
        arrivals.walk_in,
        name=one.name,
        id_type="resident_id",
        id_number=one.id_number,
        phone=one.phone,
        mode=one.mode,
        carrier=one.carrier,
        gate_unit=unit,
        origin_code=one.origin_code,
        departed_at=one.departed_at,
        destination=one.destination,
        unit=staff.registers.unit_ids[one.unit_code],
        temperature=Decimal("36.6"),
        sample_taken=True,
        at=moment,
        by=staff.registers.holders["gate_officer", unit][-1],
        key=key("walk-in", moment, one.id_number),
    )


def _appeal(staff: Staff, moment: datetime) -> None:
    live = measures_read.OrderList(staff.scope).rows({"state": "live"}, "proposed_at", 0, 5)
    for order in live[1:2]:
        staff.may_fail(
            "appeal",
            measures.file_appeal,
            order.id,
            words=source()["patterns"]["appeal_words"],
            phone="19900000000",
            at=moment,
            by=Actor.public("appeal"),
            key=key("appeal", moment),
        )


def _found(staff: Staff, one: Unseen, moment: datetime) -> None:
    """The community learns of somebody who passed no gate."""
    home = one.resident
    worker = staff.someone("community_worker", staff.registers.unit_ids[home.unit])
    assert worker is not None, "every community has its worker"
    assert worker.unit is not None, "and the worker acts for it"
    staff.may_fail(
        "found later",
        arrivals.find_later,
        name=home.name,
        id_type="resident_id",
        id_number=home.id_number,
        phone=home.phone,
        origin_code=one.origin_code,
        arrived_on=one.arrived_on,
        mode=one.mode,
        carrier=one.carrier,
        destination=home.address,
        unit=worker.unit,
        temperature=Decimal("36.5"),
        at=moment,
        by=worker,
        key=key("found later", moment, home.id_number),
    )
