"""Who is on duty in the demo days, and how the counties fetch their people: planned by those who answer for it."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from bihuan.kernel import clock
from bihuan.kernel.access import Scope
from bihuan.kernel.access import queries as access
from bihuan.kernel.access.vocabulary import kinds
from bihuan.kernel.ledger import Actor
from bihuan.modules.transfers import actions as transfers
from bihuan.modules.transfers import queries as transfers_read
from bihuan.modules.units import actions as units
from bihuan.site.demo.build import MAKER, Registers, key
from bihuan.site.demo.city import source

ROSTERED = ("city", "gate", "site", "fleet")
DAY, NIGHT, HALF_A_DAY = time(8), time(20), timedelta(hours=12)
UNSTAFFED = ("gate-coach", time(20))  # the gate that found nobody for the last night
CALLED_FROM, CALLED_UNTIL = time(6), time(23)


def plan_rosters(registers: Registers, first: date, days: int) -> None:
    """Day and night, twelve hours each, in turn among those who hold the post; alone at a post means days only."""
    at, shifts = clock.now(), {kind.code: kind.shifts for kind in kinds().values()}
    for code, kind in registers.kinds.items():
        for role in shifts[kind] if kind in ROSTERED else ():
            held = registers.holders.get((role, registers.unit_ids[code]), [])
            for number in range(days):
                for turn, begins in enumerate((DAY, NIGHT)[: len(held)]):
                    if number == days - 1 and (code, begins) == UNSTAFFED:
                        continue
                    who = held[(number + turn) % len(held)]
                    _shift(registers, code, role, who, datetime.combine(first + timedelta(number), begins), at)


def _shift(registers: Registers, code: str, role: str, who: Actor, begins: datetime, at: datetime) -> None:
    starts_at = begins.replace(tzinfo=clock.CITY)
    units.plan_shift(
        registers.unit_ids[code],
        role=role,
        user_id=UUID(who.id.removeprefix("user:")),
        starts_at=starts_at,
        ends_at=starts_at + HALF_A_DAY,
        at=at,
        by=MAKER,
        key=key("shift", code, role, starts_at),
    )


def plan_pickups(registers: Registers, scope: Scope, first: date, days: int) -> None:
    """Each county drafts its plan and submits it; the city approves it, returns it, or has not come to it yet."""
    at, drivers = clock.now(), {row.unit_id: row.id for row in transfers_read.drivers(scope)}
    commander = registers.holders["city_command", registers.unit_ids["410800"]][0]
    for plan in source()["pickup_plan"]:
        unit = registers.unit_ids[plan["district"]]
        county = registers.holders["district_command", unit][0]
        vehicle = transfers.register_vehicle(
            plate=plan["plate"],
            unit_id=unit,
            kind=plan["kind"],
            seats=plan["seats"],
            at=at,
            by=county,
            key=key(plan["plate"]),
        )
        drafted = transfers.draft_plan(
            unit_id=unit,
            begins_on=first,
            ends_on=first + timedelta(days - 1),
            seats_wanted=plan["seats_wanted"],
            eta_minutes=plan["eta_minutes"],
            contact_name=county.name,
            contact_phone=access.unit(unit).phone,
            at=at,
            by=county,
            key=key("plan", plan["district"]),
        )
        transfers.add_to_plan(
            drafted,
            vehicle_id=vehicle,
            driver_id=drivers[unit],
            call_from=CALLED_FROM,
            call_until=CALLED_UNTIL,
            at=at,
            by=county,
            key=key("promise", plan["district"]),
        )
        transfers.submit_plan(drafted, at=at, by=county, key=key("submitted", plan["district"]))
        decide = {"approved": transfers.approve_plan, "returned": transfers.return_plan}.get(plan["decision"])
        if decide:
            decide(drafted, remark=plan["remark"], at=at, by=commander, key=key("decided", plan["district"]))
