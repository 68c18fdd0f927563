"""Fill an empty database with the demo city's registers: units, people, posts, gates, sites, vehicles, risk areas."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from bihuan.kernel import clock
from bihuan.kernel.access import actions as access
from bihuan.kernel.access import queries as units
from bihuan.kernel.access.actions import NewAppointment, NewUnit, NewUser
from bihuan.kernel.access.passwords import hashed
from bihuan.kernel.ledger import Actor
from bihuan.modules.arrivals import actions as arrivals
from bihuan.modules.isolation import actions as isolation
from bihuan.modules.people import actions as people
from bihuan.modules.people.queries import NewPerson
from bihuan.modules.places import actions as places
from bihuan.modules.transfers import actions as transfers
from bihuan.site.demo.city import CITY_SPACE, City, PersonRow, build_city, residents, source

PASSWORD = "closed-loop-demo"  # noqa: S105 - printed at start; every account of the demo has it
SERVING_SINCE = date(2020, 1, 20)
CHUNK = 20_000
MAKER = Actor.system("demo")
POSTS = {
    "city": ("city_command", "order_approver", "appeal_reviewer", "auditor", "system_admin", "security_admin"),
    "district": ("district_command", "order_clerk", "order_approver"),
    "community": ("community_worker",),
    "grid": ("grid_worker",),
    "team": ("team_lead",),
    "gate": ("gate_officer", "gate_officer"),
    "site": ("site_head", "site_staff", "site_staff"),
    "fleet": ("dispatcher", "driver", "driver", "driver", "driver", "driver"),
    "laboratory": ("lab_staff",),
    "hospital": ("hospital_staff",),
}


@dataclass(slots=True)
class Registers:
    """What the demo's staff know of the city they work in, read back from the database."""

    codes: dict[UUID, str]
    above: dict[str, str]  # code of a unit → code of the unit it stands under, on the territorial line
    kinds: dict[str, str]
    holders: dict[tuple[str, UUID], list[Actor]]

    @property
    def unit_ids(self) -> dict[str, UUID]:
        return {code: unit_id for unit_id, code in self.codes.items()}

    @classmethod
    def load(cls) -> "Registers":
        rows = units.every_unit()
        holders: dict[tuple[str, UUID], list[Actor]] = {}
        for held in units.every_holder():
            actor = Actor(id=f"user:{held.user}", unit=held.unit, name=held.name)
            holders.setdefault((held.role, held.unit), []).append(actor)
        return cls(
            codes={row.id: row.code for row in rows},
            above={row.code: row.path.split("/")[-3] for row in rows},
            kinds={row.code: row.kind for row in rows},
            holders=holders,
        )


def key(*parts: object) -> UUID:
    return uuid5(CITY_SPACE, " ".join(str(part) for part in parts))


def build(size: int, seed: int = 1) -> list[PersonRow]:
    """Make the registers for about `size` people at the given moment, in an empty database. Returns the residents."""
    at = clock.now()
    city = build_city(size, seed)
    _units(city, at)
    everybody = _people(city, at)
    _staff(city, at)
    registers = Registers.load()
    for area in source()["area"]:
        if area.get("level", "overseas") != "overseas":
            set_level(registers, area["code"], area["level"], area["since"])
    _gates(registers, at)
    _sites(registers, at)
    for vehicle in source()["vehicle"]:
        transfers.register_vehicle(
            plate=vehicle["plate"],
            unit_id=registers.unit_ids["fleet"],
            kind=vehicle["kind"],
            seats=vehicle["seats"],
            at=at,
            by=MAKER,
            key=key(vehicle["plate"]),
        )
    return everybody


def _units(city: City, at: datetime) -> None:
    access.adopt_roles(at=at, by=MAKER, key=key("roles"))
    rows = [
        NewUnit(
            code=row.code,
            kind=row.kind,
            name=row.name,
            parent=row.parent,
            sector=row.sector,
            phone=f"0391-{8_000_000 + number}",
            population=row.population,
        )
        for number, row in enumerate(city.units)
    ]
    access.add_units(rows, at=at, by=MAKER, key=key("units"))


def _people(city: City, at: datetime) -> list[PersonRow]:
    ids = {row.code: row.id for row in units.every_unit()}
    households, everybody = [], []
    for household, members in residents(city):
        households.append(people.NewHousehold(household.id, ids[household.unit], household.address))
        everybody.extend(members)
    for start in range(0, len(households), CHUNK):
        people.add_households(households[start : start + CHUNK], at=at, by=MAKER, key=key("households", start))
    for start in range(0, len(everybody), CHUNK):
        entered = [
            NewPerson(
                id=row.id,
                name=row.name,
                birth_on=row.birth_on,
                sex=row.sex,
                id_type="resident_id",
                id_number=row.id_number,
                phone=row.phone,
                address=row.address,
                unit=ids[row.unit],
                household=row.household,
            )
            for row in everybody[start : start + CHUNK]
        ]
        people.enrol_many(entered, at=at, by=MAKER, key=key("people", start))
    return everybody


def _staff(city: City, at: datetime) -> None:
    words, random = source()["words"], Random(city.seed + 2)  # noqa: S311 - a demo, not a secret
    password_hash = hashed(PASSWORD, username="demo", name="demo")
    ids = {row.code: row.id for row in units.every_unit()}
    users: list[NewUser] = []
    posts: list[tuple[str, str, str]] = []
    for unit in city.units:
        for number, role in enumerate(POSTS.get(unit.kind, ()), 1):
            name = random.choice(words["surname"]) + random.choice(words["given_male"] + words["given_female"])
            username = f"{role}-{unit.code}-{number}"
            users.append(NewUser(username, name, f"198{len(users):08d}", password_hash))
            posts.append((username, role, unit.code))
    for plan in source()["pickup_plan"]:  # named so that a visitor is offered the drivers of the city's fleet first
        name = random.choice(words["surname"]) + random.choice(words["given_male"])
        username = f"pickup_driver-{plan['district']}-1"
        users.append(NewUser(username, name, f"198{len(users):08d}", password_hash))
        posts.append((username, "driver", plan["district"]))
    access.add_users(users, at=at, by=MAKER, key=key("users"))
    found = units.user_ids([user.username for user in users])
    appointments = [NewAppointment(found[name], role, ids[code], SERVING_SINCE) for name, role, code in posts]
    access.appoint_many(appointments, at=at, by=MAKER, key=key("posts"))
    for user, (username, role, code) in zip(users, posts, strict=True):
        if role == "driver":
            transfers.register_driver(
                user_id=found[username],
                unit_id=ids[code],
                name=user.name,
                phone=user.phone,
                at=at,
                by=MAKER,
                key=key(username),
            )


def set_level(registers: Registers, code: str, level: str, since: date) -> None:
    """Change the watch list as the rules want it: a district enters, the city decides what lies elsewhere."""
    at, ids = clock.now(), registers.unit_ids
    name = next(area["name"]["zh"] for area in source()["area"] if area["code"] == code)
    risk = places.propose_risk(
        code,
        level=level,
        since=since,
        order_text=source()["patterns"]["risk_order"].format(area=name, since=since),
        at=at,
        by=registers.holders["order_clerk", ids["410811"]][0],
        key=key("risk", code, since),
    )
    approver = registers.holders["order_approver", ids["410800"]][0]
    arrivals.approve_risk(risk, at=at, by=approver, key=key("risk in force", risk))


def _gates(registers: Registers, at: datetime) -> None:
    for gate in source()["gate"]:
        arrivals.open_gate(
            registers.unit_ids[gate["code"]],
            kind=gate["kind"],
            capacity_per_hour=gate["capacity_per_hour"],
            waiting_capacity=gate["waiting_capacity"],
            at=at,
            by=MAKER,
            key=key("gate", gate["code"]),
        )


def _sites(registers: Registers, at: datetime) -> None:
    for site in source()["site"]:
        made = isolation.open_site(
            registers.unit_ids[site["code"]],
            address=site["address"],
            phone=f"0391-{2_900_000 + len(site['address'])}",
            planned_rooms=site["floors"] * site["rooms_per_floor"],
            certificate_until=site["certificate_until"],
            inspected_on=(at - timedelta(days=20)).date(),
            at=at,
            by=MAKER,
            key=key("site", site["code"]),
        )
        for kind, name in source()["patterns"]["zones"].items():
            zone = isolation.add_zone(made, kind=kind, name=name, at=at, by=MAKER, key=key("zone", site["code"], kind))
            if kind != "observation":
                continue
            for floor in range(2, site["floors"] + 2):
                isolation.add_rooms(
                    zone,
                    numbers=[f"{floor}{room:02d}" for room in range(1, site["rooms_per_floor"] + 1)],
                    floor=floor,
                    capacity=4 if floor == 2 else 2,
                    barrier_free=floor == 2,
                    at=at,
                    by=MAKER,
                    key=key("rooms", site["code"], floor),
                )
