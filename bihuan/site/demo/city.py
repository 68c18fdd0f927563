"""Who lives where. Pure: a seed and a size in, plain rows out; the same seed gives the same city."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid5

from pypinyin import lazy_pinyin

from bihuan.kernel.text import Text

SOURCE = Path(__file__).resolve().parents[2] / "profiles" / "city" / "jiaozuo.toml"
CITY_SPACE = UUID("4b0f7c1e-7d5e-4a54-9d4e-0c5b6f2f7a10")

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
ID_AREA_FICTITIOUS = "410899"  # not assigned in GB/T 2260, so that no number here can be a living person's

HOUSEHOLDS_PER_GRID = 320
PEOPLE_PER_HOUSEHOLD = 3.1
FLATS_PER_STAIRWELL = 12
STAIRWELLS_PER_BUILDING = 4
NO_LARGE_COMMUNITY: dict[str, Any] = {"district": "", "street": "", "people": 0}
TOGETHER = date(2022, 6, 1)  # ages are reckoned on this day


@cache
def source() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class UnitRow:
    code: str
    kind: str
    name: Text
    parent: str | None
    sector: str | None
    population: int = 0


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    id: UUID
    unit: str
    address: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    id: UUID
    name: str
    name_key: str
    sex: str
    birth_on: date
    id_number: str
    phone: str
    address: str
    unit: str
    household: UUID


@dataclass(slots=True)
class City:
    seed: int
    units: list[UnitRow] = field(default_factory=list)
    grids: list[UnitRow] = field(default_factory=list)
    households_wanted: list[tuple[UnitRow, str, int]] = field(default_factory=list)  # grid, address, people

    def add(
        self,
        code: str,
        kind: str,
        name: dict[str, str],
        parent: str | None,
        sector: str | None = None,
        population: int = 0,
    ) -> UnitRow:
        row = UnitRow(code, kind, Text.of(name), parent, sector, population)
        self.units.append(row)
        return row


def english(name: str) -> str:
    return " ".join(part.capitalize() for part in lazy_pinyin(name))


def named(pattern: str, **values: object) -> dict[str, str]:
    return {language: text.format(**values) for language, text in source()["patterns"][pattern].items()}


def resident_id(birth_on: date, order: int, *, male: bool) -> str:
    """A number whose check character is right (GB 11643, ISO 7064 MOD 11-2) in an area code nobody was given."""
    sequence = (order * 2 + male) % 1000
    body = f"{ID_AREA_FICTITIOUS}{birth_on:%Y%m%d}{sequence:03d}"
    return body + ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, ID_WEIGHTS, strict=True)) % 11]


def shares(total: int, weights: list[int]) -> list[int]:
    """Split `total` by weight so that the parts add up to it."""
    parts = [total * weight // sum(weights) for weight in weights]
    parts[0] += total - sum(parts)
    return parts


def build_city(people: int, seed: int = 1) -> City:
    """The unit tree and the list of households for about `people` people. A city smaller than the large community has
    none, and a household or two in every village and community.
    """
    data = source()
    city, random = City(seed), Random(seed)  # noqa: S311 - a demo city, not a secret
    city.add(data["city"]["code"], "city", data["city"]["command"], None, population=people)
    for code, name in data["teams"].items():
        city.add(code, "team", name, data["city"]["code"])
    large = data["large_community"] if people >= data["large_community"]["people"] else NO_LARGE_COMMUNITY
    rest = shares(people - large["people"], [district["weight"] for district in data["district"]])
    for district, population in zip(data["district"], rest, strict=True):
        _district(city, random, district, population, large)
    for gate in data["gate"]:
        city.add(gate["code"], "gate", gate["name"], gate["district"], "traffic_team")
    for site in data["site"]:
        city.add(site["code"], "site", site["name"], site["district"], "isolation_team")
    city.add("fleet", "fleet", data["fleet"], data["city"]["code"], "isolation_team")
    city.add("hospital", "hospital", data["hospital"], data["city"]["code"], "isolation_team")
    city.add("laboratory", "laboratory", data["laboratory"], data["city"]["code"], "testing_team")
    return city


def _district(city: City, random: Random, district: dict[str, Any], population: int, large: dict[str, Any]) -> None:
    data = source()
    large_here = large["people"] if large["district"] == district["code"] else 0
    counted = population + large_here
    city.add(district["code"], "district", district["name"], data["city"]["code"], "community_team", counted)
    per_street = shares(population, [1] * len(district["streets"]))
    for number, (street, people) in enumerate(zip(district["streets"], per_street, strict=True), 1):
        street_code = f"{district['code']}{number:03d}"
        suffix = data["patterns"]["subdistrict_suffix"]
        rural = not street.endswith(suffix)
        name = {"zh": street, "en": english(street.removesuffix(suffix)) + (" Township" if rural else " Subdistrict")}
        counted = people + (large_here if street == large["street"] else 0)
        city.add(street_code, "street", name, district["code"], "community_team", counted)
        words = data["words"]["village" if rural else "community"]
        communities = max(2, min(len(words), people // 2500))
        for index, (word, crowd) in enumerate(
            zip(random.sample(words, communities), shares(people, [1] * communities), strict=True), 1
        ):
            _community(city, random, f"{street_code}{index:03d}", street_code, word, rural, crowd)
        if (large["district"], large["street"]) == (district["code"], street):
            _large_community(city, random, f"{street_code}900", street_code)


def _community(city: City, random: Random, code: str, street: str, word: str, rural: bool, people: int) -> None:
    name = named("village" if rural else "community", word=word, pinyin=english(word))
    city.add(code, "community", name, street, "community_team", people)
    pattern = source()["patterns"]["village_address" if rural else "community_address"]
    households = max(1, round(people / PEOPLE_PER_HOUSEHOLD))
    grids = max(1, round(households / HOUSEHOLDS_PER_GRID))
    for number, homes in enumerate(shares(households, [1] * grids), 1):
        grid = city.add(
            f"{code}{number:02d}",
            "grid",
            named("grid", community=name["zh"], community_en=name["en"], number=number),
            code,
            None,
        )
        city.grids.append(grid)
        for home in range(homes):
            address = pattern.format(
                community=name["zh"],
                group=number,
                home=home + 1,
                building=home // 24 + 1,
                stairwell=home // 12 % 2 + 1,
                flat=home % 12 + 1,
            )
            city.households_wanted.append(
                (grid, address, min(7, max(1, round(random.gauss(PEOPLE_PER_HOUSEHOLD, 1.2)))))
            )


def _large_community(city: City, random: Random, code: str, street: str) -> None:
    large = source()["large_community"]
    city.add(code, "community", large["name"], street, "community_team", large["people"])
    sizes = [3] * large["households"]
    for _ in range(large["households"]):  # believable sizes, the same sum
        more, fewer = random.randrange(len(sizes)), random.randrange(len(sizes))
        if sizes[fewer] > 1 and sizes[more] < 7:
            sizes[more] += 1
            sizes[fewer] -= 1
    for index in random.sample(range(len(sizes)), large["people"] - sum(sizes)):
        sizes[index] += 1
    home = iter(sizes)
    for number, (compound, homes) in enumerate(
        zip(large["compounds"], shares(large["households"], [1] * len(large["compounds"])), strict=True), 1
    ):
        grid = city.add(
            f"{code}{number:02d}",
            "grid",
            named("compound_grid", number=number, compound=compound, pinyin=english(compound)),
            code,
        )
        city.grids.append(grid)
        buildings = -(-homes // (FLATS_PER_STAIRWELL * STAIRWELLS_PER_BUILDING))
        left = homes
        for building in range(1, buildings + 1):
            building_code = f"{grid.code}{building:02d}"
            city.add(
                building_code,
                "building",
                named("building", compound=compound, pinyin=english(compound), number=building),
                grid.code,
            )
            for stairwell in range(1, STAIRWELLS_PER_BUILDING + 1):
                if left <= 0:
                    break
                city.add(
                    f"{building_code}{stairwell}",
                    "stairwell",
                    named("stairwell", building=building, number=stairwell),
                    building_code,
                )
                for flat in range(min(FLATS_PER_STAIRWELL, left)):
                    number_on_door = f"{flat // 2 + 1}{flat % 2 + 1:02d}"
                    address = source()["patterns"]["compound_address"].format(
                        compound=compound, building=building, stairwell=stairwell, flat=number_on_door
                    )
                    city.households_wanted.append((grid, address, next(home)))
                left -= FLATS_PER_STAIRWELL


def residents(city: City) -> Iterator[tuple[HouseholdRow, list[PersonRow]]]:
    """Every household with its people, in a fixed order."""
    words, random, order = source()["words"], Random(city.seed + 1), count()  # noqa: S311
    keys: dict[str, str] = {}
    numbers: dict[date, int] = {}
    for grid, address, size in city.households_wanted:
        household = HouseholdRow(uuid5(CITY_SPACE, f"household {grid.code} {address}"), grid.code, address)
        surname = random.choice(words["surname"])
        people = []
        for member in range(size):
            male = random.random() < 0.5 if member != 1 else False
            family = surname if member != 1 else random.choice(words["surname"])
            name = family + random.choice(words["given_male" if male else "given_female"])
            if name not in keys:
                keys[name] = " ".join(lazy_pinyin(name))
            age = random.uniform(24, 78) if member < 2 else random.uniform(0, 22)
            birth_on = TOGETHER - timedelta(days=int(age * 365.25))
            numbers[birth_on] = numbers.get(birth_on, -1) + 1
            person = next(order)
            people.append(
                PersonRow(
                    id=uuid5(CITY_SPACE, f"person {person}"),
                    name=name,
                    name_key=keys[name],
                    sex="male" if male else "female",
                    birth_on=birth_on,
                    id_number=resident_id(birth_on, numbers[birth_on], male=male),
                    phone=f"190{person % 100_000_000:08d}",
                    address=address,
                    unit=grid.code,
                    household=household.id,
                )
            )
        yield household, people
