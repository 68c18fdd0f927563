"""Who comes to the demo city on which day, and what goes wrong. Pure: the same seed gives the same seven days."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from bihuan.kernel.clock import CITY
from bihuan.site.demo.city import PersonRow, resident_id, source

FIRST_DAY = date(2022, 6, 23)
DAYS = 7
PER_DAY_AT_FIFTY_THOUSAND = 60
AIR_WEEKDAYS = (2, 5)

# What becomes of a traveller who was announced.
LANDS = "lands"
NOT_ON_BOARD = "not on board"
CANCELS = "cancels"
NEVER_SEEN = "never seen"  # announced, not met, nobody says why: stays open and breaches


@dataclass(frozen=True, slots=True)
class Traveller:
    """One announced or unannounced arrival, as the outside world knows it."""

    name: str
    sex: str
    birth_on: date
    id_number: str
    phone: str
    mode: str
    carrier: str
    seat: str
    origin_code: str
    origin_name: str
    is_overseas: bool
    departed_at: datetime
    expected_at: datetime
    gate: str
    destination: str
    unit_code: str
    channel: str  # manifest, declaration or walk-in
    fate: str = LANDS


def carriers(on: date) -> list[tuple[str, str, str, time]]:
    """The trains, coaches, cars and shuttles of a day: gate code, mode, number, time of arrival."""
    lines = [
        ("gate-rail", "rail", "G2011", time(9, 12)),
        ("gate-rail", "rail", "G1926", time(13, 40)),
        ("gate-rail", "rail", "K269", time(18, 25)),
        ("gate-coach", "coach", "KC-071", time(10, 30)),
        ("gate-coach", "coach", "KC-115", time(16, 5)),
        ("gate-air", "air", "CZ6428", time(15, 20)),
        ("gate-express", "expressway", "", time(8, 0)),
        ("gate-express", "expressway", "", time(14, 0)),
    ]
    return [line for line in lines if line[1] != "air" or on.weekday() in AIR_WEEKDAYS]


def travellers_of(
    on: date,
    residents: list[PersonRow],
    seed: int = 1,
    per_day: int = PER_DAY_AT_FIFTY_THOUSAND,
) -> list[Traveller]:
    """The travellers of one day, with their fates. About six in ten come home, the rest visit somebody."""
    random = Random(f"{seed} {on}")  # noqa: S311 - a demo, not a secret
    areas, words = source()["area"], source()["words"]
    lines = carriers(on)
    weights = [area["share"] for area in areas]
    found = []
    for number in range(per_day):
        gate, mode, carrier, lands_at = random.choice(lines)
        area = random.choices(areas, weights)[0]
        if gate == "gate-air":
            area = areas[-1]
        elif area is areas[-1]:
            area = areas[5]
        host = random.choice(residents)
        if random.random() < 0.6:
            name, sex, birth_on, id_number, phone = host.name, host.sex, host.birth_on, host.id_number, host.phone
        else:
            name, sex, birth_on, id_number, phone = visitor(random, words, on, number)
        expected_at = datetime.combine(on, lands_at, CITY)
        if mode == "expressway":
            carrier = f"{random.choice(words['plates'])}{random.randrange(10**5):05d}"
            expected_at += timedelta(minutes=random.randrange(0, 300))
        found.append(
            Traveller(
                name=name,
                sex=sex,
                birth_on=birth_on,
                id_number=id_number,
                phone=phone,
                mode=mode,
                carrier=carrier,
                seat=f"{random.randrange(1, 17):02d}{random.choice('ABCDF')}" if mode == "rail" else "",
                origin_code=area["code"],
                origin_name=area["name"]["zh"],
                is_overseas=area.get("level") == "overseas",
                departed_at=expected_at - timedelta(hours=random.randrange(2, 9)),
                expected_at=expected_at,
                gate=gate,
                destination=host.address,
                unit_code=host.unit,
                channel=random.choices(("manifest", "declaration", "walk-in"), (80, 9, 11))[0],
                fate=random.choices((LANDS, NOT_ON_BOARD, CANCELS, NEVER_SEEN), (945, 30, 15, 10))[0],
            )
        )
    return sorted(found, key=lambda one: (one.expected_at, one.id_number))


@dataclass(frozen=True, slots=True)
class Unseen:
    """Somebody who came home past every gate, and when their community finds them."""

    resident: PersonRow
    found_at: datetime
    arrived_on: date
    origin_code: str
    mode: str
    carrier: str


def unseen(residents: list[PersonRow], seed: int = 1) -> list[Unseen]:
    """Those of the week, each a grown-up of another household."""
    random = Random(f"{seed} unseen")  # noqa: S311 - a demo, not a secret
    grown = [one for one in residents if (FIRST_DAY - one.birth_on).days >= 18 * 365.25]
    by_household = {one.household: one for one in grown}
    told = source()["unseen"]
    return [
        Unseen(
            resident=one,
            found_at=asked["found_at"],
            arrived_on=asked["found_at"].date() - timedelta(days=asked["days"]),
            origin_code=asked["origin"],
            mode=asked["mode"],
            carrier=f"{asked['plate']}{random.randrange(10**5):05d}" if "plate" in asked else "",
        )
        for one, asked in zip(random.sample(list(by_household.values()), len(told)), told, strict=True)
    ]


def visitor(random: Random, words: dict[str, Any], on: date, number: int) -> tuple[str, str, date, str, str]:
    """Somebody from elsewhere: name, sex, birth date, fictitious ID number, phone."""
    male = random.random() < 0.5
    name = random.choice(words["surname"]) + random.choice(words["given_male" if male else "given_female"])
    birth_on = on - timedelta(days=random.randrange(18 * 365, 75 * 365))
    order = 400 + (on.toordinal() * 13 + number) % 99
    return (
        name,
        "male" if male else "female",
        birth_on,
        resident_id(birth_on, order, male=male),
        f"199{random.randrange(10**8):08d}",
    )
